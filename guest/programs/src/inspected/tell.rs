//! What the kernel says of the scene, as lines of JSON.

use super::Scene;
use core::fmt;
use libzx::{
    Handle, HandleCount, InfoHandleBasic, InfoMaps, InfoProcess, InfoTaskStats, InfoVmo, MapsKind,
    Name, Object, Process, Result, Rights, Status, ThreadKoid, Vmo, println, startup,
};
use zerocopy::FromZeros;

/// Records of a list that are asked for at most.
const ROOM: usize = 96;

/// Asks about everything and prints the answers; `round` is in each line.
///
/// # Errors
/// The status of a question that was not answered.
pub fn everything(scene: &Scene, round: u32) -> Result<()> {
    let own = startup().process_self().ok_or(Status::NOT_FOUND)?;
    process(&own, round)?;
    for other in scene.processes.iter().flatten() {
        process(other, round)?;
    }
    let own = own.koid()?;
    for (vmo, basic) in with_basics(scene.vmos.iter().flatten().map(Vmo::handle)) {
        handle(own, vmo, &basic, round);
        let info: InfoVmo = vmo.info()?;
        println!(
            "{{\"round\":{round},\"topic\":\"vmo\",\"process\":{own},\"value\":\"{:#x}\",{}}}",
            vmo.raw(),
            VmoFields(&info)
        );
    }
    let threads = scene.threads.iter().flatten().map(|thread| thread.handle());
    let processes = scene.processes.iter().flatten().map(Process::handle);
    let vmars = scene.vmars.iter().flatten().map(|vmar| vmar.handle());
    let rest = scene.handles.iter().flatten();
    for (other, basic) in with_basics(rest.chain(threads).chain(processes).chain(vmars)) {
        handle(own, other, &basic, round);
    }
    println!("{{\"round\":{round},\"topic\":\"end\"}}");
    Ok(())
}

fn with_basics<'a>(
    handles: impl Iterator<Item = &'a Handle>,
) -> impl Iterator<Item = (&'a Handle, InfoHandleBasic)> {
    handles.filter_map(|handle| handle.info().ok().map(|basic| (handle, basic)))
}

fn handle(own: u64, handle: &Handle, basic: &InfoHandleBasic, round: u32) {
    let InfoHandleBasic {
        koid,
        rights,
        object_type,
        related_koid,
        ..
    } = basic;
    let may_count = Rights::from_bits_retain(*rights).contains(Rights::INSPECT);
    let count = handle.info().map_or(0, |HandleCount(count)| count);
    println!(
        "{{\"round\":{round},\"topic\":\"handle\",\"process\":{own},\"value\":\"{:#x}\",\
         \"koid\":{koid},\"rights\":{rights},\"object_type\":{object_type},\
         \"related\":{related_koid},\"counted\":{may_count},\"count\":{count}}}",
        handle.raw()
    );
}

fn process(process: &Process, round: u32) -> Result<()> {
    let koid = process.koid()?;
    let info: InfoProcess = process.info()?;
    println!(
        "{{\"round\":{round},\"topic\":\"process\",\"process\":{koid},\"name\":\"{}\",\
         \"flags\":{},\"return_code\":{},\"start_time\":{}}}",
        process.name()?,
        info.flags,
        info.return_code,
        info.start_time
    );
    threads(process, koid, round)?;
    if let Ok(stats) = process.info::<InfoTaskStats>() {
        println!(
            "{{\"round\":{round},\"topic\":\"task_stats\",\"process\":{koid},\"mapped\":{},\
             \"private\":{},\"shared\":{},\"scaled_shared\":{},\"fraction\":{}}}",
            stats.mapped,
            stats.private,
            stats.shared,
            stats.scaled_shared,
            stats.fractional_scaled_shared
        );
    }
    maps(process, koid, round)?;
    vmos(process, koid, round)
}

fn threads(process: &Process, koid: u64, round: u32) -> Result<()> {
    let mut koids = [ThreadKoid::default(); ROOM];
    for ThreadKoid(thread) in process.info_list(&mut koids)?.records {
        println!("{{\"round\":{round},\"topic\":\"thread\",\"process\":{koid},\"koid\":{thread}}}");
    }
    Ok(())
}

fn maps(process: &Process, koid: u64, round: u32) -> Result<()> {
    let mut records = [InfoMaps::new_zeroed(); ROOM];
    let listed = match process.info_list(&mut records) {
        Err(Status::BAD_STATE) => return Ok(()),
        other => other?,
    };
    for (index, map) in listed.records.iter().enumerate() {
        let kind = match map.kind {
            MapsKind::ASPACE => "aspace",
            MapsKind::VMAR => "vmar",
            _ => "mapping",
        };
        println!(
            "{{\"round\":{round},\"topic\":\"map\",\"process\":{koid},\"index\":{index},\
             \"name\":\"{}\",\"base\":\"{:#x}\",\"size\":{},\"depth\":{},\"kind\":\"{kind}\",\
             \"mmu_flags\":{},\"vmo_koid\":{},\"vmo_offset\":{},\"committed\":{},\
             \"private\":{},\"scaled\":{},\"fraction\":{}}}",
            Name::from_bytes(map.name),
            map.base,
            map.size,
            map.depth,
            map.mmu_flags,
            map.vmo_koid,
            map.vmo_offset,
            map.committed_bytes,
            map.committed_private_bytes,
            map.committed_scaled_bytes,
            map.committed_fractional_scaled_bytes
        );
    }
    complete(listed.records.len(), listed.available)
}

fn vmos(process: &Process, koid: u64, round: u32) -> Result<()> {
    let mut records = [InfoVmo::new_zeroed(); ROOM];
    let listed = match process.info_list(&mut records) {
        Err(Status::BAD_STATE) => return Ok(()),
        other => other?,
    };
    for (index, vmo) in listed.records.iter().enumerate() {
        println!(
            "{{\"round\":{round},\"topic\":\"process_vmo\",\"process\":{koid},\
             \"index\":{index},{}}}",
            VmoFields(vmo)
        );
    }
    complete(listed.records.len(), listed.available)
}

fn complete(records: usize, available: usize) -> Result<()> {
    match records == available {
        true => Ok(()),
        false => Err(Status::BUFFER_TOO_SMALL),
    }
}

/// The fields of a record of a VMO.
struct VmoFields<'a>(&'a InfoVmo);

impl fmt::Display for VmoFields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(vmo) = self;
        write!(
            f,
            "\"koid\":{},\"name\":\"{}\",\"size\":{},\"parent\":{},\"children\":{},\
             \"mappings\":{},\"share_count\":{},\"flags\":{},\"committed\":{},\
             \"rights\":{},\"cache_policy\":{},\"private\":{},\"scaled\":{},\"fraction\":{}",
            vmo.koid,
            Name::from_bytes(vmo.name),
            vmo.size_bytes,
            vmo.parent_koid,
            vmo.num_children,
            vmo.num_mappings,
            vmo.share_count,
            vmo.flags,
            vmo.committed_bytes,
            vmo.handle_rights,
            vmo.cache_policy,
            vmo.committed_private_bytes,
            vmo.committed_scaled_bytes,
            vmo.committed_fractional_scaled_bytes
        )
    }
}
