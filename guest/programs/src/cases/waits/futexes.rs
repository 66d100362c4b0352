//! `zx_futex_wait` and `zx_futex_wake`.

use crate::background::Background;
use crate::child::{Child, DATA};
use crate::memory::{Area, BAD_ADDRESSES, Badness};
use crate::probe::{close, duplicate, status};
use crate::regions::{Object, own_process};
use crate::suite::{Failure, Outcome};
use crate::{ensure, expect_eq};
use abi::options::TIME_INFINITE;
use libzx::{Call, Rights, Status, monotonic};

const NEVER: i64 = TIME_INFINITE;
const MILLISECOND: i64 = 1_000_000;
/// What the word holds in these tests.
const VALUE: u32 = 0x8000_0007;

/// A word in memory that holds [`VALUE`], at the start of a page.
fn word() -> Result<Area, Failure> {
    let area = Area::new(1)?;
    area.map.store(0, &VALUE.to_le_bytes());
    area.map.store(4, &VALUE.to_le_bytes());
    Ok(area)
}

fn arguments(address: u64, value: u32, owner: u32, deadline: i64) -> [u64; 4] {
    let deadline = deadline.cast_unsigned();
    [address, u64::from(value), u64::from(owner), deadline]
}

fn wait(address: u64, value: u32, owner: u32, deadline: i64) -> Status {
    status(Call::FutexWait, &arguments(address, value, owner, deadline))
}

fn wake(address: u64, count: u32) -> Status {
    status(Call::FutexWake, &[address, u64::from(count)])
}

fn waiting(address: u64) -> Result<Background, Failure> {
    let waiter = Background::call(Call::FutexWait, &arguments(address, VALUE, 0, NEVER))?;
    waiter.stays_blocked()?;
    Ok(waiter)
}

pub fn another_value_does_not_wait() -> Outcome {
    let area = word()?;
    for value in [0, VALUE + 1, !VALUE, 7] {
        for deadline in [i64::MIN, 0, NEVER] {
            expect_eq!(wait(area.at(0), value, 0, deadline), Status::BAD_STATE);
        }
    }
    Ok(())
}

pub fn bad_addresses_are_refused() -> Outcome {
    for (what, address, badness) in BAD_ADDRESSES {
        let given = wait(address, 0, 0, NEVER);
        ensure!(given == Status::INVALID_ARGS, "wait, {what}: {given}");
        let given = wake(address, 1);
        // Waking needs no memory there, but a place for a word.
        let fine = badness == Badness::Unmapped && address.is_multiple_of(4);
        let wanted = if fine {
            Status::OK
        } else {
            Status::INVALID_ARGS
        };
        ensure!(given == wanted, "wake, {what}: {given}");
    }
    let area = word()?;
    for offset in [1, 2, 3] {
        expect_eq!(wait(area.at(offset), 0, 0, 0), Status::INVALID_ARGS);
        expect_eq!(wake(area.at(offset), 1), Status::INVALID_ARGS);
    }
    // Nothing is mapped there, but it is a place for a word.
    expect_eq!(wait(0x7000_0000_0000, 0, 0, 0), Status::INVALID_ARGS);
    Ok(())
}

pub fn time_runs_out() -> Outcome {
    let area = word()?;
    for deadline in [i64::MIN, -1, 0, monotonic()] {
        expect_eq!(wait(area.at(0), VALUE, 0, deadline), Status::TIMED_OUT);
    }
    let deadline = monotonic() + 20 * MILLISECOND;
    expect_eq!(wait(area.at(0), VALUE, 0, deadline), Status::TIMED_OUT);
    ensure!(monotonic() >= deadline, "it came back too early");
    Ok(())
}

pub fn who_waits_longest_wakes_first() -> Outcome {
    let area = word()?;
    let place = area.at(0);
    let first = waiting(place)?;
    let second = waiting(place)?;
    let third = waiting(place)?;
    expect_eq!(wake(place, 0), Status::OK);
    first.stays_blocked()?;
    expect_eq!(wake(place, 1), Status::OK);
    expect_eq!(first.status()?, Status::OK);
    second.stays_blocked()?;
    let fourth = waiting(place)?;
    expect_eq!(wake(place, 2), Status::OK);
    expect_eq!(second.status()?, Status::OK);
    expect_eq!(third.status()?, Status::OK);
    fourth.stays_blocked()?;
    expect_eq!(wake(place, u32::MAX), Status::OK);
    expect_eq!(fourth.status()?, Status::OK);
    // Waking is not remembered.
    expect_eq!(wake(place, u32::MAX), Status::OK);
    expect_eq!(wait(place, VALUE, 0, 0), Status::TIMED_OUT);
    Ok(())
}

pub fn each_word_is_a_futex_of_its_own() -> Outcome {
    let area = word()?;
    let here = waiting(area.at(0))?;
    let there = waiting(area.at(4))?;
    expect_eq!(wake(area.at(4), u32::MAX), Status::OK);
    expect_eq!(there.status()?, Status::OK);
    here.stays_blocked()?;
    expect_eq!(wake(area.at(0), 1), Status::OK);
    expect_eq!(here.status()?, Status::OK);
    Ok(())
}

/// The same address in another process is another futex.
pub fn each_process_has_its_own() -> Outcome {
    // rdi: the address; rsi, rdx: 0; rcx: for ever.
    let (child, data) = super::waiting_child(Call::FutexWait)?;
    child.start(0, 0)?;
    crate::background::settle();
    ensure!(!super::has_come_back(&data)?, "the child does not wait");
    expect_eq!(wake(DATA, u32::MAX), Status::OK);
    crate::background::settle();
    ensure!(!super::has_come_back(&data)?, "the child was woken");
    Ok(())
}

pub fn bad_owners_are_refused() -> Outcome {
    let area = word()?;
    let place = area.at(0);
    let own = super::own_thread();
    let refused = |owner| wait(place, VALUE, owner, NEVER);
    expect_eq!(refused(own), Status::INVALID_ARGS);
    expect_eq!(refused(own_process()), Status::WRONG_TYPE);
    let vmo = Object::new(1)?;
    expect_eq!(refused(vmo.handle), Status::WRONG_TYPE);
    expect_eq!(refused(1), Status::BAD_HANDLE);
    let child = Child::new("child")?;
    let (foreign, fresh) = (child.thread()?, {
        let process = libzx::startup().process_self().ok_or(Status::NOT_FOUND)?;
        libzx::Thread::create(&process, "fresh")?
    });
    expect_eq!(refused(foreign), Status::INVALID_ARGS);
    expect_eq!(refused(fresh.handle().raw()), Status::INVALID_ARGS);
    // The value is looked at first.
    for owner in [own, 1, vmo.handle, foreign] {
        expect_eq!(wait(place, 0, owner, NEVER), Status::BAD_STATE);
    }
    expect_eq!(close(foreign), Status::OK);
    Ok(())
}

/// No right is needed to name an owner; one that has ended is fine as well.
pub fn good_owners_are_taken() -> Outcome {
    let area = word()?;
    let ended = libzx::Thread::spawn(|| {})?;
    let handle = duplicate(ended.handle().raw(), 0)?;
    ended.join()?;
    expect_eq!(wait(area.at(0), VALUE, handle, 0), Status::TIMED_OUT);
    expect_eq!(close(handle), Status::OK);
    Ok(())
}

/// The right to end the process is enough to end one that waits.
pub fn who_waits_can_be_killed() -> Outcome {
    let (child, _) = super::waiting_child(Call::FutexWait)?;
    let weak = duplicate(child.process, Rights::DESTROY.bits())?;
    child.start(0, 0)?;
    crate::background::settle();
    expect_eq!(status(Call::TaskKill, &[u64::from(weak)]), Status::OK);
    child.wait()?;
    expect_eq!(close(weak), Status::OK);
    Ok(())
}
