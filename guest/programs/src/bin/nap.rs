//! `nap MILLISECONDS [CODE]`: sleeps, says so, and ends with the code.

#![cfg_attr(target_os = "none", no_std, no_main)]

use libzx::{println, sleep_for, startup};

fn program() -> i64 {
    let mut numbers = startup()
        .args()
        .skip(1)
        .map(|arg| arg.parse::<i64>().unwrap_or(0));
    let milliseconds = numbers.next().unwrap_or(0);
    sleep_for(milliseconds.saturating_mul(1_000_000));
    println!("nap: slept {milliseconds} ms");
    numbers.next().unwrap_or(0)
}

libzx::main!(program);
