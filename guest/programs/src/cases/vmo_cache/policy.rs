//! What `zx_vmo_set_cache_policy` refuses (reference §12.1).

use crate::given::vdso;
use crate::inspect::rights;
use crate::memory::PAGE;
use crate::probe::status;
use crate::subject::Subject;
use crate::subject::statuses::{
    ACCESS_DENIED, BAD_HANDLE, BAD_STATE, INVALID_ARGS, OK, WRONG_TYPE,
};
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use libzx::{Call, PAGE_SIZE, Rights, Status, startup};

pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "policy: bits outside 3 beat the handle [12.1/1 23/48]",
        bits,
    );
    suite.case(
        "policy: the handle needs MAP and nothing else [12.1/2]",
        handles,
    );
    suite.case("policy: a fresh VMO takes every policy [12.1/8]", every);
    suite.case(
        "policy: a mapped VMO is BAD_STATE, its own value too [12.1/3]",
        mapped,
    );
    suite.case(
        "policy: a VMO with children is BAD_STATE [12.1/3 12.1/10]",
        parents,
    );
    suite.case("policy: a child is BAD_STATE [12.1/3 12.1/10]", children);
    suite.case("policy: a pinned VMO is BAD_STATE [12.1/3]", pinned);
    suite.case(
        "policy: a discardable VMO stays cached [12.1/6]",
        discardable,
    );
    suite.case(
        "policy: committed pages keep their bytes [12.1/7]",
        committed,
    );
    suite.case(
        "policy: contiguous VMOs take it, with their bytes [12.1/7 12.1/9]",
        contiguous,
    );
    suite.case(
        "policy: physical, the same value is always OK [12.1/4]",
        physical_same,
    );
    suite.case(
        "policy: physical, another value only when alone [12.1/4]",
        physical_other,
    );
}

/// Every policy must give that status, and the present one stays.
fn refuses(vmo: &Subject, wanted: Status) -> Outcome {
    let before = vmo.info()?.cache_policy;
    for policy in 0..4 {
        let given = vmo.set_policy(policy);
        ensure!(given == wanted, "policy {policy}: {given}, not {wanted}");
    }
    expect_eq!(vmo.info()?.cache_policy, before);
    Ok(())
}

fn bits() -> Outcome {
    let vmo = Subject::pages(1)?;
    let powerless = vmo.powerless()?;
    for policy in [4, 5, 8, 0x100, 0x8000_0000, u32::MAX] {
        for handle in [0, powerless.id(), vmo.id()] {
            let args = [handle.into(), policy.into()];
            expect_eq!(status(Call::VmoSetCachePolicy, &args), INVALID_ARGS);
        }
    }
    expect_eq!(vmo.info()?.cache_policy, 0);
    Ok(())
}

fn handles() -> Outcome {
    let process = startup().process_self().map_or(0, |own| own.handle().raw());
    for (handle, wanted) in [(0, BAD_HANDLE), (process, WRONG_TYPE)] {
        expect_eq!(status(Call::VmoSetCachePolicy, &[handle.into(), 1]), wanted);
    }
    let vmo = Subject::pages(1)?;
    refuses(&vmo.without(Rights::MAP)?, ACCESS_DENIED)?;
    let mapped = vmo.map(0, PAGE_SIZE)?;
    // The right comes before the state.
    refuses(&vmo.without(Rights::MAP)?, ACCESS_DENIED)?;
    drop(mapped);
    expect_eq!(vmo.with_rights(Rights::MAP)?.set_policy(1), OK);
    expect_eq!(vmo.info()?.cache_policy, 1);
    Ok(())
}

fn every() -> Outcome {
    for vmo in [Subject::pages(1)?, Subject::resizable(0)?] {
        for policy in [0, 1, 2, 3, 3, 0] {
            expect_eq!(vmo.set_policy(policy), OK);
            expect_eq!(vmo.info()?.cache_policy, policy);
        }
    }
    Ok(())
}

fn mapped() -> Outcome {
    let vmo = Subject::pages(1)?;
    let map = vmo.map(0, PAGE_SIZE)?;
    refuses(&vmo, BAD_STATE)?;
    map.store(0, &[1]);
    refuses(&vmo, BAD_STATE)?;
    expect_eq!(vmo.byte(0), Ok(1));
    drop(map);
    expect_eq!(vmo.set_policy(1), OK);
    let map = vmo.map(0, PAGE_SIZE)?;
    refuses(&vmo, BAD_STATE)?;
    drop(map);
    expect_eq!(vmo.set_policy(0), OK);
    Ok(())
}

fn parents() -> Outcome {
    let vmo = Subject::pages(1)?;
    for child in [
        vmo.snapshot(0, PAGE)?,
        vmo.slice(0, PAGE)?,
        vmo.reference()?,
    ] {
        refuses(&vmo, BAD_STATE)?;
        drop(child);
    }
    expect_eq!(vmo.set_policy(2), OK);
    Ok(())
}

fn children() -> Outcome {
    let vmo = Subject::pages(1)?;
    for child in [
        vmo.snapshot(0, PAGE)?,
        vmo.slice(0, PAGE)?,
        vmo.reference()?,
    ] {
        refuses(&child, BAD_STATE)?;
    }
    // The other siblings are gone.
    let child = vmo.slice(0, PAGE)?;
    refuses(&child, BAD_STATE)?;
    refuses(&vmo, BAD_STATE)?;
    drop(child);
    let contiguous = Subject::contiguous(1)?;
    refuses(&contiguous.slice(0, PAGE)?, BAD_STATE)?;
    Ok(())
}

fn pinned() -> Outcome {
    ensure!(
        rights(vdso())?.contains(Rights::MAP),
        "the vDSO's handle has no MAP"
    );
    for policy in 0..4 {
        let given = status(Call::VmoSetCachePolicy, &[vdso().into(), policy]);
        ensure!(given == BAD_STATE, "policy {policy}: {given}");
    }
    Ok(())
}

fn discardable() -> Outcome {
    let vmo = Subject::discardable(1)?;
    vmo.put(1, 0, PAGE)?;
    expect_eq!(vmo.set_policy(0), OK);
    for policy in 1..4 {
        expect_eq!(vmo.set_policy(policy), BAD_STATE);
    }
    expect_eq!(vmo.info()?.cache_policy, 0);
    expect_eq!(vmo.differs(1, 0, PAGE), Ok(None));
    let map = vmo.map(0, PAGE_SIZE)?;
    refuses(&vmo, BAD_STATE)?;
    drop(map);
    Ok(())
}

fn committed() -> Outcome {
    for policy in 1..4 {
        let vmo = Subject::pages(2)?;
        vmo.put(2, 0, PAGE)?;
        expect_eq!(vmo.set_policy(policy), OK);
        expect_eq!(vmo.committed(), Ok(PAGE));
        expect_eq!(vmo.set_policy(0), OK);
        expect_eq!(vmo.differs(2, 0, PAGE), Ok(None));
        expect_eq!(vmo.nonzero(PAGE, PAGE), Ok(None));
    }
    Ok(())
}

fn contiguous() -> Outcome {
    for policy in 1..4 {
        let vmo = Subject::contiguous(2)?;
        vmo.put(3, 0, 2 * PAGE)?;
        expect_eq!(vmo.set_policy(policy), OK);
        expect_eq!(vmo.byte(0), Err(BAD_STATE));
        expect_eq!(vmo.set_policy(0), OK);
        expect_eq!(vmo.differs(3, 0, 2 * PAGE), Ok(None));
    }
    Ok(())
}

fn physical_same() -> Outcome {
    let vmo = Subject::physical(0, 2)?;
    expect_eq!(vmo.set_policy(1), OK);
    let slice = vmo.slice(0, PAGE)?;
    let map = vmo.map(0, PAGE_SIZE)?;
    expect_eq!((vmo.set_policy(1), slice.set_policy(1)), (OK, OK));
    drop(map);
    Ok(())
}

fn physical_other() -> Outcome {
    let vmo = Subject::physical(0, 2)?;
    for policy in [0, 2, 3, 1, 0] {
        expect_eq!(vmo.set_policy(policy), OK);
        expect_eq!(vmo.info()?.cache_policy, policy);
    }
    let map = vmo.map(0, PAGE_SIZE)?;
    for policy in 1..4 {
        expect_eq!(vmo.set_policy(policy), BAD_STATE);
    }
    drop(map);
    expect_eq!(vmo.set_policy(1), OK);
    let slice = vmo.slice(0, PAGE)?;
    for policy in [0, 2, 3] {
        expect_eq!(
            (vmo.set_policy(policy), slice.set_policy(policy)),
            (BAD_STATE, BAD_STATE)
        );
    }
    drop(slice);
    expect_eq!(vmo.set_policy(2), OK);
    Ok(())
}
