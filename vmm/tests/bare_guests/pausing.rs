//! Pausing guests that do not do what a kernel of ours does.

use crate::guest::{CALL_ONCE, FIRST, LIMIT, Seen, call_page, kernel, machine};
use crate::{Outcome, check, vm};
use abi::CallPage;
use abi::call_page::KernelRequest;
use libtest_mimic::{Failed, Trial};
use std::thread;
use std::time::Duration;
use vmm::inspect::Place;
use vmm::machine::{End, Limits, Machine, PauseError, Remote, RunOutcome};
use zerocopy::FromZeros;

/// Long enough for a kick to be repeated many times.
const A_WHILE: Duration = Duration::from_millis(200);

/// Runs the machine up to a time limit, with somebody beside it.
fn beside<T: Send>(
    machine: Machine,
    time: Duration,
    work: impl FnOnce(Remote) -> T + Send,
) -> Result<(T, RunOutcome), Failed> {
    let remote = machine.remote().clone();
    let limits = Limits {
        time: Some(time),
        ..Limits::default()
    };
    thread::scope(|scope| {
        let other = scope.spawn(|| work(remote));
        let outcome = machine.run(&mut Seen::default(), limits)?;
        let result = other.join().map_err(|_| "the one beside it panicked")?;
        Ok((result, outcome))
    })
}

/// The guest runs and is never where it could stand still.
fn is_busy(code: &[u8]) -> Outcome {
    let code: Vec<u8> = FIRST.iter().chain(code).copied().collect();
    let machine = machine(&kernel(&code, &CallPage::new_zeroed(), &[]))?;
    let (paused, outcome) = beside(machine, 2 * A_WHILE, |remote| {
        remote.pause(A_WHILE).map(|held| held.machine().clone())
    })?;
    check(paused == Err(PauseError::Busy), &paused)?;
    check(matches!(outcome.end, End::TimeLimit), &outcome.end)
}

fn a_kernel_at_rest_stands_still() -> Outcome {
    // It asks for an hour of rest, again and again.
    let hour = 3_600_000_000_000;
    let page = call_page(KernelRequest::Idle as u32, [hour, 0, 0, 0, 0, 0, 0, 0]);
    let machine = machine(&kernel(&CALL_ONCE, &page, &[]))?;
    let (held, outcome) = beside(machine, A_WHILE, |remote| {
        let held = remote.pause(LIMIT)?;
        let still = remote.stands_still();
        let place = held.machine().vcpus.first().map(|vcpu| vcpu.place);
        // Kept until the time limit: the run ends all the same.
        while !remote.ended() {
            thread::yield_now();
        }
        drop(held);
        Ok::<_, PauseError>((still, place, remote.pause(LIMIT).err()))
    })?;
    let wanted = (true, Some(Place::Idle), Some(PauseError::Ended));
    check(held == Ok(wanted), &held)?;
    check(matches!(outcome.end, End::TimeLimit), &outcome.end)
}

fn many_who_wait_do_not_keep_the_guest_from_running() -> Outcome {
    let page = CallPage::new_zeroed();
    // Counts in ebx for long, then makes a null call, and loops.
    let code = [
        0xE6, 0xE5, // out PORT_BOOT, al
        0xB8, 0x01, 0x01, 0x00, 0x00, // mov eax, 0x101: the root block's page
        0xE7, 0xE5, // out PORT_BOOT, eax
        0xE6, 0xE4, // out PORT_CALL, al: a null call
        0xEB, 0xFC, // jmp to the call
    ];
    let machine = machine(&kernel(&code, &page, &[]))?;
    let (paused, outcome) = beside(machine, 3 * A_WHILE, |remote| {
        thread::scope(|scope| {
            let waiting: Vec<_> = (0..16)
                .map(|_| scope.spawn(|| remote.pause(A_WHILE).err()))
                .collect();
            waiting
                .into_iter()
                .map(|thread| thread.join().ok().flatten())
                .collect::<Vec<_>>()
        })
    })?;
    check(
        paused.iter().all(|error| *error == Some(PauseError::Busy)),
        &paused,
    )?;
    // However they kick, there are far more calls than kicks.
    let (calls, kicks) = (outcome.stats.call_exits, outcome.stats.kicks);
    check(calls > kicks, &(calls, kicks))?;
    check(matches!(outcome.end, End::TimeLimit), &outcome.end)
}

fn a_machine_that_does_not_run_is_busy() -> Outcome {
    let machine = machine(&kernel(&CALL_ONCE, &CallPage::new_zeroed(), &[]))?;
    let paused = machine.remote().pause(Duration::from_millis(5)).err();
    check(paused == Some(PauseError::Busy), &paused)
}

pub fn tests() -> Vec<Trial> {
    vec![
        vm("a_kernel_that_never_rests_is_busy", || {
            // jmp to itself
            is_busy(&[0xEB, 0xFE])
        }),
        vm("a_kernel_without_a_root_block_is_busy", || {
            // sti; jmp to itself: interrupts are on, as they are in programs
            is_busy(&[0xFB, 0xEB, 0xFE])
        }),
        vm(
            "a_kernel_at_rest_stands_still",
            a_kernel_at_rest_stands_still,
        ),
        vm(
            "many_who_wait_do_not_keep_the_guest_from_running",
            many_who_wait_do_not_keep_the_guest_from_running,
        ),
        vm(
            "a_machine_that_does_not_run_is_busy",
            a_machine_that_does_not_run_is_busy,
        ),
    ]
}
