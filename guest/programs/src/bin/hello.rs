//! Prints its arguments and its environment; ends with the number that the first of them names, else 0.

#![cfg_attr(target_os = "none", no_std, no_main)]

use core::fmt;
use libzx::{println, startup};

/// The arguments with a space before each, so that the line goes out in one piece.
struct Arguments;

impl fmt::Display for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        startup().args().try_for_each(|arg| write!(f, " {arg}"))
    }
}

fn program() -> i64 {
    println!("hello from{}", Arguments);
    for variable in startup().environ() {
        println!("with {variable}");
    }
    let number = startup().args().nth(1);
    number.and_then(|arg| arg.parse().ok()).unwrap_or(0)
}

libzx::main!(program);
