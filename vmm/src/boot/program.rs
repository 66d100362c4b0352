//! From a program's ELF file to the module that the kernel takes (`abi::program`).

use super::elf::{Elf, ElfError};
use super::startup_block::{self, MAX_STARTUP_SIZE};
use abi::ABI_VERSION;
use abi::layout::{PAGE_SIZE, USER_BASE, USER_TOP};
use abi::objects::{NAME_LENGTH, Permissions};
use abi::program::{MAX_SEGMENTS, PROGRAM_MAGIC, ProgramHeader, ProgramSegment};
use object::LittleEndian as LE;
use object::elf::{self, ProgramHeader64};
use zerocopy::IntoBytes;

/// Bytes of the stack of a program's initial thread.
pub const STACK_SIZE: u64 = 256 << 10;
/// The most bytes of a module: of a program's pages that come from its file.
pub const MAX_MODULE_SIZE: u64 = 512 << 20;

/// The most characters of a dynamic linker's path that a message shows: the file may claim
/// any length.
const MAX_SHOWN_PATH: usize = 64;

/// A program as the user names it.
#[derive(Clone, Debug)]
pub struct Program {
    /// Its name; that of its process is cut to 31 bytes.
    pub name: String,
    /// Its ELF file.
    pub elf: Vec<u8>,
    /// Its arguments, its name not included.
    pub args: Vec<String>,
    /// Its environment: a `NAME=value` each.
    pub env: Vec<String>,
}

/// Why a program cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProgramError {
    /// The file is not an ELF file that can run here.
    #[error(transparent)]
    Elf(#[from] ElfError),
    /// It wants a dynamic linker.
    #[error("it wants the dynamic linker `{path}`, and there is none: link it with `-static`")]
    Interpreter {
        /// The linker's path.
        path: String,
    },
    /// More segments than a module holds.
    #[error("it has {count} segments to load, and {MAX_SEGMENTS} is the most")]
    TooManySegments {
        /// Its segments.
        count: usize,
    },
    /// A segment is not between [`USER_BASE`] and [`USER_TOP`].
    #[error(
        "its segment of {size:#x} bytes at {address:#x} is not between {USER_BASE:#x} and \
         {USER_TOP:#x}: link it with `-Wl,--image-base={USER_BASE:#x}`"
    )]
    OutsideUserRange {
        /// First address of the segment.
        address: u64,
        /// Bytes of it in memory.
        size: u64,
    },
    /// Two segments have bytes in common.
    #[error("its segments at {first:#x} and {second:#x} overlap")]
    Overlap {
        /// First address of the lower one.
        first: u64,
        /// First address of the other.
        second: u64,
    },
    /// Two segments have a page in common, which can have one set of permissions only.
    #[error(
        "its segments at {first:#x} and {second:#x} share the page {page:#x}: link it with \
         `-Wl,-z,separate-code,-z,max-page-size=4096` so that each starts a page"
    )]
    SharedPage {
        /// First address of the lower one.
        first: u64,
        /// First address of the other.
        second: u64,
        /// First address of the page.
        page: u64,
    },
    /// The first instruction is not in code.
    #[error(
        "its entry {entry:#x} is in no executable segment: the linker found no `_start`, or \
         the segment lacks its execute flag"
    )]
    EntryOutside {
        /// Address of the first instruction.
        entry: u64,
    },
    /// The module would be too big.
    #[error("its segments take {size} bytes of the file, and {MAX_MODULE_SIZE} is the most")]
    TooBig {
        /// Bytes of whole pages.
        size: u64,
    },
    /// A variable of its environment is none.
    #[error("its environment has {text:?} in it: a variable is NAME=value")]
    NotAVariable {
        /// What is there in its place.
        text: String,
    },
    /// Its arguments, its environment and the other programs' names do not fit.
    #[error(
        "its arguments, environment and names take {size} bytes, and {MAX_STARTUP_SIZE} is \
         the most"
    )]
    ArgumentsTooLong {
        /// Bytes of its start-up block.
        size: usize,
    },
    /// A NUL would end the string.
    #[error("{text:?} has a NUL character in it")]
    NulInString {
        /// The argument, variable or name.
        text: String,
    },
}

/// A module: a whole number of pages, ready to be put into guest RAM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramImage {
    bytes: Vec<u8>,
}

/// One segment on its way into a module.
struct Segment<'a> {
    /// First address, as the file has it.
    address: u64,
    /// Bytes in memory, at least 1.
    size: u64,
    bytes: &'a [u8],
    permissions: Permissions,
}

impl Segment<'_> {
    const fn first_page(&self) -> u64 {
        self.address & !(PAGE_SIZE - 1)
    }

    /// One past its last page; no segment in the user range comes near the end of 64 bits.
    const fn end_page(&self) -> u64 {
        self.end().next_multiple_of(PAGE_SIZE)
    }

    const fn end(&self) -> u64 {
        self.address + self.size
    }

    /// Bytes of its pages that have something of the file in them.
    fn file_pages(&self) -> u64 {
        match self.bytes.len() as u64 {
            0 => 0,
            length => (self.address - self.first_page() + length).next_multiple_of(PAGE_SIZE),
        }
    }
}

impl ProgramImage {
    /// Lays `program` out. `others` are the names of the other programs whose handles it
    /// gets: none but for the first program.
    ///
    /// # Errors
    /// [`ProgramError`] for the first rule that the file or the arguments break.
    pub fn new(program: &Program, others: &[&str]) -> Result<Self, ProgramError> {
        let elf = Elf::parse(&program.elf)?;
        let segments = segments(&elf)?;
        let in_code = |segment: &Segment<'_>| {
            segment.permissions.contains(Permissions::EXECUTE)
                && (segment.address..segment.end()).contains(&elf.entry)
        };
        if !segments.iter().any(in_code) {
            let entry = elf.entry;
            return Err(ProgramError::EntryOutside { entry });
        }
        let args: Vec<&str> = std::iter::once(program.name.as_str())
            .chain(program.args.iter().map(String::as_str))
            .collect();
        let environ: Vec<&str> = program.env.iter().map(String::as_str).collect();
        let startup = startup_block::build(&args, &environ, others)?;
        let startup_size = (startup.len() as u64).next_multiple_of(PAGE_SIZE);
        let mut header = ProgramHeader {
            magic: PROGRAM_MAGIC,
            version: ABI_VERSION,
            segment_count: 0,
            entry: elf.entry,
            stack_size: STACK_SIZE,
            startup_offset: PAGE_SIZE,
            startup_size,
            name: process_name(&program.name),
            segments: [ProgramSegment::default(); MAX_SEGMENTS],
        };
        let mut end = PAGE_SIZE + startup_size;
        for (entry, segment) in header.segments.iter_mut().zip(&segments) {
            header.segment_count += 1;
            *entry = ProgramSegment {
                address: segment.first_page(),
                memory_size: segment.end_page() - segment.first_page(),
                file_offset: end,
                file_size: segment.file_pages(),
                permissions: segment.permissions.bits(),
                reserved: 0,
            };
            end += segment.file_pages();
        }

        let mut bytes = Vec::with_capacity(usize::try_from(end).unwrap_or(0));
        bytes.extend_from_slice(header.as_bytes());
        pad(&mut bytes);
        bytes.extend_from_slice(&startup);
        pad(&mut bytes);
        for segment in segments.iter().filter(|segment| !segment.bytes.is_empty()) {
            let before = usize::try_from(segment.address - segment.first_page()).unwrap_or(0);
            bytes.resize(bytes.len() + before, 0);
            bytes.extend_from_slice(segment.bytes);
            pad(&mut bytes);
        }
        Ok(Self { bytes })
    }

    /// The module, a whole number of pages.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Fills up to a page boundary with zeros.
fn pad(bytes: &mut Vec<u8>) {
    let page = usize::try_from(PAGE_SIZE).unwrap_or(1);
    bytes.resize(bytes.len().next_multiple_of(page), 0);
}

/// The segments of a file in ascending order, each on pages of its own.
fn segments<'a>(elf: &Elf<'a>) -> Result<Vec<Segment<'a>>, ProgramError> {
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
    let segments = headers.into_iter().map(|header| segment(elf, header));
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
    Ok(segments)
}

fn segment<'a>(elf: &Elf<'a>, header: &ProgramHeader64<LE>) -> Result<Segment<'a>, ProgramError> {
    let (address, size) = (header.p_vaddr.get(LE), header.p_memsz.get(LE));
    let inside = address
        .checked_add(size)
        .is_some_and(|end| address >= USER_BASE && end <= USER_TOP);
    if !inside {
        return Err(ProgramError::OutsideUserRange { address, size });
    }
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

/// The name of a process: cut so that it and its NUL fit, between two characters.
fn process_name(name: &str) -> [u8; NAME_LENGTH] {
    let mut field = [0; NAME_LENGTH];
    let fits = name
        .char_indices()
        .map(|(start, character)| start + character.len_utf8())
        .take_while(|end| *end < NAME_LENGTH)
        .last()
        .unwrap_or(0);
    for (slot, byte) in field.iter_mut().zip(name.bytes().take(fits)) {
        *slot = byte;
    }
    field
}

#[cfg(test)]
mod tests;
