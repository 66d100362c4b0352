//! A copy of every object of a guest, taken in one go.

use super::{InspectedRam, MachineState, Problems};
use crate::memory::PhysicalMemory;
use crate::objects::{
    MappingView, ObjectView, PlainView, ProcessView, RegionView, RootView, ThreadView, ViewError,
    VmarView, VmoView,
};
use abi::objects::{
    HANDLE_CHUNK_ENTRIES, HANDLE_CHUNKS, HandleEntry, Mapping, ObjectType, Process, Thread, Vmar,
    Vmo, VmoOptions, encode_handle,
};
use abi::{Rights, RootBlock};
use std::collections::{HashMap, HashSet};
use std::mem::size_of;
use vm_memory::GuestAddress;

/// Objects that are copied at most, of all kinds together: four times the handles that there
/// can be. A guest made to have more is told of in part.
const MAX_OBJECTS: usize = 1 << 20;

/// Everything that the guest's kernel keeps, at one moment: each object once.
///
/// It takes time and memory in proportion to the objects, whatever the guest holds: nothing
/// is looked at twice, and there is a bound.
#[derive(Debug)]
pub struct Survey {
    /// The root block, unchecked.
    pub root: RootBlock,
    /// The root block's address and its call page.
    pub root_view: RootView,
    /// The job that all processes are in.
    pub job: Option<PlainView>,
    /// All processes, oldest first.
    pub processes: Vec<ProcessRecord>,
    /// All VMOs, newest first.
    pub vmos: Vec<VmoView>,
    /// Where the thread stands whose registers the next trap saves: the one that runs, or
    /// was the last to.
    pub current_thread: u64,
    /// The vCPUs and totals.
    pub machine: MachineState,
    /// What could not be read.
    pub problems: Problems,
    /// Where a VMO stands in [`Survey::vmos`], by address.
    vmo_index: HashMap<u64, usize>,
    /// Where a process stands in [`Survey::processes`], by address.
    process_index: HashMap<u64, usize>,
}

/// A process with what belongs to it.
#[derive(Debug)]
pub struct ProcessRecord {
    /// Itself.
    pub view: ProcessView,
    /// Its threads.
    pub threads: Vec<ThreadView>,
    /// What stands in its address space: VMARs (the root VMAR first) and mappings, in
    /// ascending order of address, each VMAR before what stands in it.
    pub regions: Vec<RegionRecord>,
    /// Its handles, in the order of their slots.
    pub handles: Vec<HandleRecord>,
}

/// A VMAR or a mapping, and how deep it stands.
#[derive(Clone, Copy, Debug)]
pub struct RegionRecord {
    /// 0 for the root VMAR.
    pub depth: usize,
    /// Itself.
    pub view: RegionView,
}

/// A live handle.
#[derive(Clone, Copy, Debug)]
pub struct HandleRecord {
    /// As its process knows it.
    pub value: u32,
    /// Its rights.
    pub rights: Rights,
    /// Where its object stands.
    pub object: GuestAddress,
    /// The type of its object; 0 if that cannot be read.
    pub object_type: ObjectType,
    /// The koid of its object; 0 if that cannot be read.
    pub koid: u64,
}

impl ProcessRecord {
    /// Its koid.
    #[must_use]
    pub const fn koid(&self) -> u64 {
        self.view.raw().header.koid
    }

    /// Its mappings, in ascending order.
    pub fn mappings(&self) -> impl Iterator<Item = &MappingView> {
        self.regions.iter().filter_map(|region| match &region.view {
            RegionView::Mapping(mapping) => Some(mapping),
            RegionView::Vmar(_) => None,
        })
    }

    /// The mapping that an address is in.
    #[must_use]
    pub fn mapping_at(&self, address: u64) -> Option<&MappingView> {
        // Regions of a VMAR ascend and are disjoint, or the survey leaves them out: the last
        // one that does not start behind the address is the innermost.
        let after = self
            .regions
            .partition_point(|region| region.view.base() <= address);
        match &self.regions.get(after.checked_sub(1)?)?.view {
            RegionView::Mapping(mapping) if address < mapping.end() => Some(mapping),
            _ => None,
        }
    }
}

impl Survey {
    /// Copies all objects that hang from the root block.
    ///
    /// # Errors
    /// [`ViewError`] if the root block or the call page cannot be read (any more).
    pub(super) fn new(
        memory: &InspectedRam,
        root_view: &RootView,
        machine: &MachineState,
    ) -> Result<Self, ViewError> {
        let root = root_view.snapshot(memory)?;
        let call_page = root_view.call_page_snapshot(memory)?;
        let mut surveyor = Surveyor {
            memory,
            seen: HashSet::new(),
            room: memory.size(),
            problems: Problems::default(),
        };
        let mut survey = Self {
            job: None,
            processes: surveyor.processes(root_view),
            vmos: surveyor.vmos(root_view),
            current_thread: call_page.thread.address(),
            machine: machine.clone(),
            problems: Problems::default(),
            vmo_index: HashMap::new(),
            process_index: HashMap::new(),
            root,
            root_view: *root_view,
        };
        survey.vmo_index = (0..)
            .zip(&survey.vmos)
            .map(|(index, vmo)| (vmo.address().0, index))
            .collect();
        survey.process_index = (0..)
            .zip(&survey.processes)
            .map(|(index, process)| (process.view.address().0, index))
            .collect();
        if !root.job.is_none() {
            let job = PlainView::read(memory, GuestAddress(root.job.address()));
            survey.job = surveyor.problems.sound(job);
        }
        surveyor.handles(&mut survey);
        survey.problems = surveyor.problems;
        Ok(survey)
    }

    /// The VMO that stands at `address`.
    #[must_use]
    pub fn vmo_at(&self, address: GuestAddress) -> Option<&VmoView> {
        self.vmos.get(*self.vmo_index.get(&address.0)?)
    }

    /// The size of a VMO in bytes, as `ZX_INFO_VMO` tells it: a reference has its source's. 0 of
    /// a reference whose source is in no list.
    #[must_use]
    pub fn vmo_size(&self, vmo: &VmoView) -> u64 {
        if !vmo.options().contains(VmoOptions::REFERENCE) {
            return vmo.size();
        }
        // No source is a reference itself.
        let source = self.vmo_at(GuestAddress(vmo.raw().source.address()));
        source.map_or(0, VmoView::size)
    }

    /// The process that stands at `address`.
    #[must_use]
    pub fn process_at(&self, address: GuestAddress) -> Option<&ProcessRecord> {
        self.processes.get(*self.process_index.get(&address.0)?)
    }
}

struct Surveyor<'m> {
    memory: &'m InspectedRam,
    /// Where the objects stand that were copied.
    seen: HashSet<u64>,
    /// Bytes of RAM that the copied objects leave over.
    room: u64,
    problems: Problems,
}

impl Surveyor<'_> {
    /// Whether the object at `address` is to be copied: it was not yet, and there is room.
    fn is_new<T>(&mut self, address: GuestAddress, what: &str) -> bool {
        if self.seen.len() >= MAX_OBJECTS {
            self.problems.note(format_args!(
                "more than {MAX_OBJECTS} objects: the rest is left out"
            ));
            return false;
        }
        let Some(room) = self.room.checked_sub(size_of::<T>() as u64) else {
            self.problems.note(
                "the objects take more room than there is RAM, so they overlap: the rest is left out",
            );
            return false;
        };
        let new = self.seen.insert(address.0);
        if new {
            self.room = room;
        } else {
            self.problems.note(format_args!(
                "the {what} at guest-physical {:#x} is in its list twice, or in two",
                address.0
            ));
        }
        new
    }

    fn vmos(&mut self, root: &RootView) -> Vec<VmoView> {
        let mut vmos = Vec::new();
        let Some(list) = self.problems.sound(root.vmos(self.memory)) else {
            return vmos;
        };
        for vmo in list {
            let Some(vmo) = self.problems.sound(vmo) else {
                break;
            };
            if !self.is_new::<Vmo>(vmo.address(), "VMO") {
                break;
            }
            vmos.push(vmo);
        }
        vmos
    }

    fn processes(&mut self, root: &RootView) -> Vec<ProcessRecord> {
        let mut processes = Vec::new();
        let Some(list) = self.problems.sound(root.processes(self.memory)) else {
            return processes;
        };
        for process in list {
            let Some(view) = self.problems.sound(process) else {
                break;
            };
            if !self.is_new::<Process>(view.address(), "process") {
                break;
            }
            processes.push(ProcessRecord {
                threads: self.threads(&view),
                regions: self.regions(&view),
                handles: Vec::new(),
                view,
            });
        }
        processes
    }

    fn threads(&mut self, process: &ProcessView) -> Vec<ThreadView> {
        let mut threads = Vec::new();
        for thread in process.threads(self.memory) {
            let Some(thread) = self.problems.sound(thread) else {
                break;
            };
            if !self.is_new::<Thread>(thread.address(), "thread") {
                break;
            }
            threads.push(thread);
        }
        threads
    }

    fn regions(&mut self, process: &ProcessView) -> Vec<RegionRecord> {
        let mut regions = Vec::new();
        let Some(root) = process.root_vmar() else {
            return regions;
        };
        let Some(root) = self.problems.sound(VmarView::read(self.memory, root)) else {
            return regions;
        };
        if !self.is_new::<Vmar>(root.address(), "VMAR") {
            return regions;
        }
        regions.push(RegionRecord {
            depth: 0,
            view: RegionView::Vmar(root),
        });
        let mut open = vec![root.regions(self.memory)];
        while let Some(top) = open.last_mut() {
            let Some(view) = top.next().and_then(|region| self.problems.sound(region)) else {
                open.pop();
                continue;
            };
            let (address, inner) = match &view {
                RegionView::Vmar(vmar) => (vmar.address(), Some(vmar.regions(self.memory))),
                RegionView::Mapping(mapping) => (mapping.address(), None),
            };
            if !self.is_new::<Mapping>(address, "region") {
                open.pop();
                continue;
            }
            let depth = open.len();
            regions.push(RegionRecord { depth, view });
            if let Some(inner) = inner {
                if depth > crate::objects::MAX_VMAR_DEPTH {
                    self.problems.note(format_args!(
                        "VMARs of process {} are nested too deep",
                        process.raw().header.koid
                    ));
                } else {
                    open.push(inner);
                }
            }
        }
        regions
    }

    /// Gives each live handle of the table to its process.
    fn handles(&mut self, survey: &mut Survey) {
        let mut headers = HashMap::new();
        let end = survey.root.fresh_handle as usize;
        let most = HANDLE_CHUNKS * HANDLE_CHUNK_ENTRIES;
        if end > most {
            self.problems.note(format_args!(
                "the root block says {end} handle slots; {most} is the most"
            ));
        }
        // Slot 0 is never used.
        for slot in 1..end.min(most) {
            let chunk = survey.root.handle_chunks.get(slot / HANDLE_CHUNK_ENTRIES);
            let offset = slot % HANDLE_CHUNK_ENTRIES * size_of::<HandleEntry>();
            let Some(address) = chunk
                .filter(|chunk| **chunk != 0)
                .and_then(|chunk| chunk.checked_add(offset as u64))
            else {
                self.problems.note(format_args!(
                    "the handle table has no page for slots from {slot} on"
                ));
                break;
            };
            let entry = self
                .memory
                .read_object::<HandleEntry>(GuestAddress(address));
            let Some(entry) = self.problems.sound(entry) else {
                break;
            };
            if entry.object.is_none() {
                continue;
            }
            let process = survey
                .process_index
                .get(&entry.owner.address())
                .and_then(|index| survey.processes.get_mut(*index));
            let Some(process) = process else {
                self.problems.note(format_args!(
                    "handle slot {slot} belongs to a process at guest-physical {:#x}, which is none",
                    entry.owner.address()
                ));
                continue;
            };
            let object = GuestAddress(entry.object.address());
            let (object_type, koid) = *headers.entry(object.0).or_insert_with(|| {
                let view = self.problems.sound(ObjectView::read(self.memory, object));
                view.map_or((ObjectType(0), 0), |view| {
                    (view.object_type(), view.header().koid)
                })
            });
            process.handles.push(HandleRecord {
                value: encode_handle(entry.base, process.view.raw().handle_secret),
                rights: Rights::from_bits_retain(entry.rights),
                object,
                object_type,
                koid,
            });
        }
    }
}
