//! The cases of `test-protect`: `zx_vmar_protect` (reference §13.4, §5.2).

mod arguments;
mod children;
mod effect;
mod limits;
mod pieces;

use crate::memory::PAGE;
use crate::regions::*;
use crate::suite::Suite;
use libzx::Status;

/// A VMAR of 8 pages with 4 of a patterned VMO from page 2 on, readable and writable.
struct Place {
    vmar: SubVmar,
    vmo: Object,
}

impl Place {
    const SEED: u64 = 51;

    fn new() -> Result<Self, Status> {
        let vmar = SubVmar::new(8)?;
        let vmo = Object::patterned(Kind::Anonymous, 4, Self::SEED)?;
        vmar.at(2, vmo.handle, 4).call()?;
        Ok(Self { vmar, vmo })
    }

    fn protect(&self, options: u32, page: u64, pages: u64) -> Status {
        protect(
            self.vmar.handle,
            options,
            self.vmar.page(page),
            pages * PAGE,
        )
    }

    /// What each of the four pages allows.
    fn pages(&self) -> Result<[Access; 4], Status> {
        let mut found = [FREE; 4];
        for (page, slot) in (2..).zip(&mut found) {
            *slot = access(self.vmar.page(page))?;
        }
        Ok(found)
    }
}

/// Runs them all.
pub fn run(suite: &mut Suite) {
    arguments::run(suite);
    effect::run(suite);
    limits::run(suite);
    pieces::run(suite);
    children::run(suite);
}
