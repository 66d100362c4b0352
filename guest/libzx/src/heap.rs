//! The heap of a program that asks for `alloc`: dlmalloc over mappings of anonymous VMOs.

use crate::vmar::root;
use crate::{MapOptions, PAGE_SIZE, TIME_INFINITE, Vmo, futex_wait, futex_wake};
use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicI32, Ordering};
use dlmalloc::Dlmalloc;

#[global_allocator]
static HEAP: Heap = Heap {
    lock: AtomicI32::new(FREE),
    inner: UnsafeCell::new(Dlmalloc::new_with_allocator(Pages)),
};

struct Heap {
    /// [`FREE`], [`HELD`] or [`WAITED`].
    lock: AtomicI32,
    inner: UnsafeCell<Dlmalloc<Pages>>,
}

// SAFETY: `inner` is used under `lock` only.
unsafe impl Sync for Heap {}

const FREE: i32 = 0;
const HELD: i32 = 1;
/// Held, and somebody may be asleep until it is not.
const WAITED: i32 = 2;

impl Heap {
    fn with<T>(&self, job: impl FnOnce(&mut Dlmalloc<Pages>) -> T) -> T {
        let quick = self
            .lock
            .compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed);
        if quick.is_err() {
            while self.lock.swap(WAITED, Ordering::Acquire) != FREE {
                // Whatever ends the sleep, the lock is looked at again.
                let _ = futex_wait(&self.lock, WAITED, TIME_INFINITE);
            }
        }
        // SAFETY: the lock is held, so nobody else has a reference; nothing in here
        // allocates by way of the heap.
        let done = job(unsafe { &mut *self.inner.get() });
        if self.lock.swap(FREE, Ordering::Release) == WAITED {
            let _ = futex_wake(&self.lock, 1);
        }
        done
    }
}

// SAFETY: dlmalloc keeps the contract, and the lock keeps threads apart.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        self.with(|heap| unsafe { heap.malloc(layout.size(), layout.align()) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        self.with(|heap| unsafe { heap.calloc(layout.size(), layout.align()) })
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        self.with(|heap| unsafe { heap.free(place, layout.size(), layout.align()) });
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        self.with(|heap| unsafe { heap.realloc(place, layout.size(), layout.align(), size) })
    }
}

/// Where dlmalloc's memory comes from.
struct Pages;

// SAFETY: each range that is handed out is a new mapping, readable, writable and nobody
// else's.
unsafe impl dlmalloc::Allocator for Pages {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        let size = size.next_multiple_of(PAGE_SIZE);
        let map = || {
            let vmo = Vmo::create(size as u64)?;
            root()?.map(MapOptions::READ_WRITE, 0, &vmo, 0, size)
        };
        match map() {
            Ok(address) => (core::ptr::with_exposed_provenance_mut(address), size, 0),
            Err(_) => (null_mut(), 0, 0),
        }
    }

    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        null_mut()
    }

    fn free_part(&self, place: *mut u8, old_size: usize, new_size: usize) -> bool {
        self.free(place.wrapping_add(new_size), old_size - new_size)
    }

    fn free(&self, place: *mut u8, size: usize) -> bool {
        // SAFETY: dlmalloc says that nothing in the range is in use any more.
        root().is_ok_and(|root| unsafe { root.unmap(place.addr(), size) }.is_ok())
    }

    fn can_release_part(&self, _: u32) -> bool {
        true
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        PAGE_SIZE
    }
}
