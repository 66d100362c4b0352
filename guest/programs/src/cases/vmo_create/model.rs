//! The VMO model (reference §7).

use crate::memory::PAGE;
use crate::subject::{Subject, op_range};
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::layout::MAX_VMO_SIZE;
use abi::objects::VmoOptions;
use abi::options::RangeOp;
use libzx::PAGE_SIZE;

pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "sizes are rounded up, stream sizes are not [7/1 7/2]",
        sizes,
    );
    suite.case("reading allocates nothing [7/5 4.3/2 7/4]", reading);
    suite.case(
        "writing allocates the pages it touches [7/5 4.3/3]",
        writing,
    );
    suite.case(
        "sparse offsets are legal and cost what they touch [7/6 4.2/17 4.2/18]",
        sparse,
    );
    suite.case(
        "the stream size does not limit reads and writes [7/3 4.2/10 4.2/11]",
        stream_size,
    );
    suite.case(
        "mappings and calls see the same bytes at once [7/12 4.3/5 4.3/6]",
        coherence,
    );
    suite.case("a mapping keeps its VMO alive [7/13]", mapping_keeps);
    suite.case("zeroing gives pages back [7/10]", zeroing);
}

fn sizes() -> Outcome {
    for (asked, size) in [(1, PAGE), (PAGE - 1, PAGE), (PAGE, PAGE), (5000, 2 * PAGE)] {
        let vmo = Subject::create(asked, VmoOptions::empty())?;
        expect_eq!((vmo.size()?, vmo.stream_size()?), (size, asked));
    }
    Ok(())
}

fn reading() -> Outcome {
    let vmo = Subject::pages(5)?;
    expect_eq!(vmo.nonzero(0, 5 * PAGE), Ok(None));
    expect_eq!(vmo.committed(), Ok(0));
    let map = vmo.map(0, 5 * PAGE_SIZE)?;
    expect_eq!((map.byte(0), map.byte(2 * PAGE_SIZE)), (0, 0));
    Ok(())
}

fn writing() -> Outcome {
    let vmo = Subject::pages(8)?;
    vmo.put_byte(PAGE, 1)?;
    expect_eq!(vmo.committed(), Ok(PAGE));
    vmo.put(1, 3 * PAGE - 1, 2)?;
    expect_eq!(vmo.committed(), Ok(3 * PAGE));
    vmo.map(0, PAGE_SIZE)?.store(0, &[1]);
    expect_eq!(vmo.committed(), Ok(4 * PAGE));
    Ok(())
}

fn sparse() -> Outcome {
    let vmo = Subject::create(MAX_VMO_SIZE, VmoOptions::empty())?;
    for place in [0, 1 << 33, 1 << 52, MAX_VMO_SIZE - 1] {
        vmo.put_byte(place, 0x5A)?;
    }
    expect_eq!(vmo.committed(), Ok(4 * PAGE));
    expect_eq!(vmo.byte(MAX_VMO_SIZE - 1), Ok(0x5A));
    expect_eq!(vmo.nonzero((1 << 33) + 1, PAGE), Ok(None));
    Ok(())
}

fn stream_size() -> Outcome {
    let vmo = Subject::create(10, VmoOptions::empty())?;
    vmo.put(3, 0, PAGE)?;
    expect_eq!(vmo.differs(3, 0, PAGE), Ok(None));
    expect_eq!(vmo.stream_size(), Ok(10));
    Ok(())
}

fn coherence() -> Outcome {
    let vmo = Subject::pages(2)?;
    let (first, second) = (vmo.map(0, 2 * PAGE_SIZE)?, vmo.map(PAGE, PAGE_SIZE)?);
    // The shared zero page may be mapped before the first write.
    expect_eq!((first.byte(PAGE_SIZE), second.byte(0)), (0, 0));
    vmo.put_byte(PAGE, 1)?;
    expect_eq!((first.byte(PAGE_SIZE), second.byte(0)), (1, 1));
    first.store(PAGE_SIZE, &[2]);
    expect_eq!((vmo.byte(PAGE)?, second.byte(0)), (2, 2));
    second.store(0, &[3]);
    expect_eq!((vmo.byte(PAGE)?, first.byte(PAGE_SIZE)), (3, 3));
    Ok(())
}

fn mapping_keeps() -> Outcome {
    let vmo = Subject::pages(2)?;
    vmo.put(4, 0, 2 * PAGE)?;
    let map = vmo.map(0, 2 * PAGE_SIZE)?;
    drop(vmo);
    // New pages that would be given the same frames.
    let others = Subject::pages(8)?;
    others.put(5, 0, 8 * PAGE)?;
    let wrong = (0..2 * PAGE_SIZE).find(|&at| map.byte(at) != crate::pattern::byte(4, at as u64));
    ensure!(wrong.is_none(), "first wrong is {wrong:?}");
    Ok(())
}

fn zeroing() -> Outcome {
    let vmo = Subject::pages(4)?;
    vmo.put(6, 0, 4 * PAGE)?;
    expect_eq!(vmo.committed(), Ok(4 * PAGE));
    expect_eq!(
        op_range(vmo.id(), RangeOp::ZERO, PAGE, 2 * PAGE),
        libzx::Status::OK
    );
    expect_eq!(vmo.committed(), Ok(2 * PAGE));
    expect_eq!(vmo.nonzero(PAGE, 2 * PAGE), Ok(None));
    Ok(())
}
