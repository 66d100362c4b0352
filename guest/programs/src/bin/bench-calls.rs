//! `bench-calls null|vmo_read|vmo_write|process_read|process_write SIZE`: makes one
//! served call over and over, on memory that is all present; whoever measures counts
//! the calls from outside. With `--count N` it ends after N calls.
//!
//! `process_write` needs `kernel.enable-debugging-syscalls=true`.

#![cfg_attr(target_os = "none", no_std, no_main)]

use guest_programs::memory::Area;
use guest_programs::probe;
use libzx::{Call, PAGE_SIZE, Status, println, startup};

/// The call and its arguments.
fn prepare(name: &str, size: u64) -> Option<(Call, [u64; 8])> {
    let pages = usize::try_from(size).ok()?.div_ceil(PAGE_SIZE).max(1);
    let buffer = Area::touched(pages).ok()?;
    let other = Area::touched(pages).ok()?;
    let actual = Area::touched(1).ok()?;
    let own = startup().process_self()?.handle().raw();
    let (vmo, own) = (u64::from(other.handle()), u64::from(own));
    let process = [own, other.at(0), buffer.at(0), size, actual.at(0), 0, 0, 0];
    let vmo = [vmo, buffer.at(0), 0, size, 0, 0, 0, 0];
    let prepared = match name {
        "null" => (Call::Null, [0; 8]),
        "vmo_read" => (Call::VmoRead, vmo),
        "vmo_write" => (Call::VmoWrite, vmo),
        "process_read" => (Call::ProcessReadMemory, process),
        "process_write" => (Call::ProcessWriteMemory, process),
        _ => return None,
    };
    // The memory stays for as long as the calls are made.
    core::mem::forget((buffer, other, actual));
    Some(prepared)
}

fn program() -> i64 {
    let startup = startup();
    let mut args = startup.args().skip(1);
    let name = args.next().unwrap_or("null");
    let size = args.next().and_then(|size| size.parse().ok()).unwrap_or(0);
    let count = startup
        .value("--count")
        .and_then(|count| count.parse().ok());
    let Some((call, args)) = prepare(name, size) else {
        println!("bench-calls: cannot do {name} with {size} bytes");
        return 2;
    };
    for _ in 0..count.unwrap_or(u64::MAX) {
        let status = probe::status(call, &args);
        if status != Status::OK {
            println!("bench-calls: {name} gave {status}");
            return 1;
        }
    }
    0
}

libzx::main!(program);
