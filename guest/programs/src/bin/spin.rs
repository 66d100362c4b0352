//! Loops for ever and calls nobody: what the scheduler must be able to stop.

#![cfg_attr(target_os = "none", no_std, no_main)]

fn program() -> i64 {
    loop {
        core::hint::spin_loop();
    }
}

libzx::main!(program);
