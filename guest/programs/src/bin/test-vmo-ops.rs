//! `zx_vmo_op_range`, operation by operation (reference §11).

#![cfg_attr(target_os = "none", no_std, no_main)]

use guest_programs::cases::vmo_ops;
use guest_programs::modes::Modes;
use guest_programs::suite::Suite;

fn program() -> i64 {
    let mut suite = Suite::new();
    vmo_ops::run(&mut suite, Modes::from_args());
    suite.finish()
}

libzx::main!(program);
