//! Guest-virtual memory into a buffer, by page tables alone.

use crate::memory::{GuestVirtAddr, PhysicalMemory};
use crate::translate::{Access, AddressSpace, Fault, FaultReason, PageCursor};

/// Fills `into` with what a program would read at `at`, until the first byte that it could
/// not read; returns how many were read, and the fault there, if there is one.
///
/// This is the fast way: nothing but page tables is looked at, so a page that the program has
/// not met yet is a fault. [`crate::inspect::Paused::read`] looks further.
pub fn read_virtual<M: PhysicalMemory>(
    memory: &M,
    space: AddressSpace,
    at: GuestVirtAddr,
    into: &mut [u8],
) -> (usize, Option<Fault>) {
    let mut cursor = PageCursor::new(memory, space, Access::Read);
    let mut done = 0;
    while let Some(rest) = into.get_mut(done..).filter(|rest| !rest.is_empty()) {
        let Some(address) = at.checked_add(done as u64) else {
            break;
        };
        // Page by page: looking further for frames that follow each other would look each
        // entry of scattered ones up twice.
        let run = match cursor.page(address) {
            Ok(run) => run,
            Err(fault) => return (done, Some(fault)),
        };
        let length = usize::try_from(run.length)
            .unwrap_or(rest.len())
            .min(rest.len());
        let now = rest.get_mut(..length).unwrap_or_default();
        if memory.read_bytes(run.start, now).is_err() {
            // The run was RAM a moment ago.
            let fault = Fault {
                address,
                root: space.root(),
                access: Access::Read,
                level: 1,
                entry: run.start.0,
                reason: FaultReason::PageOutsideRam,
            };
            return (done, Some(fault));
        }
        done += length;
    }
    (done, None)
}
