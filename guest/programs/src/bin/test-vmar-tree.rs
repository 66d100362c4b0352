//! Regions in regions: `zx_vmar_allocate`, `zx_vmar_destroy`, `zx_vmar_op_range` and
//! unmapping across sub-VMARs (reference §13.2, §13.3, §13.5, §13.6).

#![cfg_attr(target_os = "none", no_std, no_main)]

use guest_programs::cases::vmar_tree;
use guest_programs::suite::Suite;

fn program() -> i64 {
    let mut suite = Suite::new();
    vmar_tree::run(&mut suite);
    suite.finish()
}

libzx::main!(program);
