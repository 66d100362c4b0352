//! The vDSO's VMO: an ELF file of two segments.

use crate::child::Child;
use crate::inspect::basic;
use crate::memory::PAGE;
use crate::probe::{Map, duplicate, vmo_get_size, vmo_write};
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::layout::USER_BASE;
use libzx::{Rights, Status};

/// Where the two segments are, as the program headers say.
#[derive(Clone, Copy, Debug)]
pub struct Image {
    /// Offset of the code, a multiple of the page size.
    pub code_offset: u64,
    /// Bytes of code, whole pages.
    pub code_size: u64,
    /// Bytes of the whole VMO.
    pub size: u64,
}

/// A handle of its own to the vDSO.
///
/// # Errors
/// The call's status.
pub fn vdso_object() -> Result<Object, Status> {
    Object::own(duplicate(vdso(), Rights::SAME_RIGHTS)?)
}

/// One loadable segment: flags, offset, bytes in the file.
type Segment = (u32, u64, u64);

fn segments() -> Result<([Segment; 4], usize), Status> {
    let object = vdso_object()?;
    let header = object.read::<64>(0)?;
    if header.get(..4) != Some(b"\x7FELF") {
        return Err(Status::INVALID_ARGS);
    }
    let table = word(&header, 32);
    let count = half(&header, 56);
    let mut found = [(0, 0, 0); 4];
    let mut used = 0;
    for index in 0..u64::from(count) {
        let entry = object.read::<56>(table + index * 56)?;
        let loadable = word(&entry, 0) & 0xFFFF_FFFF == 1;
        if let (true, Some(slot)) = (loadable, found.get_mut(used)) {
            let flags = u32::try_from(word(&entry, 0) >> 32).unwrap_or(0);
            *slot = (flags, word(&entry, 8), word(&entry, 32));
            used += 1;
        }
    }
    Ok((found, used))
}

fn word(bytes: &[u8], at: usize) -> u64 {
    let found = bytes.get(at..).and_then(|tail| tail.first_chunk::<8>());
    found.map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

fn half(bytes: &[u8], at: usize) -> u16 {
    let found = bytes.get(at..).and_then(|tail| tail.first_chunk::<2>());
    found.map_or(0, |bytes| u16::from_le_bytes(*bytes))
}

impl Image {
    /// Reads it from the VMO.
    ///
    /// # Errors
    /// The status of a call; `INVALID_ARGS` if it is no such file.
    pub fn read() -> Result<Self, Status> {
        let ([_, (_, offset, size), ..], _) = segments()?;
        Ok(Self {
            code_offset: offset,
            code_size: size.next_multiple_of(PAGE),
            size: vmo_get_size(vdso())?,
        })
    }

    /// The request to map its code somewhere in that process.
    #[must_use]
    pub fn code_in(&self, child: &Child) -> Map {
        self.code(child.vmar)
    }

    /// The request to map its code somewhere in that VMAR.
    #[must_use]
    pub fn code(&self, vmar: u32) -> Map {
        Map {
            vmar,
            options: RX,
            vmar_offset: 0,
            vmo: vdso(),
            vmo_offset: self.code_offset,
            len: self.code_size,
        }
    }

    /// Maps both its segments into that process, one behind the other from `start` on.
    ///
    /// # Errors
    /// The status of the call that failed.
    pub fn map_whole(&self, child: &Child, start: u64) -> Result<(), Status> {
        let code = Map {
            options: RX | SPECIFIC,
            vmar_offset: start + self.code_offset - USER_BASE,
            ..self.code_in(child)
        };
        code.call()?;
        let data = Map {
            options: R | SPECIFIC,
            vmar_offset: start - USER_BASE,
            vmo_offset: 0,
            len: self.code_offset,
            ..code
        };
        data.call()?;
        Ok(())
    }

    /// Where it is mapped in this process.
    ///
    /// # Errors
    /// The call's status.
    pub fn own_base() -> Result<u64, Status> {
        let mut base = 0_u64;
        crate::inspect::get_property(
            own_process(),
            abi::options::Property::PROCESS_VDSO_BASE_ADDRESS,
            crate::probe::out(&mut base),
            8,
        )
        .ok()?;
        Ok(core::hint::black_box(base))
    }
}

fn two_segments() -> Outcome {
    const READ: u32 = 4;
    const EXECUTE: u32 = 1;
    let ([data, code, ..], count) = segments()?;
    expect_eq!(count, 2);
    expect_eq!((data.0, data.1), (READ, 0));
    expect_eq!(code.0, READ | EXECUTE);
    ensure!(
        code.1 % PAGE == 0 && code.1 >= data.2,
        "code at {:#x}",
        code.1
    );
    let image = Image::read()?;
    expect_eq!(image.size, image.code_offset + image.code_size);
    Ok(())
}

fn rights() -> Outcome {
    let found = Rights::from_bits_retain(basic(vdso())?.rights);
    ensure!(!found.contains(Rights::WRITE), "it has WRITE");
    expect_eq!(
        found,
        Rights::DEFAULT_VMO.difference(Rights::WRITE) | Rights::EXECUTE
    );
    let byte = crate::memory::Area::touched(1)?;
    expect_eq!(vmo_write(vdso(), byte.at(0), 0, 1), Status::ACCESS_DENIED);
    let header = vdso_object()?.read::<4>(0)?;
    expect_eq!(&header, b"\x7FELF");
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "the vDSO's segments are data, then code [18/1]",
        two_segments,
    );
    suite.case("the vDSO's handle cannot write it [18/3]", rights);
}
