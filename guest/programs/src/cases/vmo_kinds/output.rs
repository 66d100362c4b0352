//! Small outputs in memory of every kind: whatever the reason, what cannot be stored is
//! INVALID_ARGS (reference §2.3, §3 style A).

use crate::given::{bti, resource};
use crate::memory::{Area, PAGE};
use crate::probe::status;
use crate::subject::statuses::{INVALID_ARGS, OK};
use crate::subject::{Subject, reclaim};
use crate::suite::{Failure, Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::layout::SCRATCH_BASE;
use abi::options::{ChildOptions, Property, RangeOp, Topic};
use libzx::{Call, MapOptions, PAGE_SIZE, Rights, Status};

pub(super) fn run(suite: &mut Suite) {
    suite.case("output: in a read-only mapping [3/1 2.3/2]", read_only);
    suite.case(
        "output: in a mapping without permissions [3/1 2.3/2]",
        no_permission,
    );
    suite.case(
        "output: past the end of the mapping's VMO [3/1 2.3/2]",
        past_the_end,
    );
    suite.case(
        "output: across the end of the mapping's VMO [3/1 2.3/2]",
        across_the_end,
    );
    suite.case("output: in a discarded VMO [3/1 2.3/2]", discarded);
    suite.case("output: in the vDSO [3/1 2.3/2]", in_the_vdso);
    suite.case(
        "output: not yet resident, shared or uncached is fine [3/1]",
        fine,
    );
    suite.case("output: untouched when the call fails [2.3/1]", untouched);
}

/// The calls with one small output, which go well but for where it is to be stored.
fn calls(vmo: &Subject, out: u64) -> [(Call, Status); 9] {
    let (vmo, none) = (vmo.arg(), u64::from(Rights::SAME_RIGHTS));
    let (bti, resource) = (u64::from(bti()), u64::from(resource()));
    let slice = u64::from(ChildOptions::SLICE.bits());
    let size = u64::from(Property::VMO_CONTENT_SIZE);
    [
        (Call::VmoGetSize, &[vmo, out] as &[u64]),
        (Call::VmoGetStreamSize, &[vmo, out]),
        (Call::VmoCreate, &[PAGE, 0, out]),
        (Call::VmoCreateContiguous, &[bti, PAGE, 0, out]),
        (
            Call::VmoCreatePhysical,
            &[resource, SCRATCH_BASE, PAGE, out],
        ),
        (Call::VmoCreateChild, &[vmo, slice, 0, PAGE, out]),
        (Call::HandleDuplicate, &[vmo, none, out]),
        (Call::ObjectGetProperty, &[vmo, size, out, 8]),
        (
            Call::ObjectGetInfo,
            &[vmo, Topic::HANDLE_BASIC.into(), out, 32, 0, 0],
        ),
    ]
    .map(|(call, args)| (call, status(call, args)))
}

/// Every one of them must give that status.
fn all(out: u64, wanted: Status) -> Outcome {
    let vmo = Subject::pages(1)?;
    for (call, given) in calls(&vmo, out) {
        if given != wanted {
            let why = format_args!("{call:?} into {out:#x}: {given}, not {wanted}");
            return Err(Failure::new(why));
        }
    }
    if wanted != OK {
        expect_eq!((vmo.zero_children()?, vmo.info()?.num_children), (true, 0));
    }
    Ok(())
}

fn read_only() -> Outcome {
    let vmo = Subject::pages(1)?;
    vmo.put(1, 0, PAGE)?;
    let map = vmo.map_with(0, PAGE_SIZE, MapOptions::PERM_READ)?;
    // Not yet in the page tables, then in them.
    all(map.address() as u64, INVALID_ARGS)?;
    expect_eq!(map.byte(0), crate::pattern::byte(1, 0));
    all(map.address() as u64 + 8, INVALID_ARGS)?;
    expect_eq!(vmo.differs(1, 0, PAGE), Ok(None));
    Ok(())
}

fn no_permission() -> Outcome {
    let vmo = Subject::pages(1)?;
    let map = vmo.map_with(0, PAGE_SIZE, MapOptions::empty())?;
    all(map.address() as u64, INVALID_ARGS)?;
    expect_eq!(vmo.nonzero(0, PAGE), Ok(None));
    Ok(())
}

fn past_the_end() -> Outcome {
    for vmo in [
        Subject::pages(1)?,
        Subject::contiguous(1)?,
        Subject::physical(0, 1)?,
        Subject::pages(2)?.slice(0, PAGE)?,
    ] {
        let map = vmo.map(0, 2 * PAGE_SIZE)?;
        all(map.address() as u64 + PAGE, INVALID_ARGS)?;
    }
    Ok(())
}

/// Half of a size of eight bytes fits before the end.
fn across_the_end() -> Outcome {
    let short = Subject::pages(1)?;
    let map = short.map(0, 2 * PAGE_SIZE)?;
    let vmo = Subject::pages(1)?;
    let out = map.address() as u64 + PAGE - 4;
    expect_eq!(status(Call::VmoGetSize, &[vmo.arg(), out]), INVALID_ARGS);
    let topic = u64::from(Topic::HANDLE_BASIC);
    let args = [vmo.arg(), topic, out, 32, 0, 0];
    expect_eq!(status(Call::ObjectGetInfo, &args), INVALID_ARGS);
    expect_eq!(short.nonzero(0, PAGE - 4), Ok(None));
    Ok(())
}

fn discarded() -> Outcome {
    let vmo = Subject::discardable(1)?;
    vmo.lock(0, PAGE)?;
    let map = vmo.map(0, PAGE_SIZE)?;
    map.store(0, &[1]);
    expect_eq!(vmo.op(RangeOp::UNLOCK, 0, PAGE), OK);
    reclaim()?;
    all(map.address() as u64, INVALID_ARGS)
}

fn in_the_vdso() -> Outcome {
    let own = crate::probe::duplicate(crate::given::vdso(), Rights::SAME_RIGHTS)?;
    let map = Subject::own(own)?.map_with(0, PAGE_SIZE, MapOptions::PERM_READ)?;
    all(map.address() as u64, INVALID_ARGS)?;
    expect_eq!((map.byte(0), map.byte(1)), (0x7F, b'E'));
    Ok(())
}

fn fine() -> Outcome {
    let plain = Subject::pages(1)?;
    all(plain.map(0, PAGE_SIZE)?.address() as u64 + 99, OK)?;
    // It was the parent's page until now.
    let parent = Subject::pages(1)?;
    parent.put(2, 0, PAGE)?;
    let child = parent.snapshot(0, PAGE)?;
    all(child.map(0, PAGE_SIZE)?.address() as u64, OK)?;
    expect_eq!(parent.differs(2, 0, PAGE), Ok(None));
    expect_eq!(child.differs(2, 32, PAGE - 32), Ok(None));
    let uncached = Subject::pages(1)?;
    expect_eq!(uncached.set_policy(1), OK);
    all(uncached.map(0, PAGE_SIZE)?.address() as u64, OK)?;
    // Across two absent pages.
    let two = Subject::pages(2)?;
    let map = two.map(0, 2 * PAGE_SIZE)?;
    let out = map.address() as u64 + PAGE - 3;
    expect_eq!(status(Call::VmoGetSize, &[plain.arg(), out]), OK);
    let mut found = [0; 8];
    map.load(PAGE_SIZE - 3, &mut found);
    expect_eq!(u64::from_le_bytes(found), PAGE);
    Ok(())
}

fn untouched() -> Outcome {
    let area = Area::touched(1)?;
    area.map.store(0, &[0xEE; 64]);
    let stale = Subject::pages(1)?.arg();
    let out = area.at(8);
    for (call, args) in [
        (Call::VmoGetSize, &[stale, out] as &[u64]),
        (Call::VmoGetStreamSize, &[stale, out]),
        (Call::VmoCreate, &[u64::MAX, 0, out]),
        (Call::VmoCreateContiguous, &[stale, PAGE, 0, out]),
        (Call::VmoCreatePhysical, &[stale, SCRATCH_BASE, PAGE, out]),
        (Call::VmoCreateChild, &[stale, 1, 0, PAGE, out]),
        (Call::HandleDuplicate, &[stale, 0, out]),
        (Call::ObjectGetProperty, &[stale, 17, out, 8]),
        (
            Call::ObjectGetInfo,
            &[stale, Topic::VMO.into(), out, 40, 0, 0],
        ),
    ] {
        let given = status(call, args);
        ensure!(given != OK, "{call:?} succeeded");
        ensure!(area.all(0, 64, 0xEE), "{call:?} stored something");
    }
    Ok(())
}
