//! Detaching, closing the pager, closing the port (reference §17.6, §17.7).

use super::create::pager_with;
use super::kit::{
    COMPLETE, KEY, READ, RESIZABLE, Rig, child, of, pager_vmo, patterned, raw, reading, supply,
    with_rights,
};
use super::requests::came;
use crate::background::settle;
use crate::memory::PAGE;
use crate::probe;
use crate::suite::Outcome;
use crate::{ensure, expect_eq, pattern};
use abi::options::{ChildOptions, PagerOp};
use libzx::{Call, PAGE_SIZE, Rights, Status, Vmo};

/// The cases of this file.
pub(super) const CASES: super::Cases = &[
    (
        "detach: waiters get BAD_STATE [4.5/8 17.6/3]",
        detach_wakes_with_bad_state,
    ),
    (
        "detach: a read over a supplied and an absent page [4.5/15]",
        a_straddling_read_fails,
    ),
    (
        "detach: clean pages go, dirty ones stay [17.6/4 17.6/5]",
        clean_pages_go_dirty_ones_stay,
    ),
    (
        "detach: a page stored through a mapping is dirty [17.6/5]",
        a_page_stored_through_a_mapping_is_dirty,
    ),
    (
        "detach: absent pages through VMO, clones and mappings [17.6/6 17.6/7 17.6/8]",
        absent_pages_are_bad_state,
    ),
    ("detach: one COMPLETE packet [17.6/9]", one_complete_packet),
    (
        "detach: later calls are BAD_STATE [17.6/10 17.4/8 17.5/7 17.5/21]",
        later_calls_are_bad_state,
    ),
    (
        "detach: handles, rights and ownership [17.6/1 17.6/2]",
        detach_handles,
    ),
    (
        "detach: other VMOs of the pager are served on",
        other_vmos_are_served_on,
    ),
    (
        "detach: growing afterwards gives zeros [17.6/11]",
        growing_after_detach,
    ),
    (
        "detach: a tail grown before counts as dirty [17.9/5]",
        a_tail_grown_before_stays,
    ),
    (
        "close pager: waiters and later accesses, resident pages stay [17.7/1 17.7/2 17.7/3]",
        closing_the_pager_wakes,
    ),
    (
        "close pager: replacing the last handle closes nothing",
        closing_one_of_two_pager_handles,
    ),
    (
        "close port: requests pend until detach [17.7/4]",
        closing_the_port,
    ),
    (
        "close port: requests pend until the pager closes [17.7/4]",
        closing_port_then_pager,
    ),
];

const LAZY: u32 = ChildOptions::SNAPSHOT_AT_LEAST_ON_WRITE.bits();

pub(super) fn detach_wakes_with_bad_state() -> Outcome {
    let rig = Rig::new(4)?;
    let reader = rig.reading(0, 10)?;
    rig.expect(READ, 0, 1)?;
    let writer = rig.writing(2 * PAGE, 10)?;
    rig.expect(READ, 2, 1)?;
    expect_eq!(rig.detach(), Status::OK);
    expect_eq!(reader.status()?, Status::BAD_STATE);
    expect_eq!(writer.status()?, Status::BAD_STATE);
    ensure!(rig.buffer.all(0, 10, 0), "bytes came");
    Ok(())
}

pub(super) fn a_straddling_read_fails() -> Outcome {
    let rig = Rig::new(2)?;
    rig.give(0, 1, 3)?;
    let call = rig.reading(PAGE - 10, 20)?;
    rig.expect(READ, 1, 1)?;
    expect_eq!(rig.detach(), Status::OK);
    expect_eq!(call.status()?, Status::BAD_STATE);
    came(&rig, 3, PAGE - 10, 10)?;
    ensure!(rig.buffer.all(10, 10, 0), "bytes of the absent page came");
    Ok(())
}

pub(super) fn clean_pages_go_dirty_ones_stay() -> Outcome {
    let rig = Rig::new(3)?;
    rig.give(0, 2, 4)?;
    let map = rig.map(3)?;
    expect_eq!(map.byte(0), pattern::byte(4, 0));
    rig.buffer.fill(5, 10);
    expect_eq!(
        probe::vmo_write(rig.handle(), rig.buffer.at(0), PAGE, 10),
        Status::OK
    );
    expect_eq!(rig.detach(), Status::OK);
    expect_eq!(rig.read(0, 1), Status::BAD_STATE);
    expect_eq!(rig.read(2 * PAGE, 1), Status::BAD_STATE);
    let vmo = Vmo::create(PAGE)?;
    let at = map.address() as u64;
    // Nor is it there for the mapping any more.
    expect_eq!(
        probe::vmo_write(vmo.handle().raw(), at, 0, 1),
        Status::BAD_STATE
    );
    expect_eq!(map.byte(PAGE_SIZE), pattern::byte(5, 0));
    super::kit::holds(&rig.vmo, &rig.buffer, 1, 1, |at| match at - PAGE {
        0..10 => pattern::byte(5, at - PAGE),
        _ => pattern::byte(4, at),
    })
}

pub(super) fn a_page_stored_through_a_mapping_is_dirty() -> Outcome {
    let rig = Rig::new(2)?;
    rig.give(0, 2, 4)?;
    let map = rig.map(2)?;
    map.store(0, &[0x55]);
    expect_eq!(map.byte(PAGE_SIZE), pattern::byte(4, PAGE));
    expect_eq!(rig.detach(), Status::OK);
    expect_eq!(map.byte(0), 0x55);
    expect_eq!(map.byte(1), pattern::byte(4, 1));
    expect_eq!(rig.read(PAGE, 1), Status::BAD_STATE);
    Ok(())
}

pub(super) fn absent_pages_are_bad_state() -> Outcome {
    let rig = Rig::new(2)?;
    let clone = child(&rig.vmo, LAZY, 0, 2)?;
    let grandchild = child(&clone, LAZY, 0, 2)?;
    let map = rig.map(2)?;
    expect_eq!(rig.detach(), Status::OK);
    for vmo in [&rig.vmo, &clone, &grandchild] {
        let handle = vmo.handle().raw();
        let buffer = rig.buffer.at(0);
        expect_eq!(probe::vmo_read(handle, buffer, 10, 10), Status::BAD_STATE);
        expect_eq!(probe::vmo_write(handle, buffer, 10, 10), Status::BAD_STATE);
    }
    let plain = Vmo::create(PAGE)?;
    let at = map.address() as u64;
    let handle = plain.handle().raw();
    expect_eq!(probe::vmo_write(handle, at, 0, 1), Status::BAD_STATE);
    expect_eq!(probe::vmo_read(handle, at, 0, 1), Status::BAD_STATE);
    Ok(())
}

pub(super) fn one_complete_packet() -> Outcome {
    let rig = Rig::new(2)?;
    expect_eq!(rig.detach(), Status::OK);
    let (command, _, _) = rig.request()?;
    expect_eq!(command, COMPLETE);
    rig.quiet()?;
    // Accesses afterwards ask nobody, and the end of the VMO says nothing more.
    expect_eq!(rig.read(0, 1), Status::BAD_STATE);
    rig.quiet()?;
    let Rig { port, vmo, .. } = rig;
    drop(vmo);
    settle();
    expect_eq!(super::kit::take(&port, 0).err(), Some(Status::TIMED_OUT));
    Ok(())
}

pub(super) fn later_calls_are_bad_state() -> Outcome {
    let rig = Rig::new(2)?;
    expect_eq!(rig.detach(), Status::OK);
    let aux = patterned(1, 0, 2)?;
    expect_eq!(rig.supply_from(0, 1, &aux, 0), Status::BAD_STATE);
    super::kit::holds(&aux, &rig.buffer, 0, 2, |at| pattern::byte(1, at))?;
    expect_eq!(rig.fail(0, 1, Status::IO), Status::BAD_STATE);
    // Range and code are looked at before.
    expect_eq!(rig.supply_from(2, 1, &aux, 0), Status::OUT_OF_RANGE);
    expect_eq!(rig.fail(2, 1, Status::IO), Status::OUT_OF_RANGE);
    expect_eq!(rig.fail(0, 1, Status::OK), Status::INVALID_ARGS);
    expect_eq!(rig.op(PagerOp::WRITEBACK_BEGIN, 0, 1, 0), Status::OK);
    expect_eq!(rig.op(PagerOp::WRITEBACK_END, 0, 1, 0), Status::OK);
    Ok(())
}

pub(super) fn detach_handles() -> Outcome {
    let rig = Rig::new(2)?;
    let (pager, vmo, port) = (raw(&rig.pager), of(&rig.vmo), raw(&rig.port));
    let detach = |pager, vmo| probe::status(Call::PagerDetachVmo, &[pager, vmo]);
    expect_eq!(detach(0, vmo), Status::BAD_HANDLE);
    expect_eq!(detach(port, 0), Status::WRONG_TYPE);
    for right in [Rights::ATTACH_VMO, Rights::MANAGE_VMO] {
        let poor = pager_with(right)?;
        expect_eq!(detach(raw(&poor), 0), Status::ACCESS_DENIED);
    }
    expect_eq!(detach(pager, 0), Status::BAD_HANDLE);
    expect_eq!(detach(pager, port), Status::WRONG_TYPE);
    let unwritable = with_rights(
        rig.vmo.handle(),
        Rights::DEFAULT_VMO.difference(Rights::WRITE),
    )?;
    expect_eq!(detach(pager, raw(&unwritable)), Status::ACCESS_DENIED);
    let other = super::kit::pager()?;
    let foreign = pager_vmo(&other, 0, &rig.port, KEY, PAGE)?;
    let plain = Vmo::create(PAGE)?;
    let clone = child(&rig.vmo, LAZY, 0, 2)?;
    for vmo in [of(&foreign), of(&plain), of(&clone)] {
        expect_eq!(detach(pager, vmo), Status::INVALID_ARGS);
    }
    // It serves on.
    let call = rig.reading(0, 1)?;
    rig.expect(READ, 0, 1)?;
    let writable = with_rights(rig.vmo.handle(), Rights::WRITE)?;
    expect_eq!(detach(pager, raw(&writable)), Status::OK);
    expect_eq!(call.status()?, Status::BAD_STATE);
    Ok(())
}

pub(super) fn other_vmos_are_served_on() -> Outcome {
    let rig = Rig::new(2)?;
    let other = pager_vmo(&rig.pager, 0, &rig.port, KEY, PAGE)?;
    expect_eq!(rig.detach(), Status::OK);
    let (command, _, _) = rig.request()?;
    expect_eq!(command, COMPLETE);
    let call = reading(&other, rig.buffer.at(0), 0, 10)?;
    rig.expect(READ, 0, 1)?;
    let aux = patterned(2, 0, 1)?;
    expect_eq!(supply(&rig.pager, &other, 0, 1, &aux, 0), Status::OK);
    expect_eq!(call.status()?, Status::OK);
    came(&rig, 2, 0, 10)
}

pub(super) fn growing_after_detach() -> Outcome {
    let rig = Rig::with(1, RESIZABLE)?;
    expect_eq!(rig.detach(), Status::OK);
    expect_eq!(rig.resize(3 * PAGE), Status::OK);
    rig.zeros(1, 2)?;
    expect_eq!(rig.read(0, 1), Status::BAD_STATE);
    rig.buffer.fill(6, 10);
    expect_eq!(
        probe::vmo_write(rig.handle(), rig.buffer.at(0), 2 * PAGE, 10),
        Status::OK
    );
    expect_eq!(rig.read(2 * PAGE, 12), Status::OK);
    expect_eq!(rig.buffer.mismatch(6, 0, 0, 10), None);
    ensure!(rig.buffer.all(10, 2, 0), "not zeros behind");
    Ok(())
}

pub(super) fn a_tail_grown_before_stays() -> Outcome {
    let rig = Rig::with(1, RESIZABLE)?;
    rig.give(0, 1, 1)?;
    expect_eq!(rig.resize(2 * PAGE), Status::OK);
    expect_eq!(rig.detach(), Status::OK);
    expect_eq!(rig.read(0, 1), Status::BAD_STATE);
    rig.zeros(1, 1)
}

pub(super) fn closing_the_pager_wakes() -> Outcome {
    let rig = Rig::new(4)?;
    rig.give(1, 1, 3)?;
    let reader = rig.reading(0, 10)?;
    rig.expect(READ, 0, 1)?;
    let writer = rig.writing(2 * PAGE, 10)?;
    rig.expect(READ, 2, 1)?;
    let Rig {
        port,
        pager,
        vmo,
        buffer,
    } = rig;
    drop(pager);
    expect_eq!(reader.status()?, Status::BAD_STATE);
    expect_eq!(writer.status()?, Status::BAD_STATE);
    // Absent pages stay away; the resident one, though clean, stays.
    let handle = vmo.handle().raw();
    expect_eq!(
        probe::vmo_read(handle, buffer.at(0), 3 * PAGE, 1),
        Status::BAD_STATE
    );
    super::kit::holds(&vmo, &buffer, 1, 1, |at| pattern::byte(3, at))?;
    drop(port);
    Ok(())
}

pub(super) fn closing_one_of_two_pager_handles() -> Outcome {
    // A pager's handle cannot be duplicated, only replaced; the old value is gone then.
    let rig = Rig::new(1)?;
    let call = rig.reading(0, 10)?;
    rig.expect(READ, 0, 1)?;
    let Rig {
        port: _port,
        pager,
        vmo,
        buffer,
    } = rig;
    let same = pager.replace(Rights::MANAGE_VMO)?;
    call.stays_blocked()?;
    let aux = patterned(2, 0, 1)?;
    expect_eq!(supply(&same, &vmo, 0, 1, &aux, 0), Status::OK);
    expect_eq!(call.status()?, Status::OK);
    expect_eq!(buffer.mismatch(2, 0, 0, 10), None);
    Ok(())
}

pub(super) fn closing_the_port() -> Outcome {
    let rig = Rig::new(2)?;
    let early = rig.reading(0, 10)?;
    rig.expect(READ, 0, 1)?;
    let Rig {
        port,
        pager,
        vmo,
        buffer,
    } = rig;
    drop(port);
    let late = reading(&vmo, buffer.at(4 * PAGE), PAGE, 10)?;
    early.stays_blocked()?;
    late.stays_blocked()?;
    // Supplying still works.
    let aux = patterned(2, 0, 2)?;
    expect_eq!(supply(&pager, &vmo, 0, 1, &aux, 0), Status::OK);
    expect_eq!(early.status()?, Status::OK);
    expect_eq!(buffer.mismatch(2, 0, 0, 10), None);
    late.stays_blocked()?;
    let args = [raw(&pager), of(&vmo)];
    expect_eq!(probe::status(Call::PagerDetachVmo, &args), Status::OK);
    expect_eq!(late.status()?, Status::BAD_STATE);
    Ok(())
}

pub(super) fn closing_port_then_pager() -> Outcome {
    let rig = Rig::new(2)?;
    let Rig {
        port,
        pager,
        vmo,
        buffer,
    } = rig;
    drop(port);
    let call = reading(&vmo, buffer.at(0), PAGE, 10)?;
    call.stays_blocked()?;
    drop(pager);
    expect_eq!(call.status()?, Status::BAD_STATE);
    Ok(())
}
