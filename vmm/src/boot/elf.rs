//! What the kernel, the programs and the vDSO have in common as ELF files: 64-bit, little
//! endian, x86-64, nothing left to link (System V ABI, chapters 4 and 5).

use object::LittleEndian as LE;
use object::elf::{self, FileHeader64, ProgramHeader64};
use object::read::elf::FileHeader;

/// Where the class of the file stands in it (32 or 64 bits).
const CLASS: usize = 4;
/// Where its byte order stands.
const DATA: usize = 5;

/// Why a file is not an ELF file that can run here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ElfError {
    /// There is nothing in it.
    #[error("it is empty, and so no ELF file")]
    Empty,
    /// The first four bytes are others.
    #[error("it is not an ELF file: it starts with {found:02x?}, not with 7f 45 4c 46")]
    NotElf {
        /// The first bytes, at most four.
        found: Vec<u8>,
    },
    /// A 32-bit file, or one of a class unknown.
    #[error(
        "its ELF class is {class}, not 2 (64 bits): build it for a 64-bit target, such as \
         x86_64-unknown-none"
    )]
    Not64Bit {
        /// `e_ident[EI_CLASS]`.
        class: u8,
    },
    /// Big endian, or a byte order unknown.
    #[error("its byte order is {data}, not 1 (little endian): build it for x86-64")]
    NotLittleEndian {
        /// `e_ident[EI_DATA]`.
        data: u8,
    },
    /// Another processor.
    #[error("it is for machine {machine}, not {} (x86-64): build it for x86-64", elf::EM_X86_64.0)]
    WrongMachine {
        /// `e_machine`.
        machine: u16,
    },
    /// A shared object or position-independent executable.
    #[error(
        "it is position independent (ELF type {}), and a kernel runs at fixed addresses: link \
         it with `-no-pie -static`", elf::ET_DYN.0
    )]
    PositionIndependent,
    /// An executable, or something else that cannot be mapped anywhere.
    #[error("its ELF type is {kind}, not {} (shared object)", elf::ET_DYN.0)]
    NotShared {
        /// `e_type`.
        kind: u16,
    },
    /// An object file, a core dump or something else.
    #[error("its ELF type is {kind}, not {} (executable): link it first", elf::ET_EXEC.0)]
    NotExecutable {
        /// `e_type`.
        kind: u16,
    },
    /// It is shorter than its headers say.
    #[error("it is cut off: {what} would end at byte {end}, and the file has {length}")]
    Truncated {
        /// What is missing.
        what: &'static str,
        /// One past the last byte of that; saturated.
        end: u64,
        /// Bytes in the file.
        length: u64,
    },
    /// Its tables are of a shape that there is none of.
    #[error("its headers make no sense: {0}")]
    Malformed(String),
    /// Nothing in it is to be loaded.
    #[error("it has no segments to load: is it a file of debug information only?")]
    NoSegments,
}

/// A file whose header is right.
#[derive(Debug)]
pub(super) struct Elf<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) entry: u64,
    /// Of type ET_DYN: it runs wherever it is put.
    pub(super) movable: bool,
    pub(super) headers: &'a [ProgramHeader64<LE>],
}

impl<'a> Elf<'a> {
    /// Checks the header of an executable at fixed addresses, and finds the program headers.
    ///
    /// # Errors
    /// The first rule that the file breaks.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, ElfError> {
        Self::parse_type(bytes, |kind| match kind {
            elf::ET_EXEC => Ok(()),
            elf::ET_DYN => Err(ElfError::PositionIndependent),
            kind => Err(ElfError::NotExecutable { kind: kind.0 }),
        })
    }

    /// Checks the header of an executable, at fixed addresses or position independent, and
    /// finds the program headers.
    ///
    /// # Errors
    /// The first rule that the file breaks.
    pub(super) fn parse_program(bytes: &'a [u8]) -> Result<Self, ElfError> {
        Self::parse_type(bytes, |kind| match kind {
            elf::ET_EXEC | elf::ET_DYN => Ok(()),
            kind => Err(ElfError::NotExecutable { kind: kind.0 }),
        })
    }

    /// Checks the header of a shared object, and finds the program headers.
    ///
    /// # Errors
    /// The first rule that the file breaks.
    pub(super) fn parse_shared(bytes: &'a [u8]) -> Result<Self, ElfError> {
        Self::parse_type(bytes, |kind| match kind {
            elf::ET_DYN => Ok(()),
            kind => Err(ElfError::NotShared { kind: kind.0 }),
        })
    }

    fn parse_type(
        bytes: &'a [u8],
        check_type: impl FnOnce(elf::FileType) -> Result<(), ElfError>,
    ) -> Result<Self, ElfError> {
        let length = bytes.len() as u64;
        if bytes.is_empty() {
            return Err(ElfError::Empty);
        }
        if !bytes.starts_with(&elf::ELFMAG) {
            let found = bytes.iter().take(4).copied().collect();
            return Err(ElfError::NotElf { found });
        }
        let ident = |index| bytes.get(index).copied().unwrap_or(0);
        if ident(CLASS) != elf::ELFCLASS64.0 {
            let class = ident(CLASS);
            return Err(ElfError::Not64Bit { class });
        }
        if ident(DATA) != elf::ELFDATA2LSB.0 {
            let data = ident(DATA);
            return Err(ElfError::NotLittleEndian { data });
        }
        let header_size = size_of::<FileHeader64<LE>>() as u64;
        if length < header_size {
            let (what, end) = ("the file header", header_size);
            return Err(ElfError::Truncated { what, end, length });
        }
        let malformed = |error: object::read::Error| ElfError::Malformed(error.to_string());
        let header = FileHeader64::<LE>::parse(bytes).map_err(malformed)?;
        let machine = header.e_machine(LE);
        if machine != elf::EM_X86_64 {
            let machine = machine.0;
            return Err(ElfError::WrongMachine { machine });
        }
        check_type(header.e_type(LE))?;
        let table = u64::from(header.e_phnum(LE)) * size_of::<ProgramHeader64<LE>>() as u64;
        let end = header.e_phoff(LE).saturating_add(table);
        if end > length {
            let what = "the program header table";
            return Err(ElfError::Truncated { what, end, length });
        }
        let headers = header.program_headers(LE, bytes).map_err(malformed)?;
        Ok(Self {
            bytes,
            entry: header.e_entry(LE),
            movable: header.e_type(LE) == elf::ET_DYN,
            headers,
        })
    }

    /// The headers of the segments to load, empty ones left out.
    ///
    /// # Errors
    /// [`ElfError::NoSegments`] if there are none.
    pub(super) fn loads(&self) -> Result<Vec<&'a ProgramHeader64<LE>>, ElfError> {
        let headers = self.headers.iter();
        let loads: Vec<_> = headers
            .filter(|header| header.p_type.get(LE) == elf::PT_LOAD && header.p_memsz.get(LE) > 0)
            .collect();
        if loads.is_empty() {
            return Err(ElfError::NoSegments);
        }
        Ok(loads)
    }

    /// The bytes of a segment that are in the file.
    ///
    /// # Errors
    /// [`ElfError::Truncated`] if they are not all there; [`ElfError::Malformed`] if
    /// there are more of them than the segment is long.
    pub(super) fn file_bytes(&self, header: &ProgramHeader64<LE>) -> Result<&'a [u8], ElfError> {
        let (start, size) = (header.p_offset.get(LE), header.p_filesz.get(LE));
        let memory_size = header.p_memsz.get(LE);
        if size > memory_size {
            return Err(ElfError::Malformed(format!(
                "the segment at {:#x} has {size} bytes in the file and {memory_size} in memory",
                header.p_vaddr.get(LE)
            )));
        }
        let end = start.saturating_add(size);
        let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
        range
            .and_then(|(start, end)| self.bytes.get(start..end))
            .ok_or(ElfError::Truncated {
                what: "a segment",
                end,
                length: self.bytes.len() as u64,
            })
    }
}
