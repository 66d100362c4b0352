//! Requests of a kernel that is broken or means harm.

use crate::guest::{
    CALL_ONCE, LIMIT, RAM, TEXT_ADDRESS, call_page, kernel, report_says, request, run,
    runs_into_the_limit,
};
use crate::{Outcome, check, vm};
use abi::call_page::{KernelRequest as Ask, Shutdown};
use abi::{Call, CallPage};
use libtest_mimic::Trial;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::time::Duration;
use vmm::machine::End;

/// The end of a kernel that makes this one call.
fn end_of(page: &CallPage) -> Result<End, libtest_mimic::Failed> {
    Ok(run(&kernel(&CALL_ONCE, page, b"some text"), LIMIT)?.0.end)
}

fn broken(what: Ask, args: [u64; 3], reason: &str) -> Outcome {
    report_says(&end_of(&request(what, args))?, reason)
}

fn panic_message() -> Outcome {
    let end = end_of(&request(Ask::Panic, [TEXT_ADDRESS, 9, 0]))?;
    check(
        matches!(&end, End::KernelPanic { message } if message == "some text"),
        &end,
    )
}

fn shutdown() -> Outcome {
    let end = end_of(&request(Ask::Shutdown, [Shutdown::ALL_ENDED, 0, 0]))?;
    check(matches!(end, End::NoPrograms), &end)?;
    let end = end_of(&request(Ask::Shutdown, [Shutdown::DEADLOCK, 0, 0]))?;
    check(matches!(end, End::Deadlock), &end)?;
    broken(Ask::Shutdown, [77, 0, 0], "unknown reason 77")
}

fn console() -> Outcome {
    let page = request(Ask::Console, [TEXT_ADDRESS, 9, 1]);
    let image = kernel(&CALL_ONCE, &page, b"some text");
    let (_, seen) = run(&image, Duration::from_millis(200))?;
    check(seen.console == b"some text" && seen.boots == 1, &seen)?;
    broken(Ask::Console, [RAM - 4, 8, 1], "are not RAM")?;
    broken(Ask::Console, [u64::MAX, 8, 1], "are not RAM")?;
    broken(Ask::Console, [0, u64::MAX, 1], "more than a page")
}

fn idle() -> Outcome {
    let page = request(Ask::Idle, [u64::MAX, 0, 0]);
    runs_into_the_limit(&kernel(&CALL_ONCE, &page, &[]))
}

fn records() -> Outcome {
    for what in [
        Ask::ProcessStarted,
        Ask::ProcessEnding,
        Ask::ProcessEnded,
        Ask::ThreadFaulted,
    ] {
        broken(what, [0, 0, 0], "there is none")?;
        broken(what, [TEXT_ADDRESS, 0, 0], "magic number")?;
        broken(what, [TEXT_ADDRESS + 1, 0, 0], "aligned")?;
        broken(what, [RAM, 0, 0], "not RAM")?;
        broken(what, [u64::MAX - 7, 0, 0], "not RAM")?;
    }
    Ok(())
}

fn frames() -> Outcome {
    for what in [Ask::ZeroFrames, Ask::CopyFrames] {
        broken(what, [TEXT_ADDRESS, 513, 0], "too long")?;
        broken(what, [TEXT_ADDRESS, u64::MAX, 0], "too long")?;
        broken(what, [RAM - 8, 2, 0], "not RAM")?;
        // The text, read as an address.
        broken(what, [TEXT_ADDRESS, 1, 0], "is not a frame")?;
    }
    let what = Ask::ZeroBytes;
    broken(what, [TEXT_ADDRESS, 4097, 0], "more than its page has")?;
    broken(what, [TEXT_ADDRESS + 4095, 2, 0], "more than its page has")?;
    broken(what, [TEXT_ADDRESS, u64::MAX, 0], "more than its page has")?;
    broken(what, [RAM, 1, 0], "not RAM")?;
    Ok(())
}

fn unknown() -> Outcome {
    for op in [6, 15, 28, 0xFFF, 0x100D, 0x2000, u32::MAX] {
        let end = end_of(&call_page(op, [0; 8]))?;
        report_says(&end, &format!("{op:#x}"))?;
    }
    broken(Ask::CallAnswered, [99, 0, 0], "unknown call 99")
}

/// Served calls of a kernel that has no process.
fn calls_of_nobody() -> Outcome {
    for &call in Call::ALL {
        // The check reports what it finds and answers, whatever there is.
        if call.number() > Call::LAST_SERVED || matches!(call, Call::Null | Call::DebugCheck) {
            continue;
        }
        report_says(&end_of(&call_page(call.number(), [3; 8]))?, "process")?;
    }
    Ok(())
}

/// Any request with any arguments: the machine may end in any way, the host goes on.
fn anything() -> Outcome {
    let op = prop_oneof![0x1000u32..0x100D, 0u32..6, any::<u32>()];
    let word = prop_oneof![
        any::<u64>(),
        0u64..RAM + 0x1000,
        Just(TEXT_ADDRESS),
        Just(u64::MAX),
        0u64..600,
    ];
    let page = (op, proptest::array::uniform8(word));
    let config = Config {
        cases: 64,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&page, |(op, args)| {
            let image = kernel(&CALL_ONCE, &call_page(op, args), &[0xA5; 64]);
            let outcome = run(&image, Duration::from_millis(50));
            prop_assert!(outcome.is_ok(), "{:?}", outcome.err());
            Ok(())
        })
        .map_err(|error| error.to_string().into())
}

pub fn tests() -> Vec<Trial> {
    vec![
        vm("a_kernel_panic_brings_its_message", panic_message),
        vm("a_shutdown_has_one_of_two_reasons", shutdown),
        vm("the_console_prints_ram_only", console),
        vm("an_endless_idle_ends_at_the_time_limit", idle),
        vm("records_that_are_none_are_reported", records),
        vm("lists_of_frames_that_are_none_are_reported", frames),
        vm("unknown_requests_are_reported", unknown),
        vm("calls_without_a_process_are_reported", calls_of_nobody),
        vm("whatever_is_asked_the_host_lives", anything),
    ]
}
