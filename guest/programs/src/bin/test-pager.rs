//! Pagers: requests, supply, failure, detaching, clones, dirty pages, and everybody who may
//! have to wait for a page (reference §17, §4.5, §13.7 and the pager rows of others).
//!
//! `--only TEXT` runs the cases whose names contain the text.

#![cfg_attr(target_os = "none", no_std, no_main)]

use guest_programs::cases::pager;
use guest_programs::modes::Modes;
use guest_programs::suite::Suite;

fn program() -> i64 {
    let mut suite = Suite::new();
    pager::run(&mut suite, Modes::from_args());
    suite.finish()
}

libzx::main!(program);
