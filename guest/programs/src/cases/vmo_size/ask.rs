//! `zx_vmo_get_size` and `zx_vmo_get_stream_size` (reference §9.1).

use crate::memory::{BAD_ADDRESSES, PAGE};
use crate::probe::status;
use crate::subject::Subject;
use crate::subject::statuses::{BAD_HANDLE, INVALID_ARGS, WRONG_TYPE};
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::layout::MAX_VMO_SIZE;
use abi::objects::VmoOptions;
use libzx::{Call, startup};

pub(super) fn run(suite: &mut Suite) {
    suite.case("asking for a size needs no right [9.1/1 9.1/2]", no_right);
    suite.case(
        "asking for a size of what is no VMO [2.2/1 2.2/2 2.3/1]",
        bad_handles,
    );
    suite.case(
        "a size into a bad pointer is INVALID_ARGS [9.1/5 2.3/2 3/1]",
        bad_pointers,
    );
    suite.case(
        "the size of an unbounded VMO is the largest [9.1/3]",
        unbounded,
    );
    suite.case(
        "physical and contiguous VMOs have stream size 0 [9.1/4]",
        no_stream,
    );
}

const CALLS: [Call; 2] = [Call::VmoGetSize, Call::VmoGetStreamSize];

fn no_right() -> Outcome {
    let vmo = Subject::create(5000, VmoOptions::empty())?;
    let powerless = vmo.powerless()?;
    expect_eq!(powerless.size(), Ok(2 * PAGE));
    expect_eq!(powerless.stream_size(), Ok(5000));
    Ok(())
}

fn bad_handles() -> Outcome {
    let process = startup().process_self().map_or(0, |own| own.handle().raw());
    let stale = Subject::pages(1)?.id();
    for call in CALLS {
        for (handle, wanted) in [(0, BAD_HANDLE), (stale, BAD_HANDLE), (process, WRONG_TYPE)] {
            // The pointer is bad too: nothing is stored before the handle is good.
            let given = status(call, &[handle.into(), 0]);
            ensure!(given == wanted, "{call:?} of {handle:#x}: {given}");
        }
    }
    Ok(())
}

fn bad_pointers() -> Outcome {
    let vmo = Subject::pages(1)?;
    for call in CALLS {
        for (what, address, _) in BAD_ADDRESSES {
            let given = status(call, &[vmo.arg(), address]);
            ensure!(given == INVALID_ARGS, "{call:?} into {what}: {given}");
        }
    }
    Ok(())
}

fn unbounded() -> Outcome {
    let vmo = Subject::create(123, VmoOptions::UNBOUNDED)?;
    expect_eq!((vmo.size()?, vmo.stream_size()?), (MAX_VMO_SIZE, 123));
    Ok(())
}

fn no_stream() -> Outcome {
    let (contiguous, physical) = (Subject::contiguous(2)?, Subject::physical(0, 3)?);
    expect_eq!(
        (contiguous.size()?, contiguous.stream_size()?),
        (2 * PAGE, 0)
    );
    expect_eq!((physical.size()?, physical.stream_size()?), (3 * PAGE, 0));
    Ok(())
}
