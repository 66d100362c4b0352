//! How a process starts (reference §19.2).

use crate::child::{CODE, Child, DATA, STACK};
use crate::expect_eq;
use crate::probe::process_read;
use crate::regions::Object;
use crate::suite::{Outcome, Suite};
use abi::options::Topic;
use libzx::{Status, monotonic};

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
        "a process starts with two arguments and zeros [19.2/5]",
        how_a_process_starts,
    );
}
