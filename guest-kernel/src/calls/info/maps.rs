//! Records of address spaces (reference §15.2, §15.4).

use abi::Status;
use abi::info::{InfoMaps, InfoTaskStats, MapsKind};
use abi::layout::{PAGE_SIZE, USER_BASE, USER_TOP};
use abi::objects::{Mapping, NAME_LENGTH, Process, Region, Vmar, Vmo};
use abi::options::Topic;

use super::{Output, vmos};
use crate::object::attribution::{self, Counts};
use crate::object::{header, mapping, vmar};
use crate::state::{Follow, Ptr};

/// What a process has in memory.
///
/// # Errors
/// BAD_STATE if it has ended.
pub fn task_stats(process: Ptr<Process>) -> Result<InfoTaskStats, Status> {
    let root = process.root_vmar.get().ok_or(Status::BAD_STATE)?;
    let mut stats = InfoTaskStats::default();
    let mut scaled = Counts::default();
    for mapping in vmar::walk(root).filter_map(|(region, _)| mapping::of_region(region)) {
        stats.mapped += mapping.region.size;
        let (_, spaces) = vmos::mappings(Ptr::new(mapping.vmo));
        let mut counts = counts(mapping);
        let private = if spaces == 1 { counts.private } else { 0 };
        stats.private += private;
        stats.shared += counts.committed - private;
        counts.scaled -= private;
        scaled.add_scaled(counts, spaces);
    }
    stats.scaled_shared = scaled.scaled;
    stats.fractional_scaled_shared = scaled.fraction;
    Ok(stats)
}

fn counts(mapping: Ptr<Mapping>) -> Counts {
    attribution::of_range(
        Ptr::new(mapping.vmo),
        mapping.vmo_offset,
        mapping.region.size,
    )
}

/// The address space of a process: itself, its root VMAR, and all that is in it.
///
/// # Errors
/// BAD_STATE if the process has ended.
pub fn of_process(process: Ptr<Process>, topic: u32, mut out: Output) -> Result<(), Status> {
    let root = process.root_vmar.get().ok_or(Status::BAD_STATE)?;
    let space = InfoMaps {
        name: space_name(process),
        base: USER_BASE,
        size: USER_TOP - USER_BASE,
        kind: MapsKind::ASPACE,
        ..InfoMaps::default()
    };
    push(&mut out, space, topic)?;
    regions(root, 1, topic, &mut out)?;
    out.finish()
}

/// A VMAR and all that is in it.
///
/// # Errors
/// BAD_STATE if it was destroyed.
pub fn of_vmar(vmar: Ptr<Vmar>, mut out: Output) -> Result<(), Status> {
    if vmar.process.is_none() {
        return Err(Status::BAD_STATE);
    }
    regions(vmar, 0, Topic::PROCESS_MAPS, &mut out)?;
    out.finish()
}

/// A VMAR at that depth and all that is in it.
fn regions(top: Ptr<Vmar>, depth: u64, topic: u32, out: &mut Output) -> Result<(), Status> {
    push(out, record(top.cast(), depth), topic)?;
    for (region, below) in vmar::walk(top) {
        push(out, record(region, depth + 1 + below), topic)?;
    }
    Ok(())
}

fn record(region: Ptr<Region>, depth: u64) -> InfoMaps {
    let mut record = InfoMaps {
        base: region.base,
        size: region.size,
        depth,
        kind: MapsKind::VMAR,
        ..InfoMaps::default()
    };
    let Some(mapping) = mapping::of_region(region) else {
        let is_root = region.parent.is_none();
        record.name = header::name(if is_root { b"root" } else { b"useralloc" });
        return record;
    };
    let vmo: Ptr<Vmo> = Ptr::new(mapping.vmo);
    let counts = counts(mapping);
    record.name = vmo.name;
    record.kind = MapsKind::MAPPING;
    record.mmu_flags = mapping.permissions;
    record.vmo_koid = vmo.header.koid;
    record.vmo_offset = mapping.vmo_offset;
    record.committed_bytes = counts.committed;
    record.populated_bytes = counts.committed;
    record.committed_private_bytes = counts.private;
    record.populated_private_bytes = counts.private;
    record.committed_scaled_bytes = counts.scaled;
    record.populated_scaled_bytes = counts.scaled;
    record.committed_fractional_scaled_bytes = counts.fraction;
    record.populated_fractional_scaled_bytes = counts.fraction;
    record
}

/// Stores a record in the version of that topic.
fn push(out: &mut Output, mut record: InfoMaps, topic: u32) -> Result<(), Status> {
    let length = match topic {
        Topic::PROCESS_MAPS_V1 => 96,
        Topic::PROCESS_MAPS_V2 => 104,
        _ => return out.push(&record, size_of::<InfoMaps>() as u64),
    };
    // The older versions count pages.
    record.committed_bytes /= PAGE_SIZE;
    record.populated_bytes /= PAGE_SIZE;
    out.push(&record, length)
}

/// The process's name, or "proc:" and its koid if it has none.
fn space_name(process: Ptr<Process>) -> [u8; NAME_LENGTH] {
    if process.name.first() != Some(&0) {
        return process.name;
    }
    let mut digits = [0; 20];
    let mut koid = process.header.koid;
    let mut first = digits.len();
    for (i, digit) in digits.iter_mut().enumerate().rev() {
        *digit = b'0' + (koid % 10) as u8;
        koid /= 10;
        first = i;
        if koid == 0 {
            break;
        }
    }
    let mut name = header::name(b"proc:");
    let target = name.iter_mut().skip(5);
    for (slot, digit) in target.zip(digits.iter().skip(first)) {
        *slot = *digit;
    }
    name
}
