//! A random walk: mappings made, overwritten, cut and protected in a VMAR and its child,
//! against a table of what each page should be.

use crate::ensure;
use crate::inspect::{Maps, koid};
use crate::memory::{Area, PAGE};
use crate::probe::{Map, UNTOUCHED, process_read, status, vmar_unmap};
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use libzx::{Call, Rights, Status};

/// Pages of the outer VMAR; the child has the upper half.
const PAGES: usize = 16;
const HALF: usize = PAGES / 2;
/// Pages of each VMO, so that no mapping reaches beyond its end.
const VMO_PAGES: usize = 24;

/// What a page should be.
#[derive(Clone, Copy, PartialEq)]
struct Page {
    /// Which VMO.
    vmo: usize,
    /// Which of its pages.
    offset: usize,
    /// What may be done.
    permissions: u32,
    /// Whether it could be writable.
    writable: bool,
    /// Which call has mapped it.
    mapping: u32,
}

/// The numbers that decide what happens: a xorshift sequence.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let limit = limit.max(1) as u64;
        usize::try_from((self.0 >> 11) % limit).unwrap_or(0)
    }
}

struct World {
    outer: SubVmar,
    inner: SubVmar,
    /// Two VMOs, each by a handle that can write and one that cannot.
    vmos: [(Object, Object); 2],
    pages: [Option<Page>; PAGES],
    calls: u32,
    buffer: Area,
}

impl World {
    fn new() -> Result<Self, Status> {
        let outer = SubVmar::new(PAGES as u64)?;
        let inner = outer.child(CAN_RW, HALF as u64, HALF as u64)?;
        let vmo = |seed| {
            let vmo = Object::patterned(Kind::Anonymous, VMO_PAGES as u64, seed)?;
            let weak = vmo.without(Rights::WRITE)?;
            Ok::<_, Status>((vmo, weak))
        };
        Ok(Self {
            outer,
            inner,
            vmos: [vmo(171)?, vmo(172)?],
            pages: [None; PAGES],
            calls: 0,
            buffer: Area::new(PAGES)?,
        })
    }

    /// A VMAR, and a range of pages in it.
    fn range(&self, dice: &mut Dice) -> (u32, usize, usize) {
        let lower = dice.below(2) == 0;
        let first = dice.below(HALF);
        let count = 1 + dice.below((HALF - first).min(5));
        if lower {
            (self.outer.handle, first, count)
        } else {
            (self.inner.handle, HALF + first, count)
        }
    }

    fn address(&self, page: usize) -> u64 {
        self.outer.page(page as u64)
    }

    fn taken(&self, first: usize, count: usize) -> &[Option<Page>] {
        self.pages.get(first..first + count).unwrap_or_default()
    }

    fn map(&mut self, dice: &mut Dice, overwrite: bool) -> Outcome {
        let (vmar, first, count) = self.range(dice);
        let which = dice.below(2);
        let offset = dice.below(VMO_PAGES - count + 1);
        let writable = dice.below(3) != 0;
        let permissions = match dice.below(3) {
            0 if writable => RW,
            1 => 0,
            _ => R,
        };
        let Some((strong, weak)) = self.vmos.get(which) else {
            return Ok(());
        };
        let base = if first < HALF { 0 } else { HALF };
        let way = if overwrite { OVERWRITE } else { SPECIFIC };
        let map = Map {
            vmar,
            options: permissions | way,
            vmar_offset: (first - base) as u64 * PAGE,
            vmo: if writable { strong.handle } else { weak.handle },
            vmo_offset: offset as u64 * PAGE,
            len: count as u64 * PAGE,
        };
        let free = self.taken(first, count).iter().all(Option::is_none);
        let wanted = if free || overwrite {
            Ok(self.address(first))
        } else {
            Err(Status::ALREADY_EXISTS)
        };
        let given = map.call();
        ensure!(given == wanted, "map {first}+{count}: {given:x?}");
        if given.is_ok() {
            self.calls += 1;
            let pages = self.pages.iter_mut().skip(first).take(count);
            for (slot, offset) in pages.zip(offset..) {
                *slot = Some(Page {
                    vmo: which,
                    offset,
                    permissions,
                    writable,
                    mapping: self.calls,
                });
            }
        }
        Ok(())
    }

    fn unmap(&mut self, dice: &mut Dice) -> Outcome {
        let (vmar, first, count) = self.range(dice);
        let given = vmar_unmap(vmar, self.address(first), count as u64 * PAGE);
        ensure!(given == Status::OK, "unmap {first}+{count}: {given}");
        let pages = self.pages.iter_mut().skip(first).take(count);
        pages.for_each(|slot| *slot = None);
        Ok(())
    }

    fn protect(&mut self, dice: &mut Dice) -> Outcome {
        let (mut vmar, first, count) = self.range(dice);
        let above = dice.below(3) == 0;
        if above {
            vmar = self.outer.handle;
        }
        let options = [0, R, RW].get(dice.below(3)).copied().unwrap_or(R);
        let range = self.taken(first, count);
        let hole = range.iter().any(Option::is_none);
        let too_much = range.iter().flatten().any(|page| {
            let from_above = above && first >= HALF;
            options & W != 0 && !page.writable || from_above && options & !page.permissions != 0
        });
        let given = protect(vmar, options, self.address(first), count as u64 * PAGE);
        // Which of two reasons is told depends on the order of the pages.
        let well = match (hole, too_much) {
            (false, false) => given == Status::OK,
            (true, false) => given == Status::NOT_FOUND,
            (false, true) => given == Status::ACCESS_DENIED,
            (true, true) => matches!(given, Status::NOT_FOUND | Status::ACCESS_DENIED),
        };
        ensure!(well, "protect {first}+{count} to {options}: {given}");
        if given == Status::OK {
            let pages = self.pages.iter_mut().skip(first).take(count);
            for page in pages.flatten() {
                page.permissions = options;
            }
        }
        Ok(())
    }

    /// One page: what it allows.
    fn look(&self, dice: &mut Dice) -> Outcome {
        let page = dice.below(PAGES);
        let wanted = match self.pages.get(page).copied().flatten() {
            None => FREE,
            Some(page) => match page.permissions {
                RW => READ_WRITE,
                R => READ_ONLY,
                _ => NO_ACCESS,
            },
        };
        let found = access(self.address(page))?;
        ensure!(found == wanted, "page {page} allows {found:?}");
        Ok(())
    }

    /// Where the mapping that a page belongs to ends.
    fn end(&self, page: usize) -> usize {
        let first = self.pages.get(page).copied().flatten();
        let same = self.pages.iter().skip(page).take_while(|slot| {
            first
                .zip(**slot)
                .is_some_and(|(a, b)| a.mapping == b.mapping)
        });
        page + same.count()
    }

    /// All pages: the map of the address space, and what one read gives from each.
    fn compare(&self) -> Outcome {
        let maps = Maps::own()?;
        for (index, page) in self.pages.iter().enumerate() {
            let address = self.address(index);
            let found = maps.mapping(address);
            let Some(page) = page else {
                ensure!(found.is_none(), "page {index} is in the map");
                let given = process_read(own_process(), address, self.buffer.at(0), 1);
                let wanted = (Status::NO_MEMORY, UNTOUCHED);
                ensure!(given == wanted, "page {index}: {given:?}");
                continue;
            };
            let found = found.ok_or(Status::NOT_FOUND)?;
            let Some((vmo, _)) = self.vmos.get(page.vmo) else {
                continue;
            };
            let offset = found.vmo_offset + (address - found.base);
            ensure!(
                found.vmo_koid == koid(vmo.handle)?
                    && offset == page.offset as u64 * PAGE
                    && found.mmu_flags == page.permissions,
                "page {index} in the map: {found:?}"
            );
            let length = (self.end(index) - index) as u64 * PAGE;
            let given = process_read(
                own_process(),
                address,
                self.buffer.at(0),
                PAGES as u64 * PAGE,
            );
            ensure!(
                given == (Status::OK, length),
                "a read from page {index}: {given:x?}, not {length:#x}"
            );
            let seed = 171 + page.vmo as u64;
            let differs = self.buffer.mismatch(seed, 0, page.offset as u64 * PAGE, 64);
            ensure!(differs.is_none(), "page {index} shows other bytes");
        }
        for ((vmo, _), seed) in self.vmos.iter().zip(171..) {
            let differs = vmo.mismatch(VMO_PAGES as u64, seed)?;
            ensure!(differs.is_none(), "a VMO has changed");
        }
        Ok(())
    }
}

/// So many steps from that seed.
fn walk(seed: u64, steps: usize) -> Outcome {
    let mut dice = Dice(seed);
    let mut world = World::new()?;
    for step in 1..=steps {
        let outcome = match dice.below(8) {
            0 | 1 => world.map(&mut dice, false),
            2 => world.map(&mut dice, true),
            3 => world.unmap(&mut dice),
            _ => world.protect(&mut dice),
        };
        let outcome = outcome.and_then(|()| world.look(&mut dice));
        let outcome = outcome.and_then(|()| match step % 16 {
            0 => world.compare(),
            _ => Ok(()),
        });
        if let Err(why) = outcome {
            return Err(crate::suite::Failure::new(format_args!(
                "step {step} of {seed}: {why:?}"
            )));
        }
    }
    let consistent = status(Call::DebugCheck, &[]);
    ensure!(consistent == Status::OK, "seed {seed}: {consistent}");
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "a random walk keeps every page as it should be [13.3/10 13.4/13 13.1/25 5.2/3 15.2/7]",
        || (1..=6).try_for_each(|seed| walk(seed * 0x9E37_79B9, 160)),
    );
}
