//! A mapping whose parts have different permissions is still one mapping (reference
//! §5.2, §15.2).

use super::Place;
use crate::inspect::{Maps, vmo};
use crate::memory::{Area, PAGE};
use crate::probe::{process_read, vmar_unmap};
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use libzx::Status;

const SEED: u64 = Place::SEED;

/// The four pages with four different neighbours' permissions: R, none, RW, R.
fn colourful() -> Result<Place, Status> {
    let place = Place::new()?;
    place.protect(R, 2, 1).ok()?;
    place.protect(0, 3, 1).ok()?;
    place.protect(R, 5, 1).ok()?;
    Ok(place)
}

fn one_read() -> Outcome {
    let place = colourful()?;
    expect_eq!(
        place.pages()?,
        [READ_ONLY, NO_ACCESS, READ_WRITE, READ_ONLY]
    );
    let buffer = Area::new(6)?;
    for (page, from, pages) in [(2, 0, 4), (3, 1, 3), (4, 2, 2), (5, 3, 1)] {
        let found = process_read(own_process(), place.vmar.page(page), buffer.at(0), 6 * PAGE);
        ensure!(
            found == (Status::OK, pages * PAGE),
            "from page {page}: {found:?}"
        );
        let length = usize::try_from(pages * PAGE).unwrap_or(0);
        expect_eq!(buffer.mismatch(SEED, 0, from * PAGE, length), None);
    }
    // Across a seam, unaligned.
    let found = process_read(own_process(), place.vmar.page(3) - 5, buffer.at(0), 10);
    expect_eq!(found, (Status::OK, 10));
    expect_eq!(buffer.mismatch(SEED, 0, PAGE - 5, 10), None);
    Ok(())
}

fn one_mapping_in_the_count() -> Outcome {
    let place = Place::new()?;
    let mappings = || Ok::<u64, Status>(vmo(place.vmo.handle)?.num_mappings);
    expect_eq!(mappings()?, 1);
    expect_eq!(place.protect(R, 3, 1), Status::OK);
    expect_eq!(mappings()?, 1);
    expect_eq!(place.protect(0, 5, 1), Status::OK);
    expect_eq!(mappings()?, 1);
    // Unmapping the middle makes two.
    let vmar = &place.vmar;
    expect_eq!(vmar_unmap(vmar.handle, vmar.page(4), PAGE), Status::OK);
    expect_eq!(mappings()?, 2);
    expect_eq!(vmar_unmap(vmar.handle, vmar.page(5), PAGE), Status::OK);
    expect_eq!(mappings()?, 1);
    Ok(())
}

fn one_record_per_piece() -> Outcome {
    let place = colourful()?;
    let maps = Maps::own()?;
    let koid = vmo(place.vmo.handle)?.koid;
    let mut found = maps.mappings().filter(|record| record.vmo_koid == koid);
    for (page, flags) in [(2, R), (3, 0), (4, RW), (5, R)] {
        let record = found.next().ok_or(Status::NOT_FOUND)?;
        expect_eq!(record.base, place.vmar.page(page));
        expect_eq!(record.size, PAGE);
        expect_eq!(record.mmu_flags, flags);
        expect_eq!(record.vmo_offset, (page - 2) * PAGE);
        expect_eq!(record.depth, 3);
    }
    ensure!(found.next().is_none(), "more records than pieces");
    Ok(())
}

fn cutting_ends_a_mapping() -> Outcome {
    let place = Place::new()?;
    let vmar = &place.vmar;
    expect_eq!(place.protect(R, 3, 1), Status::OK);
    expect_eq!(vmar_unmap(vmar.handle, vmar.page(3), PAGE), Status::OK);
    let buffer = Area::new(4)?;
    let found = process_read(own_process(), vmar.page(2), buffer.at(0), 4 * PAGE);
    expect_eq!(found, (Status::OK, PAGE));
    let found = process_read(own_process(), vmar.page(4), buffer.at(0), 4 * PAGE);
    expect_eq!(found, (Status::OK, 2 * PAGE));
    expect_eq!(buffer.mismatch(SEED, 0, 2 * PAGE, 8192), None);
    Ok(())
}

/// Overwriting a piece puts another mapping between the two rests.
fn overwriting_ends_a_mapping() -> Outcome {
    let place = Place::new()?;
    let vmar = &place.vmar;
    expect_eq!(place.protect(R, 3, 2), Status::OK);
    // The very same page of the very same VMO: another mapping nonetheless, but one that
    // might be merged with its neighbours; so another VMO.
    let other = Object::patterned(Kind::Anonymous, 1, 52)?;
    let mut over = vmar.at(4, other.handle, 1);
    over.options = R | OVERWRITE;
    over.call()?;
    let buffer = Area::new(4)?;
    for (page, pages, seed, from) in [(2, 2, SEED, 0), (4, 1, 52, 0), (5, 1, SEED, 3)] {
        let found = process_read(own_process(), vmar.page(page), buffer.at(0), 4 * PAGE);
        ensure!(
            found == (Status::OK, pages * PAGE),
            "from page {page}: {found:?}"
        );
        let length = usize::try_from(pages * PAGE).unwrap_or(0);
        expect_eq!(buffer.mismatch(seed, 0, from * PAGE, length), None);
    }
    Ok(())
}

/// The permissions of the pieces do not matter to each other when one is changed again.
fn pieces_grow_together() -> Outcome {
    let place = colourful()?;
    expect_eq!(place.protect(RW, 2, 4), Status::OK);
    expect_eq!(place.pages()?, [READ_WRITE; 4]);
    let buffer = Area::new(4)?;
    let found = process_read(own_process(), place.vmar.page(2), buffer.at(0), 4 * PAGE);
    expect_eq!(found, (Status::OK, 4 * PAGE));
    expect_eq!(buffer.mismatch(SEED, 0, 0, 4 * 4096), None);
    expect_eq!(vmo(place.vmo.handle)?.num_mappings, 1);
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite) {
    suite.case("one read goes across permissions [5.2/3 5.2/2]", one_read);
    suite.case(
        "parts with other permissions count as one mapping [5.2/3 15.1/3]",
        one_mapping_in_the_count,
    );
    suite.case(
        "the map has one record per part [15.2/7 15.2/6]",
        one_record_per_piece,
    );
    suite.case(
        "cutting out a part makes two mappings [5.2/4]",
        cutting_ends_a_mapping,
    );
    suite.case(
        "overwriting a part makes two mappings [5.2/1 13.1/25]",
        overwriting_ends_a_mapping,
    );
    suite.case(
        "parts with equal permissions again are one mapping [5.2/3]",
        pieces_grow_together,
    );
}
