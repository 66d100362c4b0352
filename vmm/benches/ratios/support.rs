//! Small things that all benchmarks need.

use std::fmt::Display;
use std::hint::black_box;
use std::time::{Duration, Instant};
use zerocopy::{FromBytes, Immutable, IntoBytes};

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
            println!("exits, calls, start and attach are left out: {reason}");
            false
        }
    }
}

/// A length in bytes as the host counts.
pub fn host_size(bytes: u64) -> usize {
    must("a size", usize::try_from(bytes))
}

/// A page of the host's own memory. Buffers must start on page boundaries, as the guest's
/// do: memcpy was seen to be four times slower off one.
#[derive(Clone, FromBytes, IntoBytes, Immutable)]
#[repr(C, align(4096))]
struct Page([u8; 4096]);

/// Two buffers of the host, and memcpy between them.
pub struct Copier {
    source: Vec<Page>,
    target: Vec<Page>,
    size: usize,
}

impl Copier {
    /// Buffers of so many bytes.
    pub fn new(bytes: u64) -> Self {
        let size = host_size(bytes);
        let pages = size.div_ceil(size_of::<Page>());
        Self {
            source: vec![Page([0x5A; 4096]); pages],
            target: vec![Page([0; 4096]); pages],
            size,
        }
    }

    /// Copies from one to the other.
    #[inline]
    pub fn copy(&mut self) {
        let source = self.source.as_bytes().get(..self.size);
        let target = self.target.as_mut_bytes().get_mut(..self.size);
        if let (Some(source), Some(target)) = (source, target) {
            black_box(target).copy_from_slice(black_box(source));
        }
    }

    /// Times so many copies.
    pub fn time(&mut self, count: u64) -> Duration {
        let start = Instant::now();
        for _ in 0..count {
            self.copy();
        }
        start.elapsed()
    }
}
