//! Small things that all benchmarks need.

use std::fmt::Display;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// The sizes that calls are measured at, with their names.
pub const SIZES: [(u64, &str); 4] = [
    (64, "64 B"),
    (4 << 10, "4 KiB"),
    (64 << 10, "64 KiB"),
    (1 << 20, "1 MiB"),
];

/// The value, or the end of the benchmark: one that cannot do what it says measures
/// nothing.
#[allow(clippy::panic, reason = "there is nobody to return the error to")]
pub fn must<T, E: Display>(what: &str, result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{what}: {error}"),
    }
}

/// Ends the benchmark unless `holds`.
#[inline]
pub fn check(holds: bool, what: &str) {
    if !holds {
        must(
            what,
            Err("this does not hold, so the figures would mean nothing"),
        )
    }
}

/// Whether KVM can be used; says why not.
pub fn kvm_is_usable() -> bool {
    match vmm::machine::open_kvm() {
        Ok(_) => true,
        Err(reason) => {
            println!("exits, calls and start are left out: {reason}");
            false
        }
    }
}

/// A length in bytes as the host counts.
pub fn host_size(bytes: u64) -> usize {
    must("a size", usize::try_from(bytes))
}

/// Copies so many bytes between two buffers of the host, over and over.
pub fn memcpy(bytes: u64) -> impl FnMut(u64) -> Duration {
    let source = vec![0x5A; host_size(bytes)];
    let mut target = vec![0; host_size(bytes)];
    move |count| {
        let start = Instant::now();
        for _ in 0..count {
            black_box(&mut target).copy_from_slice(black_box(&source));
        }
        start.elapsed()
    }
}
