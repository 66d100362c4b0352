//! The demo's first program: works through its steps, each checked, and ends with 0
//! only if all of them held, the target's own view included.

#![cfg_attr(target_os = "none", no_std, no_main)]

use core::mem::offset_of;
use guest_programs::board::{
    AS_EXPECTED, BoardCopy, COMPUTE, GO, GREETING, MARK, PATCHED_COMPUTE, PATCHED_GREETING,
    PATIENCE, PAUSE, UNDECIDED, WAIT,
};
use guest_programs::suite::Failure;
use guest_programs::{beacon, ensure, expect_eq, pattern};
use libzx::{PAGE_SIZE, Process, Status, Vmo, monotonic, println, sleep_for, startup};

const STEPS: u32 = 8;
/// Three pages and a bit, from an odd offset on.
const LENGTH: usize = 3 * PAGE_SIZE + 123;
const OFFSET: u64 = 0x345;

type Step<T> = Result<T, Failure>;

/// Prints a step's line and hands its value on.
fn report<T>(number: u32, what: &str, result: Step<T>) -> Option<T> {
    match result {
        Ok(value) => {
            println!("demo: step {number}/{STEPS} {what}: ok");
            Some(value)
        }
        Err(why) => {
            println!("demo: step {number}/{STEPS} {what}: FAIL {why:?}");
            None
        }
    }
}

fn fill_vmo(data: &mut [u8; LENGTH]) -> Step<Vmo> {
    let vmo = Vmo::create(4 * PAGE_SIZE as u64)?;
    pattern::fill(1, 0, data);
    vmo.write(data, OFFSET)?;
    Ok(vmo)
}

fn read_vmo_back(vmo: &Vmo, data: &mut [u8; LENGTH]) -> Step<()> {
    data.fill(0);
    vmo.read(data, OFFSET)?;
    expect_eq!(pattern::mismatch(1, 0, data), None);
    // Before and behind what was written there are still zeros.
    let (mut before, mut behind) = ([1; 4], [1; 4]);
    vmo.read(&mut before, OFFSET - 4)?;
    vmo.read(&mut behind, OFFSET + LENGTH as u64)?;
    expect_eq!((before, behind), ([0; 4], [0; 4]));
    Ok(())
}

/// Repeats `look` until it gives something or patience is at its end.
fn wait_for<T>(mut look: impl FnMut() -> Option<T>, what: &str) -> Step<T> {
    let deadline = monotonic().saturating_add(PATIENCE);
    loop {
        if let Some(found) = look() {
            return Ok(found);
        }
        ensure!(monotonic() < deadline, "waited in vain for {what}");
        sleep_for(PAUSE);
    }
}

fn read_target(target: &Process, board: &BoardCopy) -> Step<()> {
    let (mut greeting, mut code) = ([0; 32], [0; 8]);
    expect_eq!(
        target.read_memory(place(board.greeting)?, &mut greeting)?,
        32
    );
    expect_eq!(greeting, GREETING);
    expect_eq!(target.read_memory(place(board.compute)?, &mut code)?, 8);
    expect_eq!(code, COMPUTE);
    Ok(())
}

/// Writes `new` over what is at `address` and checks that it is there.
fn patch<const N: usize>(target: &Process, address: u64, new: &[u8; N]) -> Step<()> {
    let address = place(address)?;
    expect_eq!(target.write_memory(address, new)?, N);
    let mut found = [0; N];
    expect_eq!(target.read_memory(address, &mut found)?, N);
    expect_eq!(found, *new);
    Ok(())
}

fn set_go(target: &Process, board: &BoardCopy, value: u64) -> Step<()> {
    let go = board.beacon.own_address + offset_of!(BoardCopy, go) as u64;
    patch(target, go, &value.to_le_bytes())
}

fn verdict(target: &Process, board: &BoardCopy) -> Option<u64> {
    let address = board.beacon.own_address + offset_of!(BoardCopy, verdict) as u64;
    let mut verdict = [0; 8];
    target
        .read_memory(place(address).ok()?, &mut verdict)
        .ok()?;
    Some(u64::from_le_bytes(verdict)).filter(|&verdict| verdict != UNDECIDED)
}

fn place(address: u64) -> Step<usize> {
    usize::try_from(address).map_err(|_| Failure::from(Status::OUT_OF_RANGE))
}

fn demo() -> Option<()> {
    let Some(other) = startup().other(0) else {
        println!("demo: start me with the target as second program");
        return None;
    };
    let target = &*other.process;
    let mut data = [0; LENGTH];
    let vmo = report(1, "fill a VMO", fill_vmo(&mut data))?;
    report(
        2,
        "read it back and compare",
        read_vmo_back(&vmo, &mut data),
    )?;
    let board = wait_for(|| beacon::search(target, MARK), "the target's board");
    let board = report(3, "search the target's memory for its board", board)?;
    let read = read_target(target, &board);
    report(4, "read the target's string and code", read)?;
    let string = patch(target, board.greeting, &PATCHED_GREETING);
    report(5, "patch the string in its read-only data", string)?;
    let code = patch(target, board.compute, &PATCHED_COMPUTE);
    report(6, "patch the function in its code", code)?;
    report(7, "set the flag it waits for", set_go(target, &board, GO))?;
    let verdict =
        wait_for(|| verdict(target, &board), "the target's verdict").and_then(|verdict| {
            expect_eq!(verdict, AS_EXPECTED);
            Ok(())
        });
    let seen = report(8, "the target has seen both patches", verdict);
    // Let the target go; it would end by itself later.
    let _ = set_go(target, &board, WAIT);
    seen
}

fn program() -> i64 {
    match demo() {
        Some(()) => {
            println!("demo: all {STEPS} steps ok");
            0
        }
        None => 1,
    }
}

libzx::main!(program);
