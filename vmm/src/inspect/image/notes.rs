//! What the notes of a core say about the machine.

use super::super::save::layout::{
    self, CORE, NOTE_MACHINE, NT_FPREGSET, NT_PRPSINFO, NT_PRSTATUS, Prstatus, QEMU, QemuCpu,
    VMOSCOPE,
};
use super::super::{
    Hex, MachineState, Place, Problems, Segment, VcpuState, digits, general_registers,
};
use object::LittleEndian as LE;
use object::read::elf::{FileHeader, NoteIterator};
use zerocopy::FromBytes;

/// vCPUs that are kept.
const MAX_VCPUS: usize = 1024;
/// Bytes of our own note that are taken: as a value in memory, JSON has many times its size.
/// A vCPU needs 4 KiB of it, a process's totals less than 100 bytes.
const MAX_JSON: usize = 6 << 20;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Our own note.
    own: Option<MachineState>,
    /// QEMU's notes.
    qemu: Vec<VcpuState>,
    /// Linux's notes.
    linux: Vec<VcpuState>,
    /// There is a note that only the core of a process has.
    pub(super) process: Option<()>,
}

impl Found {
    /// The machine's state, from whoever tells most; `None` if nobody does.
    pub(super) fn machine(self) -> Option<MachineState> {
        if self.own.is_some() {
            return self.own;
        }
        let mut vcpus = self.qemu;
        if vcpus.is_empty() {
            vcpus = self.linux;
        } else {
            for (vcpu, linux) in vcpus.iter_mut().zip(self.linux) {
                vcpu.fxsave = linux.fxsave;
            }
        }
        for vcpu in &mut vcpus {
            // The privilege level (SDM vol. 3, 5.5).
            if vcpu.cs.selector & 3 == 3 {
                vcpu.place = Place::Program;
            }
        }
        (!vcpus.is_empty()).then(|| MachineState {
            vcpus,
            ..MachineState::default()
        })
    }
}

/// Reads the notes of one segment.
pub(super) fn read<H: FileHeader<Endian = LE>>(
    mut notes: NoteIterator<'_, H>,
    found: &mut Found,
    problems: &mut Problems,
) {
    loop {
        let note = match notes.next() {
            Ok(Some(note)) => note,
            Ok(None) => return,
            Err(error) => {
                problems.note(format_args!("its notes are broken: {error}"));
                return;
            }
        };
        let kind = note.n_type(LE).0;
        let content = note.desc();
        match (note.name(), kind) {
            (VMOSCOPE, NOTE_MACHINE) if content.len() > MAX_JSON => problems.note(format_args!(
                "the note with the machine's state has {} bytes; {MAX_JSON} is the most",
                content.len()
            )),
            (VMOSCOPE, NOTE_MACHINE) => match serde_json::from_slice::<MachineState>(content) {
                Ok(mut machine) => {
                    machine.vcpus.truncate(MAX_VCPUS);
                    found.own = Some(machine);
                }
                Err(error) => problems.note(format_args!(
                    "the note with the machine's state cannot be read: {error}"
                )),
            },
            (QEMU, 0) if found.qemu.len() < MAX_VCPUS => {
                // Later versions append fields.
                if let Ok((cpu, _)) = QemuCpu::read_from_prefix(content) {
                    found.qemu.push((&cpu).into());
                }
            }
            (CORE, NT_PRSTATUS) if found.linux.len() < MAX_VCPUS => {
                if let Ok((status, _)) = Prstatus::read_from_prefix(content) {
                    found.linux.push(vcpu(&status.registers));
                }
            }
            (CORE, NT_FPREGSET) if content.len() == 512 => {
                if let Some(vcpu) = found.linux.last_mut() {
                    vcpu.fxsave = digits(content);
                }
            }
            (CORE, NT_PRPSINFO) => found.process = Some(()),
            _ => {}
        }
    }
}

/// What Linux's note tells of a vCPU.
fn vcpu(registers: &layout::UserRegisters) -> VcpuState {
    let segment = |selector: u64, base| Segment {
        // A selector has 16 bits.
        selector: u16::try_from(selector & 0xFFFF).unwrap_or_default(),
        base: Hex(base),
        ..Segment::default()
    };
    VcpuState {
        general: general_registers!(registers, eflags),
        cs: segment(registers.cs, 0),
        ds: segment(registers.ds, 0),
        es: segment(registers.es, 0),
        fs: segment(registers.fs, registers.fs_base),
        gs: segment(registers.gs, registers.gs_base),
        ss: segment(registers.ss, 0),
        ..VcpuState::default()
    }
}
