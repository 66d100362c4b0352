//! Makes the null call for ever: `bench-calls null` without a thought.

#![cfg_attr(target_os = "none", no_std, no_main)]

fn program() -> i64 {
    while libzx::raw::vmoscope_null() == 0 {}
    1
}

libzx::main!(program);
