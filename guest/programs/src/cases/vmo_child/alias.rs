//! Slices and references (reference §10.2).

use crate::memory::PAGE;
use crate::subject::Subject;
use crate::subject::statuses::{
    ACCESS_DENIED, BAD_STATE, INVALID_ARGS, NOT_SUPPORTED, OK, OUT_OF_RANGE, UNAVAILABLE,
};
use crate::suite::{Outcome, Suite};
use crate::{expect_eq, refused};
use abi::info::InfoVmoFlags;
use abi::options::{ChildOptions, RangeOp};
use libzx::{PAGE_SIZE, Rights};

pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "slice: no other flag but NO_WRITE [10.2/1 10.2/2]",
        slice_flags,
    );
    suite.case("slice: wholly inside the parent [10.2/3]", slice_inside);
    suite.case(
        "slice: a resizable parent is NOT_SUPPORTED, after the range [10.2/4]",
        slice_resizable,
    );
    suite.case(
        "slice: an uncached parent is BAD_STATE unless contiguous [10.2/5 10.2/6]",
        slice_uncached,
    );
    suite.case(
        "slice: of a contiguous parent [10.2/6 10.2/13]",
        slice_contiguous,
    );
    suite.case("slice: size 0 is legal [10.2/8]", slice_nothing);
    suite.case(
        "slice: the same bytes both ways, mapped too [10.2/9 7/12]",
        slice_bytes,
    );
    suite.case(
        "slice: commit and decommit pass through [10.2/10 11/21]",
        slice_commit,
    );
    suite.case("slice: of a slice [10.2/11]", slice_of_slice);
    suite.case(
        "slice: told of as no clone, with nothing of its own [10.2/12 10.2/13]",
        slice_info,
    );
    suite.case("slice: ends at its own end", slice_bounds);
    suite.case(
        "slice: works on when the parent's handle is closed [10.4/5]",
        slice_survives,
    );
    suite.case(
        "reference: only RESIZABLE and NO_WRITE may accompany [10.2/1 10.2/14]",
        reference_flags,
    );
    suite.case(
        "reference: offset and size are 0, before the parent's kind [10.2/15]",
        reference_range,
    );
    suite.case(
        "reference: not of slices, contiguous and physical VMOs [10.2/16]",
        reference_parent,
    );
    suite.case(
        "reference: everything is the parent's [10.2/18 10.2/20 10.2/21]",
        reference_shares,
    );
    suite.case(
        "reference: of an uncached VMO it is uncached too [10.2/19]",
        reference_uncached,
    );
    suite.case(
        "reference: a resize through either is seen in the other [10.2/22 10.4/4]",
        reference_resize,
    );
    suite.case(
        "reference: of a reference [10.2/18]",
        reference_of_reference,
    );
    suite.case(
        "reference: works on when the parent's handle is closed [10.4/5]",
        reference_survives,
    );
}

fn slice_flags() -> Outcome {
    let vmo = Subject::pages(1)?;
    let resizable = ChildOptions::SLICE | ChildOptions::RESIZABLE;
    refused!(vmo.child(resizable, 0, PAGE), INVALID_ARGS);
    let read_only = vmo.child(ChildOptions::SLICE | ChildOptions::NO_WRITE, 0, PAGE)?;
    refused!(read_only.put_byte(0, 1), ACCESS_DENIED);
    vmo.put_byte(0, 2)?;
    expect_eq!(read_only.byte(0), Ok(2));
    Ok(())
}

fn slice_inside() -> Outcome {
    let vmo = Subject::pages(3)?;
    for (offset, size) in [
        (0, 3 * PAGE + 1),
        (0, 4 * PAGE),
        (PAGE, 3 * PAGE),
        (3 * PAGE, 1),
        (4 * PAGE, 0),
        (u64::MAX - PAGE + 1, PAGE),
        (u64::MAX - PAGE + 1, 2 * PAGE),
    ] {
        refused!(vmo.slice(offset, size), INVALID_ARGS);
    }
    for (offset, size) in [(0, 3 * PAGE), (2 * PAGE, PAGE), (PAGE, 5000)] {
        expect_eq!(vmo.slice(offset, size)?.stream_size(), Ok(size));
    }
    Ok(())
}

fn slice_resizable() -> Outcome {
    let vmo = Subject::resizable(2 * PAGE)?;
    refused!(vmo.slice(0, PAGE), NOT_SUPPORTED);
    refused!(vmo.slice(0, 0), NOT_SUPPORTED);
    refused!(vmo.slice(0, 3 * PAGE), INVALID_ARGS);
    refused!(vmo.slice(1, PAGE), INVALID_ARGS);
    // Before the cache policy.
    vmo.set_policy(1).ok()?;
    refused!(vmo.slice(0, PAGE), NOT_SUPPORTED);
    Ok(())
}

fn slice_uncached() -> Outcome {
    for policy in 1..4 {
        let vmo = Subject::pages(2)?;
        vmo.set_policy(policy).ok()?;
        refused!(vmo.slice(0, PAGE), BAD_STATE);
        refused!(vmo.slice(0, 3 * PAGE), INVALID_ARGS);
        let contiguous = Subject::contiguous(2)?;
        contiguous.set_policy(policy).ok()?;
        let slice = contiguous.slice(PAGE, PAGE)?;
        refused!(slice.byte(0), BAD_STATE);
        refused!(slice.put_byte(0, 1), BAD_STATE);
    }
    Ok(())
}

fn slice_contiguous() -> Outcome {
    let vmo = Subject::contiguous(3)?;
    vmo.put(1, 0, 3 * PAGE)?;
    let slice = vmo.slice(PAGE, PAGE)?;
    expect_eq!(slice.differs_from(1, 0, PAGE, PAGE), Ok(None));
    let flags = InfoVmoFlags::from_bits_retain(slice.info()?.flags);
    expect_eq!(flags.contains(InfoVmoFlags::CONTIGUOUS), true);
    slice.put_byte(5, 0x3C)?;
    expect_eq!(vmo.byte(PAGE + 5), Ok(0x3C));
    Ok(())
}

fn slice_nothing() -> Outcome {
    let vmo = Subject::pages(2)?;
    for offset in [0, PAGE, 2 * PAGE] {
        let slice = vmo.slice(offset, 0)?;
        expect_eq!((slice.size()?, slice.stream_size()?), (0, 0));
        refused!(slice.byte(0), OUT_OF_RANGE);
    }
    Ok(())
}

fn slice_bytes() -> Outcome {
    let vmo = Subject::pages(4)?;
    vmo.put(2, 0, 4 * PAGE)?;
    let slice = vmo.slice(PAGE, 2 * PAGE)?;
    expect_eq!(slice.differs_from(2, 0, PAGE, 2 * PAGE), Ok(None));
    slice.put(3, 100, PAGE)?;
    expect_eq!(vmo.differs_from(3, PAGE + 100, 100, PAGE), Ok(None));
    expect_eq!(vmo.differs(2, 0, PAGE + 100), Ok(None));
    let rest = 2 * PAGE + 100;
    expect_eq!(vmo.differs(2, rest, 2 * PAGE - 100), Ok(None));
    let (outer, inner) = (vmo.map(0, 4 * PAGE_SIZE)?, slice.map(PAGE, PAGE_SIZE)?);
    outer.store(2 * PAGE_SIZE + 1, &[0x11]);
    expect_eq!((inner.byte(1), slice.byte(PAGE + 1)?), (0x11, 0x11));
    inner.store(2, &[0x12]);
    expect_eq!(
        (outer.byte(2 * PAGE_SIZE + 2), vmo.byte(2 * PAGE + 2)?),
        (0x12, 0x12)
    );
    Ok(())
}

fn slice_commit() -> Outcome {
    let vmo = Subject::pages(4)?;
    let slice = vmo.slice(PAGE, 2 * PAGE)?;
    expect_eq!(slice.op(RangeOp::COMMIT, 0, PAGE), OK);
    expect_eq!(vmo.committed(), Ok(PAGE));
    vmo.put(4, 0, 4 * PAGE)?;
    expect_eq!(slice.op(RangeOp::DECOMMIT, PAGE, PAGE), OK);
    expect_eq!(vmo.committed(), Ok(3 * PAGE));
    expect_eq!(vmo.nonzero(2 * PAGE, PAGE), Ok(None));
    expect_eq!(vmo.differs(4, 0, 2 * PAGE), Ok(None));
    expect_eq!(vmo.differs(4, 3 * PAGE, PAGE), Ok(None));
    expect_eq!(slice.op(RangeOp::DECOMMIT, PAGE, 2 * PAGE), OUT_OF_RANGE);
    expect_eq!(vmo.differs(4, 3 * PAGE, PAGE), Ok(None));
    Ok(())
}

fn slice_of_slice() -> Outcome {
    let vmo = Subject::pages(5)?;
    vmo.put(5, 0, 5 * PAGE)?;
    let outer = vmo.slice(PAGE, 3 * PAGE)?;
    let inner = outer.slice(PAGE, PAGE)?;
    expect_eq!(inner.differs_from(5, 0, 2 * PAGE, PAGE), Ok(None));
    inner.put_byte(0, 0x99)?;
    expect_eq!((vmo.byte(2 * PAGE)?, outer.byte(PAGE)?), (0x99, 0x99));
    refused!(outer.slice(PAGE, 3 * PAGE), INVALID_ARGS);
    // It lives on without the one between.
    drop(outer);
    vmo.put_byte(2 * PAGE + 1, 0x98)?;
    expect_eq!(inner.byte(1), Ok(0x98));
    Ok(())
}

fn slice_info() -> Outcome {
    let vmo = Subject::pages(2)?;
    vmo.put(6, 0, 2 * PAGE)?;
    let slice = vmo.slice(0, PAGE)?;
    let info = slice.info()?;
    let plain = InfoVmoFlags::TYPE_PAGED | InfoVmoFlags::VIA_HANDLE;
    expect_eq!(info.flags, plain.bits());
    expect_eq!((info.committed_bytes, info.populated_bytes), (0, 0));
    expect_eq!(
        (info.committed_private_bytes, info.committed_scaled_bytes),
        (0, 0)
    );
    expect_eq!(info.parent_koid, vmo.info()?.koid);
    expect_eq!(vmo.committed(), Ok(2 * PAGE));
    expect_eq!(slice.set_size(PAGE), UNAVAILABLE);
    expect_eq!(slice.rights()?.contains(Rights::RESIZE), false);
    Ok(())
}

fn slice_bounds() -> Outcome {
    let vmo = Subject::pages(3)?;
    vmo.put(7, 0, 3 * PAGE)?;
    let slice = vmo.slice(PAGE, PAGE)?;
    refused!(slice.byte(PAGE), OUT_OF_RANGE);
    refused!(slice.put(9, PAGE - 1, 2), OUT_OF_RANGE);
    expect_eq!(vmo.differs(7, 0, 3 * PAGE), Ok(None));
    let map = slice.map(0, 2 * PAGE_SIZE)?;
    let past = map.address() as u64 + PAGE;
    refused!(crate::subject::soft_load(past), OUT_OF_RANGE);
    expect_eq!(map.byte(0), crate::pattern::byte(7, PAGE));
    Ok(())
}

fn slice_survives() -> Outcome {
    let vmo = Subject::pages(2)?;
    vmo.put(8, 0, 2 * PAGE)?;
    let slice = vmo.slice(PAGE, PAGE)?;
    drop(vmo);
    expect_eq!(slice.differs_from(8, 0, PAGE, PAGE), Ok(None));
    slice.put(9, 0, PAGE)?;
    expect_eq!(slice.differs(9, 0, PAGE), Ok(None));
    Ok(())
}

fn reference_flags() -> Outcome {
    let vmo = Subject::resizable(PAGE)?;
    for other in [
        ChildOptions::SNAPSHOT,
        ChildOptions::SLICE,
        ChildOptions::SNAPSHOT_MODIFIED,
    ] {
        refused!(
            vmo.child(ChildOptions::REFERENCE | other, 0, 0),
            INVALID_ARGS
        );
    }
    let read_only = vmo.child(ChildOptions::REFERENCE | ChildOptions::NO_WRITE, 0, 0)?;
    refused!(read_only.put_byte(0, 1), ACCESS_DENIED);
    vmo.put_byte(0, 2)?;
    expect_eq!(read_only.byte(0), Ok(2));
    Ok(())
}

fn reference_range() -> Outcome {
    let (plain, contiguous) = (Subject::pages(2)?, Subject::contiguous(2)?);
    for vmo in [&plain, &contiguous] {
        for (offset, size) in [(PAGE, 0), (0, PAGE), (1, 0), (0, 1), (PAGE, PAGE)] {
            refused!(
                vmo.child(ChildOptions::REFERENCE, offset, size),
                INVALID_ARGS
            );
        }
    }
    expect_eq!(plain.zero_children(), Ok(true));
    Ok(())
}

fn reference_parent() -> Outcome {
    let plain = Subject::pages(2)?;
    refused!(plain.slice(0, PAGE)?.reference(), NOT_SUPPORTED);
    refused!(Subject::contiguous(2)?.reference(), NOT_SUPPORTED);
    refused!(Subject::physical(0, 2)?.reference(), NOT_SUPPORTED);
    Ok(())
}

fn reference_shares() -> Outcome {
    let vmo = Subject::resizable(5000)?;
    vmo.put(1, 0, 2 * PAGE)?;
    let reference = vmo.reference()?;
    expect_eq!(
        (reference.size()?, reference.stream_size()?),
        (2 * PAGE, 5000)
    );
    expect_eq!(reference.differs(1, 0, 2 * PAGE), Ok(None));
    reference.put(2, 10, PAGE)?;
    expect_eq!(vmo.differs(2, 10, PAGE), Ok(None));
    expect_eq!(vmo.differs(1, 0, 10), Ok(None));
    let (outer, inner) = (vmo.map(0, PAGE_SIZE)?, reference.map(0, PAGE_SIZE)?);
    outer.store(3, &[0x21]);
    inner.store(4, &[0x22]);
    expect_eq!((inner.byte(3), outer.byte(4)), (0x21, 0x22));
    expect_eq!(reference.committed(), Ok(0));
    expect_eq!(vmo.committed(), Ok(2 * PAGE));
    expect_eq!(reference.rights()?.contains(Rights::RESIZE), false);
    refused!(reference.byte(2 * PAGE), OUT_OF_RANGE);
    Ok(())
}

fn reference_uncached() -> Outcome {
    for policy in 1..4 {
        let vmo = Subject::pages(1)?;
        vmo.put(1, 0, PAGE)?;
        vmo.set_policy(policy).ok()?;
        let reference = vmo.reference()?;
        expect_eq!(reference.info()?.cache_policy, policy);
        refused!(reference.byte(0), BAD_STATE);
        refused!(reference.put_byte(0, 1), BAD_STATE);
        drop(reference);
        vmo.set_policy(0).ok()?;
        expect_eq!(vmo.differs(1, 0, PAGE), Ok(None));
    }
    Ok(())
}

fn reference_resize() -> Outcome {
    let vmo = Subject::resizable(3 * PAGE)?;
    vmo.put(3, 0, 3 * PAGE)?;
    let options = ChildOptions::REFERENCE | ChildOptions::RESIZABLE;
    let reference = vmo.child(options, 0, 0)?;
    expect_eq!(reference.rights()?.contains(Rights::RESIZE), true);
    expect_eq!(reference.set_size(PAGE), OK);
    expect_eq!((vmo.size()?, vmo.stream_size()?), (PAGE, PAGE));
    refused!(vmo.byte(PAGE), OUT_OF_RANGE);
    expect_eq!(vmo.set_size(2 * PAGE), OK);
    expect_eq!(reference.size(), Ok(2 * PAGE));
    expect_eq!(reference.differs(3, 0, PAGE), Ok(None));
    expect_eq!(reference.nonzero(PAGE, PAGE), Ok(None));
    Ok(())
}

fn reference_of_reference() -> Outcome {
    let vmo = Subject::pages(2)?;
    let second = vmo.reference()?.reference()?;
    vmo.put(4, 0, 2 * PAGE)?;
    expect_eq!(second.differs(4, 0, 2 * PAGE), Ok(None));
    second.put_byte(PAGE, 0x55)?;
    expect_eq!(vmo.byte(PAGE), Ok(0x55));
    Ok(())
}

fn reference_survives() -> Outcome {
    let vmo = Subject::pages(2)?;
    vmo.put(5, 0, 2 * PAGE)?;
    let reference = vmo.reference()?;
    drop(vmo);
    expect_eq!(reference.size(), Ok(2 * PAGE));
    expect_eq!(reference.differs(5, 0, 2 * PAGE), Ok(None));
    reference.put_byte(0, 1)?;
    expect_eq!(reference.byte(0), Ok(1));
    Ok(())
}
