//! With all memory used up, every call that needs a page says so, changes nothing that it
//! should not and works again when there is memory (reference §3, §4.3, §8, §11).
//!
//! The more RAM the machine has, the longer this takes: it is meant for a small one.

#![cfg_attr(target_os = "none", no_std, no_main)]

use abi::objects::VmoOptions;
use abi::options::RangeOp;
use guest_programs::given::bti;
use guest_programs::memory::{Area, PAGE};
use guest_programs::probe::{vmo_read, vmo_write};
use guest_programs::subject::make::create_contiguous;
use guest_programs::subject::statuses::{NO_MEMORY, OK};
use guest_programs::subject::{Subject, soft_load, sound};
use guest_programs::suite::{Failure, Outcome, Suite};
use guest_programs::{ensure, expect_eq, refused};
use libzx::{PAGE_SIZE, Result};

/// Makes the stack's pages present that the cases will need: a store to an absent one
/// would end the process.
#[inline(never)]
fn warm_stack() {
    let mut deep = [0_u8; 96 << 10];
    for place in deep.iter_mut().step_by(PAGE_SIZE) {
        *core::hint::black_box(place) = 1;
    }
    core::hint::black_box(&deep);
}

/// A VMO that has all pages there were but for a few.
struct Hog(Subject);

impl Hog {
    fn new() -> Result<Self> {
        const CHUNK: u64 = 1 << 20;
        let vmo = Subject::create(1 << 40, VmoOptions::empty())?;
        let mut at = 0;
        // Ever smaller pieces, so that nothing is left.
        let mut piece = CHUNK;
        while piece >= PAGE {
            match vmo.op(RangeOp::COMMIT, at, piece) {
                OK => at += piece,
                NO_MEMORY => piece /= 2,
                other => return Err(other),
            }
        }
        Ok(Self(vmo))
    }
}

/// Runs the checks while there is no memory; then there must be some again.
fn without_memory(checks: impl FnOnce(&Subject) -> Outcome) -> Outcome {
    warm_stack();
    let hog = Hog::new()?;
    let outcome = checks(&hog.0);
    drop(hog);
    outcome?;
    let after = Subject::pages(16)?;
    after.put(1, 0, 16 * PAGE)?;
    expect_eq!(after.differs(1, 0, 16 * PAGE), Ok(None));
    Ok(())
}

fn commit() -> Outcome {
    let vmo = Subject::pages(64)?;
    vmo.put(1, 0, PAGE)?;
    without_memory(|_| {
        expect_eq!(vmo.op(RangeOp::COMMIT, 0, 64 * PAGE), NO_MEMORY);
        expect_eq!(vmo.differs(1, 0, PAGE), Ok(None));
        expect_eq!(vmo.nonzero(PAGE, 63 * PAGE), Ok(None));
        Ok(())
    })?;
    expect_eq!(vmo.op(RangeOp::COMMIT, 0, 64 * PAGE), OK);
    expect_eq!(vmo.committed(), Ok(64 * PAGE));
    Ok(())
}

/// The bytes before the page that could not be had are moved.
fn write() -> Outcome {
    let source = Area::touched(64)?;
    source.fill(2, 64 * PAGE_SIZE);
    let vmo = Subject::pages(64)?;
    vmo.put(1, 0, PAGE)?;
    without_memory(|_| {
        let given = vmo_write(vmo.id(), source.at(0), 5, 63 * PAGE);
        expect_eq!(given, NO_MEMORY);
        expect_eq!(vmo.differs(1, 0, 5), Ok(None));
        expect_eq!(vmo.differs_from(2, 5, 0, PAGE - 5), Ok(None));
        expect_eq!(vmo.nonzero(63 * PAGE, PAGE), Ok(None));
        // A page that is there takes bytes as ever.
        expect_eq!(vmo.put_byte(1, 7), Ok(()));
        expect_eq!(vmo.byte(1), Ok(7));
        Ok(())
    })?;
    expect_eq!(vmo_write(vmo.id(), source.at(0), 5, 63 * PAGE), OK);
    expect_eq!(vmo.differs_from(2, 5, 0, 63 * PAGE), Ok(None));
    Ok(())
}

fn copy_on_write() -> Outcome {
    let source = Area::touched(1)?;
    source.fill(4, 64);
    let parent = Subject::pages(64)?;
    parent.put(3, 0, 64 * PAGE)?;
    let child = parent.snapshot(0, 64 * PAGE)?;
    without_memory(|_| {
        let mut failed = 0;
        for page in 0..64 {
            match vmo_write(child.id(), source.at(0), page * PAGE, 64) {
                OK => {}
                NO_MEMORY => failed += 1,
                other => {
                    let why = format_args!("a write into a shared page gave {other}");
                    return Err(Failure::new(why));
                }
            }
        }
        ensure!(failed > 48, "only {failed} of 64 pages could not be copied");
        expect_eq!(parent.differs(3, 0, 64 * PAGE), Ok(None));
        // Reading needs no page.
        expect_eq!(child.differs(3, 63 * PAGE + 64, PAGE - 64), Ok(None));
        Ok(())
    })
}

/// The caller's buffer is what needs pages.
fn buffer() -> Outcome {
    let vmo = Subject::pages(64)?;
    vmo.put(5, 0, 64 * PAGE)?;
    let buffer = Subject::pages(64)?;
    let map = buffer.map(0, 64 * PAGE_SIZE)?;
    map.store(0, &[0]);
    let at = map.address() as u64;
    without_memory(|_| {
        expect_eq!(vmo_read(vmo.id(), at, 0, 64 * PAGE), NO_MEMORY);
        expect_eq!(buffer.differs(5, 0, PAGE), Ok(None));
        expect_eq!(buffer.nonzero(63 * PAGE, PAGE), Ok(None));
        Ok(())
    })?;
    expect_eq!(vmo_read(vmo.id(), at, 0, 64 * PAGE), OK);
    expect_eq!(buffer.differs(5, 0, 64 * PAGE), Ok(None));
    expect_eq!(soft_load(at + 5), Ok(guest_programs::pattern::byte(5, 5)));
    Ok(())
}

fn contiguous() -> Outcome {
    without_memory(|_| {
        refused!(create_contiguous(bti(), 64 * PAGE, 0), NO_MEMORY);
        Ok(())
    })?;
    expect_eq!(Subject::contiguous(16)?.nonzero(0, 16 * PAGE), Ok(None));
    Ok(())
}

/// Objects live in pages too: making more and more of them ends in `NO_MEMORY`, and all
/// of them are whole until then.
fn creation() -> Outcome {
    const MOST: usize = 4000;
    without_memory(|hog| {
        let mut made = [0_u32; MOST];
        let mut count = 0;
        let mut end = OK;
        for place in &mut made {
            match guest_programs::probe::vmo_create(PAGE, 0) {
                Ok(handle) => *place = handle,
                Err(status) => {
                    end = status;
                    break;
                }
            }
            count += 1;
        }
        let sizes = made
            .iter()
            .take(count)
            .all(|&handle| guest_programs::probe::vmo_get_size(handle) == Ok(PAGE));
        for &handle in made.iter().take(count) {
            guest_programs::probe::close(handle).ok()?;
        }
        expect_eq!(end, NO_MEMORY);
        ensure!(sizes, "one of {count} VMOs is not whole");
        ensure!(hog.size().is_ok(), "the hog is gone");
        Ok(())
    })
}

/// So do handles.
fn handles() -> Outcome {
    const MOST: usize = 4000;
    without_memory(|hog| {
        let mut made = [0_u32; MOST];
        let mut end = OK;
        for place in &mut made {
            match guest_programs::probe::duplicate(hog.id(), libzx::Rights::SAME_RIGHTS) {
                Ok(handle) => *place = handle,
                Err(status) => {
                    end = status;
                    break;
                }
            }
        }
        for &handle in &made {
            guest_programs::probe::close(handle).ok()?;
        }
        expect_eq!(end, NO_MEMORY);
        ensure!(hog.size().is_ok(), "the hog is gone");
        Ok(())
    })
}

fn program() -> i64 {
    let mut suite = Suite::new();
    suite.case("exhausted: COMMIT is NO_MEMORY [11/10]", commit);
    suite.case(
        "exhausted: a write keeps the bytes before [4.3/4 22/20]",
        write,
    );
    suite.case(
        "exhausted: a page that cannot be copied [4.3/4]",
        copy_on_write,
    );
    suite.case("exhausted: a buffer that cannot be had [3/7 23/8]", buffer);
    suite.case("exhausted: contiguous memory [8.2/5]", contiguous);
    suite.case("exhausted: making VMOs ends in NO_MEMORY [8.1/6]", creation);
    suite.case(
        "exhausted: making handles ends in NO_MEMORY [2.1/7]",
        handles,
    );
    sound(&mut suite);
    suite.finish()
}

libzx::main!(program);
