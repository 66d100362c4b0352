//! `zx_object_wait_one` and `zx_object_signal`.

use crate::background::Background;
use crate::memory::{Area, BAD_ADDRESSES};
use crate::probe::{close, duplicate, out, replace, status};
use crate::regions::{Object, bti, own_process, resource, root};
use crate::suite::Outcome;
use crate::{ensure, expect_eq};
use abi::options::{Signals, TIME_INFINITE};
use libzx::{Call, Port, Rights, Status, monotonic};

const A: u32 = 1 << 24;
const B: u32 = 1 << 25;
const C: u32 = 1 << 31;
/// `ZX_SIGNAL_HANDLE_CLOSED`
const CLOSED: u32 = 1 << 23;
/// All that programs may change.
const USER: u32 = 0xFF00_0000;
const UNTOUCHED: u32 = 0x0055_5555;
const NEVER: u64 = TIME_INFINITE.cast_unsigned();
const MILLISECOND: i64 = 1_000_000;

/// Waits and tells what was observed, which is [`UNTOUCHED`] if nothing was stored.
fn wait(handle: u32, wanted: u32, deadline: i64) -> (Status, u32) {
    let mut observed = UNTOUCHED;
    let place = out(&mut observed);
    let deadline = deadline.cast_unsigned();
    let args = [u64::from(handle), u64::from(wanted), deadline, place];
    let status = status(Call::ObjectWaitOne, &args);
    (status, core::hint::black_box(observed))
}

fn signal(handle: u32, clear: u32, set: u32) -> Status {
    let args = [u64::from(handle), u64::from(clear), u64::from(set)];
    status(Call::ObjectSignal, &args)
}

/// What is asserted now of the user's signals.
fn user(handle: u32) -> u32 {
    wait(handle, 0, 0).1 & USER
}

pub fn what_is_asserted_is_seen_at_once() -> Outcome {
    let vmo = Object::new(1)?;
    expect_eq!(signal(vmo.handle, 0, A | C), Status::OK);
    for deadline in [i64::MIN, -1, 0, 1, i64::MAX] {
        for wanted in [A, C, A | B, USER] {
            let (given, observed) = wait(vmo.handle, wanted, deadline);
            expect_eq!(given, Status::OK);
            expect_eq!(observed & USER, A | C);
        }
    }
    let args = [u64::from(vmo.handle), u64::from(A), NEVER, 0];
    expect_eq!(status(Call::ObjectWaitOne, &args), Status::OK);
    Ok(())
}

pub fn waiting_needs_the_right() -> Outcome {
    let vmo = Object::new(1)?;
    expect_eq!(signal(vmo.handle, 0, A), Status::OK);
    let weak = vmo.without(Rights::WAIT)?;
    expect_eq!(wait(weak.handle, A, 0), (Status::ACCESS_DENIED, UNTOUCHED));
    expect_eq!(wait(0, A, 0), (Status::BAD_HANDLE, UNTOUCHED));
    let enough = vmo.with(Rights::WAIT)?;
    expect_eq!(wait(enough.handle, A, 0).0, Status::OK);
    // These have the right by no default.
    let port = Port::create()?;
    for handle in [port.handle().raw(), root(), resource(), bti()] {
        expect_eq!(wait(handle, A, 0), (Status::ACCESS_DENIED, UNTOUCHED));
    }
    Ok(())
}

pub fn a_bad_place_for_the_signals_is_refused() -> Outcome {
    let vmo = Object::new(1)?;
    for asserted in [0, A] {
        expect_eq!(signal(vmo.handle, A, asserted), Status::OK);
        for (what, address, _) in BAD_ADDRESSES {
            let args = [u64::from(vmo.handle), u64::from(A), 0, address];
            let given = status(Call::ObjectWaitOne, &args);
            let wanted = match (address, asserted) {
                (0, 0) => Status::TIMED_OUT,
                (0, _) => Status::OK,
                _ => Status::INVALID_ARGS,
            };
            ensure!(given == wanted, "{what}: {given}");
        }
    }
    Ok(())
}

pub fn time_runs_out() -> Outcome {
    let vmo = Object::new(1)?;
    expect_eq!(signal(vmo.handle, 0, B), Status::OK);
    let now = monotonic();
    for deadline in [i64::MIN, -1, 0, 1, now] {
        let (given, observed) = wait(vmo.handle, A, deadline);
        expect_eq!(given, Status::TIMED_OUT);
        expect_eq!(observed & USER, B);
    }
    let deadline = monotonic() + 20 * MILLISECOND;
    let (given, observed) = wait(vmo.handle, A | C, deadline);
    ensure!(monotonic() >= deadline, "it came back too early");
    expect_eq!(given, Status::TIMED_OUT);
    expect_eq!(observed & USER, B);
    Ok(())
}

/// A wait in another thread, with a place for what it observes.
fn waiting(handle: u32, wanted: u32, area: &Area) -> Result<Background, crate::suite::Failure> {
    area.map.store(0, &UNTOUCHED.to_le_bytes());
    let args = [u64::from(handle), u64::from(wanted), NEVER, area.at(0)];
    Background::call(Call::ObjectWaitOne, &args)
}

fn observed(area: &Area) -> u32 {
    let mut bytes = [0; 4];
    area.map.load(0, &mut bytes);
    u32::from_le_bytes(bytes)
}

pub fn a_signal_ends_the_wait() -> Outcome {
    let (vmo, area) = (Object::new(1)?, Area::new(1)?);
    let waiter = waiting(vmo.handle, A | B, &area)?;
    waiter.stays_blocked()?;
    expect_eq!(signal(vmo.handle, 0, C), Status::OK);
    waiter.stays_blocked()?;
    expect_eq!(observed(&area), UNTOUCHED);
    expect_eq!(signal(vmo.handle, 0, B), Status::OK);
    expect_eq!(waiter.status()?, Status::OK);
    expect_eq!(observed(&area) & USER, B | C);
    Ok(())
}

/// The waiter does not run while the signal stands, most of the time; it must come back
/// every time.
pub fn a_signal_that_is_cleared_at_once_is_seen() -> Outcome {
    let (vmo, area) = (Object::new(1)?, Area::touched(1)?);
    for _ in 0..5 {
        let waiter = waiting(vmo.handle, A, &area)?;
        waiter.stays_blocked()?;
        expect_eq!(signal(vmo.handle, 0, A), Status::OK);
        expect_eq!(signal(vmo.handle, A, 0), Status::OK);
        expect_eq!(waiter.status()?, Status::OK);
        expect_eq!(observed(&area) & USER, A);
        expect_eq!(user(vmo.handle), 0);
    }
    Ok(())
}

pub fn everybody_who_waits_is_told() -> Outcome {
    let vmo = Object::new(1)?;
    let second = vmo.with(Rights::WAIT)?;
    let areas = [Area::new(1)?, Area::new(1)?, Area::new(1)?];
    let [a, b, c] = &areas;
    let waiters = [
        waiting(vmo.handle, A, a)?,
        waiting(second.handle, A | B, b)?,
        waiting(vmo.handle, A | C, c)?,
    ];
    for waiter in &waiters {
        waiter.stays_blocked()?;
    }
    expect_eq!(signal(vmo.handle, 0, A), Status::OK);
    for waiter in waiters {
        expect_eq!(waiter.status()?, Status::OK);
    }
    for area in &areas {
        expect_eq!(observed(area) & USER, A);
    }
    Ok(())
}

pub fn closing_the_handle_cancels_the_wait() -> Outcome {
    let (vmo, area) = (Object::new(1)?, Area::new(1)?);
    let (first, second) = (
        duplicate(vmo.handle, Rights::SAME_RIGHTS)?,
        duplicate(vmo.handle, Rights::SAME_RIGHTS)?,
    );
    let waiter = waiting(first, A, &area)?;
    waiter.stays_blocked()?;
    expect_eq!(close(second), Status::OK);
    waiter.stays_blocked()?;
    expect_eq!(close(first), Status::OK);
    expect_eq!(waiter.status()?, Status::CANCELED);
    expect_eq!(observed(&area) & (USER | CLOSED), CLOSED);
    Ok(())
}

pub fn replacing_the_handle_cancels_the_wait() -> Outcome {
    let (vmo, area) = (Object::new(1)?, Area::new(1)?);
    let first = duplicate(vmo.handle, Rights::SAME_RIGHTS)?;
    let waiter = waiting(first, A, &area)?;
    waiter.stays_blocked()?;
    let new = replace(first, Rights::SAME_RIGHTS)?;
    expect_eq!(waiter.status()?, Status::CANCELED);
    expect_eq!(signal(new, 0, A), Status::OK);
    expect_eq!(wait(new, A, 0).0, Status::OK);
    expect_eq!(close(new), Status::OK);
    Ok(())
}

/// The object outlives its last handle for as long as somebody waits.
pub fn the_last_handle_can_be_waited_by() -> Outcome {
    let area = Area::new(1)?;
    let vmo = Object::new(1)?;
    let waiter = waiting(vmo.handle, A, &area)?;
    waiter.stays_blocked()?;
    drop(vmo);
    expect_eq!(waiter.status()?, Status::CANCELED);
    Ok(())
}

pub fn signalling_needs_the_right() -> Outcome {
    let vmo = Object::new(1)?;
    let weak = vmo.without(Rights::SIGNAL)?;
    expect_eq!(signal(weak.handle, 0, A), Status::ACCESS_DENIED);
    expect_eq!(signal(0, 0, A), Status::BAD_HANDLE);
    expect_eq!(user(vmo.handle), 0);
    let enough = vmo.with(Rights::SIGNAL)?;
    expect_eq!(signal(enough.handle, 0, A), Status::OK);
    expect_eq!(user(vmo.handle), A);
    let port = Port::create()?;
    for handle in [port.handle().raw(), root(), resource(), bti()] {
        expect_eq!(signal(handle, 0, A), Status::ACCESS_DENIED);
    }
    Ok(())
}

pub fn only_the_users_signals_can_be_changed() -> Outcome {
    let vmo = Object::new(1)?;
    let before = wait(vmo.handle, 0, 0).1;
    for bit in 0..24 {
        for (clear, set) in [(1 << bit, 0), (0, 1 << bit), (A, A | 1 << bit)] {
            expect_eq!(signal(vmo.handle, clear, set), Status::INVALID_ARGS);
        }
    }
    expect_eq!(wait(vmo.handle, 0, 0).1, before);
    // The handle is looked at first.
    expect_eq!(signal(0, 0, 1), Status::BAD_HANDLE);
    for bit in 24..32 {
        expect_eq!(signal(vmo.handle, 0, 1 << bit), Status::OK);
        expect_eq!(user(vmo.handle), 1 << bit);
        expect_eq!(signal(vmo.handle, 1 << bit, 0), Status::OK);
        expect_eq!(user(vmo.handle), 0);
    }
    // Cleared first, then set.
    expect_eq!(signal(vmo.handle, A | B, A | C), Status::OK);
    expect_eq!(user(vmo.handle), A | C);
    Ok(())
}

pub fn tasks_have_signals_of_the_users_too() -> Outcome {
    let own = own_process();
    let thread = super::own_thread();
    let running = Signals::THREAD_RUNNING.bits();
    for (task, kernels) in [(own, 0), (thread, running)] {
        expect_eq!(signal(task, 0, B), Status::OK);
        expect_eq!(wait(task, B, 0), (Status::OK, B | kernels));
        expect_eq!(signal(task, B, 0), Status::OK);
        expect_eq!(wait(task, B, 0), (Status::TIMED_OUT, kernels));
    }
    Ok(())
}
