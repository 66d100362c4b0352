//! The end of a run comes though somebody has paused it.

use super::raw::{Counter, Raw};
use crate::kit::{Guest, PATIENCE};
use crate::{Outcome, vm};
use libtest_mimic::{Failed, Trial};
use std::thread;
use std::time::{Duration, Instant};
use vmm::inspect::{InspectError, Inspector};

/// Waits for the end of the run.
fn code(guest: &mut Guest) -> Result<Option<i32>, Failed> {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = guest.child().try_wait()? {
            return Ok(status.code());
        }
        if Instant::now() > until {
            return Err("the run does not end".into());
        }
        thread::sleep(Duration::from_millis(2));
    }
}

fn paused(guest: &Guest) -> Result<Raw, Failed> {
    let mut client = Raw::connect(guest.socket())?;
    let paused = client.ask(r#"{"request":"pause","lease_ms":60000}"#)?;
    if paused["answer"] == "paused" {
        Ok(client)
    } else {
        Err(format!("{paused}").into())
    }
}

fn interrupts_end_a_pause() -> Outcome {
    for arguments in [&["spin"][..], &["nap", "--", "600000"]] {
        let mut guest = Guest::start(arguments)?;
        let client = paused(&guest)?;
        let id = i32::try_from(guest.child().id())?;
        let id = rustix::process::Pid::from_raw(id).ok_or("no process")?;
        rustix::process::kill_process(id, rustix::process::Signal::INT)?;
        let code = code(&mut guest)?;
        drop(client);
        if code != Some(130) {
            return Err(format!("{arguments:?}: {code:?}").into());
        }
        if guest.socket().exists() {
            return Err("the socket is left".into());
        }
    }
    Ok(())
}

fn a_time_limit_ends_a_pause() -> Outcome {
    for arguments in [&["spin"][..], &["nap", "--", "600000"]] {
        let mut guest = Guest::start(&[&["--timeout", "1"], arguments].concat())?;
        let client = paused(&guest)?;
        let code = code(&mut guest)?;
        drop(client);
        if code != Some(124) {
            return Err(format!("{arguments:?}: {code:?}").into());
        }
    }
    Ok(())
}

fn those_who_look_are_told_of_the_end() -> Outcome {
    let mut guest = Guest::start(&["counter"])?;
    let counter = Counter::attach(guest.socket())?;
    let mut inspector = Inspector::live(guest.socket())?;
    inspector.survey()?;
    guest.child().kill()?;
    guest.child().wait()?;
    match inspector.survey() {
        Err(InspectError::Ended) => {}
        other => return Err(format!("{other:?}").into()),
    }
    // Its memory is still there to be read.
    counter.now()?;
    Ok(())
}

fn ticks_come_after_a_pause() -> Outcome {
    // Two programs that never give the CPU away: each gets on only by ticks.
    let guest = Guest::start(&["counter", "spin"])?;
    let mut counter = Counter::attach(guest.socket())?;
    for _ in 0..10 {
        let paused = counter.inspector().pause()?;
        thread::sleep(Duration::from_millis(15));
        paused.resume()?;
        counter.moves()?;
    }
    Ok(())
}

pub(super) fn tests() -> Vec<Trial> {
    vec![
        vm("attach::an_interrupt_ends_a_pause", interrupts_end_a_pause),
        vm(
            "attach::a_time_limit_ends_a_pause",
            a_time_limit_ends_a_pause,
        ),
        vm(
            "attach::those_who_look_are_told_of_the_end",
            those_who_look_are_told_of_the_end,
        ),
        vm("attach::ticks_come_after_a_pause", ticks_come_after_a_pause),
    ]
}
