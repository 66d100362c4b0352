//! Reading, writing, searching and comparing, without a VM.

mod diff;
mod read;
mod search;
mod write;

use super::super::{Inspector, Paused, Survey};
use super::{Gap, Piece, SpaceSelector, Via};
use crate::objects::mock::MockGuest;
use vm_memory::GuestAddress;

const MIB: u64 = 1 << 20;

/// A guest with one process, `p`.
fn guest() -> (MockGuest, GuestAddress) {
    let mut guest = MockGuest::new(4 * MIB).unwrap();
    let process = guest.process("p").unwrap();
    (guest, process)
}

/// Looks at it while it stands still.
fn look<T>(guest: &MockGuest, look: impl FnOnce(&mut Paused<'_>, &Survey) -> T) -> T {
    let mut inspector = Inspector::mock(guest);
    let mut paused = inspector.pause().unwrap();
    let survey = paused.survey().unwrap();
    look(&mut paused, &survey)
}

fn selector(text: &str) -> SpaceSelector {
    text.parse().unwrap()
}

/// The frame of a page that a VMO has.
fn frame_of(guest: &mut MockGuest, vmo: GuestAddress, offset: u64) -> GuestAddress {
    let entry = guest.vmo_entry(vmo, offset).unwrap();
    let entry: u64 = guest.get(entry).unwrap();
    GuestAddress(entry & abi::entry::ADDRESS_MASK)
}
