//! The handle table: slots, the lists of the processes, the list of free slots.

use super::Checker;
use super::frames::Use;
use crate::memory::PhysicalMemory;
use crate::objects::ProcessView;
use abi::objects::{HANDLE_CHUNK_ENTRIES, HANDLE_CHUNKS, HANDLE_INDEX_MASK, HandleEntry};
use std::mem::size_of;
use vm_memory::GuestAddress;

/// Slots that there can be.
const MAX_SLOTS: usize = HANDLE_CHUNKS * HANDLE_CHUNK_ENTRIES;

impl<M: PhysicalMemory> Checker<'_, M> {
    fn slot(&self, index: u32) -> Option<HandleEntry> {
        let index = index as usize;
        let chunk = self.root.handle_chunks.get(index / HANDLE_CHUNK_ENTRIES)?;
        let offset = index % HANDLE_CHUNK_ENTRIES * size_of::<HandleEntry>();
        let address = chunk.checked_add(offset as u64)?;
        if *chunk == 0 {
            return None;
        }
        self.memory.read_object(GuestAddress(address)).ok()
    }

    /// Slots and the list of the free ones.
    pub(super) fn check_handle_table(&mut self) {
        for chunk in self.root.handle_chunks {
            if chunk != 0 {
                self.claim(chunk, Use::Handles);
            }
        }
        let end = self.root.fresh_handle;
        if end == 0 || end as usize > MAX_SLOTS {
            self.found(format_args!("the handle table has {end} slots"));
            return;
        }
        let mut live = 0;
        for index in 1..end {
            let Some(slot) = self.slot(index) else {
                self.found(format_args!("there is no handle slot {index}"));
                return;
            };
            if slot.base & HANDLE_INDEX_MASK != index {
                self.found(format_args!(
                    "handle slot {index} has the base {:#x}",
                    slot.base
                ));
            }
            if !slot.object.is_none() {
                live += 1;
                self.refer_by_handle(slot.object.address());
            }
        }
        if live != self.root.handle_count {
            let said = self.root.handle_count;
            self.found(format_args!(
                "there are {live} handles, but the root block says {said}"
            ));
        }
        self.check_free_slots(end - 1 - live);
    }

    fn check_free_slots(&mut self, expected: u32) {
        let mut index = self.root.free_handle;
        let mut free = 0;
        while index != 0 && free <= expected {
            match self.slot(index) {
                Some(slot) if slot.object.is_none() => index = slot.next,
                _ => {
                    self.found(format_args!(
                        "slot {index} is in the list of free handles and is none"
                    ));
                    return;
                }
            }
            free += 1;
        }
        if free != expected {
            self.found(format_args!(
                "{expected} handle slots are free, but their list has {free}{}",
                if index == 0 { "" } else { " or more" }
            ));
        }
    }

    /// The list of a process's handles.
    pub(super) fn check_handles_of(&mut self, process: &ProcessView) {
        let said = process.raw().handle_count;
        let (mut index, mut previous, mut count) = (process.raw().first_handle, 0, 0);
        while index != 0 && count <= said.min(self.root.fresh_handle) {
            let Some(slot) = self.slot(index) else { break };
            let owned = slot.owner.address() == process.address().0 && !slot.object.is_none();
            self.rule(
                process.address(),
                owned && slot.previous == previous,
                format_args!("handle slot {index} stands wrongly in its list"),
            );
            if !owned || slot.previous != previous {
                return;
            }
            count += 1;
            previous = index;
            index = slot.next;
        }
        self.handles_listed += u64::from(count);
        self.rule(
            process.address(),
            count == said && index == 0,
            format_args!("it says {said} handles, but its list has {count} or more"),
        );
    }
}
