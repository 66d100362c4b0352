//! `ZX_PAGER_OP_FAIL` and what it does to those who wait (reference §17.5, §4.5).

use super::create::pager_with;
use super::kit::{
    CODES, KEY, READ, Rig, child, of, pager_vmo, patterned, raw, reading, with_rights,
};
use super::requests::came;
use crate::memory::PAGE;
use crate::probe;
use crate::suite::Outcome;
use crate::{ensure, expect_eq, pattern};
use abi::options::{ChildOptions, PagerOp};
use libzx::{Call, PAGE_SIZE, Rights, Status, Vmo};

/// The cases of this file.
pub(super) const CASES: super::Cases = &[
    (
        "fail: readers get each of the five codes [4.5/8 4.5/9 4.5/10 4.5/11 4.5/12 22/18]",
        readers_get_each_code,
    ),
    (
        "fail: writers get each of the five codes [22/19]",
        writers_get_each_code,
    ),
    (
        "fail: the page stays absent, the next access asks again [4.5/13 17.5/9]",
        the_page_stays_absent,
    ),
    (
        "fail: early pages have been read, later ones not [4.5/14]",
        early_bytes_have_come,
    ),
    (
        "fail: early pages have been written, later ones not [4.5/14]",
        early_bytes_have_gone,
    ),
    (
        "fail: the page needed next decides [17.5/12]",
        the_next_page_decides,
    ),
    (
        "fail: of a later page is forgotten and asked anew [17.5/13]",
        a_later_failure_is_forgotten,
    ),
    (
        "fail: a second reader sees the failure of its part [17.5/14]",
        a_second_reader_sees_its_part,
    ),
    ("fail: all who wait for the page fail", all_who_wait_fail),
    (
        "fail: with nothing outstanding nothing happens [17.5/10 17.5/11]",
        nothing_outstanding,
    ),
    (
        "fail: requests elsewhere stand [17.5/8 17.3/7]",
        others_requests_stand,
    ),
    (
        "fail: the code must be one of the five [17.5/5]",
        the_code_must_be_one_of_five,
    ),
    ("fail: ranges outside are OUT_OF_RANGE [17.5/6]", ranges),
    (
        "op_range: unaligned comes before handles [17.5/1]",
        alignment_comes_first,
    ),
    (
        "op_range: handles, rights and ownership in order [17.5/2 17.5/3]",
        handles_in_order,
    ),
    (
        "op_range: unknown operations are NOT_SUPPORTED [17.5/4]",
        unknown_operations,
    ),
    (
        "fail: what was failed can be supplied [17.5/10]",
        supply_after_fail,
    ),
];

fn op(args: [u64; 6]) -> Status {
    probe::status(Call::PagerOpRange, &args)
}

const FAIL: u64 = PagerOp::FAIL as u64;

pub(super) fn readers_get_each_code() -> Outcome {
    let rig = Rig::new(2)?;
    for code in CODES {
        let call = rig.reading(PAGE, 10)?;
        rig.expect(READ, 1, 1)?;
        expect_eq!(rig.fail(1, 1, code), Status::OK);
        expect_eq!(call.status()?, code);
        ensure!(rig.buffer.all(0, 10, 0), "bytes came");
    }
    rig.quiet()
}

pub(super) fn writers_get_each_code() -> Outcome {
    let rig = Rig::new(2)?;
    rig.buffer.fill(1, 10);
    for code in CODES {
        let call = rig.writing(PAGE + 5, 10)?;
        rig.expect(READ, 1, 1)?;
        expect_eq!(rig.fail(1, 1, code), Status::OK);
        expect_eq!(call.status()?, code);
    }
    // None of the bytes has gone anywhere.
    rig.give(1, 1, 2)?;
    rig.holds(1, 1, 2)
}

pub(super) fn the_page_stays_absent() -> Outcome {
    let rig = Rig::new(2)?;
    let call = rig.reading(0, 10)?;
    rig.expect(READ, 0, 1)?;
    expect_eq!(rig.fail(0, 1, Status::IO), Status::OK);
    expect_eq!(call.status()?, Status::IO);
    // A new access makes a new request, which may well succeed.
    let again = rig.reading(0, 10)?;
    rig.expect(READ, 0, 1)?;
    rig.give(0, 1, 3)?;
    expect_eq!(again.status()?, Status::OK);
    came(&rig, 3, 0, 10)?;
    rig.quiet()
}

pub(super) fn early_bytes_have_come() -> Outcome {
    let rig = Rig::new(4)?;
    rig.give(0, 2, 4)?;
    let call = rig.reading(100, 3 * PAGE)?;
    rig.expect(READ, 2, 2)?;
    expect_eq!(rig.fail(2, 2, Status::IO_DATA_INTEGRITY), Status::OK);
    expect_eq!(call.status()?, Status::IO_DATA_INTEGRITY);
    came(&rig, 4, 100, 2 * PAGE - 100)?;
    ensure!(
        rig.buffer.all(2 * PAGE_SIZE - 100, PAGE_SIZE + 200, 0),
        "bytes behind the failure came"
    );
    Ok(())
}

pub(super) fn early_bytes_have_gone() -> Outcome {
    let rig = Rig::new(3)?;
    rig.give(0, 1, 4)?;
    rig.buffer.fill(5, 2 * PAGE_SIZE);
    let call = rig.writing(0, 2 * PAGE)?;
    rig.expect(READ, 1, 1)?;
    expect_eq!(rig.fail(1, 1, Status::NO_SPACE), Status::OK);
    expect_eq!(call.status()?, Status::NO_SPACE);
    rig.holds(0, 1, 5)?;
    rig.give(1, 1, 4)?;
    rig.holds(1, 1, 4)
}

/// The page needed next fails; the rest of the request need not be answered.
pub(super) fn the_next_page_decides() -> Outcome {
    let rig = Rig::new(4)?;
    let call = rig.reading(0, 4 * PAGE)?;
    rig.expect(READ, 0, 4)?;
    expect_eq!(rig.fail(0, 1, Status::IO), Status::OK);
    expect_eq!(call.status()?, Status::IO);
    ensure!(rig.buffer.all(0, 4 * PAGE_SIZE, 0), "bytes came");
    Ok(())
}

pub(super) fn a_later_failure_is_forgotten() -> Outcome {
    let rig = Rig::new(4)?;
    let call = rig.reading(0, 4 * PAGE)?;
    rig.expect(READ, 0, 4)?;
    expect_eq!(rig.fail(2, 1, Status::IO), Status::OK);
    call.stays_blocked()?;
    rig.give(0, 2, 6)?;
    // It takes the two and asks anew for the failed one, up to what still stands.
    rig.expect(READ, 2, 1)?;
    call.stays_blocked()?;
    rig.give(2, 1, 6)?;
    call.stays_blocked()?;
    rig.quiet()?;
    rig.give(3, 1, 6)?;
    expect_eq!(call.status()?, Status::OK);
    came(&rig, 6, 0, 4 * PAGE)?;
    rig.quiet()
}

pub(super) fn a_second_reader_sees_its_part() -> Outcome {
    let rig = Rig::new(4)?;
    let wide = rig.reading(0, 4 * PAGE)?;
    rig.expect(READ, 0, 4)?;
    let second = reading(&rig.vmo, rig.buffer.at(8 * PAGE), 2 * PAGE, 10)?;
    rig.quiet()?;
    expect_eq!(rig.fail(2, 1, Status::IO), Status::OK);
    rig.give(3, 1, 6)?;
    wide.stays_blocked()?;
    second.stays_blocked()?;
    // The last answer wakes both: the one takes what it needs next and asks for the page
    // that failed; the other sees that failure.
    rig.give(0, 2, 6)?;
    expect_eq!(second.status()?, Status::IO);
    ensure!(rig.buffer.all(8 * PAGE_SIZE, 10, 0), "bytes came");
    rig.expect(READ, 2, 1)?;
    rig.give(2, 1, 6)?;
    expect_eq!(wide.status()?, Status::OK);
    came(&rig, 6, 0, 4 * PAGE)?;
    rig.quiet()
}

pub(super) fn all_who_wait_fail() -> Outcome {
    let rig = Rig::new(1)?;
    let first = rig.reading(0, 10)?;
    rig.expect(READ, 0, 1)?;
    let second = reading(&rig.vmo, rig.buffer.at(4 * PAGE), 0, 10)?;
    let third = rig.writing(20, 10)?;
    rig.quiet()?;
    expect_eq!(rig.fail(0, 1, Status::BUFFER_TOO_SMALL), Status::OK);
    for call in [first, second, third] {
        expect_eq!(call.status()?, Status::BUFFER_TOO_SMALL);
    }
    rig.quiet()
}

pub(super) fn nothing_outstanding() -> Outcome {
    let rig = Rig::new(4)?;
    rig.give(1, 1, 7)?;
    expect_eq!(rig.fail(0, 4, Status::IO), Status::OK);
    // Present pages are not affected, and no failure waits for the next one who asks.
    rig.holds(1, 1, 7)?;
    let call = rig.reading(0, 10)?;
    rig.expect(READ, 0, 1)?;
    rig.give(0, 1, 7)?;
    expect_eq!(call.status()?, Status::OK);
    came(&rig, 7, 0, 10)
}

pub(super) fn others_requests_stand() -> Outcome {
    let rig = Rig::new(4)?;
    let first = rig.reading(0, 10)?;
    rig.expect(READ, 0, 1)?;
    let second = reading(&rig.vmo, rig.buffer.at(4 * PAGE), 3 * PAGE, 10)?;
    rig.expect(READ, 3, 1)?;
    expect_eq!(rig.fail(0, 3, Status::IO), Status::OK);
    expect_eq!(first.status()?, Status::IO);
    second.stays_blocked()?;
    rig.give(3, 1, 1)?;
    expect_eq!(second.status()?, Status::OK);
    expect_eq!(rig.buffer.mismatch(1, 4 * PAGE_SIZE, 3 * PAGE, 10), None);
    rig.quiet()
}

pub(super) fn the_code_must_be_one_of_five() -> Outcome {
    let rig = Rig::new(2)?;
    let call = rig.reading(0, 10)?;
    rig.expect(READ, 0, 1)?;
    let bad = [
        Status::OK,
        Status::INTERNAL,
        Status::NO_MEMORY,
        Status::OUT_OF_RANGE,
        Status::NOT_FOUND,
        Status::IO_REFUSED,
        Status::IO_DATA_LOSS,
        Status(40),
    ];
    for code in bad {
        expect_eq!(rig.fail(0, 1, code), Status::INVALID_ARGS);
    }
    // A status that is not sign-extended is none.
    let io = Status::IO.to_register();
    for data in [io & 0xFFFF_FFFF, io ^ (1 << 40)] {
        expect_eq!(rig.op(PagerOp::FAIL, 0, 1, data), Status::INVALID_ARGS);
    }
    // The code is looked at before the range.
    expect_eq!(rig.fail(9, 1, Status::NOT_FOUND), Status::INVALID_ARGS);
    call.stays_blocked()?;
    expect_eq!(rig.fail(0, 1, Status::IO), Status::OK);
    expect_eq!(call.status()?, Status::IO);
    Ok(())
}

pub(super) fn ranges() -> Outcome {
    let rig = Rig::new(4)?;
    let call = rig.reading(0, 10)?;
    rig.expect(READ, 0, 1)?;
    for (page, pages) in [
        (4, 1),
        (0, 5),
        (5, 0),
        ((1 << 52) - 1, 1),
        (1, (1 << 52) - 1),
    ] {
        expect_eq!(rig.fail(page, pages, Status::IO), Status::OUT_OF_RANGE);
    }
    call.stays_blocked()?;
    expect_eq!(rig.fail(4, 0, Status::IO), Status::OK);
    call.stays_blocked()?;
    expect_eq!(rig.fail(0, 4, Status::IO), Status::OK);
    expect_eq!(call.status()?, Status::IO);
    Ok(())
}

pub(super) fn alignment_comes_first() -> Outcome {
    let rig = Rig::new(2)?;
    let io = Status::IO.to_register();
    for by in [1, 8, PAGE - 1] {
        for (pager, vmo) in [(raw(&rig.pager), of(&rig.vmo)), (0, 0)] {
            for op_number in [FAIL, 99] {
                expect_eq!(
                    op([pager, op_number, vmo, by, PAGE, io]),
                    Status::INVALID_ARGS
                );
                expect_eq!(
                    op([pager, op_number, vmo, 0, PAGE + by, io]),
                    Status::INVALID_ARGS
                );
            }
        }
    }
    Ok(())
}

pub(super) fn handles_in_order() -> Outcome {
    let rig = Rig::new(2)?;
    let call = rig.reading(0, 10)?;
    rig.expect(READ, 0, 1)?;
    let (pager, vmo, port) = (raw(&rig.pager), of(&rig.vmo), raw(&rig.port));
    let io = Status::IO.to_register();
    let fail = |pager, vmo| op([pager, FAIL, vmo, 0, PAGE, io]);
    expect_eq!(fail(0, vmo), Status::BAD_HANDLE);
    expect_eq!(fail(port, 0), Status::WRONG_TYPE);
    let attacher = pager_with(Rights::ATTACH_VMO)?;
    expect_eq!(fail(raw(&attacher), 0), Status::ACCESS_DENIED);
    expect_eq!(fail(pager, 0), Status::BAD_HANDLE);
    expect_eq!(fail(pager, port), Status::WRONG_TYPE);
    let unwritable = with_rights(
        rig.vmo.handle(),
        Rights::DEFAULT_VMO.difference(Rights::WRITE),
    )?;
    expect_eq!(fail(pager, raw(&unwritable)), Status::ACCESS_DENIED);
    let manager = pager_with(Rights::MANAGE_VMO)?;
    let foreign = pager_vmo(&manager, 0, &rig.port, KEY, 2 * PAGE)
        .err()
        .is_some();
    ensure!(foreign, "MANAGE_VMO alone made a VMO");
    // Not this pager's, whatever the operation and its data.
    let plain = Vmo::create(2 * PAGE)?;
    let options = ChildOptions::SNAPSHOT_AT_LEAST_ON_WRITE.bits();
    let clone = child(&rig.vmo, options, 0, 2)?;
    for (pager, vmo) in [
        (raw(&manager), vmo),
        (pager, of(&plain)),
        (pager, of(&clone)),
    ] {
        for number in 1..=4 {
            expect_eq!(op([pager, number, vmo, 0, PAGE, io]), Status::INVALID_ARGS);
        }
    }
    call.stays_blocked()?;
    let writable = with_rights(rig.vmo.handle(), Rights::WRITE)?;
    expect_eq!(fail(pager, raw(&writable)), Status::OK);
    expect_eq!(call.status()?, Status::IO);
    Ok(())
}

pub(super) fn unknown_operations() -> Outcome {
    let rig = Rig::new(2)?;
    for number in [0, 5, 6, 99, u32::MAX] {
        expect_eq!(rig.op(number, 0, 1, 0), Status::NOT_SUPPORTED);
    }
    Ok(())
}

/// Failing what was supplied already changes nothing; supplying what was failed does.
pub(super) fn supply_after_fail() -> Outcome {
    let rig = Rig::new(2)?;
    let call = rig.reading(0, 2 * PAGE)?;
    rig.expect(READ, 0, 2)?;
    expect_eq!(rig.fail(0, 2, Status::IO), Status::OK);
    expect_eq!(call.status()?, Status::IO);
    let aux = patterned(3, 0, 2)?;
    expect_eq!(rig.supply_from(0, 2, &aux, 0), Status::OK);
    expect_eq!(rig.fail(0, 2, Status::IO), Status::OK);
    rig.holds(0, 2, 3)?;
    expect_eq!(rig.buffer.map.byte(0), pattern::byte(3, 0));
    rig.quiet()
}
