//! From the vDSO's ELF file to the module that the kernel takes (`abi::vdso`).

use super::elf::{Elf, ElfError};
use abi::ABI_VERSION;
use abi::layout::PAGE_SIZE;
use abi::objects::{NAME_LENGTH, Permissions};
use abi::program::{MAX_SEGMENTS, ProgramHeader, ProgramSegment};
use abi::vdso::VDSO_MAGIC;
use object::LittleEndian as LE;
use object::elf::{self, ProgramHeader64};
use zerocopy::IntoBytes;

/// The name of the VMO, as Zircon calls its standard vDSO.
const NAME: &[u8; 11] = b"vdso/stable";
/// The most bytes of its two segments together: far more than there can be stubs for.
const MAX_SIZE: u64 = 1 << 20;

/// Why a file cannot be the vDSO (reference §18).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VdsoError {
    /// The file is not an ELF shared object for this machine.
    #[error(transparent)]
    Elf(#[from] ElfError),
    /// It has more segments than two, or one.
    #[error("it has {count} segments to load, and it must have 2: data, then code")]
    SegmentCount {
        /// Its segments.
        count: usize,
    },
    /// The segments are not what they must be.
    #[error("its {which} segment {problem}")]
    Segment {
        /// `data` or `code`.
        which: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// The vDSO's module: a whole number of pages, ready to be put into guest RAM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VdsoImage {
    bytes: Vec<u8>,
}

/// What a segment must be.
struct Wanted {
    which: &'static str,
    /// Its first address, and where it starts in the file.
    start: u64,
    /// The flags it must have.
    flags: elf::ProgramFlags,
}

impl Wanted {
    fn check(&self, header: &ProgramHeader64<LE>) -> Result<(), VdsoError> {
        let (address, offset) = (header.p_vaddr.get(LE), header.p_offset.get(LE));
        let (size, in_file) = (header.p_memsz.get(LE), header.p_filesz.get(LE));
        let problem = if address != self.start || offset != self.start {
            "is not where it must be: data at 0, code behind it"
        } else if header.p_flags.get(LE) != self.flags {
            "has other permissions than it must have: R for data, RX for code"
        } else if size != in_file || !size.is_multiple_of(PAGE_SIZE) {
            "is not a number of whole pages in the file"
        } else if size > MAX_SIZE {
            "is too big"
        } else {
            return Ok(());
        };
        let which = self.which;
        Err(VdsoError::Segment { which, problem })
    }
}

impl VdsoImage {
    /// Checks the file and lays it out.
    ///
    /// # Errors
    /// [`VdsoError`] for the first rule that the file breaks.
    pub fn new(bytes: &[u8]) -> Result<Self, VdsoError> {
        let elf = Elf::parse_shared(bytes)?;
        let loads = elf.loads()?;
        let &[data, code] = loads.as_slice() else {
            let count = loads.len();
            return Err(VdsoError::SegmentCount { count });
        };
        let data_size = data.p_memsz.get(LE);
        let wanted = [
            ("data", 0, elf::PF_R),
            ("code", data_size, elf::PF_R | elf::PF_X),
        ];
        for ((which, start, flags), header) in wanted.into_iter().zip([data, code]) {
            Wanted {
                which,
                start,
                flags,
            }
            .check(header)?;
        }

        let mut name = [0; NAME_LENGTH];
        for (slot, byte) in name.iter_mut().zip(NAME) {
            *slot = *byte;
        }
        let segment = |address: u64, size: u64, permissions: Permissions| ProgramSegment {
            address,
            memory_size: size,
            file_offset: PAGE_SIZE + address,
            file_size: size,
            permissions: permissions.bits(),
            reserved: 0,
        };
        let mut module = ProgramHeader {
            magic: VDSO_MAGIC,
            version: ABI_VERSION,
            segment_count: 2,
            entry: 0,
            alignment: 0,
            stack_size: 0,
            startup_offset: PAGE_SIZE,
            startup_size: 0,
            name,
            segments: [ProgramSegment::default(); MAX_SEGMENTS],
        };
        let segments = [
            segment(0, data_size, Permissions::READ),
            segment(
                data_size,
                code.p_memsz.get(LE),
                Permissions::READ | Permissions::EXECUTE,
            ),
        ];
        for (slot, segment) in module.segments.iter_mut().zip(segments) {
            *slot = segment;
        }
        let page = usize::try_from(PAGE_SIZE).unwrap_or(1);
        let mut bytes = module.as_bytes().to_vec();
        bytes.resize(bytes.len().next_multiple_of(page), 0);
        bytes.extend_from_slice(elf.file_bytes(data)?);
        bytes.extend_from_slice(elf.file_bytes(code)?);
        Ok(Self { bytes })
    }

    /// The module, a whole number of pages.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests;
