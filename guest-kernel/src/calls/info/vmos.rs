//! Records of VMOs (reference §15.1, §15.3).

use abi::info::{InfoVmo, InfoVmoFlags};
use abi::objects::{MappingFlags, ObjectType, Process, ProcessState, Vmo, VmoOptions};
use abi::options::Topic;
use abi::{Rights, Status};

use super::super::Context;
use super::Output;
use crate::object::{attribution, handle, mapping, vmar, vmo};
use crate::state::{Follow, Ptr};

/// Bytes of a record in the version of that topic.
fn length(topic: u32) -> u64 {
    match topic {
        Topic::VMO_V1 | Topic::PROCESS_VMOS_V1 => 104,
        Topic::VMO_V2 | Topic::PROCESS_VMOS_V2 => 120,
        Topic::VMO_V3 | Topic::PROCESS_VMOS_V3 => 128,
        _ => size_of::<InfoVmo>() as u64,
    }
}

/// The VMO of a handle; no right is needed.
pub fn of_handle(context: Context, value: u32, topic: u32, out: Output) -> Result<(), Status> {
    let (vmo, rights) =
        handle::find_object::<Vmo>(context.process, value, ObjectType::VMO, Rights::empty())?;
    let record = record(vmo, InfoVmoFlags::VIA_HANDLE, rights);
    out.single(&record, length(topic) as usize)
}

/// The VMOs that a running process has handles to, then those that it maps; some twice.
pub fn of_process(process: Ptr<Process>, topic: u32, mut out: Output) -> Result<(), Status> {
    if process.state != ProcessState::RUNNING.0 {
        return Err(Status::BAD_STATE);
    }
    let length = length(topic);
    for found in handle::all(process) {
        if found.object.object_type == ObjectType::VMO.0 {
            let vmo = found.object.cast();
            let record = record(vmo, InfoVmoFlags::VIA_HANDLE, found.rights);
            out.push(&record, length)?;
        }
    }
    let regions = process.root_vmar.get().map(vmar::walk);
    for (region, _) in regions.into_iter().flatten() {
        let whole = mapping::of_region(region)
            .filter(|mapping| !mapping::has(*mapping, MappingFlags::JOINED));
        if let Some(mapping) = whole {
            let vmo = Ptr::new(mapping.vmo);
            let record = record(vmo, InfoVmoFlags::VIA_MAPPING, Rights::empty());
            out.push(&record, length)?;
        }
    }
    out.finish()
}

fn record(vmo: Ptr<Vmo>, via: InfoVmoFlags, rights: Rights) -> InfoVmo {
    let size = vmo::sized(vmo).size;
    let (num_mappings, share_count) = mappings(vmo);
    let counts = attribution::of_range(vmo, 0, size);
    InfoVmo {
        koid: vmo.header.koid,
        name: vmo.name,
        size_bytes: size,
        parent_koid: vmo.parent_koid,
        num_children: u64::from(vmo.child_count),
        num_mappings,
        share_count,
        flags: (flags(vmo) | via).bits(),
        padding: 0,
        committed_bytes: counts.committed,
        handle_rights: rights.bits(),
        cache_policy: vmo::cache_policy(vmo),
        metadata_bytes: size_of::<Vmo>() as u64,
        committed_change_events: 0,
        populated_bytes: counts.committed,
        committed_private_bytes: counts.private,
        populated_private_bytes: counts.private,
        committed_scaled_bytes: counts.scaled,
        populated_scaled_bytes: counts.scaled,
        committed_fractional_scaled_bytes: counts.fraction,
        populated_fractional_scaled_bytes: counts.fraction,
    }
}

fn flags(vmo: Ptr<Vmo>) -> InfoVmoFlags {
    let (target, _) = vmo::target(vmo);
    let has = |option| vmo::has(vmo, option);
    let cow = has(VmoOptions::CLONE | VmoOptions::PRIVATE_CLONE);
    let mut flags = InfoVmoFlags::empty();
    flags.set(InfoVmoFlags::TYPE_PAGED, !vmo::is_physical(vmo));
    flags.set(InfoVmoFlags::RESIZABLE, has(VmoOptions::RESIZABLE));
    flags.set(InfoVmoFlags::IS_COW_CLONE, cow);
    flags.set(InfoVmoFlags::PAGER_BACKED, vmo::pager_root(vmo).is_some());
    flags.set(
        InfoVmoFlags::CONTIGUOUS,
        vmo::has(target, VmoOptions::CONTIGUOUS),
    );
    flags.set(InfoVmoFlags::DISCARDABLE, has(VmoOptions::DISCARDABLE));
    flags.set(InfoVmoFlags::IMMUTABLE, has(VmoOptions::IMMUTABLE));
    flags
}

/// How many mappings of it there are, and in how many address spaces.
pub fn mappings(vmo: Ptr<Vmo>) -> (u64, u64) {
    let (mut mappings, mut spaces) = (0, 0);
    let mut counted = None;
    let mut next = vmo.first_mapping;
    while let Some(mapping) = next.get() {
        next = mapping.next_of_vmo;
        mappings += u64::from(!mapping::has(mapping, MappingFlags::JOINED));
        if counted == Some(mapping.process) {
            continue;
        }
        counted = Some(mapping.process);
        let mut earlier = vmo.first_mapping;
        let mut known = false;
        while let Some(other) = earlier.get().filter(|other| *other != mapping) {
            known |= other.process == mapping.process;
            earlier = other.next_of_vmo;
        }
        spaces += u64::from(!known);
    }
    (mappings, spaces)
}
