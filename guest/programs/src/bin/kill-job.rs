//! Kills the job that all programs are in, and so itself and all others.

#![cfg_attr(target_os = "none", no_std, no_main)]

use libzx::{Call, Status, println, raw, startup};

fn program() -> i64 {
    let Some(job) = startup().job() else {
        return 2;
    };
    println!("kill-job: I end everybody");
    // SAFETY: the call touches no memory.
    let result = unsafe { raw::call(Call::TaskKill, [u64::from(job.raw()), 0, 0, 0, 0, 0, 0, 0]) };
    let status = Status(raw::status_of(result));
    println!("kill-job: still here, {status}");
    1
}

libzx::main!(program);
