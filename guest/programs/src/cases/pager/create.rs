//! `zx_pager_create`, `zx_pager_create_vmo` (reference §17.1, §17.2).

use super::kit::{self, KEY, RESIZABLE, Rig, TRAP_DIRTY, make, of, pager, port, raw, with_rights};
use crate::expect_eq;
use crate::inspect;
use crate::memory::PAGE;
use crate::probe;
use crate::suite::Outcome;
use abi::layout::MAX_VMO_SIZE;
use abi::objects::ObjectType;
use libzx::{Call, Handle, Rights, Status, VmoOptions};

/// The cases of this file.
pub(super) const CASES: super::Cases = &[
    (
        "pager options other than 0 are INVALID_ARGS [17.1/1]",
        pager_options,
    ),
    ("a pager has its default rights [17.1/2]", pager_rights),
    ("bad out pointers are INVALID_ARGS [2.3/2]", bad_out),
    ("its VMOs have the rights of any VMO [17.2/6]", vmo_rights),
    ("sizes are rounded up and limited [17.2/5]", sizes),
    ("options of pager VMOs [17.2/3 17.2/4 17.2/8]", vmo_options),
    (
        "pager and port handles are checked [17.2/1 17.2/2 2.2/4]",
        handles,
    ),
    (
        "everything is absent at first [17.2/7]",
        everything_is_absent,
    ),
    (
        "bounds come before requests [4.1/5 4.1/6]",
        bounds_come_first,
    ),
];

/// Rights and type of a handle.
fn basic(handle: &Handle) -> Result<(u32, u32), Status> {
    let info = inspect::basic(handle.raw())?;
    Ok((info.rights, info.object_type))
}

fn refused(args: &[u64]) -> Option<Status> {
    make_status(Call::PagerCreateVmo, args)
}

/// The status of a call that should not make a handle; `None` if it made one.
fn make_status(call: Call, args: &[u64]) -> Option<Status> {
    let mut value = 0_u32;
    let mut all = [0; 8];
    let with_out = args.iter().copied().chain([probe::out(&mut value)]);
    for (to, from) in all.iter_mut().zip(with_out) {
        *to = from;
    }
    let status = probe::status(call, &all);
    let value = core::hint::black_box(value);
    match value {
        0 => Some(status),
        made => {
            let _ = probe::close(made);
            None
        }
    }
}

pub(super) fn pager_options() -> Outcome {
    for options in [1, 2, 0x8000_0000] {
        expect_eq!(
            make_status(Call::PagerCreate, &[options]),
            Some(Status::INVALID_ARGS)
        );
    }
    // The upper half of a 32-bit argument is ignored.
    drop(make(Call::PagerCreate, &[1 << 32])?);
    Ok(())
}

pub(super) fn pager_rights() -> Outcome {
    let pager = pager()?;
    expect_eq!(
        basic(&pager),
        Ok((Rights::DEFAULT_PAGER.bits(), ObjectType::PAGER.0))
    );
    Ok(())
}

pub(super) fn bad_out() -> Outcome {
    let bad = 0x7000_0000_0000;
    expect_eq!(
        probe::status(Call::PagerCreate, &[0, bad]),
        Status::INVALID_ARGS
    );
    let (pager, port) = (pager()?, port()?);
    let args = [raw(&pager), 0, raw(&port), KEY, PAGE, bad];
    expect_eq!(
        probe::status(Call::PagerCreateVmo, &args),
        Status::INVALID_ARGS
    );
    Ok(())
}

pub(super) fn vmo_rights() -> Outcome {
    let rig = Rig::new(2)?;
    let plain = (Rights::DEFAULT_VMO.bits(), ObjectType::VMO.0);
    expect_eq!(basic(rig.vmo.handle()), Ok(plain));
    let resizable = Rig::with(2, RESIZABLE)?;
    let with_resize = (Rights::DEFAULT_VMO | Rights::RESIZE).bits();
    expect_eq!(
        basic(resizable.vmo.handle()),
        Ok((with_resize, ObjectType::VMO.0))
    );
    let trapping = Rig::with(2, TRAP_DIRTY)?;
    expect_eq!(basic(trapping.vmo.handle()), Ok(plain));
    Ok(())
}

pub(super) fn sizes() -> Outcome {
    let (pager, port) = (pager()?, port()?);
    for (asked, size) in [(0, 0), (1, PAGE), (PAGE, PAGE), (PAGE + 1, 2 * PAGE)] {
        let vmo = kit::pager_vmo(&pager, 0, &port, KEY, asked)?;
        expect_eq!(vmo.size(), Ok(size));
    }
    let unbounded = VmoOptions::UNBOUNDED.bits();
    let vmo = kit::pager_vmo(&pager, unbounded, &port, KEY, PAGE)?;
    expect_eq!(vmo.size(), Ok(MAX_VMO_SIZE));
    for size in [MAX_VMO_SIZE + 1, u64::MAX] {
        let args = [raw(&pager), 0, raw(&port), KEY, size];
        expect_eq!(refused(&args), Some(Status::OUT_OF_RANGE));
    }
    Ok(())
}

pub(super) fn vmo_options() -> Outcome {
    let (pager, port) = (pager()?, port()?);
    let unbounded = VmoOptions::UNBOUNDED.bits();
    let discardable = VmoOptions::DISCARDABLE.bits();
    for options in [RESIZABLE | unbounded, discardable, 1, 0x20, 1 << 17] {
        let args = [raw(&pager), u64::from(options), raw(&port), KEY, PAGE];
        expect_eq!(refused(&args), Some(Status::INVALID_ARGS));
    }
    for options in [RESIZABLE | TRAP_DIRTY, unbounded | TRAP_DIRTY] {
        drop(kit::pager_vmo(&pager, options, &port, KEY, PAGE)?);
    }
    Ok(())
}

pub(super) fn handles() -> Outcome {
    let (pager, port) = (pager()?, port()?);
    let vmo = libzx::Vmo::create(PAGE)?;
    let with = |pager: u64, port: u64| refused(&[pager, 0, port, KEY, PAGE]);
    expect_eq!(with(0, raw(&port)), Some(Status::BAD_HANDLE));
    expect_eq!(with(raw(&port), raw(&port)), Some(Status::WRONG_TYPE));
    expect_eq!(with(raw(&pager), 0), Some(Status::BAD_HANDLE));
    expect_eq!(with(raw(&pager), of(&vmo)), Some(Status::WRONG_TYPE));
    let deaf = with_rights(&port, Rights::DEFAULT_PORT.difference(Rights::WRITE))?;
    expect_eq!(with(raw(&pager), raw(&deaf)), Some(Status::ACCESS_DENIED));
    // WRITE is all that the port needs.
    let only_write = with_rights(&port, Rights::WRITE)?;
    drop(kit::pager_vmo(&pager, 0, &only_write, KEY, PAGE)?);
    let manager = self::pager_with(Rights::MANAGE_VMO)?;
    expect_eq!(with(raw(&manager), raw(&port)), Some(Status::ACCESS_DENIED));
    // Left to right: the pager's handle is looked at before the port's.
    expect_eq!(with(raw(&manager), 0), Some(Status::ACCESS_DENIED));
    let attacher = self::pager_with(Rights::ATTACH_VMO)?;
    drop(kit::pager_vmo(&attacher, 0, &port, KEY, PAGE)?);
    Ok(())
}

/// A pager by a handle with these rights only.
pub(super) fn pager_with(rights: Rights) -> Result<Handle, crate::suite::Failure> {
    Ok(pager()?.replace(rights)?)
}

pub(super) fn everything_is_absent() -> Outcome {
    let rig = Rig::new(3)?;
    rig.quiet()?;
    for page in [2, 0, 1] {
        rig.absent(page)?;
    }
    rig.quiet()
}

/// The size beyond which nothing is and an offset that wraps: no request is made.
pub(super) fn bounds_come_first() -> Outcome {
    let rig = Rig::new(2)?;
    let buffer = rig.buffer.at(0);
    for (offset, length) in [
        (2 * PAGE, 1),
        (PAGE, PAGE + 1),
        (u64::MAX, 2),
        (3 * PAGE, 0),
    ] {
        expect_eq!(
            probe::vmo_read(rig.handle(), buffer, offset, length),
            Status::OUT_OF_RANGE
        );
        expect_eq!(
            probe::vmo_write(rig.handle(), buffer, offset, length),
            Status::OUT_OF_RANGE
        );
    }
    expect_eq!(probe::vmo_read(rig.handle(), 0, 0, 0), Status::OK);
    expect_eq!(probe::vmo_write(rig.handle(), 0, 2 * PAGE, 0), Status::OK);
    rig.quiet()
}
