//! x87 and SSE registers, and the FS base, of threads and processes side by side.

#![cfg_attr(target_os = "none", no_std, no_main)]

use guest_programs::cases::fpu;
use guest_programs::suite::Suite;

fn program() -> i64 {
    let mut suite = Suite::new();
    fpu::run(&mut suite);
    suite.finish()
}

libzx::main!(program);
