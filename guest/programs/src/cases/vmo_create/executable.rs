//! `zx_vmo_replace_as_executable` (reference §8.4).

use super::vmos_here;
use crate::given::resource;
use crate::memory::{BAD_ADDRESSES, PAGE};
use crate::probe::{close, duplicate, status};
use crate::subject::Subject;
use crate::subject::make::replace_as_executable;
use crate::subject::statuses::{ACCESS_DENIED, BAD_HANDLE, INVALID_ARGS, OK, WRONG_TYPE};
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq, refused};
use libzx::{Call, MapOptions, PAGE_SIZE, Rights, startup};

pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "executable: the old rights and EXECUTE, the old handle gone [8.4/4 8.4/5]",
        good,
    );
    suite.case(
        "executable: only then can it be mapped to be executed [8.4/4 8.1/11]",
        mapping,
    );
    suite.case(
        "executable: an unknown handle comes before a bad vmex [8.4/1]",
        unknown_handle,
    );
    suite.case(
        "executable: a bad vmex consumes the handle [8.4/2]",
        bad_vmex,
    );
    suite.case(
        "executable: an object that is no VMO is BAD_HANDLE and consumed [8.4/3]",
        no_vmo,
    );
    suite.case(
        "executable: a bad vmex comes before an object that is no VMO [8.4/2]",
        vmex_first,
    );
    suite.case(
        "executable: a bad out pointer consumes the handle [2.3/2 2.3/3 2.3/4]",
        bad_out,
    );
}

fn good() -> Outcome {
    let vmo = Subject::pages(1)?;
    vmo.put(1, 0, PAGE)?;
    let poor = vmo.with_rights(Rights::READ | Rights::TRANSFER)?;
    for source in [vmo, poor] {
        let before = source.rights()?;
        let old = source.give_up();
        let new = Subject::own(replace_as_executable(old, resource())?)?;
        expect_eq!(close(old), BAD_HANDLE);
        expect_eq!(new.rights()?, before | Rights::EXECUTE);
        expect_eq!(new.differs(1, 0, PAGE), Ok(None));
    }
    Ok(())
}

fn mapping() -> Outcome {
    let options = MapOptions::PERM_READ | MapOptions::PERM_EXECUTE;
    let plain = Subject::pages(1)?;
    refused!(plain.map_with(0, PAGE_SIZE, options), ACCESS_DENIED);
    let map = Subject::executable(1)?.map_with(0, PAGE_SIZE, options)?;
    expect_eq!(map.byte(0), 0);
    Ok(())
}

fn unknown_handle() -> Outcome {
    let vmo = Subject::pages(1)?;
    for vmex in [resource(), vmo.id(), 1, vmo.id() ^ 0x100] {
        refused!(replace_as_executable(0, vmex), BAD_HANDLE);
        refused!(replace_as_executable(vmo.id() ^ 0x200, vmex), BAD_HANDLE);
    }
    expect_eq!(vmo.size(), Ok(PAGE));
    Ok(())
}

fn bad_vmex() -> Outcome {
    let other = Subject::pages(1)?;
    for (vmex, wanted) in [(other.id(), WRONG_TYPE), (other.id() ^ 0x100, BAD_HANDLE)] {
        let vmo = Subject::pages(1)?;
        let kept = duplicate(vmo.id(), Rights::SAME_RIGHTS)?;
        let doomed = vmo.give_up();
        refused!(replace_as_executable(doomed, vmex), wanted);
        expect_eq!((close(doomed), close(kept)), (BAD_HANDLE, OK));
    }
    expect_eq!(other.size(), Ok(PAGE));
    Ok(())
}

/// A second handle of the own process.
fn process() -> Result<u32, libzx::Status> {
    let own = startup().process_self().map_or(0, |own| own.handle().raw());
    duplicate(own, Rights::SAME_RIGHTS)
}

fn no_vmo() -> Outcome {
    let doomed = process()?;
    refused!(replace_as_executable(doomed, resource()), BAD_HANDLE);
    expect_eq!(close(doomed), BAD_HANDLE);
    Ok(())
}

fn vmex_first() -> Outcome {
    let vmex = Subject::pages(1)?;
    let doomed = process()?;
    refused!(replace_as_executable(doomed, vmex.id()), WRONG_TYPE);
    expect_eq!(close(doomed), BAD_HANDLE);
    Ok(())
}

fn bad_out() -> Outcome {
    let before = vmos_here()?;
    for (what, address, _) in BAD_ADDRESSES {
        let doomed = Subject::pages(1)?.give_up();
        let args = [doomed.into(), resource().into(), address];
        let given = status(Call::VmoReplaceAsExecutable, &args);
        ensure!(given == INVALID_ARGS, "{what}: {given}");
        expect_eq!(close(doomed), BAD_HANDLE);
    }
    expect_eq!(vmos_here()?, before);
    Ok(())
}
