//! Saved images: ELF cores of whole machines, and raw memory.

mod elf;
mod notes;
mod pieces;
mod root;
#[cfg(test)]
mod tests;

use super::{InspectError, InspectedRam, MachineState, Problems, RamPiece};
use abi::layout::{HIGH_RAM_BASE, LOW_RAM_END, PAGE_SIZE};
use std::fs::OpenOptions;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use vm_memory::GuestAddress;

/// An opened image.
#[derive(Debug)]
pub(super) struct Image {
    /// `elf` or `raw`.
    pub(super) format: &'static str,
    pub(super) memory: InspectedRam,
    pub(super) machine: MachineState,
    /// What is wrong with it: every answer says so.
    pub(super) problems: Problems,
    /// Why there are no objects in it to show, though there are bytes.
    pub(super) no_guest: Option<String>,
}

/// Formats that are told from raw memory, to be refused: what they start with, what they are,
/// and the way out.
const FOREIGN: [(&[u8], &str); 7] = [
    (
        b"KDUMP   ",
        "a compressed dump (kdump): save it as ELF (QEMU: `dump-guest-memory FILE` without -z, -l or -s)",
    ),
    (
        b"makedumpfile\0",
        "a compressed dump (flattened kdump): save it as ELF (QEMU: `dump-guest-memory FILE` without -z, -l or -s)",
    ),
    (
        b"PAGEDU64",
        "a Windows crash dump: save it as ELF (QEMU: `dump-guest-memory FILE` without -w)",
    ),
    (
        b"EMiL",
        "a dump of LiME: save it with format=raw or padded instead",
    ),
    (
        b"QFI\xFB",
        "a disk image (qcow2), or a snapshot in one: save the memory as ELF instead",
    ),
    (b"\x1F\x8B", "compressed (gzip): unpack it first"),
    (b"\x28\xB5\x2F\xFD", "compressed (zstd): unpack it first"),
];

/// Opens an image.
pub(super) fn open(path: &Path) -> Result<Image, InspectError> {
    let failed = |source| InspectError::File {
        path: path.to_owned(),
        source,
    };
    // A FIFO would be waited for.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)
        .map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    let refused = |reason: &str| InspectError::NotAnImage {
        path: path.to_owned(),
        reason: reason.to_owned(),
    };
    if !metadata.is_file() {
        return Err(refused("an image is a regular file, for it is mapped"));
    }
    let length = metadata.len();
    if length == 0 {
        return Err(refused("it is empty"));
    }
    let mut start = [0; 16];
    let read = file.read_at(&mut start, 0).map_err(failed)?;
    let start = start.get(..read).unwrap_or_default();
    if let Some((_, what)) = FOREIGN.iter().find(|(magic, _)| start.starts_with(magic)) {
        return Err(refused(&format!("it is {what}")));
    }
    let mut problems = Problems::default();
    let (format, pieces, found, whole) = if start.starts_with(&object::elf::ELFMAG) {
        let core = elf::read(&file, length, &mut problems).map_err(|why| refused(&why))?;
        ("elf", core.pieces, core.machine, core.whole)
    } else {
        ("raw", raw(length), None, length)
    };
    let memory = InspectedRam::map(path, Arc::new(file), &pieces)?;
    let mut machine = found.unwrap_or_default();
    if machine.ram == 0 {
        machine.ram = memory.size();
    }
    machine.root = root::find(&memory, machine.root, &mut problems);
    let no_guest = if format == "raw" && length % PAGE_SIZE != 0 {
        Some(format!(
            "it is no image of a guest: {length} bytes are no whole number of pages{}; {BYTES}",
            match machine.root.0 {
                0 => ", and there is no root block in them",
                _ => "",
            }
        ))
    } else if machine.root.0 != 0 {
        None
    } else if whole > length {
        Some(format!(
            "it is cut short after {length} bytes of {whole}, and therefore there is no root \
             block: objects cannot be shown; {BYTES}"
        ))
    } else {
        Some(format!(
            "it is no image of a guest of ours: there is no root block in it; {BYTES}"
        ))
    };
    Ok(Image {
        format,
        memory,
        machine,
        problems,
        no_guest,
    })
}

/// What can be done with a file all the same.
const BYTES: &str = "`vmm read phys` and `vmm search` show its bytes";

/// Raw memory: the offset is the guest-physical address, and there is no RAM below 4 GiB
/// where a PC has none ([`crate::memory::GuestRam`]).
fn raw(length: u64) -> Vec<RamPiece> {
    let piece = |base, length| RamPiece {
        base: GuestAddress(base),
        length,
        file_offset: base,
    };
    match length.checked_sub(HIGH_RAM_BASE) {
        Some(high) => vec![piece(0, LOW_RAM_END), piece(HIGH_RAM_BASE, high)],
        None => vec![piece(0, length)],
    }
}
