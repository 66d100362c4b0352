//! The frame of an ELF core: header, program headers, notes.

use object::LittleEndian as LE;
use object::elf::{self, FileHeader64, Ident, ProgramFlags, ProgramHeader64};
use object::pod::bytes_of;
use object::{U16, U32, U64};

/// What a segment's file offset is a multiple of, so that it can be mapped.
pub(super) const PAGE: u64 = 4096;
/// `p_paddr` of a segment that stands for virtual addresses only, as `/proc/kcore` has it.
pub(in crate::inspect) const NO_PHYSICAL: u64 = u64::MAX;

const HEADER: u64 = size_of::<FileHeader64<LE>>() as u64;
const SEGMENT: u64 = size_of::<ProgramHeader64<LE>>() as u64;

/// Notes, one after the other.
#[derive(Debug, Default)]
pub(super) struct Notes(Vec<u8>);

impl Notes {
    /// Appends a note. Its parts are padded to 4 bytes each.
    pub(super) fn add(&mut self, owner: &[u8], kind: u32, content: &[u8]) {
        // Both are of our own making and short.
        let word = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
        self.0.extend(word(owner.len() + 1));
        self.0.extend(word(content.len()));
        self.0.extend(kind.to_le_bytes());
        self.0.extend(owner);
        self.0.push(0);
        self.pad();
        self.0.extend(content);
        self.pad();
    }

    fn pad(&mut self) {
        self.0.resize(self.0.len().next_multiple_of(4), 0);
    }
}

/// A segment to load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Load {
    pub(super) address: u64,
    /// [`NO_PHYSICAL`] if it has none.
    pub(super) physical: u64,
    /// Bytes in memory.
    pub(super) length: u64,
    /// Bytes in the file.
    pub(super) in_file: u64,
    /// From the first byte after the head on; [`head`] adds the head's bytes.
    pub(super) offset: u64,
    pub(super) readable: bool,
    pub(super) writable: bool,
    pub(super) executable: bool,
}

/// Everything that stands before the segments' bytes, padded to a page.
///
/// There are fewer than 65535 segments, so that their number fits into the header.
pub(super) fn head(loads: &[Load], notes: &Notes) -> Vec<u8> {
    let segments = loads.len() as u64 + 1;
    let notes_at = HEADER + segments * SEGMENT;
    let notes_length = notes.0.len() as u64;
    let body = (notes_at + notes_length).next_multiple_of(PAGE);

    let header = FileHeader64 {
        e_ident: Ident {
            magic: elf::ELFMAG,
            class: elf::ELFCLASS64,
            data: elf::ELFDATA2LSB,
            version: elf::EV_CURRENT,
            os_abi: elf::ELFOSABI_NONE,
            abi_version: 0,
            padding: [0; 7],
        },
        e_type: U16::new(LE, elf::ET_CORE),
        e_machine: U16::new(LE, elf::EM_X86_64),
        e_version: U32::new(LE, elf::EV_CURRENT.0.into()),
        e_entry: U64::new(LE, 0),
        e_phoff: U64::new(LE, HEADER),
        e_shoff: U64::new(LE, 0),
        e_flags: U32::new(LE, elf::FileFlags(0)),
        e_ehsize: U16::new(LE, short(HEADER)),
        e_phentsize: U16::new(LE, short(SEGMENT)),
        e_phnum: U16::new(LE, short(segments)),
        e_shentsize: U16::new(LE, 0),
        e_shnum: U16::new(LE, 0),
        e_shstrndx: U16::new(LE, elf::SymbolSection(0)),
    };
    let mut bytes = Vec::with_capacity(usize::try_from(body).unwrap_or_default());
    bytes.extend(bytes_of(&header));
    bytes.extend(bytes_of(&ProgramHeader64 {
        p_type: U32::new(LE, elf::PT_NOTE),
        p_flags: U32::new(LE, ProgramFlags(0)),
        p_offset: U64::new(LE, notes_at),
        p_vaddr: U64::new(LE, 0),
        p_paddr: U64::new(LE, 0),
        p_filesz: U64::new(LE, notes_length),
        p_memsz: U64::new(LE, notes_length),
        p_align: U64::new(LE, 4),
    }));
    for load in loads {
        let flag = |on: bool, bit: ProgramFlags| if on { bit.0 } else { 0 };
        let flags = flag(load.readable, elf::PF_R)
            | flag(load.writable, elf::PF_W)
            | flag(load.executable, elf::PF_X);
        bytes.extend(bytes_of(&ProgramHeader64 {
            p_type: U32::new(LE, elf::PT_LOAD),
            p_flags: U32::new(LE, ProgramFlags(flags)),
            p_offset: U64::new(LE, body + load.offset),
            p_vaddr: U64::new(LE, load.address),
            p_paddr: U64::new(LE, load.physical),
            p_filesz: U64::new(LE, load.in_file),
            p_memsz: U64::new(LE, load.length),
            p_align: U64::new(LE, PAGE),
        }));
    }
    bytes.extend(&notes.0);
    bytes.resize(bytes.len().next_multiple_of(4096), 0);
    bytes
}

/// A number of which it is known that it fits.
fn short(number: u64) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}
