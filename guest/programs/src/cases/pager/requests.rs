//! Packets and blocked readers and writers (reference §17.3, §4.5).

use super::kit::{
    BUFFER, COMPLETE, KEY, READ, Rig, child, holds, pager_vmo, port, reading, request_of, supply,
    take,
};
use crate::background::{Background, PATIENCE, settle};
use crate::memory::PAGE;
use crate::probe;
use crate::suite::Outcome;
use crate::{ensure, expect_eq, pattern};
use abi::options::ChildOptions;
use libzx::{Call, PAGE_SIZE, Status, monotonic};

/// The cases of this file.
pub(super) const CASES: super::Cases = &[
    (
        "a read blocks until its page is supplied [4.4/15 4.5/2 17.3/1]",
        a_read_blocks_until_supplied,
    ),
    (
        "present pages need nobody [4.5/1]",
        present_pages_need_nobody,
    ),
    (
        "a read asks for its whole range [4.5/3]",
        a_read_asks_for_the_whole_range,
    ),
    (
        "a read goes on with the page it needs next [4.5/4]",
        a_read_goes_on_page_by_page,
    ),
    (
        "requests stop at present pages [4.5/1 4.5/3]",
        requests_stop_at_present_pages,
    ),
    (
        "a write to an absent page needs it read first [4.5/6]",
        a_write_needs_the_page_first,
    ),
    (
        "a write asks for 16 pages at a time [4.5/5]",
        a_write_asks_for_16_pages,
    ),
    (
        "a second reader makes no packet [17.3/2]",
        a_second_reader_makes_no_packet,
    ),
    (
        "a wider need asks for the rest, later [17.3/3 17.3/4]",
        a_wider_need_asks_for_the_rest,
    ),
    (
        "keys and ports tell VMOs apart [17.3/1]",
        keys_tell_vmos_apart,
    ),
    (
        "the last handle closed: COMPLETE [17.3/5]",
        the_last_handle_completes,
    ),
    (
        "a mapping keeps the VMO from completing [17.3/5]",
        a_mapping_holds_the_vmo,
    ),
    (
        "a clone keeps the pager serving [10.4/10 17.7/1]",
        a_clone_holds_the_vmo,
    ),
    (
        "the last clone closed: COMPLETE [17.3/5]",
        the_last_clone_completes,
    ),
    (
        "packets of users and pagers come in order",
        port_packets_of_users_pass_too,
    ),
    (
        "others go on while a reader waits [4.5/1 17.3/7]",
        others_go_on_meanwhile,
    ),
    (
        "the handle may go while the call waits",
        the_handle_may_go_meanwhile,
    ),
    (
        "the last handle may go while the call waits",
        the_last_handle_goes_meanwhile,
    ),
];

/// Whether the first `length` bytes of the buffer are the pattern's from `offset` on.
pub(super) fn came(rig: &Rig, seed: u64, offset: u64, length: u64) -> Outcome {
    let length = usize::try_from(length).unwrap_or(0);
    let wrong = rig.buffer.mismatch(seed, 0, offset, length);
    ensure!(wrong.is_none(), "first wrong byte at {wrong:x?}");
    Ok(())
}

pub(super) fn a_read_blocks_until_supplied() -> Outcome {
    let rig = Rig::new(4)?;
    let call = rig.reading(2 * PAGE + 100, 50)?;
    rig.expect(READ, 2, 1)?;
    call.stays_blocked()?;
    rig.give(2, 1, 7)?;
    expect_eq!(call.status()?, Status::OK);
    came(&rig, 7, 2 * PAGE + 100, 50)?;
    ensure!(rig.buffer.all(50, 100, 0), "bytes behind changed");
    rig.quiet()
}

pub(super) fn present_pages_need_nobody() -> Outcome {
    let rig = Rig::new(4)?;
    rig.give(1, 2, 8)?;
    expect_eq!(rig.read(PAGE, 2 * PAGE), Status::OK);
    came(&rig, 8, PAGE, 2 * PAGE)?;
    rig.buffer.fill(9, 10);
    expect_eq!(
        probe::vmo_write(rig.handle(), rig.buffer.at(0), PAGE + 5, 10),
        Status::OK
    );
    expect_eq!(rig.read(PAGE + 4, 12), Status::OK);
    expect_eq!(rig.buffer.map.byte(0), pattern::byte(8, PAGE + 4));
    expect_eq!(rig.buffer.map.byte(1), pattern::byte(9, 0));
    expect_eq!(rig.buffer.map.byte(11), pattern::byte(8, PAGE + 15));
    rig.quiet()
}

pub(super) fn a_read_asks_for_the_whole_range() -> Outcome {
    let rig = Rig::new(24)?;
    let call = rig.reading(PAGE + 1, 19 * PAGE)?;
    rig.expect(READ, 1, 20)?;
    rig.quiet()?;
    rig.give(1, 20, 5)?;
    expect_eq!(call.status()?, Status::OK);
    came(&rig, 5, PAGE + 1, 19 * PAGE)?;
    rig.quiet()
}

pub(super) fn a_read_goes_on_page_by_page() -> Outcome {
    let rig = Rig::new(3)?;
    let call = rig.reading(0, 3 * PAGE)?;
    rig.expect(READ, 0, 3)?;
    // What it needs next is page 0; the others do not wake it.
    rig.give(2, 1, 5)?;
    call.stays_blocked()?;
    ensure!(rig.buffer.all(0, 3 * PAGE_SIZE, 0), "bytes came early");
    rig.give(0, 1, 5)?;
    call.stays_blocked()?;
    // It has taken page 0 and waits for page 1, which is asked for already.
    came(&rig, 5, 0, PAGE)?;
    rig.quiet()?;
    rig.give(1, 1, 5)?;
    expect_eq!(call.status()?, Status::OK);
    came(&rig, 5, 0, 3 * PAGE)?;
    rig.quiet()
}

pub(super) fn requests_stop_at_present_pages() -> Outcome {
    let rig = Rig::new(8)?;
    rig.give(3, 1, 6)?;
    let call = rig.reading(0, 8 * PAGE)?;
    rig.expect(READ, 0, 3)?;
    rig.give(0, 3, 6)?;
    rig.expect(READ, 4, 4)?;
    rig.give(4, 4, 6)?;
    expect_eq!(call.status()?, Status::OK);
    came(&rig, 6, 0, 8 * PAGE)
}

pub(super) fn a_write_needs_the_page_first() -> Outcome {
    let rig = Rig::new(2)?;
    rig.buffer.fill(3, 8);
    let call = rig.writing(PAGE + 16, 8)?;
    rig.expect(READ, 1, 1)?;
    call.stays_blocked()?;
    rig.give(1, 1, 4)?;
    expect_eq!(call.status()?, Status::OK);
    rig.quiet()?;
    expect_eq!(rig.read(PAGE, PAGE), Status::OK);
    let wrong = (0..PAGE).zip(0..).find(|&(at, place)| {
        let wanted = match at {
            16..24 => pattern::byte(3, at - 16),
            _ => pattern::byte(4, PAGE + at),
        };
        rig.buffer.map.byte(place) != wanted
    });
    ensure!(wrong.is_none(), "first wrong byte at {wrong:?}");
    Ok(())
}

pub(super) fn a_write_asks_for_16_pages() -> Outcome {
    let rig = Rig::new(24)?;
    rig.buffer.fill(3, BUFFER * PAGE_SIZE);
    let call = rig.writing(0, 20 * PAGE)?;
    rig.expect(READ, 0, 16)?;
    rig.quiet()?;
    rig.give(0, 16, 4)?;
    rig.expect(READ, 16, 4)?;
    rig.give(16, 4, 4)?;
    expect_eq!(call.status()?, Status::OK);
    rig.quiet()?;
    rig.holds(0, 20, 3)
}

pub(super) fn a_second_reader_makes_no_packet() -> Outcome {
    let rig = Rig::new(4)?;
    let first = rig.reading(0, 2 * PAGE)?;
    rig.expect(READ, 0, 2)?;
    let second = reading(&rig.vmo, rig.buffer.at(8 * PAGE), 0, 2 * PAGE)?;
    let third = reading(&rig.vmo, rig.buffer.at(16 * PAGE), PAGE, 10)?;
    rig.quiet()?;
    rig.give(0, 2, 1)?;
    for call in [first, second, third] {
        expect_eq!(call.status()?, Status::OK);
    }
    came(&rig, 1, 0, 2 * PAGE)?;
    expect_eq!(
        rig.buffer.mismatch(1, 8 * PAGE_SIZE, 0, 2 * PAGE_SIZE),
        None
    );
    expect_eq!(rig.buffer.mismatch(1, 16 * PAGE_SIZE, PAGE, 10), None);
    rig.quiet()
}

pub(super) fn a_wider_need_asks_for_the_rest() -> Outcome {
    let rig = Rig::new(8)?;
    let first = reading(&rig.vmo, rig.buffer.at(8 * PAGE), 3 * PAGE, 10)?;
    rig.expect(READ, 3, 1)?;
    let wide = rig.reading(0, 8 * PAGE)?;
    // Up to the next request that stands.
    rig.expect(READ, 0, 3)?;
    rig.quiet()?;
    rig.give(0, 3, 2)?;
    // Page 3 is asked for already; the remainder is asked later.
    wide.stays_blocked()?;
    rig.quiet()?;
    rig.give(3, 1, 2)?;
    expect_eq!(first.status()?, Status::OK);
    rig.expect(READ, 4, 4)?;
    rig.give(4, 4, 2)?;
    expect_eq!(wide.status()?, Status::OK);
    came(&rig, 2, 0, 8 * PAGE)?;
    rig.quiet()
}

pub(super) fn keys_tell_vmos_apart() -> Outcome {
    let rig = Rig::new(2)?;
    let other = pager_vmo(&rig.pager, 0, &rig.port, 0, 2 * PAGE)?;
    let elsewhere = port()?;
    let third = pager_vmo(&rig.pager, 0, &elsewhere, u64::MAX, 2 * PAGE)?;
    let on_other = reading(&other, rig.buffer.at(4 * PAGE), PAGE, 1)?;
    let deadline = monotonic() + PATIENCE;
    expect_eq!(request_of(&take(&rig.port, deadline)?, 0)?, (READ, 1, 1));
    let on_third = reading(&third, rig.buffer.at(8 * PAGE), 0, 1)?;
    expect_eq!(
        request_of(&take(&elsewhere, deadline)?, u64::MAX)?,
        (READ, 0, 1)
    );
    let on_first = rig.reading(0, 1)?;
    rig.expect(READ, 0, 1)?;
    rig.give(0, 1, 1)?;
    expect_eq!(on_first.status()?, Status::OK);
    on_other.stays_blocked()?;
    let aux = super::kit::patterned(2, 1, 1)?;
    expect_eq!(supply(&rig.pager, &other, 1, 1, &aux, 0), Status::OK);
    expect_eq!(on_other.status()?, Status::OK);
    expect_eq!(rig.buffer.map.byte(4 * PAGE_SIZE), pattern::byte(2, PAGE));
    on_third.stays_blocked()?;
    let aux = super::kit::patterned(3, 0, 1)?;
    expect_eq!(supply(&rig.pager, &third, 0, 1, &aux, 0), Status::OK);
    expect_eq!(on_third.status()?, Status::OK);
    expect_eq!(rig.buffer.map.byte(8 * PAGE_SIZE), pattern::byte(3, 0));
    rig.quiet()
}

pub(super) fn the_last_handle_completes() -> Outcome {
    let rig = Rig::new(1)?;
    let Rig { port, vmo, .. } = rig;
    let copy = vmo.handle().duplicate(libzx::Rights::SAME)?;
    drop(vmo);
    settle();
    expect_eq!(take(&port, 0).err(), Some(Status::TIMED_OUT));
    drop(copy);
    let packet = take(&port, monotonic() + PATIENCE)?;
    expect_eq!(request_of(&packet, KEY)?.0, COMPLETE);
    expect_eq!(take(&port, 0).err(), Some(Status::TIMED_OUT));
    Ok(())
}

pub(super) fn a_mapping_holds_the_vmo() -> Outcome {
    let rig = Rig::new(1)?;
    rig.give(0, 1, 5)?;
    let map = rig.map(1)?;
    let Rig { port, vmo, .. } = rig;
    drop(vmo);
    settle();
    expect_eq!(take(&port, 0).err(), Some(Status::TIMED_OUT));
    expect_eq!(map.byte(9), pattern::byte(5, 9));
    drop(map);
    let packet = take(&port, monotonic() + PATIENCE)?;
    expect_eq!(request_of(&packet, KEY)?.0, COMPLETE);
    Ok(())
}

/// The root's handle is gone, its clone reads on: the pager still serves.
pub(super) fn a_clone_holds_the_vmo() -> Outcome {
    let rig = Rig::new(2)?;
    rig.give(0, 1, 5)?;
    let options = ChildOptions::SNAPSHOT_AT_LEAST_ON_WRITE.bits();
    let clone = child(&rig.vmo, options, 0, 2)?;
    let Rig {
        port,
        vmo,
        buffer,
        pager,
    } = rig;
    drop(vmo);
    settle();
    expect_eq!(take(&port, 0).err(), Some(Status::TIMED_OUT));
    holds(&clone, &buffer, 0, 1, |at| pattern::byte(5, at))?;
    let call = reading(&clone, buffer.at(0), PAGE, 1)?;
    let packet = take(&port, monotonic() + PATIENCE)?;
    expect_eq!(request_of(&packet, KEY)?, (READ, 1, 1));
    call.stays_blocked()?;
    // Nobody has a handle any more to supply the page through.
    drop(pager);
    expect_eq!(call.status()?, Status::BAD_STATE);
    drop(clone);
    Ok(())
}

pub(super) fn the_last_clone_completes() -> Outcome {
    let rig = Rig::new(1)?;
    let options = ChildOptions::SNAPSHOT_AT_LEAST_ON_WRITE.bits();
    let clone = child(&rig.vmo, options, 0, 1)?;
    let Rig { port, vmo, .. } = rig;
    drop(vmo);
    settle();
    drop(clone);
    let packet = take(&port, monotonic() + PATIENCE)?;
    expect_eq!(request_of(&packet, KEY)?.0, COMPLETE);
    Ok(())
}

/// Packets of both kinds wait in one queue, in the order in which they came.
pub(super) fn port_packets_of_users_pass_too() -> Outcome {
    let rig = Rig::new(1)?;
    let mut packet = abi::info::PortPacket {
        key: 77,
        packet_type: abi::info::PacketType::USER,
        status: -5,
        payload: [9; 32],
    };
    let call = rig.reading(0, 1)?;
    settle();
    let args = [super::kit::raw(&rig.port), probe::out(&mut packet)];
    expect_eq!(probe::status(Call::PortQueue, &args), Status::OK);
    rig.expect(READ, 0, 1)?;
    let user = take(&rig.port, 0)?;
    expect_eq!((user.key, user.status, user.payload), (77, -5, [9; 32]));
    rig.give(0, 1, 3)?;
    expect_eq!(call.status()?, Status::OK);
    Ok(())
}

/// A reader blocked in one VMO does not hinder calls on another by other threads.
pub(super) fn others_go_on_meanwhile() -> Outcome {
    let rig = Rig::new(2)?;
    rig.give(1, 1, 4)?;
    let call = rig.reading(0, 2 * PAGE)?;
    rig.expect(READ, 0, 1)?;
    let second = reading(&rig.vmo, rig.buffer.at(4 * PAGE), PAGE, 100)?;
    expect_eq!(second.status()?, Status::OK);
    expect_eq!(rig.buffer.mismatch(4, 4 * PAGE_SIZE, PAGE, 100), None);
    call.stays_blocked()?;
    rig.give(0, 1, 4)?;
    expect_eq!(call.status()?, Status::OK);
    came(&rig, 4, 0, 2 * PAGE)
}

/// The handle that a blocked call was made with may go: the call holds on to the VMO.
pub(super) fn the_handle_may_go_meanwhile() -> Outcome {
    let rig = Rig::new(1)?;
    let copy = rig.vmo.handle().duplicate(libzx::Rights::SAME)?;
    let args = [super::kit::raw(&copy), rig.buffer.at(0), 0, 100];
    let call = Background::call(Call::VmoRead, &args)?;
    rig.expect(READ, 0, 1)?;
    drop(copy);
    call.stays_blocked()?;
    rig.give(0, 1, 6)?;
    expect_eq!(call.status()?, Status::OK);
    came(&rig, 6, 0, 100)
}

/// The same with the last handle of all: only detaching, through closing the pager, can
/// answer the call, and then the VMO goes.
pub(super) fn the_last_handle_goes_meanwhile() -> Outcome {
    let rig = Rig::new(1)?;
    let call = rig.reading(0, 100)?;
    rig.expect(READ, 0, 1)?;
    let Rig {
        port,
        pager,
        vmo,
        buffer,
    } = rig;
    drop(vmo);
    settle();
    drop(pager);
    let status = call.status()?;
    ensure!(
        status == Status::BAD_STATE,
        "the reader came back with {status}"
    );
    ensure!(buffer.all(0, 100, 0), "bytes came");
    drop(port);
    Ok(())
}
