//! What becomes of the bytes, the mappings and the children when a VMO is resized
//! (reference §9.2 step 8 and the facts below it).

use crate::memory::PAGE;
use crate::pattern;
use crate::probe::process_read;
use crate::subject::statuses::{OK, OUT_OF_RANGE};
use crate::subject::{Subject, soft_load, soft_store};
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq, refused};
use libzx::{PAGE_SIZE, startup};

pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "set_size rounds the size up and takes the stream size as it is [9.2/8]",
        both_sizes,
    );
    suite.case(
        "set_size zeroes from the size to the end of its page [9.2/10]",
        tail,
    );
    suite.case(
        "set_size zeroes the tail on every call, the same size too [9.2/10 9.2/17]",
        tail_again,
    );
    suite.case(
        "set_size leaves the bytes before the new size alone [9.2/10]",
        before,
    );
    suite.case("what was cut off comes back as zeros [9.2/12]", regrown);
    suite.case("pages cut off are freed [9.2/11]", freed);
    suite.case("set_size to 0 and back [9.2/8 9.2/12]", to_nothing);
    suite.case("a VMO grown far is sparse [7/6]", far);
    suite.case(
        "mappings stay: they fault beyond the end, and work again [9.2/13 9.2/14]",
        mappings,
    );
    suite.case(
        "the tail of a mapped page is seen zeroed [7/12 9.2/10]",
        mapped_tail,
    );
    suite.case(
        "process_read of a mapping is cut at the new end [22/13]",
        clipped,
    );
    suite.case(
        "snapshots do not feel the parent's resize [9.2/15 10.4/4]",
        snapshots,
    );
    suite.case(
        "the parent does not feel a child's resize [10.4/6]",
        child_resized,
    );
}

fn both_sizes() -> Outcome {
    let vmo = Subject::resizable(0)?;
    for size in [1, PAGE, PAGE + 1, 5000, 0, 3 * PAGE - 1, 3 * PAGE] {
        expect_eq!(vmo.set_size(size), OK);
        expect_eq!(vmo.size(), Ok(size.div_ceil(PAGE) * PAGE));
        expect_eq!(vmo.stream_size(), Ok(size));
    }
    Ok(())
}

fn tail() -> Outcome {
    let vmo = Subject::resizable(3 * PAGE)?;
    vmo.put(1, 0, 3 * PAGE)?;
    let size = PAGE + 100;
    expect_eq!(vmo.set_size(size), OK);
    expect_eq!(vmo.differs(1, 0, size), Ok(None));
    expect_eq!(vmo.nonzero(size, PAGE - 100), Ok(None));
    refused!(vmo.byte(2 * PAGE), OUT_OF_RANGE);
    Ok(())
}

fn tail_again() -> Outcome {
    let vmo = Subject::resizable(100)?;
    for round in 0..2 {
        vmo.put(round, 0, PAGE)?;
        expect_eq!(vmo.set_size(100), OK);
        expect_eq!(vmo.differs(round, 0, 100), Ok(None));
        expect_eq!(vmo.nonzero(100, PAGE - 100), Ok(None));
    }
    Ok(())
}

fn before() -> Outcome {
    let vmo = Subject::resizable(100)?;
    // Behind the stream size, before the new one.
    vmo.put(2, 0, PAGE)?;
    expect_eq!(vmo.set_size(PAGE + 200), OK);
    expect_eq!(vmo.differs(2, 0, PAGE), Ok(None));
    expect_eq!(vmo.nonzero(PAGE, PAGE), Ok(None));
    Ok(())
}

fn regrown() -> Outcome {
    let vmo = Subject::resizable(4 * PAGE)?;
    vmo.put(3, 0, 4 * PAGE)?;
    expect_eq!(vmo.set_size(PAGE), OK);
    expect_eq!(vmo.set_size(4 * PAGE), OK);
    expect_eq!(vmo.differs(3, 0, PAGE), Ok(None));
    expect_eq!(vmo.nonzero(PAGE, 3 * PAGE), Ok(None));
    Ok(())
}

fn freed() -> Outcome {
    let vmo = Subject::resizable(4 * PAGE)?;
    vmo.put(4, 0, 4 * PAGE)?;
    expect_eq!(vmo.committed(), Ok(4 * PAGE));
    expect_eq!(vmo.set_size(2 * PAGE), OK);
    expect_eq!(vmo.committed(), Ok(2 * PAGE));
    expect_eq!(vmo.set_size(0), OK);
    expect_eq!(vmo.committed(), Ok(0));
    Ok(())
}

fn to_nothing() -> Outcome {
    let vmo = Subject::resizable(2 * PAGE)?;
    vmo.put(5, 0, 2 * PAGE)?;
    expect_eq!(vmo.set_size(0), OK);
    expect_eq!((vmo.size()?, vmo.stream_size()?), (0, 0));
    refused!(vmo.byte(0), OUT_OF_RANGE);
    expect_eq!(vmo.set_size(1), OK);
    expect_eq!(vmo.nonzero(0, PAGE), Ok(None));
    Ok(())
}

fn far() -> Outcome {
    let vmo = Subject::resizable(PAGE)?;
    vmo.put(6, 0, PAGE)?;
    expect_eq!(vmo.set_size(1 << 50), OK);
    expect_eq!(vmo.differs(6, 0, PAGE), Ok(None));
    vmo.put_byte((1 << 50) - 1, 9)?;
    expect_eq!(vmo.byte((1 << 50) - 1), Ok(9));
    expect_eq!(vmo.committed(), Ok(2 * PAGE));
    expect_eq!(vmo.set_size(PAGE), OK);
    expect_eq!(vmo.differs(6, 0, PAGE), Ok(None));
    expect_eq!(vmo.committed(), Ok(PAGE));
    Ok(())
}

fn mappings() -> Outcome {
    let vmo = Subject::resizable(2 * PAGE)?;
    let map = vmo.map(0, 2 * PAGE_SIZE)?;
    map.store(0, &[1]);
    map.store(PAGE_SIZE, &[2]);
    let second = map.address() as u64 + PAGE;
    expect_eq!(vmo.set_size(PAGE), OK);
    refused!(soft_load(second), OUT_OF_RANGE);
    refused!(soft_store(second, 3), OUT_OF_RANGE);
    expect_eq!(map.byte(0), 1);
    expect_eq!(vmo.set_size(2 * PAGE), OK);
    expect_eq!(soft_load(second), Ok(0));
    map.store(PAGE_SIZE, &[4]);
    expect_eq!(vmo.byte(PAGE), Ok(4));
    Ok(())
}

fn mapped_tail() -> Outcome {
    let vmo = Subject::resizable(PAGE)?;
    let map = vmo.map(0, PAGE_SIZE)?;
    map.store(99, &[1, 2, 3]);
    expect_eq!(vmo.set_size(100), OK);
    expect_eq!((map.byte(99), map.byte(100), map.byte(101)), (1, 0, 0));
    map.store(100, &[5]);
    expect_eq!(vmo.byte(100), Ok(5));
    Ok(())
}

fn clipped() -> Outcome {
    let own = startup().process_self().map_or(0, |own| own.handle().raw());
    let vmo = Subject::resizable(3 * PAGE)?;
    vmo.put(7, 0, 3 * PAGE)?;
    let map = vmo.map(0, 3 * PAGE_SIZE)?;
    let at = map.address() as u64;
    let buffer = crate::memory::Area::touched(3)?;
    expect_eq!(vmo.set_size(PAGE + 1), OK);
    let given = process_read(own, at, buffer.at(0), 3 * PAGE);
    expect_eq!(given, (OK, 2 * PAGE));
    expect_eq!(buffer.mismatch(7, 0, 0, PAGE_SIZE + 1), None);
    ensure!(buffer.all(PAGE_SIZE + 1, PAGE_SIZE - 1, 0), "no zero tail");
    let given = process_read(own, at + 2 * PAGE, buffer.at(0), 1);
    expect_eq!(given, (OUT_OF_RANGE, crate::probe::UNTOUCHED));
    Ok(())
}

fn snapshots() -> Outcome {
    let parent = Subject::resizable(3 * PAGE)?;
    parent.put(8, 0, 3 * PAGE)?;
    let child = parent.snapshot(0, 3 * PAGE)?;
    expect_eq!(parent.set_size(100), OK);
    expect_eq!(child.size(), Ok(3 * PAGE));
    expect_eq!(child.differs(8, 0, 3 * PAGE), Ok(None));
    expect_eq!(parent.set_size(3 * PAGE), OK);
    expect_eq!(child.differs(8, 0, 3 * PAGE), Ok(None));
    expect_eq!(parent.differs(8, 0, 100), Ok(None));
    expect_eq!(parent.nonzero(100, 3 * PAGE - 100), Ok(None));
    Ok(())
}

fn child_resized() -> Outcome {
    let parent = Subject::pages(3)?;
    parent.put(9, 0, 3 * PAGE)?;
    let options = abi::options::ChildOptions::SNAPSHOT | abi::options::ChildOptions::RESIZABLE;
    let child = parent.child(options, PAGE, 2 * PAGE)?;
    expect_eq!(child.set_size(10), OK);
    expect_eq!(parent.size(), Ok(3 * PAGE));
    expect_eq!(parent.differs(9, 0, 3 * PAGE), Ok(None));
    expect_eq!(child.byte(0), Ok(pattern::byte(9, PAGE)));
    expect_eq!(child.nonzero(10, PAGE - 10), Ok(None));
    // What the child cut off is not the parent's again when it grows.
    expect_eq!(child.set_size(3 * PAGE), OK);
    expect_eq!(child.differs_from(9, 0, PAGE, 10), Ok(None));
    expect_eq!(child.nonzero(10, 3 * PAGE - 10), Ok(None));
    Ok(())
}
