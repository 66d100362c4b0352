//! Random calls on a pool of processes, threads, ports and VMOs. What each call answers
//! is left open; that the kernel's counts and lists are right after it is not.

use super::code::{call, code, load, prepared};
use crate::child::{CODE, DATA, FAULT, STACK};
use crate::ensure;
use crate::probe::{close, duplicate, out, replace, status};
use crate::regions::Object;
use crate::suite::{Failure, Outcome};
use abi::info::PortPacket;
use libzx::{Call, Rights, Status, monotonic, raw};

/// How many handles the pool has.
const POOL: usize = 32;
const ROUNDS: usize = 3000;
/// How often the host looks.
const BETWEEN_CHECKS: usize = 500;

struct Pool {
    handles: [u32; POOL],
    state: u64,
}

impl Pool {
    /// A number below `limit` (an LCG; constants of Knuth's MMIX).
    fn below(&mut self, limit: u64) -> u64 {
        let next = self.state.wrapping_mul(6_364_136_223_846_793_005);
        self.state = next.wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % limit
    }

    fn index(&mut self) -> usize {
        usize::try_from(self.below(POOL as u64)).unwrap_or(0)
    }

    fn pick(&mut self) -> u32 {
        let at = self.index();
        self.handles.get(at).copied().unwrap_or(0)
    }

    /// Puts a handle into the pool, in place of one that is closed.
    fn put(&mut self, handle: u32) {
        let at = self.index();
        if let Some(place) = self.handles.get_mut(at) {
            let before = core::mem::replace(place, handle);
            let _ = close(before);
        }
    }
}

/// Until when a child waits: those without handles must end by themselves.
fn soon() -> u64 {
    monotonic().saturating_add(50_000_000).cast_unsigned()
}

/// A child that waits in the port that it is given, if it is one, and then ends its
/// thread.
fn new_child(pool: &mut Pool) -> Outcome {
    let packet = load(0xBA, DATA + 64);
    let (wait, exit) = (call(Call::PortWait)?, call(Call::ThreadExit)?);
    let (child, _) = prepared("random", code(&[&packet, &wait, &exit, &FAULT]))?;
    let thread = child.thread()?;
    if pool.below(2) == 0 {
        let argument = duplicate(pool.pick(), Rights::SAME_RIGHTS).unwrap_or(0);
        let [process, thread, argument] = [child.process, thread, argument].map(u64::from);
        let args = [process, thread, CODE, STACK, argument, soon()];
        let given = status(Call::ProcessStart, &args);
        let fine = given == Status::OK || given == Status::ACCESS_DENIED;
        ensure!(fine, "the start of a new child gave {given}");
    }
    pool.put(child.process);
    pool.put(child.vmar);
    pool.put(thread);
    core::mem::forget(child);
    Ok(())
}

fn step(pool: &mut Pool) -> Outcome {
    let (a, b, c) = (pool.pick(), pool.pick(), pool.pick());
    let (wide_a, wide_b) = (u64::from(a), u64::from(b));
    let mut made = 0_u32;
    let mut packet = PortPacket::default();
    let soon = soon();
    let given = match pool.below(16) {
        0 => return new_child(pool),
        1 => {
            let given = status(Call::PortCreate, &[0, out(&mut made)]);
            pool.put(core::hint::black_box(made));
            given
        }
        2 => {
            let vmo = Object::new(1)?;
            pool.put(vmo.handle);
            core::mem::forget(vmo);
            Status::OK
        }
        3 => {
            let name = "random".as_ptr().expose_provenance() as u64;
            let args = [wide_a, name, 6, 0, out(&mut made)];
            let given = status(Call::ThreadCreate, &args);
            pool.put(core::hint::black_box(made));
            given
        }
        4 | 5 => {
            let args = [wide_a, wide_b, CODE, STACK, u64::from(c), soon];
            status(Call::ProcessStart, &args)
        }
        6 => status(Call::ThreadStart, &[wide_a, CODE, STACK, wide_b, soon]),
        7 => status(Call::TaskKill, &[wide_a]),
        8 => close(a),
        9 => match duplicate(a, Rights::SAME_RIGHTS) {
            Ok(copy) => {
                pool.put(copy);
                Status::OK
            }
            Err(status) => status,
        },
        10 => match replace(a, Rights::SAME_RIGHTS) {
            Ok(copy) => {
                pool.put(copy);
                Status::OK
            }
            Err(status) => status,
        },
        11 => status(Call::ObjectSignal, &[wide_a, 1 << 24, 1 << 25]),
        12 => status(Call::ObjectWaitOne, &[wide_a, 1 << 25, 0, 0]),
        13 => status(Call::PortQueue, &[wide_a, out(&mut packet)]),
        14 => status(Call::PortWait, &[wide_a, 0, out(&mut packet)]),
        _ => {
            libzx::yield_now();
            Status::OK
        }
    };
    let known = [
        Status::OK,
        Status::BAD_HANDLE,
        Status::WRONG_TYPE,
        Status::ACCESS_DENIED,
        Status::BAD_STATE,
        Status::TIMED_OUT,
    ];
    ensure!(known.contains(&given), "a call gave {given}");
    Ok(())
}

fn look(round: usize) -> Result<(), Failure> {
    let found = Status(raw::vmoscope_check());
    ensure!(found == Status::OK, "after {round} calls: {found}");
    Ok(())
}

pub fn random_calls_leave_every_count_right() -> Outcome {
    let mut pool = Pool {
        handles: [0; POOL],
        state: 1,
    };
    for round in 0..ROUNDS {
        step(&mut pool)?;
        if round % BETWEEN_CHECKS == 0 {
            look(round)?;
        }
    }
    // Nobody is left behind: a process with a handle here is killed by it.
    for handle in pool.handles {
        let _ = status(Call::TaskKill, &[u64::from(handle)]);
        let _ = close(handle);
    }
    look(ROUNDS)
}
