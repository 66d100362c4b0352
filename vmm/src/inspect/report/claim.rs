//! The frames as the map shows them, from what is known of each.

use super::{FrameKind, FrameMap, FrameOwner};
use crate::inspect::look::{FrameKind as Use, frame_owners};
use crate::inspect::{Paused, Problems, Survey};
use abi::layout::PAGE_SHIFT;
use vm_memory::GuestAddress;

/// Every frame of a guest that stands still.
pub(super) fn frames(paused: &Paused<'_>, survey: &Survey, problems: &mut Problems) -> FrameMap {
    let owners = frame_owners(paused, survey, problems);
    let pieces = paused.memory().pieces().into_iter();
    let mut map = FrameMap {
        // A frame that is not all RAM is none.
        pieces: pieces
            .map(|(base, bytes)| (base.0, bytes >> PAGE_SHIFT))
            .collect(),
        runs: Vec::new(),
    };
    for run in owners.runs() {
        let place = owners.place_of(GuestAddress(run.start.0));
        let place = place.and_then(|place| u32::try_from(place).ok());
        let owner = match (place, run.owner.kind) {
            (Some(place), Use::PageTable) => FrameOwner::Process(place),
            (Some(place), _) => FrameOwner::Vmo(place),
            (None, _) => FrameOwner::None,
        };
        map.push(run.frames, coarse(run.owner.kind), owner);
    }
    map
}

const fn coarse(kind: Use) -> FrameKind {
    match kind {
        Use::VmoPage | Use::PhysicalVmo => FrameKind::Data,
        Use::PageListTable => FrameKind::PageLists,
        Use::PageTable => FrameKind::PageTables,
        Use::Pool => FrameKind::Objects,
        Use::HandleTable => FrameKind::Handles,
        Use::FreeClean | Use::FreeDirty => FrameKind::Free,
        Use::NeverUsed => FrameKind::NeverUsed,
        Use::Lost => FrameKind::Lost,
        Use::Unmanaged
        | Use::Kernel
        | Use::RootBlock
        | Use::CallPage
        | Use::Module
        | Use::FrameTable
        | Use::KernelPageTable
        | Use::ZeroFrame => FrameKind::Kernel,
    }
}
