//! Random sequences of operations on VMOs and mappings, compared with a model.
//!
//! The model is plain byte arrays and knows nothing of pages that are shared, absent or
//! copied. Every step is made from a seed and the step's number, so that steps can be left
//! out without changing the others: that is how the test on the host finds a short sequence
//! that fails.

mod map_steps;
mod state;
mod vmo_steps;
mod world;

use crate::memory::Area;
use crate::probe;
use crate::random::Random;
use crate::suite::Failure;
use crate::text::Text;
use crate::{ensure, expect_eq};
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, Ordering};
use libzx::{Call, Status, println, startup};
use state::{Model, PAGES};
use world::{Done, World};

/// The one model; too large for a stack.
struct Place {
    model: UnsafeCell<Model>,
    taken: AtomicBool,
}

// SAFETY: `taken` lets one caller of `run` have the model, once.
unsafe impl Sync for Place {}

static PLACE: Place = Place {
    model: UnsafeCell::new(Model::new()),
    taken: AtomicBool::new(false),
};

type Step = fn(&mut World<'_>, &mut Random) -> Done;

/// How often each step is made, and what it is.
const STEPS: [(usize, Step); 16] = [
    (6, vmo_steps::create),
    (12, vmo_steps::create_child),
    (12, vmo_steps::write),
    (4, vmo_steps::read),
    (8, vmo_steps::set_size),
    (4, vmo_steps::set_stream_size),
    (14, vmo_steps::op_range),
    (5, vmo_steps::transfer),
    (7, vmo_steps::close),
    (9, map_steps::map),
    (6, map_steps::protect),
    (5, map_steps::unmap),
    (9, map_steps::store_bytes),
    (5, map_steps::process_read),
    (8, map_steps::process_write),
    (8, |world, random| match random.once_in(2) {
        true => map_steps::read_into_map(world, random),
        false => map_steps::write_from_map(world, random),
    }),
];

fn one_step(world: &mut World<'_>, random: &mut Random) -> Done {
    let all = STEPS.iter().map(|step| step.0).sum();
    let mut number = random.below(all);
    for (weight, step) in STEPS {
        if number < weight {
            return step(world, random);
        }
        number -= weight;
    }
    Ok(None)
}

/// Whether the list, numbers and ranges such as `3,7-9`, has the number.
fn listed(list: &str, number: u64) -> bool {
    list.split(',').any(|part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let bounds = (first.parse::<u64>(), last.parse::<u64>());
        matches!(bounds, (Ok(first), Ok(last)) if (first..=last).contains(&number))
    })
}

/// Everything closed and unmapped, the kernel must hold nothing of it any more.
fn clean_up(world: &mut World<'_>) -> Result<(), Failure> {
    let Some(root) = startup().vmar_root() else {
        return Err(Status::NOT_FOUND.into());
    };
    for slot in &mut world.model.maps {
        if let Some(map) = slot.take() {
            let bytes = (map.pages * libzx::PAGE_SIZE) as u64;
            let status = probe::vmar_unmap(root.handle().raw(), map.address as u64, bytes);
            expect_eq!(status, Status::OK);
        }
    }
    for slot in &mut world.model.vmos {
        if let Some(vmo) = slot.take().filter(|vmo| vmo.handle != 0) {
            expect_eq!(probe::close(vmo.handle), Status::OK);
        }
    }
    Ok(())
}

fn invariants() -> Result<(), Failure> {
    let status = probe::status(Call::DebugCheck, &[]);
    ensure!(
        status == Status::OK,
        "the check of invariants gives {status}"
    );
    Ok(())
}

/// Changes one byte that a handle shows.
fn tell_a_lie(model: &mut Model) {
    let mut all = model.vmos.iter().flatten();
    let shown = all.find_map(|vmo| {
        let window = model.window(vmo).filter(|window| window.size > 0);
        window.filter(|_| vmo.handle != 0)
    });
    if let Some(window) = shown {
        for byte in model.bytes_mut(window, 7, 1) {
            *byte ^= 1;
        }
    }
}

/// Runs the sequence that the arguments name: `--seed N --steps M`, and if wanted
/// `--skip LIST`, `--trace on`, `--check EVERY` (how often the host checks the kernel's
/// invariants; never with 0), `--lie STEP` (makes the model wrong there, to see that this is
/// noticed). The return code of the program.
#[must_use]
pub fn run() -> i64 {
    let number = |name: &str, otherwise: u64| {
        let value = startup().value(name).and_then(|text| text.parse().ok());
        value.unwrap_or(otherwise)
    };
    let (seed, steps) = (number("--seed", 0), number("--steps", 1000));
    let check = number("--check", 64);
    let lie = number("--lie", u64::MAX);
    let skip = startup().value("--skip").unwrap_or("");
    let trace = startup().value("--trace") == Some("on");
    if PLACE.taken.swap(true, Ordering::AcqRel) {
        return 2;
    }
    // SAFETY: `taken` was false, so this is the only reference there will ever be.
    let model = unsafe { &mut *PLACE.model.get() };
    let Ok(buffer) = Area::new(PAGES + 2) else {
        return 2;
    };
    let mut world = World {
        model,
        buffer,
        step: 0,
        what: Text::new(format_args!("")),
    };
    let mut made = 0_u64;
    for step in 0..steps {
        if step == lie {
            tell_a_lie(world.model);
        }
        if listed(skip, step) {
            continue;
        }
        world.step = step;
        world.say(format_args!("nothing"));
        let mut random = Random::new(seed, step);
        let mut done = one_step(&mut world, &mut random);
        if done.is_ok() && check != 0 && step % check == 0 {
            done = world.check_all().and(invariants()).and(done);
        }
        if trace && !matches!(done, Ok(None)) {
            println!("step {step}: {}", world.what);
        }
        match done {
            Ok(did) => made += u64::from(did.is_some()),
            Err(why) => {
                println!("seed {seed} step {step}: {}", world.what);
                println!("seed {seed} step {step}: FAIL {why:?}");
                return 1;
            }
        }
    }
    let last = world.check_all().and_then(|()| clean_up(&mut world));
    let last = last.and_then(|()| if check == 0 { Ok(()) } else { invariants() });
    if let Err(why) = last {
        println!("seed {seed} step {steps}: FAIL at the end: {why:?}");
        return 1;
    }
    println!("seed {seed}: {made} of {steps} steps made, all well");
    0
}
