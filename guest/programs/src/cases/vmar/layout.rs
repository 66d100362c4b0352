//! The user range, and how a process starts (reference §19.2).

use crate::child::{CODE, Child, DATA, STACK};
use crate::expect_eq;
use crate::inspect::{record, refused, refused_in};
use crate::memory::{KERNEL_BASE, PAGE};
use crate::probe::{Map, process_read, vmar_unmap};
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use abi::info::InfoVmar;
use abi::layout::{USER_BASE, USER_TOP};
use abi::options::Topic;
use libzx::{Status, monotonic};

fn at(vmo: &Object, address: u64, pages: u64) -> Map {
    Map {
        options: RW | SPECIFIC,
        vmar_offset: address.wrapping_sub(USER_BASE),
        ..anywhere(vmo.handle, pages)
    }
}

fn map_status(map: Map) -> Status {
    map.call().err().unwrap_or(Status::OK)
}

fn nothing_below() -> Outcome {
    let vmo = Object::new(2)?;
    for address in [0, PAGE, 0xFF_E000, 0xFF_F000] {
        refused(Status::INVALID_ARGS, || map_status(at(&vmo, address, 1)))?;
    }
    refused(Status::INVALID_ARGS, || map_status(at(&vmo, 0xFF_F000, 2)))?;
    // In a fresh process the first page of all can be had.
    let child = Child::new("lowest")?;
    refused_in(child.process, Status::INVALID_ARGS, || {
        map_status(Map {
            vmar: child.vmar,
            ..at(&vmo, 0xFF_F000, 1)
        })
    })?;
    expect_eq!(child.map(&vmo, RW, 0x100_0000, 1), Ok(0x100_0000));
    Ok(())
}

fn the_last_page() -> Outcome {
    let vmo = Object::new(2)?;
    let end = 1_u64 << 47;
    refused(Status::INVALID_ARGS, || map_status(at(&vmo, end - PAGE, 1)))?;
    refused(Status::INVALID_ARGS, || {
        map_status(at(&vmo, end - 2 * PAGE, 2))
    })?;
    refused(Status::INVALID_ARGS, || map_status(at(&vmo, end, 1)))?;
    expect_eq!(at(&vmo, end - 2 * PAGE, 1).call(), Ok(end - 2 * PAGE));
    expect_eq!(access(end - PAGE - 1)?, READ_WRITE);
    expect_eq!(vmar_unmap(root(), end - 2 * PAGE, PAGE), Status::OK);
    Ok(())
}

fn the_root() -> Outcome {
    let info: InfoVmar = record(root(), Topic::VMAR)?;
    expect_eq!(info.base, 16 << 20);
    expect_eq!(info.len, (1 << 47) - 4096 - (16 << 20));
    expect_eq!(info.base + info.len, USER_TOP);
    expect_eq!(KERNEL_BASE, 0xFFFF_FF80_0000_0000);
    Ok(())
}

/// Stores every register into its data, in the order rax, rbx, rcx, rdx, rsi, rdi, rbp,
/// rsp, r8 to r15, and spins. The addresses are absolute, so that no register is
/// needed: `mov [DATA + 8 * n], register`.
fn registers() -> [u8; 16 * 8 + 2] {
    const NUMBERS: [u8; 16] = [0, 3, 1, 2, 6, 7, 5, 4, 8, 9, 10, 11, 12, 13, 14, 15];
    let mut code = [0; 16 * 8 + 2];
    for (index, number) in (0_u64..).zip(NUMBERS) {
        let prefix = 0x48 | (number >> 3) << 2;
        let operand = 0x04 | (number & 7) << 3;
        let [a, b, c, d, ..] = (DATA + 8 * index).to_le_bytes();
        let bytes = [prefix, 0x89, operand, 0x25, a, b, c, d];
        let start = usize::try_from(index * 8).unwrap_or(0);
        for (to, from) in code.iter_mut().skip(start).zip(bytes) {
            *to = from;
        }
    }
    for (to, from) in code.iter_mut().skip(16 * 8).zip(crate::child::SPIN) {
        *to = from;
    }
    code
}

fn how_a_process_starts() -> Outcome {
    let (child, data) = Child::prepared("registers", registers())?;
    // A mark where rsp will be stored, to see that it was.
    data.write([0xFF; 128], 0)?;
    let given = Object::new(1)?;
    let koid = crate::inspect::koid(given.handle)?;
    let argument = crate::probe::duplicate(given.handle, 0x8002)?;
    child.start(argument, 0x1234_5678_9ABC_DEF0)?;
    let deadline = monotonic() + 10_000_000_000;
    while data.read::<8>(15 * 8)? == [0xFF; 8] {
        crate::ensure!(monotonic() < deadline, "it does not run");
        libzx::sleep_for(1_000_000);
    }
    let mut found = [0_u64; 16];
    for (index, value) in (0..).zip(&mut found) {
        *value = u64::from_le_bytes(data.read::<8>(index * 8)?);
    }
    let [rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, rest @ ..] = found;
    expect_eq!([rax, rbx, rcx, rdx, rbp], [0; 5]);
    expect_eq!(rest, [0; 8]);
    expect_eq!((rsi, rsp), (0x1234_5678_9ABC_DEF0, STACK));
    // rdi holds the handle's new value, which means nothing here.
    crate::ensure!(rdi & 3 == 3 && rdi >> 32 == 0, "rdi is {rdi:#x}");
    let gone = crate::inspect::basic(argument);
    expect_eq!(gone.map(|info| info.koid), Err(Status::BAD_HANDLE));
    let mut vmos = [0_u64; 22 * 4];
    let (status, actual, _) = crate::inspect::get_info(
        child.process,
        Topic::PROCESS_VMOS,
        crate::probe::out(&mut vmos),
        4 * 176,
    );
    expect_eq!(status, Status::OK);
    let [first, ..] = core::hint::black_box(vmos);
    expect_eq!((actual, first), (3, koid));
    let mut byte = 0_u8;
    let (status, _) = process_read(child.process, CODE, crate::probe::out(&mut byte), 1);
    expect_eq!(status, Status::OK);
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "nothing below 16 MiB can be mapped [19.2/1 13.1/16]",
        nothing_below,
    );
    suite.case(
        "the last page under 2^47 cannot be mapped [19.2/2]",
        the_last_page,
    );
    suite.case(
        "the root VMAR is all of the user range [19.2/3 15/5]",
        the_root,
    );
    suite.case(
        "a process starts with two arguments and zeros [19.2/5]",
        how_a_process_starts,
    );
}
