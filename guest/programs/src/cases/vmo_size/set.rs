//! What `zx_vmo_set_size` refuses, in its order (reference §9.2).

use crate::memory::PAGE;
use crate::probe::status;
use crate::subject::Subject;
use crate::subject::statuses::{
    ACCESS_DENIED, BAD_HANDLE, INVALID_ARGS, OK, OUT_OF_RANGE, UNAVAILABLE, WRONG_TYPE,
};
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::layout::MAX_VMO_SIZE;
use abi::objects::VmoOptions;
use abi::options::ChildOptions;
use libzx::{Call, Rights, Status, startup};

pub(super) fn run(suite: &mut Suite) {
    suite.case("set_size of what is no VMO [2.2/1 2.2/2]", bad_handles);
    suite.case(
        "set_size needs WRITE, whatever the VMO [9.2/1 23/47]",
        needs_write,
    );
    suite.case(
        "set_size of a resizable VMO needs RESIZE, before any size [9.2/2]",
        needs_resize,
    );
    suite.case(
        "set_size of a physical or contiguous VMO, before any size [9.2/3]",
        not_paged,
    );
    suite.case(
        "set_size: a size past 2^64 beats not resizable [9.2/4 23/46]",
        rounding,
    );
    suite.case(
        "set_size: not resizable beats a size too big [9.2/5]",
        fixed,
    );
    suite.case(
        "set_size of slices and plain references [9.2/18 10.2/12]",
        children,
    );
    suite.case("set_size: a size too big is OUT_OF_RANGE [9.2/6]", too_big);
    suite.case(
        "set_size: a child's end past 2^64 from the root [9.2/9]",
        child_overflow,
    );
}

/// The call must give that status and change neither size nor bytes.
fn refuses(vmo: &Subject, size: u64, wanted: Status) -> Outcome {
    let before = (vmo.size()?, vmo.stream_size()?);
    let given = vmo.set_size(size);
    ensure!(
        given == wanted,
        "set_size({size:#x}): {given}, not {wanted}"
    );
    expect_eq!((vmo.size()?, vmo.stream_size()?), before);
    Ok(())
}

fn bad_handles() -> Outcome {
    let process = startup().process_self().map_or(0, |own| own.handle().raw());
    for size in [0, PAGE, u64::MAX] {
        for (handle, wanted) in [(0, BAD_HANDLE), (process, WRONG_TYPE)] {
            let given = status(Call::VmoSetSize, &[handle.into(), size]);
            expect_eq!(given, wanted);
        }
    }
    Ok(())
}

fn needs_write() -> Outcome {
    for vmo in [
        Subject::resizable(PAGE)?,
        Subject::pages(1)?,
        Subject::contiguous(1)?,
        Subject::physical(0, 1)?,
    ] {
        let poor = vmo.without(Rights::WRITE)?;
        for size in [0, PAGE, 2 * PAGE, u64::MAX] {
            refuses(&poor, size, ACCESS_DENIED)?;
        }
    }
    Ok(())
}

fn needs_resize() -> Outcome {
    let vmo = Subject::resizable(2 * PAGE)?;
    vmo.put(1, 0, 2 * PAGE)?;
    let poor = vmo.without(Rights::RESIZE)?;
    for size in [0, 1, 2 * PAGE, MAX_VMO_SIZE + 1, u64::MAX] {
        refuses(&poor, size, ACCESS_DENIED)?;
    }
    expect_eq!(vmo.differs(1, 0, 2 * PAGE), Ok(None));
    let enough = vmo.with_rights(Rights::WRITE | Rights::RESIZE)?;
    expect_eq!(enough.set_size(PAGE), OK);
    expect_eq!(vmo.size(), Ok(PAGE));
    Ok(())
}

fn not_paged() -> Outcome {
    for vmo in [Subject::contiguous(2)?, Subject::physical(0, 2)?] {
        for size in [0, PAGE, 2 * PAGE, MAX_VMO_SIZE + 1, u64::MAX] {
            refuses(&vmo, size, UNAVAILABLE)?;
        }
    }
    Ok(())
}

fn rounding() -> Outcome {
    for vmo in [
        Subject::pages(1)?,
        Subject::resizable(PAGE)?,
        Subject::create(PAGE, VmoOptions::UNBOUNDED)?,
    ] {
        for size in [u64::MAX, u64::MAX - PAGE + 2] {
            refuses(&vmo, size, OUT_OF_RANGE)?;
        }
    }
    Ok(())
}

fn fixed() -> Outcome {
    for vmo in [
        Subject::pages(2)?,
        Subject::discardable(2)?,
        Subject::create(PAGE, VmoOptions::UNBOUNDED)?,
    ] {
        vmo.put(2, 0, PAGE)?;
        for size in [0, PAGE, 2 * PAGE, 3 * PAGE, MAX_VMO_SIZE + 1] {
            refuses(&vmo, size, UNAVAILABLE)?;
        }
        expect_eq!(vmo.differs(2, 0, PAGE), Ok(None));
    }
    Ok(())
}

fn children() -> Outcome {
    let parent = Subject::pages(3)?;
    for child in [
        parent.slice(PAGE, PAGE)?,
        parent.reference()?,
        parent.snapshot(0, PAGE)?,
    ] {
        refuses(&child, PAGE, UNAVAILABLE)?;
        refuses(&child, MAX_VMO_SIZE + 1, UNAVAILABLE)?;
        refuses(&child, u64::MAX, OUT_OF_RANGE)?;
    }
    // A reference of a resizable VMO that was not asked to be resizable itself.
    let parent = Subject::resizable(2 * PAGE)?;
    let reference = parent.reference()?;
    refuses(&reference, PAGE, UNAVAILABLE)?;
    expect_eq!(parent.size(), Ok(2 * PAGE));
    Ok(())
}

fn too_big() -> Outcome {
    let vmo = Subject::resizable(PAGE)?;
    vmo.put(3, 0, PAGE)?;
    for size in [MAX_VMO_SIZE + 1, MAX_VMO_SIZE + PAGE] {
        refuses(&vmo, size, OUT_OF_RANGE)?;
    }
    expect_eq!(vmo.differs(3, 0, PAGE), Ok(None));
    expect_eq!(vmo.set_size(MAX_VMO_SIZE), OK);
    expect_eq!(vmo.size(), Ok(MAX_VMO_SIZE));
    expect_eq!(vmo.differs(3, 0, PAGE), Ok(None));
    Ok(())
}

fn child_overflow() -> Outcome {
    let options = ChildOptions::SNAPSHOT | ChildOptions::RESIZABLE;
    let parent = Subject::pages(1)?;
    let far = MAX_VMO_SIZE - PAGE;
    let child = parent.child(options, far, PAGE)?;
    refuses(&child, MAX_VMO_SIZE, INVALID_ARGS)?;
    refuses(&child, MAX_VMO_SIZE + 1, OUT_OF_RANGE)?;
    expect_eq!(child.set_size(2 * PAGE), OK);
    // The offsets of parents add up.
    let grandchild = child.child(options, PAGE, PAGE)?;
    refuses(&grandchild, MAX_VMO_SIZE, INVALID_ARGS)?;
    expect_eq!(grandchild.set_size(2 * PAGE), OK);
    Ok(())
}
