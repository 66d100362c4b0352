//! Handles that are closed, replaced and duplicated while others use them.

use super::ring::{allow, breathe, race, random, set_word, swap_word, word};
use crate::expect_eq;
use crate::memory::PAGE;
use crate::probe;
use crate::suite::Outcome;
use libzx::{Rights, Status};

const SLOTS: usize = 4;
const TURNS: usize = 150;

/// All that a handle of somebody else's may give: it may be closed at any time, but no
/// other object comes under its value.
const USED: [Status; 2] = [Status::OK, Status::BAD_HANDLE];

fn some_handle(random: &mut crate::random::Random) -> u32 {
    u32::try_from(word(random.below(SLOTS))).unwrap_or(0)
}

/// Puts a new VMO into a slot and closes the old one.
fn owner(number: usize) {
    let mut random = random(number);
    for _ in 0..TURNS {
        let slot = random.below(SLOTS);
        match probe::vmo_create(PAGE, 0) {
            Ok(new) => {
                let old = u32::try_from(swap_word(slot, u64::from(new))).unwrap_or(0);
                allow(number, probe::close(old), &USED);
            }
            Err(status) => allow(number, status, &[]),
        }
        breathe(&mut random);
    }
}

fn user(number: usize) {
    let mut random = random(number);
    for _ in 0..TURNS {
        let handle = some_handle(&mut random);
        match random.below(3) {
            0 => match probe::vmo_get_size(handle) {
                Ok(PAGE) => {}
                Ok(size) => super::ring::wrong(number, size),
                Err(status) => allow(number, status, &USED),
            },
            1 => allow(number, probe::vmo_read(handle, 0, PAGE, 0), &USED),
            _ => match probe::duplicate(handle, Rights::SAME_RIGHTS) {
                Ok(copy) => allow(number, probe::close(copy), &[Status::OK]),
                Err(status) => allow(number, status, &USED),
            },
        }
        breathe(&mut random);
    }
}

/// Closes what it finds, or swaps it for a handle of the same rights.
fn vandal(number: usize) {
    let mut random = random(number);
    for _ in 0..TURNS {
        let slot = random.below(SLOTS);
        let handle = u32::try_from(word(slot)).unwrap_or(0);
        match random.once_in(2) {
            true => allow(number, probe::close(handle), &USED),
            false => match probe::replace(handle, Rights::SAME_RIGHTS) {
                Ok(new) => {
                    let old = u32::try_from(swap_word(slot, u64::from(new))).unwrap_or(0);
                    allow(number, probe::close(old), &USED);
                }
                Err(status) => allow(number, status, &USED),
            },
        }
        breathe(&mut random);
    }
}

pub(super) fn handles_that_come_and_go(seed: u64) -> Outcome {
    for slot in 0..SLOTS {
        set_word(slot, u64::from(probe::vmo_create(PAGE, 0)?));
    }
    let threads: [fn(usize); 5] = [owner, user, vandal, user, owner];
    race(seed, &threads, || Ok(()))?;
    for slot in 0..SLOTS {
        let left = u32::try_from(swap_word(slot, 0)).unwrap_or(0);
        let status = probe::close(left);
        expect_eq!(USED.contains(&status), true);
    }
    super::ring::sound(seed)
}
