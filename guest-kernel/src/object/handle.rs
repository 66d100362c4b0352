//! The handle table (reference §2). Each handle holds one reference to its object.

use abi::layout::PHYSMAP_BASE;
use abi::objects::{
    HANDLE_CHUNK_ENTRIES, HANDLE_CHUNKS, HANDLE_GENERATION_SHIFT, HANDLE_INDEX_MASK, HandleEntry,
    ObjectHeader, ObjectType, Process, WaitKind, decode_handle, encode_handle,
};
use abi::{Rights, Status};

use super::header;
use crate::mem::frames;
use crate::sched;
use crate::state::{Follow, Ptr, root};

const SLOTS: u32 = (HANDLE_CHUNKS * HANDLE_CHUNK_ENTRIES) as u32;

/// The slot with that index, which must have been used before.
fn slot(index: u32) -> Ptr<HandleEntry> {
    let index = index as usize;
    let chunk = root()
        .handle_chunks
        .get(index / HANDLE_CHUNK_ENTRIES)
        .copied()
        .unwrap_or(0);
    let entries = (PHYSMAP_BASE + chunk) as *mut HandleEntry;
    // SAFETY: the index is masked to the chunk, whose page holds that many entries.
    Ptr::from_raw(unsafe { entries.add(index % HANDLE_CHUNK_ENTRIES) })
}

/// A slot for a new handle, its base set.
fn take_slot() -> Result<(u32, Ptr<HandleEntry>), Status> {
    let mut root = root();
    let index = root.free_handle;
    if index != 0 {
        let entry = slot(index);
        root.free_handle = entry.next;
        return Ok((index, entry));
    }
    let index = root.fresh_handle;
    if index >= SLOTS {
        return Err(Status::NO_MEMORY);
    }
    let chunk = index as usize / HANDLE_CHUNK_ENTRIES;
    if root.handle_chunks.get(chunk).is_none_or(|page| *page == 0) {
        let page = frames::allocate()?;
        if let Some(slot) = root.handle_chunks.get_mut(chunk) {
            *slot = page;
        }
    }
    root.fresh_handle = index + 1;
    let mut entry = slot(index);
    entry.base = index;
    Ok((index, entry))
}

/// Makes a handle in `process` and returns its value there. The handle takes a
/// reference of its own.
///
/// # Errors
/// NO_MEMORY when there are too many handles in the system, or no memory for the table.
pub fn create(
    process: Ptr<Process>,
    mut object: Ptr<ObjectHeader>,
    rights: Rights,
) -> Result<u32, Status> {
    let (index, mut entry) = take_slot()?;
    header::retain(object);
    object.handles += 1;
    entry.object = object.link();
    entry.rights = rights.bits();
    root().handle_count += 1;
    Ok(link(process, index))
}

/// A handle that was found: the slot, the object, the rights.
#[derive(Clone, Copy)]
pub struct Found {
    index: u32,
    /// What it leads to.
    pub object: Ptr<ObjectHeader>,
    /// Its rights.
    pub rights: Rights,
}

/// Finds a handle, of whatever type and rights.
///
/// # Errors
/// BAD_HANDLE for a value that is zero, badly formed, stale or somebody else's.
pub fn find(process: Ptr<Process>, value: u32) -> Result<Found, Status> {
    let base = decode_handle(value, process.handle_secret).ok_or(Status::BAD_HANDLE)?;
    let index = base & HANDLE_INDEX_MASK;
    if index == 0 || index >= root().fresh_handle {
        return Err(Status::BAD_HANDLE);
    }
    let entry = slot(index);
    let object = entry.object.get().ok_or(Status::BAD_HANDLE)?;
    if entry.base != base || entry.owner != process.link() {
        return Err(Status::BAD_HANDLE);
    }
    Ok(Found {
        index,
        object,
        rights: Rights::from_bits_retain(entry.rights),
    })
}

/// Every handle of a process, the newest first. None of them may go meanwhile.
pub fn all(process: Ptr<Process>) -> impl Iterator<Item = Found> {
    let mut next = process.first_handle;
    core::iter::from_fn(move || {
        if next == 0 {
            return None;
        }
        let index = next;
        let entry = slot(index);
        next = entry.next;
        Some(Found {
            index,
            object: entry.object.get()?,
            rights: Rights::from_bits_retain(entry.rights),
        })
    })
}

/// Finds a handle to an object of that type with all of those rights.
///
/// # Errors
/// BAD_HANDLE, then WRONG_TYPE, then ACCESS_DENIED (reference §2.2).
pub fn find_object<T>(
    process: Ptr<Process>,
    value: u32,
    object_type: ObjectType,
    rights: Rights,
) -> Result<(Ptr<T>, Rights), Status> {
    let found = find(process, value)?;
    if found.object.object_type != object_type.0 {
        return Err(Status::WRONG_TYPE);
    }
    if !found.rights.contains(rights) {
        return Err(Status::ACCESS_DENIED);
    }
    Ok((found.object.cast(), found.rights))
}

/// Takes an entry off its process's list. Who waits by that value is told that it is
/// gone.
fn unlink(mut process: Ptr<Process>, index: u32) {
    let entry = slot(index);
    let value = encode_handle(entry.base, process.handle_secret);
    sched::for_each_waiting(WaitKind::SIGNALS, entry.object.get(), |thread| {
        // A thread that waits is still in its call: `rdi` holds the handle.
        if thread.process == process.link() && thread.registers.rdi as u32 == value {
            sched::wake(thread, Status::CANCELED, 0);
        }
    });
    match entry.previous {
        0 => process.first_handle = entry.next,
        previous => slot(previous).next = entry.next,
    }
    if entry.next != 0 {
        slot(entry.next).previous = entry.previous;
    }
    process.handle_count -= 1;
}

fn link(mut process: Ptr<Process>, index: u32) -> u32 {
    let mut entry = slot(index);
    entry.owner = process.link();
    entry.previous = 0;
    entry.next = process.first_handle;
    if entry.next != 0 {
        slot(entry.next).previous = index;
    }
    process.first_handle = index;
    process.handle_count += 1;
    encode_handle(entry.base, process.handle_secret)
}

/// Moves a handle that was found in `from` to `to`; returns its value there.
pub fn transfer(from: Ptr<Process>, found: Found, to: Ptr<Process>) -> u32 {
    unlink(from, found.index);
    link(to, found.index)
}

/// Closes a handle that was found in `process`.
pub fn close(process: Ptr<Process>, found: Found) {
    unlink(process, found.index);
    let mut root = root();
    let mut entry = slot(found.index);
    root.handle_count -= 1;
    // The next handle made of this slot has another value: the base has 30 bits, and
    // the generation wraps within them.
    let base = entry.base.wrapping_add(1 << HANDLE_GENERATION_SHIFT) & 0x3FFF_FFFF;
    *entry = HandleEntry {
        base,
        next: root.free_handle,
        ..HandleEntry::default()
    };
    root.free_handle = found.index;

    let mut object = found.object;
    object.handles -= 1;
    if object.handles == 0 {
        header::last_handle_closed(object);
    }
    header::release(object);
}

/// Closes the handle of a process with that value.
///
/// # Errors
/// As [`find`].
pub fn close_value(process: Ptr<Process>, value: u32) -> Result<(), Status> {
    find(process, value).map(|found| close(process, found))
}

/// Closes every handle of a process.
pub fn close_all(process: Ptr<Process>) {
    loop {
        let index = process.first_handle;
        if index == 0 {
            return;
        }
        let Some(object) = slot(index).object.get() else {
            return;
        };
        let rights = Rights::empty();
        close(
            process,
            Found {
                index,
                object,
                rights,
            },
        );
    }
}
