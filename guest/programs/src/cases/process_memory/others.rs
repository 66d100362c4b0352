//! Processes that run meanwhile, or have ended (reference §5.4).

use super::target::*;
use crate::memory::Area;
use crate::modes::Modes;
use crate::probe::{process_read, process_write};
use crate::suite::{Failure, Outcome};
use crate::victim::{self, PostCopy, READ_ONLY};
use crate::{ensure, expect_eq};
use libzx::{Status, monotonic, sleep_for, startup};

/// What the victim has by itself: its read-only data, its own handle value.
pub(super) fn the_victims_own_memory(target: &Target, post: &PostCopy, modes: Modes) -> Outcome {
    let buffer = Area::touched(1)?;
    let length = READ_ONLY.len() as u64;
    expect_eq!(target.read(post.read_only, &buffer, length), ok(length));
    let mut found = [0; READ_ONLY.len()];
    buffer.map.load(0, &mut found);
    expect_eq!(found, READ_ONLY);
    let wanted = if modes.gate {
        ok(6)
    } else {
        error(Status::NOT_SUPPORTED)
    };
    buffer.map.store(0, b"VICTIM");
    expect_eq!(target.write(post.read_only, &buffer, 6), wanted);
    expect_eq!(target.read(post.read_only, &buffer, length), ok(length));
    buffer.map.load(0, &mut found);
    let mut wanted = READ_ONLY;
    if modes.gate {
        wanted
            .iter_mut()
            .zip(b"VICTIM")
            .for_each(|(to, &from)| *to = from);
    }
    expect_eq!(found, wanted);
    // Its handle values mean nothing here.
    let foreign = u32::try_from(post.own_handle).unwrap_or(0);
    ensure!(foreign & 3 == 3, "the victim told no handle value");
    let given = process_read(foreign, post.read_only, buffer.at(0), 8);
    expect_eq!(given, error(Status::BAD_HANDLE));
    Ok(())
}

/// It is read while it runs: its heart goes on beating, and a write reaches it.
pub(super) fn the_victim_runs_meanwhile(target: &Target, post: &PostCopy, modes: Modes) -> Outcome {
    let beats = || -> Result<u64, Failure> {
        let address = usize::try_from(post.beats_address()).unwrap_or(0);
        let mut beats = [0; 8];
        target.process.read_memory(address, &mut beats)?;
        Ok(u64::from_le_bytes(beats))
    };
    let first = beats()?;
    let deadline = monotonic() + 10_000_000_000;
    while beats()? == first {
        ensure!(monotonic() < deadline, "no heartbeat after {first}");
        sleep_for(victim::BEAT);
    }
    if modes.gate {
        let address = usize::try_from(post.beats_address()).unwrap_or(0);
        let high = 1_u64 << 40;
        expect_eq!(
            target.process.write_memory(address, &high.to_le_bytes())?,
            8
        );
        while beats()? <= high {
            ensure!(monotonic() < deadline, "the victim does not see the write");
            sleep_for(victim::BEAT);
        }
    }
    Ok(())
}

pub(super) fn an_ended_process_is_a_bad_state(modes: Modes) -> Outcome {
    let Some(hello) = startup().other_named("hello") else {
        return Err(Failure::from(Status::NOT_FOUND));
    };
    let buffer = Area::touched(1)?;
    let process = hello.process.handle().raw();
    let base = abi::layout::USER_BASE;
    let deadline = monotonic() + 10_000_000_000;
    let last = loop {
        let given = process_read(process, base, buffer.at(0), 8);
        if given.0 != Status::OK || monotonic() > deadline {
            break given;
        }
        sleep_for(1_000_000);
    };
    expect_eq!(last, error(Status::BAD_STATE));
    expect_eq!(
        process_read(process, 0, buffer.at(0), 8),
        error(Status::BAD_STATE)
    );
    let wanted = if modes.gate {
        Status::BAD_STATE
    } else {
        Status::NOT_SUPPORTED
    };
    expect_eq!(process_write(process, base, buffer.at(0), 8), error(wanted));
    // Arguments and handle come before.
    let given = process_read(process, base, buffer.at(0), 0);
    expect_eq!(given, error(Status::INVALID_ARGS));
    Ok(())
}
