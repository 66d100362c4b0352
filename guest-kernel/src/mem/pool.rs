//! Pools of equal-sized objects, a page at a time.
//!
//! A page starts with a [`Slab`]; pages with room are in a list, and a page whose last
//! object goes is given back, so that memory returns when objects do.

use core::cell::UnsafeCell;
use core::marker::PhantomData;

use abi::layout::PAGE_SIZE;
use abi::{Link, Status};

use super::frames;
use crate::arch::descriptors::Shared;
use crate::state::{Follow, Ptr, root};

/// The head of a pool's page.
struct Slab {
    /// The first freed slot ([`FreeSlot`]), or 0.
    free: u64,
    next: Link<Slab>,
    previous: Link<Slab>,
    used: u16,
    /// Slots that were ever used; those beyond are zero.
    touched: u16,
}

/// What stands in a freed slot.
#[repr(C)]
struct FreeSlot {
    /// Zero, where a live object has its magic number.
    magic: u64,
    next: u64,
}

/// A pool of `T`. `T` must fit into a page several times and may hold any bytes.
#[derive(Debug)]
pub struct Pool<T> {
    partial: Shared<Link<Slab>>,
    objects: PhantomData<T>,
}

// SAFETY: see `Shared`; the pool holds no `T`.
unsafe impl<T> Sync for Pool<T> {}

impl<T: Copy + Default> Pool<T> {
    const SLOT: u64 = (size_of::<T>() as u64).next_multiple_of(16);
    const FIRST: u64 = (size_of::<Slab>() as u64).next_multiple_of(16);
    const SLOTS: u64 = (PAGE_SIZE - Self::FIRST) / Self::SLOT;

    /// An empty pool.
    pub const fn new() -> Self {
        Self {
            partial: Shared(UnsafeCell::new(Link::NONE)),
            objects: PhantomData,
        }
    }

    /// An object of defaults.
    ///
    /// # Errors
    /// NO_MEMORY.
    pub fn allocate(&self) -> Result<Ptr<T>, Status> {
        let head = Ptr::from_raw(self.partial.0.get());
        let mut slab = match (*head).get() {
            Some(slab) => slab,
            None => {
                let slab = Ptr::new(Link::<Slab>::new(frames::allocate()?));
                root().pool_frames += 1;
                self.insert(slab);
                slab
            }
        };
        let address = if slab.free != 0 {
            let address = slab.free;
            let slot: Ptr<FreeSlot> = Ptr::new(Link::new(address));
            slab.free = slot.next;
            address
        } else {
            let address =
                slab.link().address() + Self::FIRST + u64::from(slab.touched) * Self::SLOT;
            slab.touched += 1;
            address
        };
        slab.used += 1;
        if u64::from(slab.used) == Self::SLOTS {
            self.remove(slab);
        }
        let mut object = Ptr::new(Link::<T>::new(address));
        *object = T::default();
        Ok(object)
    }

    /// Gives an object back.
    pub fn free(&self, object: Ptr<T>) {
        let address = object.link().address();
        let mut slab = Ptr::new(Link::<Slab>::new(address & !(PAGE_SIZE - 1)));
        if u64::from(slab.used) == Self::SLOTS {
            self.insert(slab);
        }
        slab.used -= 1;
        if slab.used == 0 {
            self.remove(slab);
            frames::free(slab.link().address());
            root().pool_frames -= 1;
        } else {
            let mut slot: Ptr<FreeSlot> = object.cast();
            slot.magic = 0;
            slot.next = slab.free;
            slab.free = address;
        }
    }

    fn insert(&self, mut slab: Ptr<Slab>) {
        let mut head = Ptr::from_raw(self.partial.0.get());
        slab.previous = Link::NONE;
        slab.next = *head;
        if let Some(mut next) = slab.next.get() {
            next.previous = slab.link();
        }
        *head = slab.link();
    }

    fn remove(&self, slab: Ptr<Slab>) {
        let mut head = Ptr::from_raw(self.partial.0.get());
        match slab.previous.get() {
            Some(mut previous) => previous.next = slab.next,
            None => *head = slab.next,
        }
        if let Some(mut next) = slab.next.get() {
            next.previous = slab.previous;
        }
    }
}
