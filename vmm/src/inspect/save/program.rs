//! What a process's memory says about its program: the ELF files that are mapped in it.

use super::super::{Hex, digits};
use super::process_memory::ProcessMemory;
use object::LittleEndian as LE;
use object::elf::{self, FileHeader64, ProgramHeader64};
use object::pod::{from_bytes, slice_from_all_bytes};
use object::read::elf::NoteIterator;
use serde::Serialize;

/// Program headers of a file that are looked at.
const MAX_HEADERS: u16 = 256;
/// Bytes of a file's notes that are looked at.
const MAX_NOTES: u64 = 64 << 10;

/// An ELF file in a process's memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoadedElf {
    /// Where its header stands.
    pub base: Hex,
    /// Its first instruction; of the vDSO, nothing that is ever run.
    pub entry: Hex,
    /// Its build-id in hexadecimal digits, as `readelf -n` shows it; null if it has none.
    pub build_id: Option<String>,
    /// Where its program headers stand.
    #[serde(skip)]
    pub(super) headers: u64,
    /// How many there are.
    #[serde(skip)]
    pub(super) header_count: u64,
}

/// The ELF file whose header stands at `base`, if there is one.
pub(super) fn loaded_at(memory: &ProcessMemory<'_>, base: u64) -> Option<LoadedElf> {
    let mut bytes = [0; size_of::<FileHeader64<LE>>()];
    if !memory.read(base, &mut bytes) {
        return None;
    }
    let (header, _) = from_bytes::<FileHeader64<LE>>(&bytes).ok()?;
    let ident = header.e_ident;
    let right = ident.magic == elf::ELFMAG
        && ident.class == elf::ELFCLASS64
        && ident.data == elf::ELFDATA2LSB
        && [elf::ET_EXEC, elf::ET_DYN].contains(&header.e_type.get(LE))
        && header.e_machine.get(LE) == elf::EM_X86_64;
    let count = header.e_phnum.get(LE);
    if !right || count > MAX_HEADERS {
        return None;
    }
    let headers = base.checked_add(header.e_phoff.get(LE))?;
    let mut bytes = vec![0; size_of::<ProgramHeader64<LE>>() * usize::from(count)];
    if !memory.read(headers, &mut bytes) {
        return None;
    }
    let table = slice_from_all_bytes::<ProgramHeader64<LE>>(&bytes).ok()?;
    // The header is in the first segment; how far that is from where it was linked to.
    let first = table
        .iter()
        .filter(|segment| segment.p_type.get(LE) == elf::PT_LOAD)
        .map(|segment| segment.p_vaddr.get(LE) & !0xFFF)
        .min()?;
    let bias = base.wrapping_sub(first);
    let build_id = table
        .iter()
        .filter(|segment| segment.p_type.get(LE) == elf::PT_NOTE)
        .find_map(|segment| build_id(memory, segment, bias));
    Some(LoadedElf {
        base: base.into(),
        entry: bias.wrapping_add(header.e_entry.get(LE)).into(),
        build_id,
        headers,
        header_count: count.into(),
    })
}

fn build_id(
    memory: &ProcessMemory<'_>,
    segment: &ProgramHeader64<LE>,
    bias: u64,
) -> Option<String> {
    let length = usize::try_from(segment.p_memsz.get(LE).min(MAX_NOTES)).ok()?;
    let mut bytes = vec![0; length];
    if !memory.read(bias.wrapping_add(segment.p_vaddr.get(LE)), &mut bytes) {
        return None;
    }
    let mut notes =
        NoteIterator::<FileHeader64<LE>>::new(LE, segment.p_align.get(LE), &bytes).ok()?;
    while let Ok(Some(note)) = notes.next() {
        if note.name() == elf::ELF_NOTE_GNU && note.n_type(LE) == elf::NT_GNU_BUILD_ID {
            return Some(digits(note.desc()));
        }
    }
    None
}

/// The auxiliary vector as Linux gives it to a program: a debugger learns from it where a
/// position-independent program and the vDSO were put.
pub(super) fn auxiliary_vector(program: Option<&LoadedElf>, vdso: Option<&LoadedElf>) -> Vec<u8> {
    const AT_NULL: u64 = 0;
    const AT_PHDR: u64 = 3;
    const AT_PHENT: u64 = 4;
    const AT_PHNUM: u64 = 5;
    const AT_PAGESZ: u64 = 6;
    const AT_BASE: u64 = 7;
    const AT_ENTRY: u64 = 9;
    const AT_SYSINFO_EHDR: u64 = 33;
    let mut entries = Vec::new();
    if let Some(vdso) = vdso {
        entries.push((AT_SYSINFO_EHDR, vdso.base.0));
    }
    entries.push((AT_PAGESZ, 4096));
    if let Some(program) = program {
        entries.extend([
            (AT_PHDR, program.headers),
            (AT_PHENT, size_of::<ProgramHeader64<LE>>() as u64),
            (AT_PHNUM, program.header_count),
            // No dynamic linker.
            (AT_BASE, 0),
            (AT_ENTRY, program.entry.0),
        ]);
    }
    entries.push((AT_NULL, 0));
    let words = entries.into_iter().flat_map(|(key, value)| [key, value]);
    words.flat_map(u64::to_le_bytes).collect()
}
