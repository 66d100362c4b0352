//! The four calls on a mock guest.

mod actual;
mod buffer;
mod fuzz;
mod hostile;
mod joined;
mod kinds;
mod layers;
mod order;
mod pager;
mod process_memory;
mod process_write;
mod resolve;
mod vmo;

use crate::objects::mock::{MockGuest, MockOutcome};
use abi::objects::Permissions;
use abi::root::BootOptions;
use abi::{Call, Rights, Status};
use vm_memory::GuestAddress;

/// A page.
const P: u64 = 4096;
/// Where the caller's buffer is: sixteen pages, all there.
const BUFFER: u64 = 0x4000_0000;
/// Bytes of the buffer.
const BUFFER_SIZE: u64 = 16 * P;
/// Where the caller's `actual` is: a page, there.
const ACTUAL: u64 = 0x5000_0000;
/// What `*actual` holds before a call.
const UNTOUCHED: [u8; 8] = [0xEE; 8];
/// Where the target has three pages.
const TARGET: u64 = 0x1_0000_0000;

const READ: Permissions = Permissions::READ;
const READ_WRITE: Permissions = Permissions::READ.union(Permissions::WRITE);

const BOTH_MODES: [BootOptions; 2] = [
    BootOptions::DEBUGGING_SYSCALLS,
    BootOptions::DEBUGGING_SYSCALLS.union(BootOptions::ZIRCON_ERRORS),
];

/// A caller with a buffer, a target with memory, a VMO.
struct World {
    guest: MockGuest,
    caller: GuestAddress,
    target: GuestAddress,
    /// Three pages at [`TARGET`] of the target, none of them present.
    memory: GuestAddress,
    mapping: GuestAddress,
    /// Four pages, none of them present.
    vmo: GuestAddress,
    /// The caller's handles.
    vmo_handle: u64,
    target_handle: u64,
}

impl World {
    fn new() -> Self {
        Self::with_memory(READ_WRITE)
    }

    /// The target's memory is mapped with at most these permissions.
    fn with_memory(permissions: Permissions) -> Self {
        let mut guest = MockGuest::new(8 << 20).unwrap();
        let caller = guest.process("caller").unwrap();
        let target = guest.process("target").unwrap();
        guest.user_memory(caller, BUFFER, BUFFER_SIZE).unwrap();
        guest.user_memory(caller, ACTUAL, P).unwrap();
        guest.write_user(caller, ACTUAL, &UNTOUCHED).unwrap();
        let memory = guest.vmo("memory", 3 * P).unwrap();
        let mapping = guest
            .map(target, TARGET, 3 * P, (memory, 0), permissions)
            .unwrap();
        let vmo = guest.vmo("vmo", 4 * P).unwrap();
        let vmo_handle = guest.handle(caller, vmo, Rights::DEFAULT_VMO).unwrap();
        let target_handle = guest
            .handle(caller, target, Rights::DEFAULT_PROCESS)
            .unwrap();
        Self {
            guest,
            caller,
            target,
            memory,
            mapping,
            vmo,
            vmo_handle: vmo_handle.into(),
            target_handle: target_handle.into(),
        }
    }

    fn call(&mut self, call: Call, arguments: &[u64]) -> MockOutcome {
        let outcome = self.guest.call(self.caller, call, arguments).unwrap();
        assert_eq!(outcome.rax, outcome.call.status.to_register());
        assert_eq!(outcome.call.call, call);
        assert_eq!(&outcome.call.args[..arguments.len()], arguments);
        outcome
    }

    fn status(&mut self, call: Call, arguments: &[u64]) -> Status {
        self.call(call, arguments).call.status
    }

    fn vmo_read(&mut self, offset: u64, size: u64) -> MockOutcome {
        self.call(Call::VmoRead, &[self.vmo_handle, BUFFER, offset, size])
    }

    fn vmo_write(&mut self, offset: u64, size: u64) -> MockOutcome {
        self.call(Call::VmoWrite, &[self.vmo_handle, BUFFER, offset, size])
    }

    fn read_memory(&mut self, vaddr: u64, size: u64) -> MockOutcome {
        let handle = self.target_handle;
        self.call(
            Call::ProcessReadMemory,
            &[handle, vaddr, BUFFER, size, ACTUAL],
        )
    }

    fn write_memory(&mut self, vaddr: u64, size: u64) -> MockOutcome {
        let handle = self.target_handle;
        self.call(
            Call::ProcessWriteMemory,
            &[handle, vaddr, BUFFER, size, ACTUAL],
        )
    }

    /// Another handle of the caller.
    fn handle(&mut self, object: GuestAddress, rights: Rights) -> u64 {
        self.guest
            .handle(self.caller, object, rights)
            .unwrap()
            .into()
    }

    fn buffer(&self, length: usize) -> Vec<u8> {
        self.guest.read_user(self.caller, BUFFER, length).unwrap()
    }

    fn fill_buffer(&self, bytes: &[u8]) {
        self.guest.write_user(self.caller, BUFFER, bytes).unwrap();
    }

    fn actual(&self) -> Vec<u8> {
        self.guest.read_user(self.caller, ACTUAL, 8).unwrap()
    }
}

/// Bytes that differ from page to page and from offset to offset.
fn pattern(length: usize) -> Vec<u8> {
    let byte = |at: usize| u8::try_from((at * 7 + at / 251 * 13) % 255).unwrap() + 1;
    (0..length).map(byte).collect()
}
