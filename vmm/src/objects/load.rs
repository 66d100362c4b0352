//! Copying a structure out of the guest, with the checks that all have in common.

use super::{Problem, ViewError};
use crate::memory::PhysicalMemory;
use abi::objects::{NAME_LENGTH, OBJECT_MAGIC, ObjectHeader, ObjectType};
use std::borrow::Cow;
use vm_memory::GuestAddress;
use zerocopy::{FromBytes, IntoBytes};

/// Every structure of the ABI is made of words of at most this many bytes.
const ALIGNMENT: u64 = 8;

/// A copy of the structure at `address`.
///
/// # Errors
/// [`ViewError`] if the address is zero, not aligned, or not RAM.
#[inline]
pub(super) fn load<T, M>(
    memory: &M,
    structure: &'static str,
    address: GuestAddress,
) -> Result<T, ViewError>
where
    T: FromBytes + IntoBytes,
    M: PhysicalMemory,
{
    check_address(structure, address)?;
    memory
        .read_object(address)
        .map_err(|error| ViewError::new(structure, address, Problem::NotRam(error)))
}

/// Checks that a structure can stand at `address`, RAM or not.
#[inline]
pub(super) fn check_address(
    structure: &'static str,
    address: GuestAddress,
) -> Result<(), ViewError> {
    let problem = if address.0 == 0 {
        Problem::Missing
    } else if !address.0.is_multiple_of(ALIGNMENT) {
        Problem::Unaligned {
            alignment: ALIGNMENT,
        }
    } else {
        return Ok(());
    };
    Err(ViewError::new(structure, address, problem))
}

/// Checks that `header` is that of a live object.
#[inline]
pub(super) fn check_magic(
    structure: &'static str,
    address: GuestAddress,
    header: &ObjectHeader,
) -> Result<(), ViewError> {
    if header.magic == OBJECT_MAGIC {
        return Ok(());
    }
    let problem = Problem::Magic {
        expected: u64::from(OBJECT_MAGIC),
        found: u64::from(header.magic),
    };
    Err(ViewError::new(structure, address, problem))
}

/// Checks that `header` is that of a live object of that type.
#[inline]
pub(super) fn check_header(
    structure: &'static str,
    address: GuestAddress,
    header: &ObjectHeader,
    expected: ObjectType,
) -> Result<(), ViewError> {
    check_magic(structure, address, header)?;
    if header.object_type == expected.0 {
        return Ok(());
    }
    let problem = Problem::Type {
        expected: expected.0,
        found: header.object_type,
    };
    Err(ViewError::new(structure, address, problem))
}

/// The error for a field that breaks `rule`, unless `holds`.
#[inline]
pub(super) fn check_field(
    structure: &'static str,
    address: GuestAddress,
    (name, value): (&'static str, u64),
    holds: bool,
    rule: &'static str,
) -> Result<(), ViewError> {
    if holds {
        return Ok(());
    }
    let problem = Problem::Field { name, value, rule };
    Err(ViewError::new(structure, address, problem))
}

/// The text of a name: up to the first NUL, with replacement characters for what is not
/// UTF-8.
pub(super) fn name_text(name: &[u8; NAME_LENGTH]) -> Cow<'_, str> {
    let text = name.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text)
}
