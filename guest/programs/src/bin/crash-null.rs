//! Reads address 0 at once; unlike `crash` it needs no argument, so it can be one of
//! several programs.

#![cfg_attr(target_os = "none", no_std, no_main)]

fn program() -> i64 {
    let null = core::ptr::without_provenance::<u8>(core::hint::black_box(0));
    // SAFETY: there is nothing to be safe: the access ends the process.
    i64::from(unsafe { null.read_volatile() })
}

libzx::main!(program);
