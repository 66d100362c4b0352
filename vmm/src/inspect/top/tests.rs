//! Samples of mocks, and rates between them.

use super::*;
use crate::inspect::Inspector;
use crate::objects::mock::MockGuest;
use abi::objects::Permissions;
use serde_json::json;

fn sample() -> TopSample {
    let mut guest = MockGuest::new(4 << 20).unwrap();
    let one = guest.process("one").unwrap();
    guest.thread(one, "main").unwrap();
    let two = guest.process("two").unwrap();
    let own = guest.vmo("own", 64 << 10).unwrap();
    guest.commit(own, 0, 12 << 10).unwrap();
    let both = guest.vmo("both", 64 << 10).unwrap();
    guest.commit(both, 0, 8 << 10).unwrap();
    for (process, at, vmo) in [
        (one, 0x200_0000, own),
        (one, 0x300_0000, both),
        (two, 0x300_0000, both),
    ] {
        guest
            .map(process, at, 64 << 10, (vmo, 0), Permissions::READ)
            .unwrap();
    }
    TopSample::take(&mut Inspector::mock(&guest)).unwrap()
}

fn with_stats(elapsed_ns: u64, reads: u64, writes: u64) -> TopSample {
    let mut sample = sample();
    sample.elapsed_ns = elapsed_ns;
    let totals = |calls, errors| CallTotals { calls, errors };
    sample.calls = Some(
        [
            ("zx_vmo_read".to_owned(), totals(reads, 0)),
            ("zx_vmo_write".to_owned(), totals(writes, writes / 10)),
        ]
        .into(),
    );
    for process in &mut sample.processes {
        process.totals = Some(totals(reads, 1));
    }
    sample
}

#[test]
fn memory_is_private_or_shared_and_what_is_not_known_is_not_told() {
    let frame = TopFrame::new(None, &sample());
    let memory: Vec<_> = frame
        .processes
        .iter()
        .map(|p| (p.process.name.as_str(), p.process.private, p.process.shared))
        .collect();
    assert_eq!(memory, [("one", 12 << 10, 8 << 10), ("two", 0, 8 << 10)]);
    assert_eq!(frame.calls_per_second, None);
    assert!(frame.processes.iter().all(|p| p.calls_per_second.is_none()));
    assert!(frame.free_frames < frame.managed_frames);
}

#[test]
fn rates_are_of_the_interval() {
    let (before, now) = (
        with_stats(1_000_000_000, 100, 10),
        with_stats(3_000_000_000, 300, 1010),
    );
    let frame = TopFrame::new(Some(&before), &now);
    assert_eq!(frame.interval_ns, 2_000_000_000);
    assert_eq!(
        (frame.calls_per_second, frame.errors_per_second),
        (Some(600), Some(50))
    );
    let calls: Vec<_> = frame
        .calls
        .iter()
        .map(|c| (c.name.as_str(), c.calls_per_second))
        .collect();
    assert_eq!(calls, [("zx_vmo_write", 500), ("zx_vmo_read", 100)]);
    let first = frame.processes.first().unwrap();
    assert_eq!(
        (first.calls_per_second, first.errors_per_second),
        (Some(100), Some(0))
    );
    // Without a look before, since the start.
    let frame = TopFrame::new(None, &before);
    assert_eq!(frame.calls_per_second, Some(110));
}

#[test]
fn totals_that_go_back_or_never_end_are_no_panic() {
    let frame = TopFrame::new(
        Some(&with_stats(5, 100, 0)),
        &with_stats(6, u64::MAX, u64::MAX),
    );
    assert_eq!(frame.calls_per_second, Some(u64::MAX));
    let frame = TopFrame::new(Some(&with_stats(9, 100, 0)), &with_stats(6, 50, 0));
    assert_eq!((frame.interval_ns, frame.calls_per_second), (0, Some(0)));
}

#[test]
fn statistics_are_read_as_a_machine_tells_them() {
    let mut guest = MockGuest::new(4 << 20).unwrap();
    guest.process("p").unwrap();
    let mut sample = TopSample::take(&mut Inspector::mock(&guest)).unwrap();
    assert_eq!(sample.calls, None);
    let stats = json!({
        "ticks": 3,
        "calls": {"zx_vmo_read": {"calls": 7, "exits": 9, "errors": 2, "bytes": 4096}, "odd": 3},
        "processes": {"1024": {"calls": 7, "errors": 2}},
    });
    sample.tell(&stats);
    let calls = sample.calls.unwrap();
    assert_eq!(calls.len(), 1);
    assert_eq!(
        calls["zx_vmo_read"],
        CallTotals {
            calls: 7,
            errors: 2
        }
    );
    let process = sample.processes.first().unwrap();
    assert_eq!(
        process.totals,
        Some(CallTotals {
            calls: 7,
            errors: 2
        })
    );
}
