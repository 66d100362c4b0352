//! Machine code for processes that the tests make, and the vDSO for them.

use crate::child::{CODE, Child, DATA};
use crate::memory::PAGE;
use crate::probe::Map;
use crate::regions::{Object, R, RX, SPECIFIC, vdso};
use crate::suite::Failure;
use abi::layout::USER_BASE;
use libzx::{Call, monotonic, sleep_for, yield_now};

/// Where the vDSO stands in a child.
const VDSO: u64 = USER_BASE + 0x40_0000;
/// How long anything may take before it counts as never: 10 seconds.
const PATIENCE: i64 = 10_000_000_000;

/// A piece of code.
pub type Code = [u8; 128];

/// The parts one after the other.
pub fn code(parts: &[&[u8]]) -> Code {
    let mut whole = [0xCC; 128];
    let bytes = parts.iter().flat_map(|part| part.iter());
    for (to, from) in whole.iter_mut().zip(bytes) {
        *to = *from;
    }
    whole
}

/// `mov rcx, DATA`
pub fn point_to_data() -> [u8; 10] {
    load(0xB9, DATA)
}

/// `mov r64, value`, where `opcode` names the register.
pub fn load(opcode: u8, value: u64) -> [u8; 10] {
    let mut bytes = [0x48, opcode, 0, 0, 0, 0, 0, 0, 0, 0];
    for (to, from) in bytes.iter_mut().skip(2).zip(value.to_le_bytes()) {
        *to = from;
    }
    bytes
}

/// `mov edi, value`
pub fn first_argument(value: u32) -> [u8; 5] {
    let [a, b, c, d] = value.to_le_bytes();
    [0xBF, a, b, c, d]
}

/// `mov rax, stub` and `call rax`, for a child with [`map_vdso`].
pub fn call(call: Call) -> Result<[u8; 12], Failure> {
    let (data, _) = vdso_sizes()?;
    let stub = VDSO + data + u64::from(call.number()) * abi::vdso::STUB_SIZE;
    let mut bytes = [0xFF; 12];
    for (to, from) in bytes.iter_mut().zip(load(0xB8, stub)) {
        *to = from;
    }
    let [.., last] = &mut bytes;
    *last = 0xD0;
    Ok(bytes)
}

/// `jmp .`
pub const STAY: [u8; 2] = [0xEB, 0xFE];
/// `mov dword ptr [rcx + 32], 1`
pub const RAISE_FLAG: [u8; 7] = [0xC7, 0x41, 0x20, 1, 0, 0, 0];
/// Where [`RAISE_FLAG`] stores.
pub const FLAG: u64 = 32;
/// `inc qword ptr [rcx]` for ever.
pub const COUNT: [u8; 5] = [0x48, 0xFF, 0x01, 0xEB, 0xFB];
/// `inc qword ptr [rcx]` until the word at `[rcx + 8]` is not zero.
pub const COUNT_UNTIL_TOLD: [u8; 10] = [0x48, 0xFF, 0x01, 0x48, 0x83, 0x79, 0x08, 0x00, 0x74, 0xF6];

fn vdso_sizes() -> Result<(u64, u64), Failure> {
    let image = libzx::vdso::image().and_then(|image| Some((image.data().len(), image.code()?)));
    let (data, code) = image.ok_or_else(|| failure("there is no vDSO"))?;
    Ok((data as u64, code.len() as u64))
}

/// Maps the vDSO into a child.
pub fn map_vdso(child: &Child) -> Result<(), Failure> {
    let (data, code) = vdso_sizes()?;
    for (options, offset, len) in [(R, 0, data), (RX, data, code)] {
        let map = Map {
            vmar: child.vmar,
            options: options | SPECIFIC,
            vmar_offset: VDSO + offset - USER_BASE,
            vmo: vdso(),
            vmo_offset: offset,
            len,
        };
        map.call()?;
    }
    Ok(())
}

/// A child that will run that code, with the vDSO and with two pages of data.
pub fn prepared(name: &str, code: Code) -> Result<(Child, Object), Failure> {
    let (child, data) = Child::prepared(name, code)?;
    map_vdso(&child)?;
    Ok((child, data))
}

/// A child that has just been started with that code.
pub fn running(name: &str, code: Code) -> Result<(Child, Object), Failure> {
    let (child, data) = prepared(name, code)?;
    child.start(0, 0)?;
    Ok((child, data))
}

/// A failure with that reason.
pub fn failure(why: &str) -> Failure {
    Failure::new(format_args!("{why}"))
}

/// Waits until something has come about.
pub fn until(what: &str, mut holds: impl FnMut() -> Result<bool, Failure>) -> Result<(), Failure> {
    let deadline = monotonic().saturating_add(PATIENCE);
    while !holds()? {
        if monotonic() > deadline {
            return Err(failure(what));
        }
        yield_now();
        sleep_for(500_000);
    }
    Ok(())
}

/// The word at that offset of a child's data.
pub fn word(data: &Object, offset: u64) -> Result<u64, Failure> {
    Ok(u64::from_le_bytes(data.read::<8>(offset)?))
}

/// The arguments that start a child at its code.
pub fn start_arguments(process: u32, thread: u32, argument: u32) -> [u64; 6] {
    let stack = DATA + 2 * PAGE;
    let (process, thread) = (u64::from(process), u64::from(thread));
    [process, thread, CODE, stack, u64::from(argument), 0]
}
