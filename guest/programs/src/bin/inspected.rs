//! Builds up all kinds of processes, threads, VMOs, mappings and handles, asks the kernel
//! about each, prints the answers as lines of JSON, says READY, and waits for ever: what an
//! inspector says of this guest can be compared with what the guest says.
//!
//! `inspected spin` has one process more, which never rests.

#![cfg_attr(target_os = "none", no_std, no_main)]

use guest_programs::inspected::{Scene, tell};
use libzx::{println, sleep_for, startup};

/// An hour. With a deadline in sight the machine is at rest and not deadlocked.
const LONG: i64 = 3_600_000_000_000;

fn program() -> i64 {
    let spin = startup().args().any(|argument| argument == "spin");
    let scene = match Scene::build(spin) {
        Ok(scene) => scene,
        Err(why) => {
            println!("inspected: {why:?}");
            return 1;
        }
    };
    // Telling takes memory of its own the first time; the last round is the one that counts.
    for round in 1..=2 {
        if let Err(status) = tell::everything(&scene, round) {
            println!("inspected: asking: {status}");
            return 1;
        }
    }
    println!("READY");
    loop {
        sleep_for(LONG);
    }
}

libzx::main!(program);
