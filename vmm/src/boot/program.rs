//! From a program's ELF file to the module that the kernel takes (`abi::program`).

use super::elf::{Elf, ElfError};
use super::startup_block::{self, MAX_STARTUP_SIZE};
use abi::ABI_VERSION;
use abi::layout::{PAGE_SIZE, USER_BASE, USER_TOP};
use abi::objects::NAME_LENGTH;
use abi::program::{MAX_SEGMENTS, PROGRAM_MAGIC, ProgramHeader, ProgramSegment};
use object::LittleEndian as LE;
use object::elf;
use segments::{Layout, MAX_ALIGNMENT, MAX_SPAN};
use zerocopy::IntoBytes;

/// Bytes of the stack of a program's initial thread.
pub const STACK_SIZE: u64 = 256 << 10;
/// The most bytes of a module: of a program's pages that come from its file.
pub const MAX_MODULE_SIZE: u64 = 512 << 20;

/// The most bytes that a program can ask for as the stack of its initial thread.
pub const MAX_STACK_SIZE: u64 = 256 << 20;

const MIB: u64 = 1 << 20;
/// RAM of a guest of small programs.
const LEAST_DEFAULT_RAM: u64 = 64 * MIB;
/// The most by which large programs add to it.
const MAX_GROWTH: u64 = 2048 * MIB;

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
    #[error(
        "it wants the dynamic linker `{path}`, and there is none: link it with `-static-pie` \
         or `-static`"
    )]
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
         {USER_TOP:#x}: link it with `-static-pie`, or with \
         `-Wl,-Ttext-segment={USER_BASE:#x}` (lld: `--image-base`)"
    )]
    OutsideUserRange {
        /// First address of the segment.
        address: u64,
        /// Bytes of it in memory.
        size: u64,
    },
    /// A position-independent program whose segments are far apart.
    #[error(
        "its segment of {size:#x} bytes at {address:#x} is more than {MAX_SPAN:#x} bytes from \
         its first one: a position-independent program lies together"
    )]
    TooFarApart {
        /// First address of the segment.
        address: u64,
        /// Bytes of it in memory.
        size: u64,
    },
    /// A position-independent program that cannot be placed.
    #[error(
        "its segment at {address:#x} wants to be aligned to {own:#x}, which is no power of two \
         up to {MAX_ALIGNMENT:#x}"
    )]
    Alignment {
        /// First address of the segment.
        address: u64,
        /// What it wants.
        own: u64,
    },
    /// A stack that is too large.
    #[error(
        "it asks for a stack of {size} bytes, and {MAX_STACK_SIZE} is the most: link it with \
         less in `-Wl,-z,stack-size=`"
    )]
    Stack {
        /// Bytes.
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

impl ProgramImage {
    /// Lays `program` out. `others` are the names of the other programs whose handles it
    /// gets: none but for the first program.
    ///
    /// # Errors
    /// [`ProgramError`] for the first rule that the file or the arguments break.
    pub fn new(program: &Program, others: &[&str]) -> Result<Self, ProgramError> {
        let elf = Elf::parse_program(&program.elf)?;
        let Layout {
            segments,
            alignment,
            entry,
        } = segments::layout(&elf)?;
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
            entry,
            alignment,
            stack_size: stack_size(&elf)?,
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

/// Bytes of the initial thread's stack: what the file asks for, as with Zircon's loader,
/// in whole pages, or [`STACK_SIZE`].
fn stack_size(elf: &Elf<'_>) -> Result<u64, ProgramError> {
    let mut headers = elf.headers.iter();
    let wanted = headers.find(|header| header.p_type.get(LE) == elf::PT_GNU_STACK);
    match wanted.map_or(0, |header| header.p_memsz.get(LE)) {
        0 => Ok(STACK_SIZE),
        size if size > MAX_STACK_SIZE => Err(ProgramError::Stack { size }),
        size => Ok(size.next_multiple_of(PAGE_SIZE)),
    }
}

/// The RAM, in bytes, of a guest of these programs of which nobody has said how much it
/// has: 64 MiB, and a MiB for each whole MiB that the programs' segments take in memory,
/// what the files do not fill included. Of that at most 2 GiB: who keeps room for more
/// hardly means to use it all.
#[must_use]
pub fn default_ram(programs: &[Program]) -> u64 {
    let sizes = programs
        .iter()
        // What cannot be read is refused when it is laid out.
        .filter_map(|program| Elf::parse_program(&program.elf).ok()?.loads().ok())
        .flatten()
        .map(|header| header.p_memsz.get(LE));
    let size = sizes.fold(0, u64::saturating_add).min(MAX_GROWTH);
    LEAST_DEFAULT_RAM + (size & !(MIB - 1))
}

/// Fills up to a page boundary with zeros.
fn pad(bytes: &mut Vec<u8>) {
    let page = usize::try_from(PAGE_SIZE).unwrap_or(1);
    bytes.resize(bytes.len().next_multiple_of(page), 0);
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

mod segments;
#[cfg(test)]
mod tests;
