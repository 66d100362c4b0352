//! The core of one process, as Linux writes it.

use super::super::{Hex, InspectError, Paused, Problems, ProcessRecord, ProcessSelector, Survey};
use super::elf::{self, Load, Notes};
use super::layout::{CORE, NOTE_PROCESS, NT_AUXV, NT_PRPSINFO, Prpsinfo, VMOSCOPE};
use super::process_memory::{ProcessMemory, Shown, Stretch};
use super::program::{self, LoadedElf};
use super::threads::{self, CoreThread};
use super::{Output, copy};
use abi::objects::{MappingFlags, Permissions};
use serde::Serialize;
use zerocopy::IntoBytes;

/// Segments that a core has at most: their number has 16 bits in its header.
const MAX_SEGMENTS: usize = 60_000;
/// Zeros of which so many stand together are left out: files cannot be of any size.
const MAX_ZEROS: u64 = 1 << 30;
/// How often all of RAM may be written: mappings can share it.
const MAX_SHARING: u64 = 8;
/// ELF files that are looked for in a process's memory.
const MAX_ELFS: usize = 64;
/// Bytes at the start of a mapping in which an ELF file's headers and notes are.
const HEAD: u64 = 64 << 10;

/// What was saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Core {
    /// The process.
    pub process: u64,
    /// Its name.
    pub name: String,
    /// Its threads, as they stand in the core: the one that faulted or runs first.
    pub threads: Vec<CoreThread>,
    /// Its program; null if the program's ELF header is not in its memory.
    pub program: Option<LoadedElf>,
    /// The vDSO.
    pub vdso: Option<LoadedElf>,
    /// Segments of the core.
    pub segments: u64,
    /// Bytes of the file, holes included.
    pub bytes: u64,
    /// Bytes of memory that were written; pages that were never touched are holes.
    pub written: u64,
    /// Bytes of mappings that are not in the core: pages that their pager has, what is beyond
    /// the end of a VMO, long stretches that were never touched.
    pub left_out: u64,
    /// What is lacking in it.
    #[serde(skip)]
    pub problems: Problems,
}

/// Our note: what Linux's notes have no room for.
#[derive(Serialize)]
struct ProcessNote<'a> {
    process: u64,
    name: &'a str,
    threads: &'a [CoreThread],
    mappings: Vec<MappingNote>,
}

#[derive(Serialize)]
struct MappingNote {
    base: Hex,
    length: u64,
    vmo: u64,
    name: String,
    offset: u64,
}

impl Paused<'_> {
    /// Saves one process as an ELF core that gdb and lldb read. `progress` is told from time
    /// to time how many bytes are done, and of how many.
    ///
    /// Thread and process numbers are koids. Pages hold what the program would see, through
    /// mapping and VMO, whether its page tables have them or not. The same process at the
    /// same moment gives the same bytes, whether it is live or in an image.
    ///
    /// # Errors
    /// [`InspectError::NotFound`] if there is no such process; [`InspectError::Refused`] if
    /// it has no memory any more; [`InspectError::Output`] if it cannot be written.
    pub fn core(
        &self,
        process: &ProcessSelector,
        output: &mut Output,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Core, InspectError> {
        let survey = self.survey()?;
        let process = survey.process(process)?;
        let name = process.view.name().into_owned();
        if process.mappings().next().is_none() {
            return Err(InspectError::Refused(format!(
                "process {} ({name}) has no memory: it has not started, or has ended",
                process.koid()
            )));
        }
        let mut problems = survey.problems.clone();
        let memory = ProcessMemory::new(self.memory(), &survey, process, u64::MAX, &mut problems);
        let (program, vdso) = programs(&memory, process);
        let (notes, threads) = notes(&survey, process, (&program, &vdso))?;
        if threads.is_empty() {
            problems.note("it has no thread that runs: the core has no registers");
        }
        let most = self.memory().size().saturating_mul(MAX_SHARING);
        let plan = Plan::new(&memory.stretches, most, &mut problems);
        let start = output.position();
        let head = elf::head(&plan.loads, &notes);
        output.write(&head)?;
        let base = start.saturating_add(head.len() as u64);
        let mut written = 0;
        for (stretch, offset) in &plan.bytes {
            if let Shown::At(from) = stretch.shown {
                output.skip_to(base.saturating_add(*offset));
                copy(self.memory(), from, stretch.length, output, &mut |done| {
                    progress(written + done, plan.written);
                })?;
                written += stretch.length;
            }
        }
        output.skip_to(base.saturating_add(plan.end));
        Ok(Core {
            process: process.koid(),
            name,
            threads,
            program,
            vdso,
            segments: plan.loads.len() as u64,
            bytes: output.position() - start,
            written,
            left_out: plan.left_out,
            problems,
        })
    }
}

/// What goes where: offsets count from the end of the head.
#[derive(Default)]
struct Plan {
    loads: Vec<Load>,
    bytes: Vec<(Stretch, u64)>,
    end: u64,
    written: u64,
    left_out: u64,
}

impl Plan {
    fn new(stretches: &[Stretch], most: u64, problems: &mut Problems) -> Self {
        let mut plan = Self::default();
        let mut last = None;
        for stretch in stretches {
            let in_file = match stretch.shown {
                Shown::At(_) => plan.written.saturating_add(stretch.length) <= most,
                Shown::Zeros => stretch.length < MAX_ZEROS,
                Shown::Nothing => false,
            };
            if !in_file {
                plan.left_out = plan.left_out.saturating_add(stretch.length);
                if stretch.shown != Shown::Nothing {
                    problems.note(format_args!(
                        "{} bytes at {:#x} are too many, and left out: {}",
                        stretch.length,
                        stretch.address,
                        if stretch.shown == Shown::Zeros {
                            "they were never touched, and are zeros"
                        } else {
                            "the process maps all of RAM many times over"
                        }
                    ));
                }
            }
            // What stands together in one mapping is one segment.
            let kind = (stretch.mapping, in_file);
            let joins = plan.loads.last_mut().filter(|load| {
                last == Some(kind) && load.address.wrapping_add(load.length) == stretch.address
            });
            let added = if in_file { stretch.length } else { 0 };
            if let Some(load) = joins {
                load.length += stretch.length;
                load.in_file += added;
            } else if plan.loads.len() >= MAX_SEGMENTS {
                problems.note(format_args!(
                    "more than {MAX_SEGMENTS} segments: what is mapped at {:#x} and above is left \
                     out",
                    stretch.address
                ));
                break;
            } else {
                let may = |permission| stretch.permissions.contains(permission);
                plan.loads.push(Load {
                    address: stretch.address,
                    physical: 0,
                    length: stretch.length,
                    in_file: added,
                    offset: plan.end,
                    readable: may(Permissions::READ),
                    writable: may(Permissions::WRITE),
                    executable: may(Permissions::EXECUTE),
                });
            }
            last = Some(kind);
            if in_file {
                plan.bytes.push((*stretch, plan.end));
                plan.end = plan.end.saturating_add(stretch.length);
                if matches!(stretch.shown, Shown::At(_)) {
                    plan.written += stretch.length;
                }
            }
        }
        plan
    }
}

/// The program's own ELF file and the vDSO, as far as their headers are in memory.
fn programs(
    memory: &ProcessMemory<'_>,
    process: &ProcessRecord,
) -> (Option<LoadedElf>, Option<LoadedElf>) {
    let (mut program, mut vdso) = (None, None);
    let mut seen = 0;
    for mapping in process.mappings() {
        let Some(found) = program::loaded_at(memory, mapping.base()) else {
            continue;
        };
        if mapping.flags().contains(MappingFlags::VDSO) {
            vdso = vdso.or(Some(found));
        } else if program.is_none() && is_code(process, found.entry.0) {
            program = Some(found);
        }
        seen += 1;
        if seen >= MAX_ELFS {
            break;
        }
    }
    (program, vdso)
}

/// Whether the program may execute what stands at `address`.
fn is_code(process: &ProcessRecord, address: u64) -> bool {
    process.mapping_at(address).is_some_and(|mapping| {
        let permissions = Permissions::from_bits_truncate(mapping.raw().permissions);
        permissions.contains(Permissions::EXECUTE)
    })
}

/// The program of a process, for a debugger that looks at the whole machine.
pub(super) fn auxiliary_vector(paused: &Paused<'_>) -> Option<Vec<u8>> {
    let survey = paused.survey().ok()?;
    let current = survey.current_thread;
    let process = survey.processes.iter().find(|process| {
        let mut threads = process.threads.iter();
        threads.any(|thread| survey.machine.vcpu_of(thread, current).is_some())
    })?;
    // The guest stands still, and headers are at the start.
    let mut problems = Problems::default();
    let memory = ProcessMemory::new(paused.memory(), &survey, process, HEAD, &mut problems);
    let (program, vdso) = programs(&memory, process);
    Some(program::auxiliary_vector(program.as_ref(), vdso.as_ref()))
}

/// The notes in Linux's order: those of the first thread, with those of the process among
/// them, then those of the other threads.
fn notes(
    survey: &Survey,
    process: &ProcessRecord,
    (program, vdso): (&Option<LoadedElf>, &Option<LoadedElf>),
) -> Result<(Notes, Vec<CoreThread>), InspectError> {
    let mut notes = Notes::default();
    let threads = threads::of(survey, process);
    let mut first = true;
    for thread in &threads {
        thread.add_status(&mut notes, process.koid());
        if first {
            add_process(&mut notes, process);
            thread.add_signal(&mut notes);
            let vector = program::auxiliary_vector(program.as_ref(), vdso.as_ref());
            notes.add(CORE, NT_AUXV, &vector);
        }
        first = false;
        thread.add_vectors(&mut notes);
    }
    if first {
        add_process(&mut notes, process);
    }
    let threads: Vec<_> = threads.into_iter().map(|thread| thread.told).collect();
    let mapping = |mapping: &crate::objects::MappingView| {
        let vmo = survey.vmo_at(mapping.vmo());
        MappingNote {
            base: mapping.base().into(),
            length: mapping.end() - mapping.base(),
            vmo: vmo.map_or(0, |vmo| vmo.koid()),
            name: vmo.map_or_else(String::new, |vmo| vmo.name().into_owned()),
            offset: mapping.raw().vmo_offset,
        }
    };
    let own = serde_json::to_vec(&ProcessNote {
        process: process.koid(),
        name: &process.view.name(),
        threads: &threads,
        mappings: process.mappings().map(mapping).collect(),
    })
    .map_err(|error| InspectError::Refused(format!("the process's state: {error}")))?;
    notes.add(VMOSCOPE, NOTE_PROCESS, &own);
    Ok((notes, threads))
}

fn add_process(notes: &mut Notes, process: &ProcessRecord) {
    let name = process.view.name();
    let mut info = Prpsinfo {
        // As Linux says "running".
        state_name: b'R',
        pid: threads::number(process.koid()),
        group: threads::number(process.koid()),
        ..Prpsinfo::default()
    };
    // The last byte stays NUL.
    for (to, from) in info.name.iter_mut().take(15).zip(name.bytes()) {
        *to = from;
    }
    let arguments = info.arguments.as_flattened_mut();
    for (to, from) in arguments.iter_mut().take(79).zip(name.bytes()) {
        *to = from;
    }
    notes.add(CORE, NT_PRPSINFO, info.as_bytes());
}
