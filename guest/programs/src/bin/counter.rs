//! Counts for ever, in memory that a mark makes easy to find: what must not move while a
//! machine stands still. `counter calls` makes calls in each round, too: a `zx_vmo_write` of
//! the count, a `zx_vmo_get_size`, which the kernel answers, and a `zx_vmo_read` of a handle
//! that is none.

#![cfg_attr(target_os = "none", no_std, no_main)]

use core::sync::atomic::{AtomicU64, Ordering};
use guest_programs::memory::Area;
use guest_programs::probe;
use libzx::{Call, Status, println, startup};

#[repr(C)]
struct Counter {
    mark: [u8; 16],
    count: AtomicU64,
}

static COUNTER: Counter = Counter {
    mark: *b"vmoscope-counter",
    count: AtomicU64::new(0),
};

/// Bytes of a call's buffer: the mark and the count.
const LENGTH: u64 = 24;

fn program() -> i64 {
    let calls = startup().args().skip(1).any(|argument| argument == "calls");
    let (Ok(vmo), Ok(size)) = (Area::touched(1), Area::touched(1)) else {
        println!("counter: no memory");
        return 1;
    };
    let buffer = (&raw const COUNTER) as u64;
    let handle = u64::from(vmo.handle());
    loop {
        COUNTER.count.fetch_add(1, Ordering::Relaxed);
        if !calls {
            continue;
        }
        let answers = [
            probe::status(Call::VmoWrite, &[handle, buffer, 0, LENGTH, 0, 0, 0, 0]),
            probe::status(Call::VmoGetSize, &[handle, size.at(0), 0, 0, 0, 0, 0, 0]),
            probe::status(Call::VmoRead, &[0, buffer, 0, LENGTH, 0, 0, 0, 0]),
        ];
        if answers != [Status::OK, Status::OK, Status::BAD_HANDLE] {
            println!("counter: {answers:?}");
            return 1;
        }
    }
}

libzx::main!(program);
