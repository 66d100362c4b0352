//! Who has which frame.

use super::{FrameKind, FrameMap, FrameOwner};
use crate::inspect::{Paused, Problems, Survey};
use crate::memory::PhysicalMemory;
use crate::translate::MAX_LEVELS;
use abi::entry::{ADDRESS_MASK, LARGE, PRESENT};
use abi::layout::{PAGE_SHIFT, PAGE_SIZE};
use abi::objects::FrameEntry;
use std::mem::size_of;
use vm_memory::GuestAddress;

type Use = (FrameKind, FrameOwner);

/// Every frame of a guest that stands still.
pub(super) fn frames(paused: &Paused<'_>, survey: &Survey, problems: &mut Problems) -> FrameMap {
    let fresh = survey.root.next_fresh;
    let mut claims = Claims {
        memory: paused.memory(),
        pieces: Vec::new(),
    };
    for (base, bytes) in paused.memory().pieces() {
        let used = fresh.clamp(base.0, base.0 + bytes) - base.0;
        let frames = usize::try_from(used >> PAGE_SHIFT).unwrap_or(0);
        claims.pieces.push(Piece {
            base: base.0,
            frames: bytes >> PAGE_SHIFT,
            used: vec![(FrameKind::Lost, FrameOwner::None); frames],
        });
    }
    claims.fixed(survey);
    claims.objects(survey);
    claims.tables(survey);
    for (place, vmo) in (0..).zip(&survey.vmos) {
        claims.page_list(vmo.raw().pages, vmo.raw().levels, place, problems);
    }
    claims.map()
}

struct Piece {
    base: u64,
    frames: u64,
    used: Vec<Use>,
}

struct Claims<'m, M> {
    memory: &'m M,
    pieces: Vec<Piece>,
}

impl<M: PhysicalMemory> Claims<'_, M> {
    fn slot(&mut self, address: u64) -> Option<&mut Use> {
        self.pieces.iter_mut().find_map(|piece| {
            let index = address.checked_sub(piece.base)? >> PAGE_SHIFT;
            piece.used.get_mut(usize::try_from(index).ok()?)
        })
    }

    /// The frame is that, unless it is something already; whether it was free to be.
    fn claim(&mut self, address: u64, kind: FrameKind, owner: FrameOwner) -> bool {
        match self.slot(address) {
            Some(slot) if slot.0 == FrameKind::Lost => {
                *slot = (kind, owner);
                true
            }
            _ => false,
        }
    }

    fn entry(&self, survey: &Survey, frame: u64) -> Option<FrameEntry> {
        let offset = frame.checked_mul(size_of::<FrameEntry>() as u64)?;
        let at = survey.root.frame_table.address().checked_add(offset)?;
        self.memory.read_object(GuestAddress(at)).ok()
    }

    /// What is the kernel's own, the zeros, the free.
    fn fixed(&mut self, survey: &Survey) {
        let root = &survey.root;
        let table = root
            .frame_count
            .saturating_mul(size_of::<FrameEntry>() as u64);
        let end = root.frame_table.address().saturating_add(table);
        for piece in &mut self.pieces {
            let own = end.saturating_sub(piece.base).div_ceil(PAGE_SIZE);
            let own = usize::try_from(own).unwrap_or(usize::MAX);
            for slot in piece.used.iter_mut().take(own) {
                *slot = (FrameKind::Kernel, FrameOwner::None);
            }
        }
        self.claim(root.zero_frame, FrameKind::Data, FrameOwner::None);
        for chunk in root.handle_chunks.iter().filter(|chunk| **chunk != 0) {
            self.claim(*chunk, FrameKind::Handles, FrameOwner::None);
        }
        for first in [root.first_clean, root.first_dirty] {
            let mut number = first;
            while number != 0
                && self.claim(
                    number.saturating_mul(PAGE_SIZE),
                    FrameKind::Free,
                    FrameOwner::None,
                )
            {
                let entry = self.entry(survey, number);
                number = entry.map_or(0, |entry| u64::from(entry.next_free));
            }
        }
    }

    fn objects(&mut self, survey: &Survey) {
        let vmos = survey.vmos.iter().map(|vmo| vmo.address());
        let processes = survey.processes.iter().flat_map(|process| {
            let threads = process.threads.iter().map(|thread| thread.address());
            let handles = process.handles.iter().map(|handle| handle.object);
            let regions = process.regions.iter().map(|region| match &region.view {
                crate::objects::RegionView::Vmar(vmar) => vmar.address(),
                crate::objects::RegionView::Mapping(mapping) => mapping.address(),
            });
            [process.view.address()]
                .into_iter()
                .chain(threads)
                .chain(handles)
                .chain(regions)
        });
        for object in vmos.chain(processes) {
            self.claim(object.0, FrameKind::Objects, FrameOwner::None);
        }
    }

    /// The page tables of processes.
    fn tables(&mut self, survey: &Survey) {
        for (place, process) in (0..).zip(&survey.processes) {
            let mut number = u64::from(process.view.raw().first_table);
            let owner = FrameOwner::Process(place);
            while number != 0
                && self.claim(
                    number.saturating_mul(PAGE_SIZE),
                    FrameKind::PageTables,
                    owner,
                )
            {
                let entry = self.entry(survey, number);
                number = entry.map_or(0, |entry| u64::from(entry.next_free));
            }
        }
    }

    /// The page list of a VMO. No table is looked at twice.
    fn page_list(&mut self, top: u64, levels: u32, place: u32, problems: &mut Problems) {
        let owner = FrameOwner::Vmo(place);
        if top == 0 || !self.claim(top, FrameKind::PageLists, owner) {
            return;
        }
        let mut open = vec![(top, levels.clamp(1, MAX_LEVELS))];
        while let Some((table, level)) = open.pop() {
            for index in 0..PAGE_SIZE / 8 {
                let at = GuestAddress((table & ADDRESS_MASK).saturating_add(index * 8));
                let Some(entry) = problems.sound(self.memory.read_u64(at)) else {
                    break;
                };
                let frame = entry & ADDRESS_MASK;
                if entry & PRESENT == 0 {
                } else if level == 1 || entry & LARGE != 0 {
                    self.claim(frame, FrameKind::Data, owner);
                } else if self.claim(frame, FrameKind::PageLists, owner) {
                    open.push((frame, level - 1));
                }
            }
        }
    }

    fn map(self) -> FrameMap {
        let mut map = FrameMap::default();
        for piece in self.pieces {
            map.pieces.push((piece.base, piece.frames));
            for (kind, owner) in &piece.used {
                map.push(1, *kind, *owner);
            }
            let fresh = piece.frames.saturating_sub(piece.used.len() as u64);
            map.push(fresh, FrameKind::NeverUsed, FrameOwner::None);
        }
        map
    }
}
