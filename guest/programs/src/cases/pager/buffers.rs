//! Callers' buffers that are pager-backed memory (reference §3, §23).

use super::kit::{
    CODES, DIRTY, KEY, READ, Rig, TRAP_DIRTY, make, of, pager_vmo, patterned, raw, supply,
};
use crate::background::Background;
use crate::memory::{Area, PAGE};
use crate::modes::Modes;
use crate::probe;
use crate::suite::Outcome;
use crate::{ensure, expect_eq, pattern};
use libzx::{Call, MapOptions, Mapping, PAGE_SIZE, Status, Vmo, startup};

/// The cases of this file.
pub(super) const CASES: super::Cases = &[
    (
        "buffers: a read into an absent page waits for it [3/8]",
        a_read_into_an_absent_page,
    ),
    (
        "buffers: a write from an absent page waits for it [3/8]",
        a_write_from_an_absent_page,
    ),
    (
        "buffers: a failed page gives each code [3/6]",
        a_failed_buffer_gives_the_code,
    ),
    (
        "buffers: failing half way leaves the earlier bytes [3/13]",
        a_buffer_that_fails_half_way,
    ),
    (
        "buffers: detached is BAD_STATE [3/6]",
        a_detached_buffer_is_bad_state,
    ),
    ("buffers: both sides absent [3/8]", both_sides_absent),
    (
        "buffers: the very page that is read [3/12]",
        the_same_absent_page,
    ),
    (
        "buffers: a TRAP_DIRTY buffer asks before it is stored to",
        a_trapping_buffer_asks,
    ),
    (
        "buffers: shrunk away meanwhile is OUT_OF_RANGE [3/5 13.7/5]",
        a_buffer_behind_the_end,
    ),
    (
        "buffers: unmapped meanwhile is NOT_FOUND [13.7/2]",
        a_buffer_unmapped_meanwhile,
    ),
    (
        "buffers: replaced meanwhile, the new mapping is used [13.7/3]",
        a_buffer_replaced_meanwhile,
    ),
    (
        "buffers: out pointers in absent pages, INVALID_ARGS if they fail [2.3/2 3/1]",
        out_pointers,
    ),
    (
        "buffers: a replaced handle goes into an absent page once",
        out_handles_once,
    ),
    (
        "buffers: a packet into an absent page is not lost",
        a_packet_into_an_absent_page,
    ),
    ("buffers: many absent pages [3/8]", many_pages_of_buffer),
    ("buffers: page and buffer of two pagers [3/8]", two_pagers),
];

/// `zx_vmo_read` of a plain VMO into memory whose page is absent.
pub(super) fn a_read_into_an_absent_page() -> Outcome {
    let rig = Rig::new(4)?;
    let map = rig.map(4)?;
    let plain = patterned(7, 0, 1)?;
    let at = (map.address() + PAGE_SIZE + 100) as u64;
    let call = Background::call(Call::VmoRead, &[of(&plain), at, 0, 50])?;
    rig.expect(READ, 1, 1)?;
    call.stays_blocked()?;
    rig.give(1, 1, 8)?;
    expect_eq!(call.status()?, Status::OK);
    expect_eq!(map.byte(PAGE_SIZE + 99), pattern::byte(8, PAGE + 99));
    expect_eq!(map.byte(PAGE_SIZE + 100), pattern::byte(7, 0));
    expect_eq!(map.byte(PAGE_SIZE + 149), pattern::byte(7, 49));
    expect_eq!(map.byte(PAGE_SIZE + 150), pattern::byte(8, PAGE + 150));
    rig.quiet()
}

pub(super) fn a_write_from_an_absent_page() -> Outcome {
    let rig = Rig::new(4)?;
    let map = rig.map(4)?;
    let plain = Vmo::create(PAGE)?;
    let at = (map.address() + 2 * PAGE_SIZE + 100) as u64;
    let call = Background::call(Call::VmoWrite, &[of(&plain), at, 10, 50])?;
    rig.expect(READ, 2, 1)?;
    call.stays_blocked()?;
    rig.give(2, 1, 8)?;
    expect_eq!(call.status()?, Status::OK);
    super::kit::holds(&plain, &rig.buffer, 0, 1, |at| match at {
        10..60 => pattern::byte(8, 2 * PAGE + 90 + at),
        _ => 0,
    })?;
    rig.quiet()
}

pub(super) fn a_failed_buffer_gives_the_code() -> Outcome {
    let rig = Rig::new(2)?;
    let map = rig.map(2)?;
    let plain = patterned(7, 0, 2)?;
    for code in CODES {
        for (call, touched) in [(Call::VmoRead, 1), (Call::VmoWrite, 0)] {
            let at = map.address() as u64 + touched * PAGE;
            let call = Background::call(call, &[of(&plain), at, 0, 50])?;
            rig.expect(READ, touched, 1)?;
            expect_eq!(rig.fail(touched, 1, code), Status::OK);
            expect_eq!(call.status()?, code);
        }
    }
    super::kit::holds(&plain, &rig.buffer, 0, 2, |at| pattern::byte(7, at))?;
    rig.quiet()
}

/// A failure in the middle leaves the earlier bytes transferred.
pub(super) fn a_buffer_that_fails_half_way() -> Outcome {
    let rig = Rig::new(3)?;
    rig.give(0, 1, 8)?;
    let map = rig.map(3)?;
    let plain = patterned(7, 0, 3)?;
    let at = (map.address() + 100) as u64;
    let call = Background::call(Call::VmoRead, &[of(&plain), at, 0, 2 * PAGE])?;
    let (command, page, _) = rig.request()?;
    expect_eq!((command, page), (READ, 1));
    expect_eq!(rig.fail(1, 2, Status::IO), Status::OK);
    expect_eq!(call.status()?, Status::IO);
    expect_eq!(map.byte(99), pattern::byte(8, 99));
    let wrong = (100..PAGE_SIZE).find(|&at| map.byte(at) != pattern::byte(7, at as u64 - 100));
    ensure!(wrong.is_none(), "first wrong byte at {wrong:?}");
    Ok(())
}

pub(super) fn a_detached_buffer_is_bad_state() -> Outcome {
    let rig = Rig::new(2)?;
    let map = rig.map(2)?;
    let plain = patterned(7, 0, 1)?;
    let at = map.address() as u64;
    let call = Background::call(Call::VmoRead, &[of(&plain), at, 0, 50])?;
    rig.expect(READ, 0, 1)?;
    expect_eq!(rig.detach(), Status::OK);
    expect_eq!(call.status()?, Status::BAD_STATE);
    expect_eq!(
        probe::vmo_write(plain.handle().raw(), at, 0, 1),
        Status::BAD_STATE
    );
    Ok(())
}

/// Both sides: the VMO's page and the buffer's, of the same VMO or of two.
pub(super) fn both_sides_absent() -> Outcome {
    let rig = Rig::new(4)?;
    let map = rig.map(4)?;
    let at = (map.address() + 3 * PAGE_SIZE) as u64;
    let args = [of(&rig.vmo), at, PAGE, 64];
    let call = Background::call(Call::VmoRead, &args)?;
    // In which order the two are asked for is not said.
    for _ in 0..2 {
        let (command, page, pages) = rig.request()?;
        ensure!(
            command == READ && pages == 1 && (page == 1 || page == 3),
            "the packet is {:?}",
            (command, page, pages)
        );
        rig.give(page, 1, 5)?;
    }
    expect_eq!(call.status()?, Status::OK);
    let wrong =
        (0..64).find(|&at| map.byte(3 * PAGE_SIZE + at) != pattern::byte(5, PAGE + at as u64));
    ensure!(wrong.is_none(), "first wrong byte at {wrong:?}");
    expect_eq!(
        map.byte(3 * PAGE_SIZE + 64),
        pattern::byte(5, 3 * PAGE + 64)
    );
    rig.quiet()
}

/// The very page that is read, through its own mapping.
pub(super) fn the_same_absent_page() -> Outcome {
    let rig = Rig::new(2)?;
    let map = rig.map(2)?;
    let at = (map.address() + PAGE_SIZE + 2048) as u64;
    let call = Background::call(Call::VmoRead, &[of(&rig.vmo), at, PAGE, 64])?;
    rig.expect(READ, 1, 1)?;
    rig.give(1, 1, 5)?;
    expect_eq!(call.status()?, Status::OK);
    let wrong =
        (0..64).find(|&at| map.byte(PAGE_SIZE + 2048 + at) != pattern::byte(5, PAGE + at as u64));
    ensure!(wrong.is_none(), "first wrong byte at {wrong:?}");
    rig.quiet()
}

/// The page is obtained before the bytes are copied: its failure wins.
pub(super) fn the_page_comes_before_the_buffer(modes: Modes) -> Outcome {
    let rig = Rig::new(2)?;
    let unmapped = 0x7000_0000_0000;
    let read_only = Area::with_options(1, MapOptions::PERM_READ)?;
    for (buffer, then) in [
        (unmapped, Status::NOT_FOUND),
        (0, modes.vmo_buffer_outside()),
        (crate::memory::KERNEL_BASE, modes.vmo_buffer_outside()),
        (read_only.at(0), Status::ACCESS_DENIED),
    ] {
        let rig_call = Background::call(Call::VmoRead, &[of(&rig.vmo), buffer, 0, 10])?;
        rig.expect(READ, 0, 1)?;
        rig_call.stays_blocked()?;
        expect_eq!(rig.fail(0, 1, Status::IO), Status::OK);
        expect_eq!(rig_call.status()?, Status::IO);
        // Had it been supplied, the buffer's turn would have come.
        let other = Rig::new(1)?;
        let call = Background::call(Call::VmoRead, &[of(&other.vmo), buffer, 0, 10])?;
        other.expect(READ, 0, 1)?;
        other.give(0, 1, 3)?;
        expect_eq!(call.status()?, then);
    }
    Ok(())
}

/// A buffer on a TRAP_DIRTY VMO: storing there asks as a store does.
pub(super) fn a_trapping_buffer_asks() -> Outcome {
    let rig = Rig::with(2, TRAP_DIRTY)?;
    let map = rig.map(2)?;
    let plain = patterned(7, 0, 1)?;
    let at = (map.address() + PAGE_SIZE) as u64;
    let call = Background::call(Call::VmoRead, &[of(&plain), at, 0, 20])?;
    rig.expect(READ, 1, 1)?;
    rig.give(1, 1, 8)?;
    rig.expect(DIRTY, 1, 1)?;
    call.stays_blocked()?;
    expect_eq!(map.byte(PAGE_SIZE), pattern::byte(8, PAGE));
    expect_eq!(rig.dirty(1, 1), Status::OK);
    expect_eq!(call.status()?, Status::OK);
    expect_eq!(map.byte(PAGE_SIZE), pattern::byte(7, 0));
    // Loading from there asks nobody.
    expect_eq!(
        probe::vmo_write(plain.handle().raw(), at, 0, 20),
        Status::OK
    );
    rig.quiet()
}

/// A buffer behind the end of a pager VMO that was shrunk.
pub(super) fn a_buffer_behind_the_end() -> Outcome {
    let rig = Rig::with(2, super::kit::RESIZABLE)?;
    let map = rig.map(2)?;
    let plain = patterned(7, 0, 1)?;
    let at = (map.address() + PAGE_SIZE) as u64;
    let call = Background::call(Call::VmoRead, &[of(&plain), at, 0, 20])?;
    rig.expect(READ, 1, 1)?;
    expect_eq!(rig.resize(PAGE), Status::OK);
    expect_eq!(call.status()?, Status::OUT_OF_RANGE);
    expect_eq!(
        probe::vmo_read(plain.handle().raw(), at, 0, 20),
        Status::OUT_OF_RANGE
    );
    Ok(())
}

/// Unmapped while the caller waits for the buffer's page: there is no mapping then.
pub(super) fn a_buffer_unmapped_meanwhile() -> Outcome {
    let rig = Rig::new(2)?;
    let map = rig.map(2)?;
    let plain = patterned(7, 0, 1)?;
    let at = (map.address() + PAGE_SIZE) as u64;
    let call = Background::call(Call::VmoRead, &[of(&plain), at, 0, 20])?;
    rig.expect(READ, 1, 1)?;
    drop(map);
    rig.give(1, 1, 8)?;
    expect_eq!(call.status()?, Status::NOT_FOUND);
    // What was supplied has not been written.
    rig.holds(1, 1, 8)
}

/// Replaced while the caller waits: the bytes go to the new mapping.
pub(super) fn a_buffer_replaced_meanwhile() -> Outcome {
    let rig = Rig::new(2)?;
    let map = rig.map(2)?;
    let plain = patterned(7, 0, 1)?;
    let instead = Vmo::create(PAGE)?;
    let at = (map.address() + PAGE_SIZE) as u64;
    let call = Background::call(Call::VmoRead, &[of(&plain), at, 0, 20])?;
    rig.expect(READ, 1, 1)?;
    replace(&map, PAGE_SIZE, &instead)?;
    rig.give(1, 1, 8)?;
    expect_eq!(call.status()?, Status::OK);
    rig.holds(1, 1, 8)?;
    super::kit::holds(&instead, &rig.buffer, 0, 1, |at| match at {
        0..20 => pattern::byte(7, at),
        _ => 0,
    })
}

/// Maps the VMO's first page over the one at `offset`.
pub(super) fn replace(map: &Mapping, offset: usize, vmo: &Vmo) -> Outcome {
    let Some(root) = startup().vmar_root() else {
        return Err(Status::NOT_FOUND.into());
    };
    let base = usize::try_from(abi::layout::USER_BASE).unwrap_or(0);
    let options = MapOptions::READ_WRITE | MapOptions::SPECIFIC_OVERWRITE;
    root.map(options, map.address() + offset - base, vmo, 0, PAGE_SIZE)?;
    Ok(())
}

/// Style A: an out pointer in an absent page is waited for; if the page fails, the status
/// is INVALID_ARGS, whatever the code.
pub(super) fn out_pointers() -> Outcome {
    let rig = Rig::new(4)?;
    let map = rig.map(4)?;
    let plain = Vmo::create(3 * PAGE)?;
    for code in CODES {
        let at = map.address() as u64;
        let call = Background::call(Call::VmoGetSize, &[of(&plain), at])?;
        rig.expect(READ, 0, 1)?;
        expect_eq!(rig.fail(0, 1, code), Status::OK);
        expect_eq!(call.status()?, Status::INVALID_ARGS);
    }
    let at = (map.address() + PAGE_SIZE) as u64;
    let call = Background::call(Call::VmoGetSize, &[of(&plain), at])?;
    rig.expect(READ, 1, 1)?;
    rig.give(1, 1, 2)?;
    expect_eq!(call.status()?, Status::OK);
    let mut size = [0; 8];
    map.load(PAGE_SIZE, &mut size);
    expect_eq!(u64::from_le_bytes(size), 3 * PAGE);
    // A new handle whose place is absent.
    let at = (map.address() + 2 * PAGE_SIZE) as u64;
    let call = Background::call(Call::VmoCreate, &[PAGE, 0, at])?;
    rig.expect(READ, 2, 1)?;
    rig.give(2, 1, 2)?;
    expect_eq!(call.status()?, Status::OK);
    let mut value = [0; 4];
    map.load(2 * PAGE_SIZE, &mut value);
    expect_eq!(probe::close(u32::from_le_bytes(value)), Status::OK);
    let at = (map.address() + 3 * PAGE_SIZE) as u64;
    let call = Background::call(Call::VmoCreate, &[PAGE, 0, at])?;
    rig.expect(READ, 3, 1)?;
    expect_eq!(rig.fail(3, 1, Status::IO), Status::OK);
    expect_eq!(call.status()?, Status::INVALID_ARGS);
    rig.quiet()
}

/// Duplicating and replacing a handle into an absent page: the effect happens once.
pub(super) fn out_handles_once() -> Outcome {
    let rig = Rig::new(2)?;
    let map = rig.map(2)?;
    let plain = Vmo::create(PAGE)?;
    let doomed = plain.handle().duplicate(libzx::Rights::SAME)?.into_raw();
    let at = map.address() as u64;
    let args = [u64::from(doomed), u64::from(libzx::Rights::SAME_RIGHTS), at];
    let call = Background::call(Call::HandleReplace, &args)?;
    rig.expect(READ, 0, 1)?;
    rig.give(0, 1, 2)?;
    expect_eq!(call.status()?, Status::OK);
    let mut value = [0; 4];
    map.load(0, &mut value);
    let new = u32::from_le_bytes(value);
    ensure!(new != doomed, "the old value came back");
    expect_eq!(probe::close(doomed), Status::BAD_HANDLE);
    expect_eq!(probe::vmo_get_size(new), Ok(PAGE));
    expect_eq!(probe::close(new), Status::OK);
    Ok(())
}

/// A port packet taken into an absent page is not lost when the page comes.
pub(super) fn a_packet_into_an_absent_page() -> Outcome {
    let rig = Rig::new(1)?;
    let map = rig.map(1)?;
    let port = make(Call::PortCreate, &[0])?;
    let args = [raw(&port), i64::MAX.cast_unsigned(), map.address() as u64];
    let call = Background::call(Call::PortWait, &args)?;
    call.stays_blocked()?;
    let mut packet = abi::info::PortPacket {
        key: 4711,
        ..Default::default()
    };
    let args = [raw(&port), probe::out(&mut packet)];
    expect_eq!(probe::status(Call::PortQueue, &args), Status::OK);
    rig.expect(READ, 0, 1)?;
    call.stays_blocked()?;
    rig.give(0, 1, 2)?;
    expect_eq!(call.status()?, Status::OK);
    let mut key = [0; 8];
    map.load(0, &mut key);
    expect_eq!(u64::from_le_bytes(key), 4711);
    expect_eq!(super::kit::take(&port, 0).err(), Some(Status::TIMED_OUT));
    Ok(())
}

/// A buffer of many pages, first absent and then present.
pub(super) fn many_pages_of_buffer() -> Outcome {
    let rig = Rig::new(8)?;
    let map = rig.map(8)?;
    let plain = patterned(7, 0, 8)?;
    let at = map.address() as u64;
    let call = Background::call(Call::VmoRead, &[of(&plain), at, 0, 8 * PAGE])?;
    rig.answer_until(&call, 8)?;
    expect_eq!(call.status()?, Status::OK);
    rig.holds(0, 8, 7)?;
    let back = Vmo::create(8 * PAGE)?;
    let call = Background::call(Call::VmoWrite, &[of(&back), at, 0, 8 * PAGE])?;
    expect_eq!(call.status()?, Status::OK);
    super::kit::holds(&back, &rig.buffer, 0, 8, |at| pattern::byte(7, at))?;
    rig.quiet()
}

/// Two pagers: the VMO's page belongs to the one, the buffer's to the other.
pub(super) fn two_pagers() -> Outcome {
    let rig = Rig::new(1)?;
    let other = super::kit::pager()?;
    let far = pager_vmo(&other, 0, &rig.port, KEY, 3 * PAGE)?;
    let map = rig.map(1)?;
    let at = map.address() as u64;
    let call = Background::call(Call::VmoRead, &[of(&far), at, 2 * PAGE, 64])?;
    for _ in 0..2 {
        let (command, page, pages) = rig.request()?;
        expect_eq!((command, pages), (READ, 1));
        let aux = patterned(5, page, 1)?;
        let status = match page {
            2 => supply(&other, &far, 2, 1, &aux, 0),
            _ => supply(&rig.pager, &rig.vmo, 0, 1, &aux, 0),
        };
        expect_eq!(status, Status::OK);
    }
    expect_eq!(call.status()?, Status::OK);
    expect_eq!(map.byte(63), pattern::byte(5, 2 * PAGE + 63));
    expect_eq!(map.byte(64), pattern::byte(5, 64));
    rig.quiet()
}
