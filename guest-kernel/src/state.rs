//! The kernel's globals and the pointer type through which it touches them.

use core::cell::UnsafeCell;
use core::ops::{Deref, DerefMut};

use abi::layout::{KERNEL_IMAGE_BASE, PHYSMAP_BASE};
use abi::objects::HANDLE_CHUNKS;
use abi::root::ROOT_MAGIC;
use abi::{ABI_VERSION, Link, RootBlock};

use crate::arch::descriptors::Shared;

/// A pointer to a structure in guest memory.
///
/// Rule: a reference obtained through it lives for one statement. There is one thread of
/// execution in the kernel, so no other reference exists in that time.
#[derive(Debug)]
#[repr(transparent)]
pub struct Ptr<T>(*mut T);

impl<T> Ptr<T> {
    /// The pointer to the live object behind a link.
    pub fn new(link: Link<T>) -> Self {
        Self((PHYSMAP_BASE + link.address()) as *mut T)
    }

    /// The pointer to a static, or to anything that lives as long as it is used.
    pub const fn from_raw(raw: *mut T) -> Self {
        Self(raw)
    }

    /// The raw pointer.
    pub const fn raw(self) -> *mut T {
        self.0
    }

    /// The link that leads here.
    pub fn link(self) -> Link<T> {
        Link::new(physical(self.0 as u64))
    }

    /// The same address as a pointer to another type.
    pub const fn cast<U>(self) -> Ptr<U> {
        Ptr(self.0.cast())
    }
}

impl<T> Clone for Ptr<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Ptr<T> {}

impl<T> PartialEq for Ptr<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Deref for Ptr<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the type's rule; every pointer is made from a live object.
        unsafe { &*self.0 }
    }
}

impl<T> DerefMut for Ptr<T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above.
        unsafe { &mut *self.0 }
    }
}

/// Links lead to pointers.
pub trait Follow<T> {
    /// The object behind the link, `None` for the link to nothing.
    fn get(self) -> Option<Ptr<T>>;
}

impl<T> Follow<T> for Link<T> {
    fn get(self) -> Option<Ptr<T>> {
        if self.is_none() {
            None
        } else {
            Some(Ptr::new(self))
        }
    }
}

/// The guest-physical address of something in the physmap or in the kernel image.
pub fn physical(address: u64) -> u64 {
    if address >= KERNEL_IMAGE_BASE {
        address - KERNEL_IMAGE_BASE
    } else {
        address - PHYSMAP_BASE
    }
}

#[repr(C, align(4096))]
struct RootPage(RootBlock);

static ROOT: Shared<RootPage> = Shared(UnsafeCell::new(RootPage(RootBlock {
    magic: ROOT_MAGIC,
    version: ABI_VERSION,
    vcpu_count: 1,
    call_page: Link::NONE,
    options: 0,
    kernel_page_table: 0,
    zero_frame: 0,
    frame_table: Link::NONE,
    frame_count: 0,
    next_fresh: 0,
    free_frames: 0,
    first_clean: 0,
    first_dirty: 0,
    first_process: Link::NONE,
    first_vmo: Link::NONE,
    // Reference §2.1: the first koid given out.
    next_koid: 1024,
    handle_count: 0,
    free_handle: 0,
    fresh_handle: 1,
    process_count: 0,
    managed_frames: 0,
    pool_frames: 0,
    first_waiting: Link::NONE,
    vdso: Link::NONE,
    vdso_code_offset: 0,
    vdso_code_size: 0,
    job: Link::NONE,
    reserved: [0; 5],
    handle_chunks: [0; HANDLE_CHUNKS],
})));

/// The root block.
pub fn root() -> Ptr<RootBlock> {
    Ptr::from_raw(ROOT.0.get().cast())
}

/// A koid that was never used.
pub fn new_koid() -> u64 {
    let mut root = root();
    let koid = root.next_koid;
    root.next_koid = koid + 1;
    koid
}
