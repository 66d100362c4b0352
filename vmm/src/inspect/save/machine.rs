//! A dump of the whole machine.

use super::super::undigits;
use super::super::{Hex, InspectError, InspectedRam, Paused, Problems, VcpuState};
use super::elf::{self, Load, NO_PHYSICAL, Notes};
use super::layout::{
    CORE, NOTE_MACHINE, NT_AUXV, NT_FPREGSET, NT_PRSTATUS, Prstatus, QEMU, QemuCpu, VMOSCOPE,
};
use super::page_tables::{self, VirtualRun};
use super::{Output, copy, process};
use serde::Serialize;
use vm_memory::GuestAddress;
use zerocopy::IntoBytes;

/// Bytes of holes that raw memory may have, besides as many as there is RAM. A PC has 1 GiB;
/// what an image says of addresses can be anything, and a pipe gets all holes as zeros.
const MAX_RAW_HOLES: u64 = 8 << 30;

/// How a machine is saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DumpFormat {
    /// An ELF core: RAM, the vCPUs' registers, where virtual addresses lead.
    #[default]
    Elf,
    /// Nothing but RAM: the offset in the file is the guest-physical address.
    Raw,
}

/// A saved piece of RAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SavedPiece {
    /// Guest-physical address of its first byte.
    pub base: Hex,
    /// Bytes.
    pub length: u64,
    /// Offset of its first byte in the file.
    pub file_offset: Hex,
}

/// What was saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dump {
    /// How.
    pub format: DumpFormat,
    /// Bytes of the file, holes included.
    pub bytes: u64,
    /// Bytes of RAM.
    pub ram: u64,
    /// Bytes of RAM that were written; the rest was never touched, and is a hole.
    pub written: u64,
    /// The pieces of RAM, in ascending order.
    pub pieces: Vec<SavedPiece>,
    /// vCPUs whose registers are in it.
    pub vcpus: u64,
    /// Stretches of virtual addresses that a debugger finds in it.
    pub mappings: u64,
    /// What is lacking in it.
    #[serde(skip)]
    pub problems: Problems,
}

impl Paused<'_> {
    /// Saves the whole machine. `progress` is told from time to time how many bytes are
    /// done, and of how many.
    ///
    /// The ELF core is laid out as QEMU's `dump-guest-memory` writes it (`NT_PRSTATUS` and
    /// `QEMU` notes for each vCPU, a segment with `p_paddr` for each piece of RAM), plus a
    /// note `VMOSCOPE` with the [`super::super::MachineState`], plus a segment for each stretch of virtual
    /// addresses that the vCPUs' page tables map. Those share the RAM's bytes in the file;
    /// their `p_paddr` is all ones, so that who looks for guest-physical addresses passes
    /// over them.
    ///
    /// # Errors
    /// [`InspectError::Output`] if it cannot be written; [`InspectError::Access`] if RAM
    /// vanishes under it; [`InspectError::Refused`] if it is to be raw, and would be holes
    /// for the most part.
    pub fn dump(
        &self,
        format: DumpFormat,
        output: &mut Output,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Dump, InspectError> {
        let memory = self.memory();
        let mut problems = self.problems().clone();
        let plan = match format {
            DumpFormat::Elf => Plan::elf(self, &mut problems)?,
            DumpFormat::Raw => Plan::raw(memory)?,
        };
        let start = output.position();
        output.write(&plan.head)?;
        let mut written = 0;
        let ram = plan.pieces.iter().map(|piece| piece.length).sum();
        let mut behind = 0;
        for piece in &plan.pieces {
            let piece_at = start.saturating_add(piece.file_offset.0);
            let end = piece.base.0.saturating_add(piece.length);
            let mut at = piece.base.0;
            while let Some((from, length)) = memory.populated_from(GuestAddress(at))
                && from.0 < end
            {
                let length = length.min(end - from.0);
                let before = from.0 - piece.base.0;
                output.skip_to(piece_at.saturating_add(before));
                copy(memory, from, length, output, &mut |done| {
                    progress(behind + before + done, ram);
                })?;
                written += length;
                at = from.0 + length;
            }
            output.skip_to(piece_at.saturating_add(piece.length));
            behind += piece.length;
        }
        progress(ram, ram);
        Ok(Dump {
            format,
            bytes: output.position() - start,
            ram,
            written,
            pieces: plan.pieces,
            vcpus: plan.vcpus,
            mappings: plan.mappings,
            problems,
        })
    }
}

/// What goes where.
struct Plan {
    head: Vec<u8>,
    /// In the order of the file.
    pieces: Vec<SavedPiece>,
    vcpus: u64,
    mappings: u64,
}

impl Plan {
    fn raw(memory: &InspectedRam) -> Result<Self, InspectError> {
        let pieces = memory.pieces();
        let end = pieces
            .last()
            .map_or(0, |(base, length)| base.0.saturating_add(*length));
        let size = memory.size();
        if end > size.saturating_mul(2).saturating_add(MAX_RAW_HOLES) {
            return Err(InspectError::Refused(format!(
                "raw memory would have {end:#x} bytes for {size:#x} bytes of RAM, so far apart \
                 does it stand: use --format elf"
            )));
        }
        let piece = |(base, length): (GuestAddress, u64)| SavedPiece {
            base: base.0.into(),
            length,
            file_offset: base.0.into(),
        };
        Ok(Self {
            head: Vec::new(),
            pieces: pieces.into_iter().map(piece).collect(),
            vcpus: 0,
            mappings: 0,
        })
    }

    fn elf(paused: &Paused<'_>, problems: &mut Problems) -> Result<Self, InspectError> {
        let (memory, machine) = (paused.memory(), paused.machine());
        let mut notes = Notes::default();
        for (number, vcpu) in (1..).zip(&machine.vcpus) {
            linux_notes(&mut notes, number, vcpu);
        }
        for vcpu in &machine.vcpus {
            notes.add(QEMU, 0, &QemuCpu::from(vcpu).note());
        }
        if let Some(vector) = process::auxiliary_vector(paused) {
            notes.add(CORE, NT_AUXV, &vector);
        }
        let json = serde_json::to_vec(machine)
            .map_err(|error| InspectError::Refused(format!("the machine's state: {error}")))?;
        notes.add(VMOSCOPE, NOTE_MACHINE, &json);

        let mut pieces = Vec::new();
        let mut end = 0u64;
        for (base, length) in memory.pieces() {
            pieces.push(SavedPiece {
                base: base.0.into(),
                length,
                file_offset: end.into(),
            });
            end = end
                .saturating_add(length)
                .checked_next_multiple_of(elf::PAGE)
                .unwrap_or(u64::MAX);
        }
        let mut runs = machine.vcpus.first().map_or_else(Vec::new, |vcpu| {
            let root = GuestAddress(vcpu.cr3.0 & abi::entry::ADDRESS_MASK);
            page_tables::runs(memory, root, problems)
        });
        let mut loads = ram_loads(&pieces, &mut runs);
        loads.extend(runs.iter().filter_map(|run| virtual_load(run, &pieces)));
        // Debuggers take the first segment that an address is in: what is mapped goes first.
        loads.sort_by_key(|load| (load.address == load.physical, load.address));
        let head = elf::head(&loads, &notes);
        for piece in &mut pieces {
            piece.file_offset.0 = piece.file_offset.0.saturating_add(head.len() as u64);
        }
        Ok(Self {
            head,
            pieces,
            vcpus: machine.vcpus.len() as u64,
            mappings: runs.len() as u64,
        })
    }
}

/// Registers as a debugger looks for them; the vCPU is a thread with that number.
fn linux_notes(notes: &mut Notes, number: u32, vcpu: &VcpuState) {
    let fxsave = undigits(&vcpu.fxsave).filter(|bytes| bytes.len() == 512);
    let status = Prstatus {
        pid: number,
        registers: vcpu.into(),
        has_fpregset: fxsave.is_some().into(),
        ..Prstatus::default()
    };
    notes.add(CORE, NT_PRSTATUS, status.as_bytes());
    if let Some(fxsave) = fxsave {
        notes.add(CORE, NT_FPREGSET, &fxsave);
    }
}

/// The segments with guest-physical addresses, one for each piece of RAM. If a run maps all of
/// the piece (our kernel's map of all of RAM does), that is its virtual address, and the run is
/// taken away; otherwise, as QEMU has it, the virtual address is the guest-physical one.
fn ram_loads(pieces: &[SavedPiece], runs: &mut Vec<VirtualRun>) -> Vec<Load> {
    let mut loads = Vec::new();
    for piece in pieces {
        let whole = runs
            .iter()
            .position(|run| run.physical.0 == piece.base.0 && run.length >= piece.length);
        let address = whole.map_or(piece.base.0, |index| runs.remove(index).address);
        loads.push(Load {
            address,
            physical: piece.base.0,
            length: piece.length,
            in_file: piece.length,
            offset: piece.file_offset.0,
            readable: true,
            writable: true,
            executable: true,
        });
    }
    loads
}

fn virtual_load(run: &VirtualRun, pieces: &[SavedPiece]) -> Option<Load> {
    let piece = pieces.iter().find(|piece| {
        let inside = run.physical.0.checked_sub(piece.base.0);
        inside.is_some_and(|inside| inside < piece.length)
    })?;
    Some(Load {
        address: run.address,
        physical: NO_PHYSICAL,
        length: run.length,
        in_file: run.length,
        offset: piece.file_offset.0 + (run.physical.0 - piece.base.0),
        readable: true,
        writable: run.writable,
        executable: run.executable,
    })
}
