//! VMO: which pages are there, and whose they are (reference §15.1).

use crate::inspect::vmo;
use crate::memory::PAGE;
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::options::ChildOptions;
use libzx::Status;

/// Committed, private and scaled bytes.
fn pages(object: &Object) -> Result<(u64, u64, u64), Status> {
    let info = vmo(object.handle)?;
    let committed = (
        info.committed_bytes,
        info.committed_private_bytes,
        info.committed_scaled_bytes,
    );
    let populated = (
        info.populated_bytes,
        info.populated_private_bytes,
        info.populated_scaled_bytes,
    );
    // Nothing is compressed here.
    if committed != populated {
        return Err(Status::INTERNAL);
    }
    Ok(committed)
}

const fn alone(pages: u64) -> (u64, u64, u64) {
    (pages * PAGE, pages * PAGE, pages * PAGE)
}

fn what_is_written() -> Outcome {
    let object = Object::new(8)?;
    expect_eq!(pages(&object)?, alone(0));
    // Reading makes no page.
    expect_eq!(object.read::<4096>(0)?, [0; 4096]);
    expect_eq!(pages(&object)?, alone(0));
    object.write([1], 5)?;
    expect_eq!(pages(&object)?, alone(1));
    object.write([1], 77)?;
    expect_eq!(pages(&object)?, alone(1));
    object.write([1, 2], 3 * PAGE - 1)?;
    expect_eq!(pages(&object)?, alone(3));
    Ok(())
}

/// A mapping that is read takes no page, one that is written does.
fn what_is_mapped() -> Outcome {
    let area = crate::memory::Area::new(4)?;
    let object = || vmo(area.handle()).map(|info| info.committed_bytes);
    ensure!(area.all(0, 4 * 4096, 0), "not zeros");
    expect_eq!(object()?, 0);
    area.map.store(4096, &[9]);
    expect_eq!(object()?, PAGE);
    Ok(())
}

fn always_committed() -> Outcome {
    let object = Object::of(Kind::Contiguous, 3)?;
    expect_eq!(pages(&object)?, alone(3));
    Ok(())
}

/// Slices and references have no pages of their own.
fn aliases() -> Outcome {
    for kind in [Kind::Slice, Kind::Reference, Kind::ContiguousSlice] {
        let object = Object::patterned(kind, 2, 97)?;
        let found = pages(&object)?;
        ensure!(found == alone(0), "{kind:?}: {found:?}");
        let info = vmo(object.handle)?;
        expect_eq!(info.committed_fractional_scaled_bytes, 0);
        expect_eq!(
            vmo(object.parent().map_or(0, |parent| parent.id()))?.committed_bytes,
            2 * PAGE
        );
    }
    Ok(())
}

/// Pages that a snapshot shares are nobody's own, and each has a half.
fn shared_by_two() -> Outcome {
    let object = Object::patterned(Kind::Anonymous, 4, 98)?;
    let snapshot = object.child(ChildOptions::SNAPSHOT, 0, 4 * PAGE)?;
    let shared = (4 * PAGE, 0, 2 * PAGE);
    expect_eq!((pages(&object)?, pages(&snapshot)?), (shared, shared));
    // A page written on either side belongs to its writer, and the other's to the other.
    snapshot.write([1], PAGE)?;
    let parted = (4 * PAGE, PAGE, PAGE + 3 * PAGE / 2);
    expect_eq!((pages(&object)?, pages(&snapshot)?), (parted, parted));
    drop(snapshot);
    expect_eq!(pages(&object)?, alone(4));
    Ok(())
}

/// A third of a page leaves a fraction: 2^63 is one byte.
fn shared_by_three() -> Outcome {
    let object = Object::patterned(Kind::Anonymous, 1, 99)?;
    let first = object.child(ChildOptions::SNAPSHOT, 0, PAGE)?;
    let second = object.child(ChildOptions::SNAPSHOT, 0, PAGE)?;
    let third = (1_u64 << 63) / 3;
    for object in [&object, &first, &second] {
        let info = vmo(object.handle)?;
        expect_eq!(info.committed_bytes, PAGE);
        expect_eq!(info.committed_private_bytes, 0);
        expect_eq!(info.committed_scaled_bytes, 1365);
        let fraction = info.committed_fractional_scaled_bytes;
        ensure!(fraction.abs_diff(third) <= 1, "fraction {fraction}");
        expect_eq!(info.populated_fractional_scaled_bytes, fraction);
    }
    Ok(())
}

/// What is not in the cloned range is not shared.
fn outside_of_the_snapshot() -> Outcome {
    let object = Object::patterned(Kind::Anonymous, 4, 100)?;
    let snapshot = object.child(ChildOptions::SNAPSHOT, PAGE, PAGE)?;
    expect_eq!(pages(&snapshot)?, (PAGE, 0, PAGE / 2));
    let half = PAGE / 2;
    expect_eq!(pages(&object)?, (4 * PAGE, 3 * PAGE, 3 * PAGE + half));
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "VMO counts pages that were written [15.1/4]",
        what_is_written,
    );
    suite.case(
        "VMO counts pages that were stored into [15.1/4]",
        what_is_mapped,
    );
    suite.case(
        "a contiguous VMO has all its pages [15.1/4]",
        always_committed,
    );
    suite.case("slices and references report no pages [15.1/13]", aliases);
    suite.case(
        "shared pages count by halves for two [15.1/12]",
        shared_by_two,
    );
    suite.case(
        "shared pages count by thirds for three [15.1/12]",
        shared_by_three,
    );
    suite.case(
        "pages beside the snapshot are not shared [15.1/12]",
        outside_of_the_snapshot,
    );
}
