//! What `zx_object_get_info` does with the places of its results.

use crate::child::Child;
use crate::inspect::{Answer, get_info};
use crate::memory::{Area, BAD_ADDRESSES, PAGE};
use crate::probe::{UNTOUCHED, close, duplicate, out, status};
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::options::Topic;
use libzx::{Call, Rights, Status, startup};

/// Topics with one record: what they are asked of, and the bytes of the record.
fn single() -> [(u32, u32, u64); 11] {
    let (process, vmar, vmo) = (own_process(), root(), vdso());
    [
        (process, Topic::HANDLE_BASIC, 32),
        (process, Topic::PROCESS, 24),
        (vmar, Topic::VMAR, 16),
        (process, Topic::TASK_STATS_V1, 32),
        (process, Topic::TASK_STATS, 40),
        (process, Topic::HANDLE_COUNT, 4),
        (vmo, Topic::VMO_V1, 104),
        (vmo, Topic::VMO_V2, 120),
        (vmo, Topic::VMO_V3, 128),
        (vmo, Topic::VMO, 176),
        (vmar, Topic::HANDLE_BASIC, 32),
    ]
}

/// Topics with many records, asked of the own process, and the bytes of a record.
const ARRAYS: [(u32, u64); 8] = [
    (Topic::PROCESS_THREADS, 8),
    (Topic::PROCESS_MAPS_V1, 96),
    (Topic::PROCESS_MAPS_V2, 104),
    (Topic::PROCESS_MAPS, 152),
    (Topic::PROCESS_VMOS_V1, 104),
    (Topic::PROCESS_VMOS_V2, 120),
    (Topic::PROCESS_VMOS_V3, 128),
    (Topic::PROCESS_VMOS, 176),
];

fn exact_sizes() -> Outcome {
    let area = Area::new(1)?;
    for (handle, topic, size) in single() {
        area.vmo.write(&[0xCC; 4096], 0)?;
        let given = get_info(handle, topic, area.at(8), size);
        ensure!(given == (Status::OK, 1, 1), "topic {topic:#x}: {given:?}");
        let end = usize::try_from(8 + size).unwrap_or(0);
        ensure!(area.all(0, 8, 0xCC), "topic {topic:#x}: bytes before");
        ensure!(
            area.all(end, 4096 - end, 0xCC),
            "topic {topic:#x}: more than {size} bytes"
        );
        ensure!(
            !area.all(8, end - 8, 0xCC),
            "topic {topic:#x}: nothing was stored"
        );
    }
    Ok(())
}

fn larger_buffers() -> Outcome {
    let area = Area::new(1)?;
    for (handle, topic, size) in single() {
        area.vmo.write(&[0xCC; 4096], 0)?;
        let given = get_info(handle, topic, area.at(0), 1000);
        ensure!(given == (Status::OK, 1, 1), "topic {topic:#x}: {given:?}");
        let end = usize::try_from(size).unwrap_or(0);
        ensure!(
            area.all(end, 4096 - end, 0xCC),
            "topic {topic:#x}: more than {size} bytes"
        );
    }
    Ok(())
}

fn too_small() -> Outcome {
    let area = Area::new(1)?;
    area.vmo.write(&[0xCC; 256], 0)?;
    let wanted: Answer = (Status::BUFFER_TOO_SMALL, 0, 1);
    for (handle, topic, size) in single() {
        for short in [0, 1, size - 1] {
            let given = get_info(handle, topic, area.at(0), short);
            ensure!(given == wanted, "topic {topic:#x}, {short}: {given:?}");
        }
    }
    ensure!(area.all(0, 256, 0xCC), "something was stored");
    Ok(())
}

fn bad_buffers() -> Outcome {
    let read_only = Area::with_options(1, libzx::MapOptions::PERM_READ)?;
    let bad = BAD_ADDRESSES.iter().map(|&(_, address, _)| address);
    for address in bad.chain([read_only.at(0)]) {
        for (handle, topic, size) in single() {
            let (given, ..) = get_info(handle, topic, address, size);
            ensure!(
                given == Status::INVALID_ARGS,
                "topic {topic:#x} to {address:#x}: {given:?}"
            );
        }
        for (topic, size) in ARRAYS {
            let (given, ..) = get_info(own_process(), topic, address, size);
            ensure!(
                given == Status::INVALID_ARGS,
                "topic {topic:#x} to {address:#x}: {given:?}"
            );
        }
    }
    Ok(())
}

fn arrays_truncate() -> Outcome {
    let area = Area::new(8)?;
    for (topic, size) in ARRAYS {
        let (given, actual, avail) = get_info(own_process(), topic, area.at(0), 8 * PAGE);
        ensure!(given == Status::OK, "topic {topic:#x}: {given:?}");
        ensure!(
            actual == avail && avail > 0,
            "topic {topic:#x}: {actual} of {avail}"
        );
        for (room, fits) in [(0, 0), (size - 1, 0), (size, 1), (size + 1, 1)] {
            area.vmo.write(&[0xCC; 512], 0)?;
            let given = get_info(own_process(), topic, area.at(0), room);
            ensure!(
                given == (Status::OK, fits, avail),
                "topic {topic:#x}, {room}: {given:?}"
            );
            let end = usize::try_from(fits * size).unwrap_or(0);
            ensure!(
                area.all(end, 512 - end, 0xCC),
                "topic {topic:#x}, {room}: too much stored"
            );
        }
    }
    Ok(())
}

/// No record is stored, so no buffer is needed.
fn counting_needs_no_buffer() -> Outcome {
    for (topic, _) in ARRAYS {
        let (given, actual, avail) = get_info(own_process(), topic, 0, 0);
        ensure!(
            (given, actual) == (Status::OK, 0) && avail > 0,
            "topic {topic:#x}: {given:?}, {actual} of {avail}"
        );
    }
    Ok(())
}

fn ask(handle: u32, topic: u32, buffer: u64, size: u64, actual: u64, avail: u64) -> Status {
    let args = [
        u64::from(handle),
        u64::from(topic),
        buffer,
        size,
        actual,
        avail,
    ];
    status(Call::ObjectGetInfo, &args)
}

fn counts_may_be_null() -> Outcome {
    let area = Area::new(2)?;
    let mut count = UNTOUCHED;
    for (handle, topic, size) in single() {
        expect_eq!(ask(handle, topic, area.at(0), size, 0, 0), Status::OK);
    }
    for (topic, size) in ARRAYS {
        let room = area.at(0);
        let own = own_process();
        expect_eq!(ask(own, topic, room, size, 0, 0), Status::OK);
        expect_eq!(ask(own, topic, room, size, out(&mut count), 0), Status::OK);
        expect_eq!(core::hint::black_box(count), 1);
        count = UNTOUCHED;
        expect_eq!(ask(own, topic, room, 0, 0, out(&mut count)), Status::OK);
        ensure!(core::hint::black_box(count) < 1000, "no count");
    }
    Ok(())
}

fn bad_counts() -> Outcome {
    let area = Area::new(1)?;
    let bad = BAD_ADDRESSES.iter().filter(|&&(_, at, _)| at != 0);
    for &(what, bad, _) in bad {
        for (handle, topic, size) in [
            (own_process(), Topic::HANDLE_BASIC, 32),
            (own_process(), Topic::PROCESS_MAPS, 152),
        ] {
            let given = ask(handle, topic, area.at(0), size, bad, 0);
            ensure!(given == Status::INVALID_ARGS, "{what}: {given:?}");
            let given = ask(handle, topic, area.at(0), size, 0, bad);
            ensure!(given == Status::INVALID_ARGS, "{what}: {given:?}");
        }
    }
    Ok(())
}

fn unknown_topics() -> Outcome {
    let area = Area::new(1)?;
    area.vmo.write(&[0xCC; 64], 0)?;
    for topic in [
        0,
        5,
        99,
        0x0FFF_FFFF,
        Topic::HANDLE_BASIC | 1 << 28,
        Topic::VMO | 9 << 28,
        u32::MAX,
    ] {
        let (given, ..) = get_info(own_process(), topic, area.at(0), PAGE);
        ensure!(
            given == Status::NOT_SUPPORTED,
            "topic {topic:#x}: {given:?}"
        );
    }
    ensure!(area.all(0, 64, 0xCC), "something was stored");
    Ok(())
}

/// The right that a topic needs is the only one, and it is needed.
fn rights() -> Outcome {
    let area = Area::new(4)?;
    let process = |topic, right| (own_process(), topic, right);
    let (inspect, none) = (Rights::INSPECT, Rights::empty());
    for (handle, topic, right) in [
        process(Topic::HANDLE_VALID, none),
        process(Topic::HANDLE_BASIC, none),
        process(Topic::PROCESS, inspect),
        process(Topic::PROCESS_THREADS, Rights::ENUMERATE),
        (root(), Topic::VMAR, inspect),
        process(Topic::TASK_STATS_V1, inspect),
        process(Topic::TASK_STATS, inspect),
        process(Topic::PROCESS_MAPS_V1, inspect),
        process(Topic::PROCESS_MAPS_V2, inspect),
        process(Topic::PROCESS_MAPS, inspect),
        process(Topic::PROCESS_VMOS_V1, inspect),
        process(Topic::PROCESS_VMOS, inspect),
        process(Topic::HANDLE_COUNT, inspect),
        (vdso(), Topic::VMO_V1, none),
        (vdso(), Topic::VMO, none),
    ] {
        let only = duplicate(handle, right.bits())?;
        let (given, ..) = get_info(only, topic, area.at(0), 4 * PAGE);
        ensure!(given == Status::OK, "topic {topic:#x}: {given:?}");
        if !right.is_empty() {
            let all = crate::inspect::basic(handle)?.rights;
            let rest = duplicate(handle, all & !right.bits())?;
            let (given, ..) = get_info(rest, topic, area.at(0), 4 * PAGE);
            ensure!(
                given == Status::ACCESS_DENIED,
                "topic {topic:#x} without {right:?}: {given:?}"
            );
            expect_eq!(close(rest), Status::OK);
        }
        expect_eq!(close(only), Status::OK);
    }
    Ok(())
}

fn types() -> Outcome {
    let area = Area::new(1)?;
    let child = Child::new("typed")?;
    for topic in [
        Topic::PROCESS,
        Topic::PROCESS_THREADS,
        Topic::TASK_STATS,
        Topic::PROCESS_MAPS,
        Topic::PROCESS_VMOS,
        Topic::VMAR,
    ] {
        let other = if topic == Topic::VMAR {
            child.process
        } else {
            root()
        };
        // The wrong type comes before the missing right.
        let powerless = duplicate(other, 0)?;
        for handle in [other, powerless, vdso()] {
            let (given, ..) = get_info(handle, topic, area.at(0), PAGE);
            ensure!(given == Status::WRONG_TYPE, "topic {topic:#x}: {given:?}");
        }
        expect_eq!(close(powerless), Status::OK);
        let (given, ..) = get_info(0, topic, area.at(0), PAGE);
        expect_eq!(given, Status::BAD_HANDLE);
    }
    for topic in [Topic::VMO_V1, Topic::VMO_V2, Topic::VMO_V3, Topic::VMO] {
        let (given, ..) = get_info(root(), topic, area.at(0), PAGE);
        expect_eq!(given, Status::WRONG_TYPE);
        let (given, ..) = get_info(0, topic, area.at(0), PAGE);
        expect_eq!(given, Status::BAD_HANDLE);
    }
    let thread = startup()
        .thread_self()
        .map_or(0, |thread| thread.handle().raw());
    let (given, ..) = get_info(thread, Topic::PROCESS, area.at(0), PAGE);
    expect_eq!(given, Status::WRONG_TYPE);
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "a record is as long as its version says [15.1/7 15/6]",
        exact_sizes,
    );
    suite.case("a larger buffer is fine", larger_buffers);
    suite.case(
        "a buffer too small for the record is BUFFER_TOO_SMALL [15/13]",
        too_small,
    );
    suite.case(
        "a bad buffer is INVALID_ARGS [15/15 15.2/12 3/1]",
        bad_buffers,
    );
    suite.case(
        "arrays store what fits and count the rest [15/14]",
        arrays_truncate,
    );
    suite.case(
        "counting alone needs no buffer [15/14]",
        counting_needs_no_buffer,
    );
    suite.case("actual and avail may be NULL [15/17]", counts_may_be_null);
    suite.case(
        "bad pointers for actual and avail are INVALID_ARGS [3/1]",
        bad_counts,
    );
    suite.case("an unknown topic is NOT_SUPPORTED [15/16]", unknown_topics);
    suite.case("each topic needs its right and no other [15/1 15/2 15/3 15/4 15/5 15/6 15/7 15/8 15/9 15/11]", rights);
    suite.case(
        "a topic of another type of object is WRONG_TYPE [2.2/2]",
        types,
    );
}
