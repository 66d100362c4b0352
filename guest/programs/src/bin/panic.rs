//! Panics: what the SDK's panic handler prints and returns.

#![cfg_attr(target_os = "none", no_std, no_main)]

fn program() -> i64 {
    #[allow(clippy::panic, reason = "that is what this program is for")]
    {
        panic!("this program panics on purpose")
    }
}

libzx::main!(program);
