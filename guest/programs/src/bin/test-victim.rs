//! Sits there and lets others examine its memory; counts its heartbeats meanwhile.

#![cfg_attr(target_os = "none", no_std, no_main)]

use core::sync::atomic::{AtomicU64, Ordering};
use guest_programs::beacon::Beacon;
use guest_programs::victim::{BEAT, MARK, Post, READ_ONLY};
use libzx::{sleep_for, startup};

static READ_ONLY_PLACE: [u8; 32] = READ_ONLY;
static POST: Post = Post {
    beacon: Beacon::new(MARK),
    read_only: AtomicU64::new(0),
    own_handle: AtomicU64::new(0),
    beats: AtomicU64::new(0),
    end: AtomicU64::new(0),
};

fn program() -> i64 {
    let read_only = (&raw const READ_ONLY_PLACE).expose_provenance() as u64;
    POST.read_only.store(read_only, Ordering::Relaxed);
    if let Some(own) = startup().process_self() {
        POST.own_handle
            .store(u64::from(own.handle().raw()), Ordering::Relaxed);
    }
    POST.beacon.light();
    loop {
        POST.beats.fetch_add(1, Ordering::Relaxed);
        match i64::try_from(POST.end.load(Ordering::Relaxed)) {
            Ok(0) => sleep_for(BEAT),
            Ok(code) => return code,
            Err(_) => return 1,
        }
    }
}

libzx::main!(program);
