//! Processes that are killed while they run, wait for pages or are looked into.

use super::ring::{allow, breathe, race, random, set_word, swap_word, word};
use crate::memory::{Area, PAGE};
use crate::probe;
use crate::suite::Outcome;
use crate::toucher::{Child, KILLED, LOAD, PLACE, STORE};
use crate::{ensure, expect_eq};
use libzx::{Call, Handle, Process, Rights, Status, Vmo, yield_now};

/// Words of these races: handles of children, and a VMO.
const CHILDREN: usize = 3;
const BUFFERS: usize = 8;

const TURNS: usize = 60;

fn child(random: &mut crate::random::Random) -> u32 {
    u32::try_from(word(random.below(CHILDREN))).unwrap_or(0)
}

/// Reads and writes a child's memory, whatever has become of the child.
fn debugger(number: usize) {
    let mut random = random(number);
    let buffer = word(BUFFERS + number);
    for _ in 0..TURNS {
        let target = child(&mut random);
        let at = PLACE as u64 + random.below(3 * 4096) as u64;
        let length = random.below(4096) as u64 + 1;
        let (status, _) = match random.once_in(2) {
            true => probe::process_read(target, at, buffer, length),
            false => probe::process_write(target, at, buffer, length),
        };
        let allowed = [Status::OK, Status::NO_MEMORY, Status::BAD_STATE];
        allow(number, status, &allowed);
        breathe(&mut random);
    }
}

fn killer(number: usize) {
    let mut random = random(number);
    for _ in 0..TURNS {
        if random.once_in(12) {
            let target = u64::from(child(&mut random));
            let status = probe::status(Call::TaskKill, &[target]);
            allow(number, status, &[Status::OK]);
        }
        yield_now();
    }
}

pub(super) fn children_that_are_killed(seed: u64) -> Outcome {
    let shared = Vmo::create(4 * PAGE)?;
    let mut children = [const { None }; CHILDREN];
    for (number, slot) in children.iter_mut().enumerate() {
        let program = if number == 0 {
            STORE.as_slice()
        } else {
            LOAD.as_slice()
        };
        let child = Child::start(program, &shared, 4, number * 4096)?;
        set_word(number, u64::from(child.process.handle().raw()));
        *slot = Some(child);
    }
    let buffers = Area::touched(8)?;
    for number in 0..4 {
        set_word(BUFFERS + number, buffers.at(2 * PAGE * number as u64));
    }
    let threads: [fn(usize); 4] = [debugger, killer, debugger, killer];
    race(seed, &threads, || Ok(()))?;
    for child in children.into_iter().flatten() {
        child.process.kill()?;
        expect_eq!(child.code()?, KILLED);
        let handle = child.process.handle().raw();
        let (status, _) = probe::process_read(handle, PLACE as u64, buffers.at(0), 1);
        expect_eq!(status, Status::BAD_STATE);
    }
    super::ring::sound(seed)
}

/// Children blocked on pages of a pager, killed, served and cut off in any order.
pub(super) fn children_that_wait_for_pages(seed: u64) -> Outcome {
    let mut random = random(7);
    let (mut port, mut pager, mut vmo) = (0_u32, 0_u32, 0_u32);
    probe::status(Call::PortCreate, &[0, probe::out(&mut port)]).ok()?;
    probe::status(Call::PagerCreate, &[0, probe::out(&mut pager)]).ok()?;
    let owned = |value| Handle::from_raw(core::hint::black_box(value)).ok_or(Status::INTERNAL);
    let (port, pager) = (owned(port)?, owned(pager)?);
    let args = [
        u64::from(pager.raw()),
        0,
        u64::from(port.raw()),
        5,
        4 * PAGE,
        probe::out(&mut vmo),
    ];
    probe::status(Call::PagerCreateVmo, &args).ok()?;
    let vmo = Vmo::from_handle(owned(vmo)?);
    let mut children = [const { None }; 4];
    for (number, slot) in children.iter_mut().enumerate() {
        let program = if number < 2 {
            STORE.as_slice()
        } else {
            LOAD.as_slice()
        };
        *slot = Some(Child::start(program, &vmo, 4, (number % 3) * 4096)?);
    }
    for _ in 0..random.below(6) {
        yield_now();
    }
    let mut pager = Some(pager);
    for _ in 0..12 {
        let number = random.below(4);
        match random.below(3) {
            0 => {
                if let Some(Some(child)) = children.get(number) {
                    child.process.kill()?;
                }
            }
            1 => {
                let Some(pager) = &pager else { continue };
                let aux = Vmo::create(PAGE)?;
                let args = [
                    u64::from(pager.raw()),
                    u64::from(vmo.handle().raw()),
                    number as u64 * PAGE,
                    PAGE,
                    u64::from(aux.handle().raw()),
                    0,
                ];
                let status = probe::status(Call::PagerSupplyPages, &args);
                expect_eq!(status, Status::OK);
            }
            _ => {
                if random.once_in(4) {
                    drop(pager.take());
                }
            }
        }
        yield_now();
        super::ring::sound(seed)?;
    }
    drop(pager);
    for child in children.into_iter().flatten() {
        child.process.kill()?;
        let code = child.code()?;
        // Killed, or cut off when the pager went.
        ensure!(
            code == KILLED || code == crate::toucher::EXCEPTION,
            "the return code is {code}"
        );
    }
    drop(vmo);
    super::ring::sound(seed)
}

/// A process made, mapped into and dropped without ever being started, by several at once.
fn maker(number: usize) {
    let mut random = random(number);
    for _ in 0..6 {
        let made = Process::create("never started");
        let Ok((process, vmar)) = made else {
            super::ring::wrong(number, 1);
            continue;
        };
        let options = libzx::MapOptions::READ_WRITE;
        if let Ok(vmo) = Vmo::create(2 * PAGE) {
            let mapped = vmar.map(options, 0, &vmo, 0, 8192);
            if mapped.is_err() {
                super::ring::wrong(number, 2);
            }
        }
        let copy = process.handle().duplicate(Rights::SAME);
        let slot = random.below(CHILDREN);
        let value = copy.map_or(0, |copy| u64::from(copy.into_raw()));
        let old = u32::try_from(swap_word(slot, value)).unwrap_or(0);
        allow(number, probe::close(old), &[Status::OK]);
        breathe(&mut random);
    }
}

pub(super) fn processes_that_never_start(seed: u64) -> Outcome {
    for slot in 0..CHILDREN {
        set_word(slot, 0);
    }
    let threads: [fn(usize); 3] = [maker, maker, maker];
    race(seed, &threads, || Ok(()))?;
    for slot in 0..CHILDREN {
        let left = u32::try_from(swap_word(slot, 0)).unwrap_or(0);
        expect_eq!(probe::close(left), Status::OK);
    }
    super::ring::sound(seed)
}
