//! HANDLE_VALID, HANDLE_BASIC, HANDLE_COUNT and VMAR.

use crate::child::Child;
use crate::given::job;
use crate::inspect::{basic, get_info, koid, record};
use crate::memory::PAGE;
use crate::probe::{close, duplicate, out, status};
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::info::InfoVmar;
use abi::layout::{USER_BASE, USER_TOP};
use abi::options::Topic;
use libzx::{Call, Rights, Status, startup};

fn valid() -> Outcome {
    let vmo = Object::new(1)?;
    let given = |handle| get_info(handle, Topic::HANDLE_VALID, 0, 0).0;
    expect_eq!(given(vmo.handle), Status::OK);
    let powerless = duplicate(vmo.handle, 0)?;
    expect_eq!(given(powerless), Status::OK);
    expect_eq!(close(powerless), Status::OK);
    for bad in [0, 1, powerless, powerless ^ 1, vmo.handle & !3, u32::MAX] {
        ensure!(given(bad) == Status::BAD_HANDLE, "{bad:#x}");
    }
    Ok(())
}

fn a_handle_of(call: Call) -> Result<u32, Status> {
    let mut handle = 0_u32;
    status(call, &[0, out(&mut handle)]).ok()?;
    Ok(core::hint::black_box(handle))
}

fn types_and_rights() -> Outcome {
    let vmo = Object::new(1)?;
    let resizable = Object::of(Kind::Resizable, 1)?;
    let child = Child::new("basic")?;
    let thread = child.thread()?;
    let sub = SubVmar::new(1)?;
    let port = a_handle_of(Call::PortCreate)?;
    let pager = a_handle_of(Call::PagerCreate)?;
    for (what, handle, kind, rights) in [
        ("VMO", vmo.handle, 3, 0xD0EF),
        ("resizable VMO", resizable.handle, 3, 0x40_D0EF),
        ("process", child.process, 1, 0x6_D3CF),
        ("root VMAR", child.vmar, 18, 0x20_801F),
        ("sub-VMAR", sub.handle, 18, 0x20_800F),
        ("thread", thread, 2, 0x4_D2CF),
        ("job", job(), 17, 0x7_DFCF),
        ("resource", resource(), 15, 0x800B),
        ("BTI", bti(), 24, 0x80EF),
        ("port", port, 6, 0x800F),
        ("pager", pager, 28, 0x180_8002),
        ("vDSO", vdso(), 3, 0xD0F7),
        ("own process", own_process(), 1, 0x6_D3CF),
        ("own root VMAR", root(), 18, 0x20_801F),
    ] {
        let info = basic(handle)?;
        ensure!(info.object_type == kind, "{what}: {info:?}");
        ensure!(info.rights == rights, "{what}: rights {:#x}", info.rights);
        ensure!(info.reserved == 0, "{what}: {info:?}");
    }
    for handle in [thread, port, pager] {
        expect_eq!(close(handle), Status::OK);
    }
    Ok(())
}

fn koids() -> Outcome {
    let (one, two) = (Object::new(1)?, Object::new(1)?);
    let (first, second) = (koid(one.handle)?, koid(two.handle)?);
    ensure!(first >= 1024 && second >= 1024, "{first}, {second}");
    ensure!(first != second, "the same koid twice");
    let again = one.with(Rights::READ)?;
    let info = basic(again.handle)?;
    expect_eq!((info.koid, info.rights), (first, Rights::READ.bits()));
    // A koid is never used again.
    drop((one, again));
    for _ in 0..4 {
        let next = Object::new(1)?;
        let found = koid(next.handle)?;
        ensure!(found != first && found != second, "koid {found} again");
    }
    Ok(())
}

fn relations() -> Outcome {
    let child = Child::new("related")?;
    let thread = child.thread()?;
    let job = koid(job())?;
    expect_eq!(basic(child.process)?.related_koid, job);
    expect_eq!(basic(thread)?.related_koid, koid(child.process)?);
    let own = startup()
        .thread_self()
        .map_or(0, |thread| thread.handle().raw());
    expect_eq!(basic(own_process())?.related_koid, job);
    expect_eq!(basic(own)?.related_koid, koid(own_process())?);
    let vmo = Object::new(1)?;
    expect_eq!(basic(vmo.handle)?.related_koid, 0);
    expect_eq!(basic(root())?.related_koid, 0);
    expect_eq!(close(thread), Status::OK);
    Ok(())
}

/// The handles to an object, whoever has them.
fn counts() -> Outcome {
    let count = |handle| record::<u32>(handle, Topic::HANDLE_COUNT);
    let vmo = Object::new(1)?;
    expect_eq!(count(vmo.handle)?, 1);
    let more = [duplicate(vmo.handle, 0)?, duplicate(vmo.handle, 4)?];
    expect_eq!(count(vmo.handle)?, 3);
    // A mapping is no handle.
    let sub = SubVmar::new(1)?;
    sub.at(0, vmo.handle, 1).call()?;
    expect_eq!((count(vmo.handle)?, count(sub.handle)?), (3, 1));
    for handle in more {
        expect_eq!(close(handle), Status::OK);
    }
    expect_eq!(count(vmo.handle)?, 1);
    let child = Child::new("counted")?;
    expect_eq!((count(child.process)?, count(child.vmar)?), (1, 1));
    Ok(())
}

fn the_root_vmar() -> Outcome {
    let child = Child::new("rooted")?;
    for vmar in [root(), child.vmar] {
        let info: InfoVmar = record(vmar, Topic::VMAR)?;
        expect_eq!((info.base, info.len), (0x100_0000, 0x7FFF_FEFF_F000));
    }
    expect_eq!(USER_TOP - USER_BASE, 0x7FFF_FEFF_F000);
    let sub = SubVmar::new(5)?;
    let info: InfoVmar = record(sub.handle, Topic::VMAR)?;
    expect_eq!((info.base, info.len), (sub.base, 5 * PAGE));
    Ok(())
}

/// A BTI's record: contiguity, size of its address space, and nothing pinned.
fn the_bti() -> Outcome {
    const BTI: u32 = 20;
    let record: [u64; 4] = record(bti(), BTI)?;
    let [contiguity, _, pinned, quarantined] = record;
    expect_eq!((contiguity, pinned, quarantined), (PAGE, 0, 0));
    let weak = duplicate(bti(), Rights::MAP.bits())?;
    let mut room = [0_u64; 4];
    let given = get_info(weak, BTI, out(&mut room), 32).0;
    expect_eq!(given, Status::ACCESS_DENIED);
    let given = get_info(own_process(), BTI, out(&mut room), 32).0;
    expect_eq!(given, Status::WRONG_TYPE);
    expect_eq!(core::hint::black_box(room), [0; 4]);
    expect_eq!(close(weak), Status::OK);
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "HANDLE_VALID tells good handles from bad ones [15/1]",
        valid,
    );
    suite.case(
        "HANDLE_BASIC tells type and rights of every object [15/2]",
        types_and_rights,
    );
    suite.case(
        "a koid names an object and is never used again [15/2]",
        koids,
    );
    suite.case(
        "a process is related to its job, a thread to its process [15/2]",
        relations,
    );
    suite.case(
        "HANDLE_COUNT counts the handles to an object [15/9]",
        counts,
    );
    suite.case("VMAR tells base and length [15/5 19.2/3]", the_root_vmar);
    suite.case("BTI needs INSPECT [15/10]", the_bti);
}
