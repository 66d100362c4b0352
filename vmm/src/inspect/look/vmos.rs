//! VMOs: all of them, or those of a process (`vmm vmos`).

use super::accounts::{Accounts, PageCounts};
use super::frames::Named;
use super::words::{cache_policy_name, rights_names};
use crate::inspect::{Hex, InspectedRam, Paused, Problems, ProcessRecord, Survey};
use crate::objects::{VmoView, pager_at_root};
use abi::info::InfoVmoFlags;
use abi::objects::{CachePolicy, ObjectType, VmoOptions};
use serde::Serialize;

/// Koids of processes that are told at most, of all VMOs together.
const MAX_USERS: usize = 1 << 20;

/// A list of VMOs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VmoList {
    /// Whose they are; null if they are all.
    pub process: Option<Named>,
    /// All of them oldest first, each once. Of a process, as `ZX_INFO_PROCESS_VMOS` has them:
    /// one for each handle, then one for each mapping, so that a VMO can be there more than
    /// once.
    pub vmos: Vec<VmoInfo>,
}

/// A VMO (`zx_info_vmo_t`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VmoInfo {
    /// Its koid; 0 for a private clone.
    pub koid: u64,
    /// Its name.
    pub name: String,
    /// `paged`, `pager` (a pager supplies its pages), `physical`, `contiguous`, `vdso`,
    /// `slice`, `reference`, `snapshot` (a copy-on-write child that shares pages), `clone` (one
    /// that looks through to its parent), or `private_clone` (what `zx_process_write_memory`
    /// makes).
    pub kind: &'static str,
    /// Bytes, a multiple of the page size. A reference has its source's.
    pub size: u64,
    /// Bytes, as asked for. A reference has its source's.
    pub stream_size: u64,
    /// Koid of the VMO that it was made a child of, whether that is still there or not; 0 for
    /// none.
    pub parent: u64,
    /// Its children, slices and references included.
    pub children: u64,
    /// Mappings of it; one in pieces counts once.
    pub mappings: u64,
    /// Koids of the processes that map it.
    pub mapped_by: Vec<u64>,
    /// Handles to it, in all processes.
    pub handles: u64,
    /// Resident pages of its own.
    #[serde(flatten)]
    pub resident: PageCounts,
    /// `cached`, `uncached`, `uncached_device` or `write_combining`. Slices and references
    /// have their source's.
    pub cache_policy: &'static str,
    /// The names of its `ZX_INFO_VMO_*` flags.
    pub flags: Vec<String>,
    /// The names of its options, the kernel's own among them.
    pub options: Vec<String>,
    /// Of one found by a handle: the handle's value. Null otherwise.
    pub handle: Option<Hex>,
    /// Of one found by a handle: its rights. Null otherwise.
    pub handle_rights: Option<Vec<String>>,
    /// Where its record stands in guest-physical memory.
    pub record: Hex,
}

/// All VMOs, or those of a process.
#[must_use]
pub fn vmos(
    paused: &Paused<'_>,
    survey: &Survey,
    process: Option<&ProcessRecord>,
    problems: &mut Problems,
) -> VmoList {
    let mut teller = Teller {
        memory: paused.memory(),
        accounts: Accounts::new(paused, survey),
        users_left: MAX_USERS,
        problems,
    };
    let list = match process {
        None => {
            let vmos = survey.vmos.iter().rev();
            vmos.map(|vmo| teller.tell(vmo, InfoVmoFlags::empty()))
                .collect()
        }
        Some(process) => teller.of_process(survey, process),
    };
    VmoList {
        process: process.map(Named::process),
        vmos: list,
    }
}

/// One VMO.
#[must_use]
pub fn vmo(
    paused: &Paused<'_>,
    survey: &Survey,
    vmo: &VmoView,
    problems: &mut Problems,
) -> VmoInfo {
    let mut teller = Teller {
        memory: paused.memory(),
        accounts: Accounts::new(paused, survey),
        users_left: MAX_USERS,
        problems,
    };
    teller.tell(vmo, InfoVmoFlags::empty())
}

/// What kind of VMO it is, see [`VmoInfo::kind`].
#[must_use]
pub fn vmo_kind(vmo: &VmoView) -> &'static str {
    let options = vmo.options();
    let has = |option| options.contains(option);
    if has(VmoOptions::SLICE) {
        "slice"
    } else if has(VmoOptions::REFERENCE) {
        "reference"
    } else if vmo.is_physical() {
        "physical"
    } else if has(VmoOptions::VDSO) {
        "vdso"
    } else if has(VmoOptions::CONTIGUOUS) {
        "contiguous"
    } else if has(VmoOptions::PRIVATE_CLONE) {
        "private_clone"
    } else if has(VmoOptions::CLONE) && vmo.source().is_some() {
        "clone"
    } else if has(VmoOptions::CLONE) {
        "snapshot"
    } else if vmo.has_pager() {
        "pager"
    } else {
        "paged"
    }
}

struct Teller<'t> {
    memory: &'t InspectedRam,
    accounts: Accounts<'t>,
    /// Koids in [`VmoInfo::mapped_by`] that may be told yet.
    users_left: usize,
    problems: &'t mut Problems,
}

impl Teller<'_> {
    fn of_process(&mut self, survey: &Survey, process: &ProcessRecord) -> Vec<VmoInfo> {
        let mut list = Vec::new();
        for handle in &process.handles {
            if handle.object_type != ObjectType::VMO {
                continue;
            }
            let Some(vmo) = survey.vmo_at(handle.object) else {
                self.problems.note(format_args!(
                    "the handle {:#x} leads to a VMO that is in no list",
                    handle.value
                ));
                continue;
            };
            let mut info = self.tell(vmo, InfoVmoFlags::VIA_HANDLE);
            info.handle = Some(Hex(handle.value.into()));
            info.handle_rights = Some(rights_names(handle.rights));
            list.push(info);
        }
        for mapping in process.mappings().filter(|mapping| !mapping.is_joined()) {
            match survey.vmo_at(mapping.vmo()) {
                Some(vmo) => list.push(self.tell(vmo, InfoVmoFlags::VIA_MAPPING)),
                None => self.problems.note(format_args!(
                    "the mapping at {:#x} is of a VMO that is in no list",
                    mapping.base()
                )),
            }
        }
        list
    }

    fn tell(&mut self, vmo: &VmoView, via: InfoVmoFlags) -> VmoInfo {
        let raw = vmo.raw();
        let mut target = *vmo;
        let entered = target.enter(self.memory);
        self.problems.sound(entered);
        let is_reference = vmo.options().contains(VmoOptions::REFERENCE);
        let sized = if is_reference { &target } else { vmo };
        let resident = self.accounts.of_range(vmo, 0, sized.size(), self.problems);
        let users = self.accounts.users_of(vmo.address());
        let mappings = users.mappings;
        let mapped_by = users.processes.iter().copied().take(self.users_left);
        let mapped_by: Vec<_> = mapped_by.collect();
        self.users_left -= mapped_by.len();
        if mapped_by.len() < users.processes.len() {
            self.problems.note(format_args!(
                "more than {MAX_USERS} processes map VMOs: the rest is left out"
            ));
        }
        let flags = self.flags(vmo, &target) | via;
        VmoInfo {
            koid: vmo.koid(),
            name: vmo.name().into_owned(),
            kind: vmo_kind(vmo),
            size: sized.size(),
            stream_size: sized.raw().stream_size,
            parent: raw.parent_koid,
            children: u64::from(raw.child_count),
            mappings,
            mapped_by,
            handles: u64::from(raw.header.handles),
            resident,
            cache_policy: cache_policy_name(CachePolicy(target.raw().cache_policy)),
            flags: flags
                .iter_names()
                .map(|(name, _)| name.to_owned())
                .collect(),
            options: vmo
                .options()
                .iter_names()
                .map(|(name, _)| name.to_owned())
                .collect(),
            handle: None,
            handle_rights: None,
            record: vmo.address().0.into(),
        }
    }

    /// The flags that the kernel tells of it; `target` has its bytes.
    fn flags(&mut self, vmo: &VmoView, target: &VmoView) -> InfoVmoFlags {
        let has = |option| vmo.options().intersects(option);
        let cow = VmoOptions::CLONE | VmoOptions::PRIVATE_CLONE;
        let pager = pager_at_root(self.memory, target);
        let mut flags = InfoVmoFlags::empty();
        flags.set(InfoVmoFlags::TYPE_PAGED, !vmo.is_physical());
        flags.set(InfoVmoFlags::RESIZABLE, has(VmoOptions::RESIZABLE));
        flags.set(InfoVmoFlags::IS_COW_CLONE, has(cow));
        let backed = self.problems.sound(pager).unwrap_or(false);
        flags.set(InfoVmoFlags::PAGER_BACKED, backed);
        let contiguous = target.options().contains(VmoOptions::CONTIGUOUS);
        flags.set(InfoVmoFlags::CONTIGUOUS, contiguous);
        flags.set(InfoVmoFlags::DISCARDABLE, has(VmoOptions::DISCARDABLE));
        flags.set(InfoVmoFlags::IMMUTABLE, has(VmoOptions::IMMUTABLE));
        flags
    }
}
