//! PROCESS, PROCESS_THREADS and TASK_STATS (reference §15, §15.4, §15.5).

use crate::child::{Child, DATA, FAULT, SPIN};
use crate::inspect::{Maps, get_info, koid, record};
use crate::memory::PAGE;
use crate::probe::{close, out};
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::info::{InfoProcess, InfoTaskStats};
use abi::options::Topic;
use libzx::{Status, monotonic, startup};

const STARTED: u32 = 1;
const EXITED: u32 = 2;

fn process(handle: u32) -> Result<InfoProcess, Status> {
    record(handle, Topic::PROCESS)
}

fn progress() -> Outcome {
    let own = process(own_process())?;
    expect_eq!((own.flags, own.return_code), (STARTED, 0));
    let (child, _data) = Child::prepared("progress", SPIN)?;
    let info = process(child.process)?;
    expect_eq!((info.flags, info.return_code), (0, 0));
    let before = monotonic();
    child.start(0, 0)?;
    let info = process(child.process)?;
    expect_eq!((info.flags, info.return_code), (STARTED, 0));
    ensure!(
        (before..=monotonic()).contains(&info.start_time),
        "started at {}",
        info.start_time
    );
    let started = info.start_time;
    child.kill()?;
    let info = process(child.process)?;
    expect_eq!((info.flags, info.return_code), (STARTED | EXITED, -1024));
    expect_eq!(info.start_time, started);
    Ok(())
}

fn exit_code() -> Outcome {
    let Some(hello) = startup().other_named("hello") else {
        return Err(Status::NOT_FOUND.into());
    };
    let handle = hello.process.handle().raw();
    let deadline = monotonic() + 10_000_000_000;
    while process(handle)?.flags & EXITED == 0 {
        ensure!(monotonic() < deadline, "it does not end");
        libzx::sleep_for(1_000_000);
    }
    let info = process(handle)?;
    expect_eq!((info.flags, info.return_code), (STARTED | EXITED, 0));
    Ok(())
}

fn unhandled_exception() -> Outcome {
    let (child, _data) = Child::running("faulty", FAULT)?;
    child.wait()?;
    let info = process(child.process)?;
    expect_eq!((info.flags, info.return_code), (STARTED | EXITED, -1028));
    Ok(())
}

/// `syscall` in code of its own, which is not the vDSO's.
fn call_from_elsewhere() -> Outcome {
    let (child, _data) = Child::running("outsider", [0x31, 0xC0, 0x0F, 0x05, 0xEB, 0xFE])?;
    child.wait()?;
    let info = process(child.process)?;
    expect_eq!((info.flags, info.return_code), (STARTED | EXITED, -1027));
    Ok(())
}

fn threads(handle: u32) -> Result<(u64, u64, [u64; 4]), Status> {
    let mut koids = [0_u64; 4];
    let topic = Topic::PROCESS_THREADS;
    let (given, actual, avail) = get_info(handle, topic, out(&mut koids), 32);
    given.ok()?;
    Ok((actual, avail, core::hint::black_box(koids)))
}

fn thread_koids() -> Outcome {
    let own = startup()
        .thread_self()
        .map_or(0, |thread| thread.handle().raw());
    let [first, ..] = threads(own_process())?.2;
    expect_eq!(first, koid(own)?);
    let (child, _data) = Child::running("threaded", SPIN)?;
    let (actual, avail, [koid, none, ..]) = threads(child.process)?;
    expect_eq!((actual, avail, none), (1, 1, 0));
    ensure!(koid >= 1024, "koid {koid}");
    child.kill()?;
    expect_eq!(threads(child.process)?, (0, 0, [0; 4]));
    Ok(())
}

fn stats(handle: u32) -> Result<InfoTaskStats, Status> {
    record(handle, Topic::TASK_STATS)
}

fn mapped_bytes() -> Outcome {
    let of_maps: u64 = Maps::own()?.mappings().map(|mapping| mapping.size).sum();
    expect_eq!(stats(own_process())?.mapped, of_maps);
    let vmo = Object::new(1)?;
    let vmar = SubVmar::new(4)?;
    expect_eq!(stats(own_process())?.mapped, of_maps);
    // What is mapped counts, committed or not, however often, past the VMO's end or not.
    vmar.at(0, vmo.handle, 1).call()?;
    vmar.at(1, vmo.handle, 3).call()?;
    expect_eq!(stats(own_process())?.mapped, of_maps + 4 * PAGE);
    let first: [u64; 4] = record(own_process(), Topic::TASK_STATS_V1)?;
    let second = stats(own_process())?;
    let second = [
        second.mapped,
        second.private,
        second.shared,
        second.scaled_shared,
    ];
    expect_eq!(first, second);
    Ok(())
}

/// Pages that only one process maps are private to it; pages that several map are shared,
/// and each has its part of them.
fn private_and_shared() -> Outcome {
    let (one, two) = (Child::new("one")?, Child::new("two")?);
    let own = Object::patterned(Kind::Anonymous, 3, 61)?;
    let common = Object::patterned(Kind::Anonymous, 2, 62)?;
    one.map(&own, R, DATA, 4)?;
    let found = stats(one.process)?;
    expect_eq!((found.mapped, found.private), (4 * PAGE, 3 * PAGE));
    expect_eq!((found.shared, found.scaled_shared), (0, 0));
    one.map(&common, R, DATA + 16 * PAGE, 2)?;
    two.map(&common, R, DATA, 2)?;
    for (child, mapped, private) in [(&one, 6, 3), (&two, 2, 0)] {
        let found = stats(child.process)?;
        expect_eq!(found.mapped, mapped * PAGE);
        expect_eq!(found.private, private * PAGE);
        expect_eq!(found.shared, 2 * PAGE);
        expect_eq!(found.scaled_shared, PAGE);
    }
    Ok(())
}

fn stats_of_the_dead() -> Outcome {
    let (child, _data) = Child::running("mortal", SPIN)?;
    ensure!(stats(child.process)?.mapped == 3 * PAGE, "not three pages");
    child.kill()?;
    let given = |topic| {
        let mut room = [0_u64; 5];
        get_info(child.process, topic, out(&mut room), 40).0
    };
    expect_eq!(given(Topic::TASK_STATS), Status::BAD_STATE);
    expect_eq!(given(Topic::TASK_STATS_V1), Status::BAD_STATE);
    Ok(())
}

/// A killed process that never ran has ended all the same.
fn killed_before_the_start() -> Outcome {
    let child = Child::new("stillborn")?;
    child.kill()?;
    let info = process(child.process)?;
    expect_eq!(info.flags & EXITED, EXITED);
    expect_eq!(info.return_code, -1024);
    expect_eq!(close(child.vmar), Status::OK);
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "PROCESS tells progress, and -1024 of a killed one [15.5/1 15.5/3]",
        progress,
    );
    suite.case(
        "PROCESS tells the code of an exit [15.5/1 15.5/2]",
        exit_code,
    );
    suite.case(
        "PROCESS tells -1028 of an unhandled exception [15.5/7]",
        unhandled_exception,
    );
    suite.case(
        "PROCESS tells -1027 of a call outside the vDSO [15.5/6 18/13 19.1/5]",
        call_from_elsewhere,
    );
    suite.case(
        "PROCESS tells -1024 of one killed before its start [15.5/3]",
        killed_before_the_start,
    );
    suite.case("PROCESS_THREADS lists koids [15/4]", thread_koids);
    suite.case("TASK_STATS sums mapping sizes [15.4/2 15/6]", mapped_bytes);
    suite.case(
        "TASK_STATS tells private from shared pages [15/6]",
        private_and_shared,
    );
    suite.case(
        "TASK_STATS of a dead process is BAD_STATE [15.4/1]",
        stats_of_the_dead,
    );
}
