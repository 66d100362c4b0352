//! ELF cores of whole machines, as `vmm dump` and QEMU's `dump-guest-memory` write them.

use super::super::save::NO_PHYSICAL;
use super::super::{MachineState, Problems, RamPiece};
use super::notes::{self, Found};
use super::pieces;
use object::LittleEndian as LE;
use object::elf::{self, FileHeader32, FileHeader64};
use object::read::elf::{FileHeader, ProgramHeader};
use object::read::{ReadCache, ReadRef};
use std::fs::File;
use std::os::unix::fs::FileExt;

/// Segments that are looked at: QEMU's `-p` makes one for each stretch of virtual addresses.
const MAX_SEGMENTS: u32 = 1 << 20;
/// Bytes of notes that are read, in all segments together.
const MAX_NOTES: u64 = 64 << 20;

/// What a core holds.
#[derive(Debug)]
pub(super) struct Core {
    /// Its pieces of RAM.
    pub(super) pieces: Vec<RamPiece>,
    /// The machine's state, if it is told.
    pub(super) machine: Option<MachineState>,
    /// Bytes of the file, if it were whole.
    pub(super) whole: u64,
}

/// Reads what a core holds.
///
/// The error says why it is no core of a machine.
pub(super) fn read(file: &File, length: u64, problems: &mut Problems) -> Result<Core, String> {
    let cache = ReadCache::new(file);
    let data = &cache;
    let mut start = [0; 6];
    file.read_exact_at(&mut start, 0)
        .map_err(|_| "it is cut short within its ELF header".to_owned())?;
    // `e_ident[EI_CLASS]` and `e_ident[EI_DATA]`.
    let [.., class, order] = start;
    if order != elf::ELFDATA2LSB.0 {
        return Err(format!(
            "its byte order is {order}, not 1 (little endian): it is of no x86 machine"
        ));
    }
    match elf::FileClass(class) {
        elf::ELFCLASS64 => core::<FileHeader64<LE>, _>(data, length, problems),
        // QEMU writes one of a machine that is not in 64-bit mode.
        elf::ELFCLASS32 => core::<FileHeader32<LE>, _>(data, length, problems),
        _ => Err(format!("its ELF class is {class}, not 2 (64 bits)")),
    }
}

fn core<'data, H, R>(data: R, length: u64, problems: &mut Problems) -> Result<Core, String>
where
    H: FileHeader<Endian = LE>,
    R: ReadRef<'data>,
{
    let broken = |error: object::read::Error| format!("its ELF headers make no sense: {error}");
    let header = H::parse(data).map_err(broken)?;
    let machine = header.e_machine(LE);
    if ![elf::EM_X86_64, elf::EM_386].contains(&machine) {
        return Err(format!("it is of machine {}, not 62 (x86-64)", machine.0));
    }
    let kind = header.e_type(LE);
    if kind != elf::ET_CORE {
        return Err(format!(
            "it is an ELF file of type {}, not 4 (core): a program or a library, and no saved machine",
            kind.0
        ));
    }
    let count = header.phnum(LE, data).map_err(broken)?;
    if count > MAX_SEGMENTS {
        return Err(format!(
            "it claims {count} segments; {MAX_SEGMENTS} is the most"
        ));
    }
    let segments = header.program_headers(LE, data).map_err(broken)?;

    let mut found = Found::default();
    let mut loads = Vec::new();
    let mut notes_left = MAX_NOTES;
    for segment in segments {
        let offset: u64 = segment.p_offset(LE).into();
        let in_file: u64 = segment.p_filesz(LE).into();
        let in_memory: u64 = segment.p_memsz(LE).into();
        let physical: u64 = segment.p_paddr(LE).into();
        match segment.p_type(LE) {
            elf::PT_LOAD if physical != NO_PHYSICAL && in_memory > 0 => {
                if in_file < in_memory {
                    problems.note(format_args!(
                        "{} of {in_memory} bytes at guest-physical {physical:#x} were not saved",
                        in_memory - in_file
                    ));
                }
                loads.push(pieces::piece(physical, in_file.min(in_memory), offset));
            }
            elf::PT_NOTE if in_file > notes_left => problems.note(format_args!(
                "{in_file} bytes of notes; {MAX_NOTES} is the most"
            )),
            elf::PT_NOTE => {
                notes_left -= in_file;
                match segment.notes(LE, data) {
                    Ok(Some(notes)) => notes::read(notes, &mut found, problems),
                    Ok(None) => {}
                    Err(error) => problems.note(format_args!("its notes cannot be read: {error}")),
                }
            }
            _ => {}
        }
    }
    if found.process.is_some() {
        return Err("it is the core of one process, not of a machine: open it with gdb".to_owned());
    }
    if loads.is_empty() {
        return Err("it holds no memory with guest-physical addresses".to_owned());
    }
    let ends = loads
        .iter()
        .map(|load| load.file_offset.saturating_add(load.length));
    Ok(Core {
        whole: ends.max().unwrap_or(0),
        pieces: pieces::join(loads, length, problems),
        machine: found.machine(),
    })
}
