//! Small transfers between the kernel and a program (reference §3, style A): any failure
//! is INVALID_ARGS.
//!
//! The kernel never touches a program's address: it looks the page up, makes it
//! accessible if need be, and uses the physmap.

use abi::Status;
use abi::entry::{ADDRESS_MASK, PRESENT, WRITABLE};
use abi::layout::{PAGE_SIZE, PHYSMAP_BASE, USER_BASE, USER_TOP};
use abi::objects::{NAME_LENGTH, Permissions, Process};

use crate::arch::paging;
use crate::calls::BLOCKED;
use crate::fault;
use crate::state::Ptr;
use zerocopy::{FromBytes, IntoBytes};

/// The run of bytes at `address`: its guest-physical address, and how many of `length`
/// bytes stand in its page.
///
/// # Errors
/// INVALID_ARGS if the program itself could not access it so; BLOCKED if the thread now
/// waits for a pager to supply the page.
pub fn run(
    process: Ptr<Process>,
    address: u64,
    length: u64,
    access: Permissions,
) -> Result<(u64, u64), Status> {
    if !(USER_BASE..USER_TOP).contains(&address) {
        return Err(Status::INVALID_ARGS);
    }
    let wanted = if access.contains(Permissions::WRITE) {
        PRESENT | WRITABLE
    } else {
        PRESENT
    };
    let mut entry = paging::lookup(process, address);
    if entry & wanted != wanted {
        let (done, status) = fault::resolve(process, address, 1, access);
        if status == BLOCKED {
            return Err(status);
        }
        if done == 0 {
            return Err(Status::INVALID_ARGS);
        }
        entry = paging::lookup(process, address);
    }
    let offset = address % PAGE_SIZE;
    Ok((
        (entry & ADDRESS_MASK) + offset,
        length.min(PAGE_SIZE - offset),
    ))
}

/// Stores a value.
///
/// # Errors
/// INVALID_ARGS; a part of the value may be stored then.
pub fn store<T: Copy>(process: Ptr<Process>, address: u64, value: T) -> Result<(), Status> {
    store_part(process, address, &value, size_of::<T>() as u64)
}

/// Stores the first `length` bytes of a value, at most all of it.
///
/// # Errors
/// INVALID_ARGS; some of the bytes may be stored then.
pub fn store_part<T: Copy>(
    process: Ptr<Process>,
    address: u64,
    value: &T,
    length: u64,
) -> Result<(), Status> {
    let mut source = (&raw const *value).cast::<u8>();
    let mut at = address;
    let mut left = length.min(size_of::<T>() as u64);
    while left > 0 {
        let (physical, bytes) = run(process, at, left, Permissions::WRITE)?;
        let target = (PHYSMAP_BASE + physical) as *mut u8;
        // SAFETY: `run` found a page of guest RAM with that many bytes left in it, and
        // the source has `left` more.
        unsafe {
            core::ptr::copy_nonoverlapping(source, target, bytes as usize);
            source = source.add(bytes as usize);
        }
        at += bytes;
        left -= bytes;
    }
    Ok(())
}

/// Makes sure that what is done with these bytes later need not wait for their pages.
/// Bytes that cannot be accessed are not its business: nobody waits for them.
///
/// # Errors
/// BLOCKED only.
pub fn prepare(
    process: Ptr<Process>,
    address: u64,
    length: u64,
    access: Permissions,
) -> Result<(), Status> {
    let mut done = 0;
    while done < length {
        match run(process, address + done, length - done, access) {
            Ok((_, bytes)) => done += bytes,
            Err(BLOCKED) => return Err(BLOCKED),
            Err(_) => break,
        }
    }
    Ok(())
}

/// Loads a value.
///
/// # Errors
/// INVALID_ARGS.
pub fn load<T: FromBytes + IntoBytes>(process: Ptr<Process>, address: u64) -> Result<T, Status> {
    let mut value = T::new_zeroed();
    load_bytes(process, address, value.as_mut_bytes())?;
    Ok(value)
}

/// Fills `target` with bytes of the program; an empty target looks at nothing.
///
/// # Errors
/// INVALID_ARGS; a part of the target may be filled then.
pub fn load_bytes(process: Ptr<Process>, address: u64, target: &mut [u8]) -> Result<(), Status> {
    let mut rest = target;
    let mut at = address;
    while !rest.is_empty() {
        let (physical, bytes) = run(process, at, rest.len() as u64, Permissions::READ)?;
        let Some((part, more)) = rest.split_at_mut_checked(bytes as usize) else {
            return Err(Status::INVALID_ARGS);
        };
        // SAFETY: `run` found a page of guest RAM with that many bytes left in it. Only
        // the kernel's own stack is borrowed, so no reference leads there.
        unsafe {
            let source = (PHYSMAP_BASE + physical) as *const u8;
            core::ptr::copy_nonoverlapping(source, part.as_mut_ptr(), part.len());
        }
        rest = more;
        at += bytes;
    }
    Ok(())
}

/// Loads a name as the calls that make objects take it: `length` bytes, of which the
/// first 31 count (reference §16).
///
/// # Errors
/// INVALID_ARGS, also for NULL.
pub fn load_name(
    process: Ptr<Process>,
    address: u64,
    length: u64,
) -> Result<[u8; NAME_LENGTH], Status> {
    if address == 0 {
        return Err(Status::INVALID_ARGS);
    }
    let mut name = [0; NAME_LENGTH];
    let length = length.min(NAME_LENGTH as u64 - 1) as usize;
    if let Some(target) = name.get_mut(..length) {
        load_bytes(process, address, target)?;
    }
    Ok(name)
}
