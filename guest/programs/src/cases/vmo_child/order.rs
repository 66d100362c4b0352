//! The order of `zx_vmo_create_child`'s checks (reference §10.1).

use super::{CLONES, KINDS};
use crate::memory::{BAD_ADDRESSES, PAGE};
use crate::probe::status;
use crate::subject::Subject;
use crate::subject::make::child;
use crate::subject::statuses::{
    ACCESS_DENIED, BAD_HANDLE, INVALID_ARGS, NOT_SUPPORTED, OUT_OF_RANGE, WRONG_TYPE,
};
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq, refused};
use abi::layout::MAX_VMO_SIZE;
use abi::options::ChildOptions;
use libzx::{Call, Rights, startup};

const NO_WRITE_RESIZABLE: ChildOptions = ChildOptions::NO_WRITE.union(ChildOptions::RESIZABLE);

pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "a size too big beats everything [10.1/1 23/42 2.2/5]",
        size_first,
    );
    suite.case(
        "NO_WRITE with RESIZABLE beats the handle [10.1/2 23/43 2.2/5]",
        no_write_resizable,
    );
    suite.case(
        "the handle needs DUPLICATE and READ [10.1/3 2.2/3]",
        handle_rights,
    );
    suite.case(
        "a resizable reference needs RESIZE [10.1/8 10.2/17]",
        reference_right,
    );
    suite.case(
        "the handle beats a discardable parent and bad kinds [10.1/3]",
        handle_first,
    );
    suite.case(
        "discardable parents have no children, whatever the kind [10.1/4]",
        discardable,
    );
    suite.case("exactly one kind [10.1/5]", one_kind);
    suite.case("unknown bits are INVALID_ARGS [10.1/5]", unknown_bits);
    suite.case(
        "bad kinds beat the rules of the parent's kind [10.1/5 10.1/6]",
        kind_before_rules,
    );
    suite.case(
        "offsets are aligned, sizes need not be [10.1/9 10.1/10]",
        alignment,
    );
    suite.case(
        "a bad out pointer leaves no child behind [10.1/7 2.3/2 2.3/4]",
        bad_out,
    );
}

fn size_first() -> Outcome {
    let vmo = Subject::pages(1)?;
    for size in [
        MAX_VMO_SIZE + 1,
        MAX_VMO_SIZE + PAGE,
        u64::MAX - PAGE + 2,
        u64::MAX,
    ] {
        for options in [
            ChildOptions::SNAPSHOT,
            ChildOptions::SLICE,
            ChildOptions::REFERENCE,
            ChildOptions::empty(),
            NO_WRITE_RESIZABLE | ChildOptions::SNAPSHOT,
        ] {
            for handle in [0, vmo.id()] {
                refused!(child(handle, options.bits(), 1, size), OUT_OF_RANGE);
            }
        }
    }
    Ok(())
}

fn no_write_resizable() -> Outcome {
    let vmo = Subject::pages(1)?;
    let powerless = vmo.powerless()?;
    for kind in KINDS {
        for handle in [0, powerless.id(), vmo.id()] {
            let options = (kind | NO_WRITE_RESIZABLE).bits();
            refused!(child(handle, options, 0, 0), INVALID_ARGS);
        }
    }
    Ok(())
}

fn handle_rights() -> Outcome {
    let vmo = Subject::pages(1)?;
    for missing in [Rights::DUPLICATE, Rights::READ] {
        let poor = vmo.without(missing)?;
        for kind in KINDS {
            refused!(poor.child(kind, 0, 0), ACCESS_DENIED);
        }
    }
    let enough = vmo.with_rights(Rights::DUPLICATE | Rights::READ)?;
    for kind in KINDS {
        let made = enough.child(kind, 0, 0)?;
        expect_eq!(made.info()?.parent_koid, vmo.info()?.koid);
    }
    Ok(())
}

fn reference_right() -> Outcome {
    let options = ChildOptions::REFERENCE | ChildOptions::RESIZABLE;
    let vmo = Subject::resizable(PAGE)?;
    refused!(
        vmo.without(Rights::RESIZE)?.child(options, 0, 0),
        ACCESS_DENIED
    );
    let enough = vmo.with_rights(Rights::DUPLICATE | Rights::READ | Rights::RESIZE)?;
    expect_eq!(enough.child(options, 0, 0)?.size(), Ok(PAGE));
    // A VMO that is not resizable has no handle with RESIZE.
    refused!(Subject::pages(1)?.child(options, 0, 0), ACCESS_DENIED);
    Ok(())
}

fn handle_first() -> Outcome {
    let process = startup().process_self().map_or(0, |own| own.handle().raw());
    let discardable = Subject::discardable(1)?;
    let poor = discardable.powerless()?;
    for options in [0, 0x1, 0x3, 0x9, 0x8000_0000] {
        refused!(child(0, options, 1, 0), BAD_HANDLE);
        refused!(child(process, options, 1, 0), WRONG_TYPE);
        refused!(child(poor.id(), options, 1, 0), ACCESS_DENIED);
    }
    Ok(())
}

fn discardable() -> Outcome {
    let vmo = Subject::discardable(2)?;
    for kind in KINDS {
        refused!(vmo.child(kind, 0, 0), NOT_SUPPORTED);
        refused!(vmo.child(kind, 1, 0), NOT_SUPPORTED);
    }
    refused!(child(vmo.id(), 0, 0, PAGE), NOT_SUPPORTED);
    refused!(child(vmo.id(), 0x11, 0, PAGE), NOT_SUPPORTED);
    expect_eq!(vmo.zero_children(), Ok(true));
    Ok(())
}

fn one_kind() -> Outcome {
    let vmo = Subject::resizable(PAGE)?;
    for options in [
        ChildOptions::empty(),
        ChildOptions::RESIZABLE,
        ChildOptions::NO_WRITE,
    ] {
        refused!(vmo.child(options, 0, 0), INVALID_ARGS);
    }
    for first in KINDS {
        for second in KINDS {
            if first != second {
                refused!(vmo.child(first | second, 0, 0), INVALID_ARGS);
            }
        }
    }
    refused!(
        vmo.child(ChildOptions::all() - NO_WRITE_RESIZABLE, 0, 0),
        INVALID_ARGS
    );
    Ok(())
}

fn unknown_bits() -> Outcome {
    let vmo = Subject::pages(1)?;
    let known = ChildOptions::all().bits();
    for bit in (0..32)
        .map(|bit| 1_u32 << bit)
        .filter(|bit| known & bit == 0)
    {
        for kind in KINDS {
            refused!(child(vmo.id(), kind.bits() | bit, 0, 0), INVALID_ARGS);
        }
        refused!(child(vmo.id(), bit, 0, 0), INVALID_ARGS);
    }
    expect_eq!(vmo.info()?.num_children, 0);
    Ok(())
}

fn kind_before_rules() -> Outcome {
    let physical = Subject::physical(0, 1)?;
    let uncached = Subject::pages(1)?;
    uncached.set_policy(1).ok()?;
    let two = ChildOptions::SNAPSHOT | ChildOptions::SLICE;
    for vmo in [physical, uncached] {
        refused!(vmo.child(two, 0, PAGE), INVALID_ARGS);
        refused!(vmo.child(ChildOptions::empty(), 0, PAGE), INVALID_ARGS);
        refused!(child(vmo.id(), 0x101, 0, PAGE), INVALID_ARGS);
    }
    Ok(())
}

fn alignment() -> Outcome {
    let vmo = Subject::pages(4)?;
    vmo.put(1, 0, 4 * PAGE)?;
    for kind in CLONES.into_iter().chain([ChildOptions::SLICE]) {
        for offset in [1, PAGE - 1, PAGE + 1] {
            refused!(vmo.child(kind, offset, PAGE), INVALID_ARGS);
            refused!(vmo.child(kind, offset, 0), INVALID_ARGS);
        }
        let made = vmo.child(kind, PAGE, PAGE + 1)?;
        expect_eq!((made.size()?, made.stream_size()?), (2 * PAGE, PAGE + 1));
        expect_eq!(made.differs_from(1, 0, PAGE, 2 * PAGE), Ok(None));
    }
    Ok(())
}

fn bad_out() -> Outcome {
    let vmo = Subject::pages(1)?;
    vmo.put(1, 0, PAGE)?;
    for (what, address, _) in BAD_ADDRESSES {
        for kind in KINDS {
            let args = [vmo.arg(), kind.bits().into(), 0, 0, address];
            let given = status(Call::VmoCreateChild, &args);
            ensure!(given == INVALID_ARGS, "{kind:?}, {what}: {given}");
            expect_eq!(vmo.info()?.num_children, 0);
        }
    }
    expect_eq!(vmo.zero_children(), Ok(true));
    expect_eq!(vmo.differs(1, 0, PAGE), Ok(None));
    Ok(())
}
