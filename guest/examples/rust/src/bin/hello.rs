//! The shortest guest: says who it is and what it was started with.
//!
//!     cargo run --bin hello -- one two

#![cfg_attr(target_os = "none", no_std, no_main)]

use libzx::{println, startup};

fn program() -> i64 {
    let mut args = startup().args();
    println!("hello from {}", args.next().unwrap_or("nobody"));
    for (index, argument) in args.enumerate() {
        println!("argument {}: {argument}", index + 1);
    }
    0
}

libzx::main!(program);
