//! The segments of a program: where they lie, and what may not be.

use super::super::elf::Elf;
use super::{MAX_MODULE_SIZE, ProgramError};
use abi::layout::{PAGE_SIZE, USER_BASE, USER_TOP};
use abi::objects::Permissions;
use abi::program::MAX_SEGMENTS;
use object::LittleEndian as LE;
use object::elf::{self, ProgramHeader64};

/// The most characters of a dynamic linker's path that a message shows: the file may claim
/// any length.
const MAX_SHOWN_PATH: usize = 64;

/// The most that the place of a position-independent program can be asked to be a multiple
/// of: what the largest page of the CPU would want.
pub(super) const MAX_ALIGNMENT: u64 = 1 << 30;
/// The most bytes from the first to the last of a position-independent program, gaps
/// included: far less than the user range, so that a place is always found.
pub(super) const MAX_SPAN: u64 = 1 << 40;

/// One segment on its way into a module.
pub(super) struct Segment<'a> {
    /// First address; of a program that is put anywhere, counted from where that is.
    pub(super) address: u64,
    /// Bytes in memory, at least 1.
    size: u64,
    pub(super) bytes: &'a [u8],
    pub(super) permissions: Permissions,
}

impl Segment<'_> {
    pub(super) const fn first_page(&self) -> u64 {
        self.address & !(PAGE_SIZE - 1)
    }

    /// One past its last page; no segment in the user range comes near the end of 64 bits.
    pub(super) const fn end_page(&self) -> u64 {
        self.end().next_multiple_of(PAGE_SIZE)
    }

    pub(super) const fn end(&self) -> u64 {
        self.address + self.size
    }

    /// Bytes of its pages that have something of the file in them.
    pub(super) fn file_pages(&self) -> u64 {
        match self.bytes.len() as u64 {
            0 => 0,
            length => (self.address - self.first_page() + length).next_multiple_of(PAGE_SIZE),
        }
    }
}

/// The segments of a file.
pub(super) struct Layout<'a> {
    /// In ascending order, each on pages of its own.
    pub(super) segments: Vec<Segment<'a>>,
    /// What their addresses and `entry` count from: see
    /// [`abi::program::ProgramHeader::alignment`].
    pub(super) alignment: u64,
    /// Address of the first instruction.
    pub(super) entry: u64,
}

/// Lays a file's segments out.
pub(super) fn layout<'a>(elf: &Elf<'a>) -> Result<Layout<'a>, ProgramError> {
    if let Some(header) = elf
        .headers
        .iter()
        .find(|header| header.p_type.get(LE) == elf::PT_INTERP)
    {
        let path = elf.file_bytes(header)?;
        let path = path.split(|byte| *byte == 0).next().unwrap_or_default();
        let path = String::from_utf8_lossy(path);
        let path = path.chars().take(MAX_SHOWN_PATH).collect();
        return Err(ProgramError::Interpreter { path });
    }
    let headers = elf.loads()?;
    if headers.len() > MAX_SEGMENTS {
        let count = headers.len();
        return Err(ProgramError::TooManySegments { count });
    }
    let base = base(elf, &headers)?;
    let segments = headers.into_iter().map(|header| segment(elf, header, base));
    let mut segments: Vec<_> = segments.collect::<Result<_, _>>()?;
    segments.sort_by_key(|segment| segment.address);
    for (lower, upper) in segments.iter().zip(segments.iter().skip(1)) {
        let (first, second) = (lower.address, upper.address);
        if lower.end() > second {
            return Err(ProgramError::Overlap { first, second });
        }
        let page = upper.first_page();
        if lower.end_page() > page {
            return Err(ProgramError::SharedPage {
                first,
                second,
                page,
            });
        }
    }
    let size = segments.iter().map(Segment::file_pages).sum();
    if size > MAX_MODULE_SIZE {
        return Err(ProgramError::TooBig { size });
    }
    // Below the lowest segment, an entry cannot be right.
    let entry = elf.entry.wrapping_sub(base.address);
    let in_code = |segment: &Segment<'_>| {
        segment.permissions.contains(Permissions::EXECUTE)
            && (segment.address..segment.end()).contains(&entry)
    };
    if !segments.iter().any(in_code) {
        let entry = elf.entry;
        return Err(ProgramError::EntryOutside { entry });
    }
    Ok(Layout {
        segments,
        alignment: base.alignment,
        entry,
    })
}

/// What the addresses of a file count from, and what that must be a multiple of.
#[derive(Clone, Copy, Debug)]
struct Base {
    /// 0 if the program is at fixed addresses; otherwise at most its lowest address.
    address: u64,
    /// 0 if the program is at fixed addresses.
    alignment: u64,
}

fn base(elf: &Elf<'_>, headers: &[&ProgramHeader64<LE>]) -> Result<Base, ProgramError> {
    if !elf.movable {
        return Ok(Base {
            address: 0,
            alignment: 0,
        });
    }
    let mut alignment = PAGE_SIZE;
    for header in headers {
        let own = header.p_align.get(LE).max(1);
        if !own.is_power_of_two() || own > MAX_ALIGNMENT {
            let address = header.p_vaddr.get(LE);
            return Err(ProgramError::Alignment { address, own });
        }
        alignment = alignment.max(own);
    }
    let addresses = headers.iter().map(|header| header.p_vaddr.get(LE));
    let address = addresses.min().unwrap_or(0) & !(alignment - 1);
    Ok(Base { address, alignment })
}

fn segment<'a>(
    elf: &Elf<'a>,
    header: &ProgramHeader64<LE>,
    base: Base,
) -> Result<Segment<'a>, ProgramError> {
    let (address, size) = (header.p_vaddr.get(LE), header.p_memsz.get(LE));
    let end = address.checked_add(size);
    if base.alignment == 0 {
        if !end.is_some_and(|end| address >= USER_BASE && end <= USER_TOP) {
            return Err(ProgramError::OutsideUserRange { address, size });
        }
    } else if end.is_none_or(|end| end - base.address > MAX_SPAN) {
        return Err(ProgramError::TooFarApart { address, size });
    }
    let address = address - base.address;
    let flags = header.p_flags.get(LE);
    let mut permissions = Permissions::empty();
    // Neither the CPU nor `zx_vmar_map` knows a page that can be written or executed but
    // not read.
    permissions.set(Permissions::READ, flags.0 != 0);
    permissions.set(Permissions::WRITE, flags.0 & elf::PF_W.0 != 0);
    permissions.set(Permissions::EXECUTE, flags.0 & elf::PF_X.0 != 0);
    Ok(Segment {
        address,
        size,
        bytes: elf.file_bytes(header)?,
        permissions,
    })
}
