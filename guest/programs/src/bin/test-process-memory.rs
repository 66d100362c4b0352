//! `zx_process_read_memory` and `zx_process_write_memory` on the own process, on a
//! running one (`test-victim`) and on one that has ended (`hello`), at both positions
//! of the gate and in both error modes (reference §5, §6, §23).
//!
//! Run as `test-process-memory test-victim hello -- --gate on --errors documented`.

#![cfg_attr(target_os = "none", no_std, no_main)]

use guest_programs::cases::process_memory;
use guest_programs::modes::Modes;
use guest_programs::suite::Suite;

fn program() -> i64 {
    let mut suite = Suite::new();
    process_memory::run(&mut suite, Modes::from_args());
    suite.finish()
}

libzx::main!(program);
