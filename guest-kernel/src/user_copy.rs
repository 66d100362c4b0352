//! Small transfers between the kernel and a program (reference §3, style A): any failure
//! is INVALID_ARGS.
//!
//! The kernel never touches a program's address: it looks the page up, makes it
//! accessible if need be, and uses the physmap.

use abi::Status;
use abi::entry::{ADDRESS_MASK, PRESENT, WRITABLE};
use abi::layout::{PAGE_SIZE, PHYSMAP_BASE, USER_BASE, USER_TOP};
use abi::objects::{Permissions, Process};

use crate::arch::paging;
use crate::calls::BLOCKED;
use crate::fault;
use crate::state::Ptr;

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
    let mut source = (&raw const value).cast::<u8>();
    let mut at = address;
    let mut left = size_of::<T>() as u64;
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
