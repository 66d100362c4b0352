//! Private clones, as `zx_process_write_memory` makes them, are nobody's children
//! (reference §7, §6.2).

use crate::memory::{Area, PAGE};
use crate::modes::Modes;
use crate::probe::process_write;
use crate::subject::Subject;
use crate::subject::statuses::{NOT_SUPPORTED, OK};
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use libzx::{MapOptions, PAGE_SIZE, Rights, startup};

pub(super) fn run(suite: &mut Suite, modes: Modes) {
    suite.case("a private clone is not counted as a child [7/19]", || {
        private(modes)
    });
}

fn private(modes: Modes) -> Outcome {
    let own = startup().process_self().map_or(0, |own| own.handle().raw());
    let vmo = Subject::pages(2)?;
    vmo.put(1, 0, 2 * PAGE)?;
    let reader = vmo.without(Rights::WRITE)?;
    let map = reader.map_with(0, 2 * PAGE_SIZE, MapOptions::PERM_READ)?;
    let buffer = Area::touched(1)?;
    buffer.map.store(0, b"private");
    let (given, _) = process_write(own, map.address() as u64 + 3, buffer.at(0), 7);
    if !modes.gate {
        expect_eq!(given, NOT_SUPPORTED);
        return Ok(());
    }
    expect_eq!(given, OK);
    expect_eq!((vmo.zero_children()?, vmo.info()?.num_children), (true, 0));
    let mut found = [0; 7];
    map.load(3, &mut found);
    expect_eq!(&found, b"private");
    expect_eq!(vmo.differs(1, 0, 2 * PAGE), Ok(None));
    // Nor do they see one another from now on.
    vmo.put(2, 0, 2 * PAGE)?;
    map.load(3, &mut found);
    expect_eq!(&found, b"private");
    let second = map.byte(PAGE_SIZE);
    ensure!(
        second == crate::pattern::byte(1, PAGE),
        "the second page has changed"
    );
    Ok(())
}
