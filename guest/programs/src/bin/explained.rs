//! Makes calls and faults at a table of addresses, prints what each gave as a line of JSON,
//! says READY, and waits for ever: what an inspector says would happen there can be compared
//! with what happened.

#![cfg_attr(target_os = "none", no_std, no_main)]

use guest_programs::explained;
use libzx::{println, sleep_for};

/// An hour. With a deadline in sight the machine is at rest and not deadlocked.
const LONG: i64 = 3_600_000_000_000;

fn program() -> i64 {
    let kept = explained::calls().and_then(|kept| explained::faults().map(|more| (kept, more)));
    let kept = match kept {
        Ok(kept) => kept,
        Err(why) => {
            println!("explained: {why:?}");
            return 1;
        }
    };
    println!("READY");
    loop {
        sleep_for(LONG);
        core::hint::black_box(&kept);
    }
}

libzx::main!(program);
