//! What is mapped where in a process (`vmm maps`).

use super::accounts::{Accounts, PageCounts};
use super::frames::Named;
use super::page_tables::mapped_bytes;
use super::words::permissions_text;
use crate::inspect::{Hex, Paused, Problems, ProcessRecord, Survey};
use crate::objects::{MappingView, RegionView, VmarView};
use abi::layout::{USER_BASE, USER_TOP};
use abi::objects::{MappingFlags, Permissions};
use abi::options::VmOptions;
use serde::Serialize;

/// The address space of a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProcessMaps {
    /// Whose it is.
    pub process: Named,
    /// The records of `ZX_INFO_PROCESS_MAPS` in its order: the address space, its root VMAR,
    /// and what is in that, each VMAR before what is in it, in ascending order of address. None
    /// of a process whose address space is gone.
    pub regions: Vec<MapRegion>,
}

/// The address space itself, a VMAR or a mapping (`zx_info_maps_t`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MapRegion {
    /// `aspace`, `vmar` or `mapping`.
    pub kind: &'static str,
    /// Of the address space the process's, of a mapping the VMO's; `root` of the root VMAR and
    /// `useralloc` of the others.
    pub name: String,
    /// 0 of the address space, 1 of the root VMAR, and so on.
    pub depth: u64,
    /// First address.
    pub base: Hex,
    /// One past the last address.
    pub end: Hex,
    /// Bytes.
    pub size: u64,
    /// Of a VMAR: what may be mapped in it. Null otherwise.
    pub can_map: Option<String>,
    /// What a mapping holds. Null otherwise.
    pub mapping: Option<MappingInfo>,
}

/// What a mapping holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MappingInfo {
    /// Permissions now, such as `r-x`.
    pub permissions: String,
    /// Permissions that it could be given.
    pub maximum: String,
    /// Koid of the VMO; 0 for a private clone.
    pub vmo: u64,
    /// Offset in the VMO of the first byte.
    pub vmo_offset: u64,
    /// Whether it is a later piece of the mapping before it, with other permissions.
    pub joined: bool,
    /// Whether `zx_process_write_memory` has given it a private copy.
    pub private_copy: bool,
    /// Whether it ends, for accesses, with the page that the stream size is in
    /// (`ZX_VM_FAULT_BEYOND_STREAM_SIZE`).
    pub fault_beyond_stream_size: bool,
    /// Resident pages of the VMO in this range.
    #[serde(flatten)]
    pub resident: PageCounts,
    /// Bytes for which the page tables have an entry: what the CPU can reach without a fault.
    pub page_table_bytes: u64,
}

/// The address space of a process.
#[must_use]
pub fn maps(
    paused: &Paused<'_>,
    survey: &Survey,
    process: &ProcessRecord,
    problems: &mut Problems,
) -> ProcessMaps {
    let mut accounts = Accounts::new(paused, survey);
    let reachable = mapped_bytes(paused.memory(), process, problems);
    let mut answer = ProcessMaps {
        process: Named::process(process),
        regions: Vec::new(),
    };
    if process.regions.is_empty() {
        return answer;
    }
    answer.regions.push(MapRegion {
        kind: "aspace",
        name: match process.view.name() {
            name if name.is_empty() => format!("proc:{}", process.koid()),
            name => name.into_owned(),
        },
        depth: 0,
        base: USER_BASE.into(),
        end: USER_TOP.into(),
        size: USER_TOP - USER_BASE,
        can_map: None,
        mapping: None,
    });
    let mut reachable = reachable.into_iter();
    for region in &process.regions {
        let depth = region.depth as u64 + 1;
        answer.regions.push(match &region.view {
            RegionView::Vmar(vmar) => vmar_region(vmar, depth),
            RegionView::Mapping(mapping) => {
                let vmo = survey.vmo_at(mapping.vmo());
                if vmo.is_none() {
                    problems.note(format_args!(
                        "the mapping at {:#x} is of a VMO that is in no list",
                        mapping.base()
                    ));
                }
                let (offset, size) = (mapping.raw().vmo_offset, mapping.raw().region.size);
                let resident = vmo.map(|vmo| accounts.of_range(vmo, offset, size, problems));
                MapRegion {
                    kind: "mapping",
                    name: vmo.map_or_else(String::new, |vmo| vmo.name().into_owned()),
                    depth,
                    base: mapping.base().into(),
                    end: mapping.end().into(),
                    size,
                    can_map: None,
                    mapping: Some(MappingInfo::new(
                        mapping,
                        vmo.map_or(0, crate::objects::VmoView::koid),
                        resident.unwrap_or_default(),
                        reachable.next().unwrap_or(0),
                    )),
                }
            }
        });
    }
    answer
}

impl MappingInfo {
    fn new(mapping: &MappingView, vmo: u64, resident: PageCounts, reachable: u64) -> Self {
        let flags = mapping.flags();
        let now = Permissions::from_bits_truncate(mapping.raw().permissions);
        Self {
            permissions: permissions_text(now),
            maximum: permissions_text(mapping.maximum()),
            vmo,
            vmo_offset: mapping.raw().vmo_offset,
            joined: mapping.is_joined(),
            private_copy: flags.contains(MappingFlags::PRIVATE_COPY),
            fault_beyond_stream_size: flags.contains(MappingFlags::FAULT_BEYOND_STREAM_SIZE),
            resident,
            page_table_bytes: reachable,
        }
    }
}

fn vmar_region(vmar: &VmarView, depth: u64) -> MapRegion {
    let flags = VmOptions::from_bits_truncate(vmar.raw().flags);
    let mut can_map = Permissions::empty();
    can_map.set(Permissions::READ, flags.contains(VmOptions::CAN_MAP_READ));
    can_map.set(Permissions::WRITE, flags.contains(VmOptions::CAN_MAP_WRITE));
    can_map.set(
        Permissions::EXECUTE,
        flags.contains(VmOptions::CAN_MAP_EXECUTE),
    );
    let is_root = vmar.raw().region.parent.is_none();
    MapRegion {
        kind: "vmar",
        name: if is_root { "root" } else { "useralloc" }.to_owned(),
        depth,
        base: vmar.base().into(),
        end: vmar.end().into(),
        size: vmar.raw().region.size,
        can_map: Some(permissions_text(can_map)),
        mapping: None,
    }
}
