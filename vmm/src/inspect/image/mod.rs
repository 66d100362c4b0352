//! Saved images.

use super::{InspectError, InspectedRam, MachineState, RamPiece};
use crate::memory::PhysicalMemory;
use crate::objects::RootView;
use abi::root::ROOT_MAGIC;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use vm_memory::GuestAddress;

/// An opened image.
#[derive(Debug)]
pub(super) struct Image {
    /// `elf` or `raw`.
    pub(super) format: &'static str,
    pub(super) memory: InspectedRam,
    pub(super) machine: MachineState,
}

/// Opens an image.
pub(super) fn open(path: &Path) -> Result<Image, InspectError> {
    let failed = |source| InspectError::File {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let pieces = [RamPiece {
        base: GuestAddress(0),
        length,
        file_offset: 0,
    }];
    let memory = InspectedRam::map(path, Arc::new(file), &pieces)?;
    // An image without a root block has bytes that can be read all the same.
    let root = find_root(&memory).map_or(0, |root| root.address().0);
    let machine = MachineState {
        root: root.into(),
        ram: memory.size(),
        ..MachineState::default()
    };
    Ok(Image {
        format: "raw",
        memory,
        machine,
    })
}

/// Finds the root block: it starts a page.
fn find_root(memory: &InspectedRam) -> Option<RootView> {
    let mut at = GuestAddress(0);
    while let Some((start, length)) = memory.populated_from(at) {
        let end = start.0.saturating_add(length);
        let mut page = start.0.next_multiple_of(4096);
        while page < end {
            if memory.read_u64(GuestAddress(page)) == Ok(ROOT_MAGIC)
                && let Ok(root) = RootView::read(memory, GuestAddress(page))
            {
                return Some(root);
            }
            page = page.saturating_add(4096);
        }
        at = GuestAddress(end);
    }
    None
}
