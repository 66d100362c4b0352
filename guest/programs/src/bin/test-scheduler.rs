//! Time and turns: run as `test-scheduler spin test-victim`, so that there is always one
//! that never stops by itself and one that sleeps in between.

#![cfg_attr(target_os = "none", no_std, no_main)]

use guest_programs::suite::{Failure, Outcome};
use guest_programs::victim::{self, PostCopy};
use guest_programs::{ensure, expect_eq};
use libzx::{Process, guest_test, monotonic, sleep_for, sleep_until, startup, yield_now};

const MILLISECOND: i64 = 1_000_000;
/// How late anything may come on a busy machine: the turns of two others and then some.
const LATENESS: i64 = 2_000 * MILLISECOND;

#[guest_test(name = "time goes forward")]
fn time_goes_forward() -> Outcome {
    let mut last = monotonic();
    ensure!(last > 0, "the clock shows {last}");
    for _ in 0..200 {
        let now = monotonic();
        ensure!(now >= last, "the clock went from {last} to {now}");
        last = now;
    }
    Ok(())
}

#[guest_test(name = "sleep lasts as long as asked")]
fn sleep_lasts_as_long_as_asked() -> Outcome {
    for milliseconds in [1, 5, 20, 100] {
        let deadline = monotonic() + milliseconds * MILLISECOND;
        sleep_until(deadline);
        let late = monotonic() - deadline;
        ensure!(late >= 0, "woke {} ns too early", -late);
        ensure!(late < LATENESS, "woke {late} ns too late");
    }
    Ok(())
}

#[guest_test(name = "a deadline in the past does not sleep")]
fn a_deadline_in_the_past_does_not_sleep() -> Outcome {
    let start = monotonic();
    for deadline in [i64::MIN, -1, 0, 1, start - 1, start] {
        sleep_until(deadline);
    }
    let took = monotonic() - start;
    ensure!(took < 6 * LATENESS, "took {took} ns");
    Ok(())
}

#[guest_test(name = "yielding comes back")]
fn yielding_comes_back() -> Outcome {
    let start = monotonic();
    for _ in 0..20 {
        yield_now();
    }
    let took = monotonic() - start;
    ensure!(took < 20 * LATENESS, "took {took} ns");
    Ok(())
}

fn beats(process: &Process, post: &PostCopy) -> Result<u64, Failure> {
    let address = usize::try_from(post.beats_address()).unwrap_or(0);
    let mut beats = [0; 8];
    expect_eq!(process.read_memory(address, &mut beats)?, 8);
    Ok(u64::from_le_bytes(beats))
}

/// Counts in ring 3 without a single call; the others must have had their turns.
#[guest_test(name = "others run while we compute")]
fn others_run_while_we_compute() -> Outcome {
    let (victim, post) = victim::find()?;
    let before = beats(&victim.process, &post)?;
    let deadline = monotonic() + 10_000 * MILLISECOND;
    let mut count = 0_u64;
    while beats(&victim.process, &post)? == before {
        for _ in 0..20_000_000 {
            count = core::hint::black_box(count + 1);
        }
        ensure!(
            monotonic() < deadline,
            "no beat after {before}, counted to {count}"
        );
    }
    Ok(())
}

/// The one that never stops leaves the sleepers enough to keep their pace.
#[guest_test(name = "sleepers keep their pace beside a spinner")]
fn sleepers_keep_their_pace_beside_a_spinner() -> Outcome {
    if startup().other_named("spin").is_none() {
        return Err(Failure::from(libzx::Status::NOT_FOUND));
    }
    let (victim, post) = victim::find()?;
    let before = beats(&victim.process, &post)?;
    sleep_for(600 * MILLISECOND);
    let more = beats(&victim.process, &post)? - before;
    // At its best it has one beat in two milliseconds; a spinner's slice in between
    // costs it some tens.
    ensure!(more >= 5, "only {more} beats in 600 ms");
    Ok(())
}

libzx::test_main!();
