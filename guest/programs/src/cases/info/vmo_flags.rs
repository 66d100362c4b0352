//! VMO: what a VMO is (reference §15.1).

use crate::inspect::{get_info, name, record, vmo};
use crate::memory::PAGE;
use crate::probe::{close, out, status};
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::info::{InfoVmo, InfoVmoFlags as Flags};
use abi::layout::MAX_VMO_SIZE;
use abi::options::{ChildOptions, Topic};
use libzx::{Call, Rights, Status};
use zerocopy::IntoBytes;

const VIA: Flags = Flags::VIA_HANDLE;
const PAGED: Flags = Flags::TYPE_PAGED.union(VIA);

fn fresh() -> Outcome {
    let object = Object::new(3)?;
    let info = vmo(object.handle)?;
    expect_eq!(info.koid, crate::inspect::koid(object.handle)?);
    expect_eq!(name(&info.name), "");
    expect_eq!(info.size_bytes, 3 * PAGE);
    expect_eq!((info.parent_koid, info.num_children), (0, 0));
    expect_eq!((info.num_mappings, info.share_count), (0, 0));
    expect_eq!((info.flags, info.padding), (PAGED.bits(), 0));
    expect_eq!((info.committed_bytes, info.populated_bytes), (0, 0));
    expect_eq!(info.handle_rights, Rights::DEFAULT_VMO.bits());
    expect_eq!(info.cache_policy, 0);
    expect_eq!(info.committed_private_bytes, 0);
    expect_eq!(info.committed_scaled_bytes, 0);
    expect_eq!(info.committed_fractional_scaled_bytes, 0);
    Ok(())
}

fn sizes_are_rounded() -> Outcome {
    let odd = crate::probe::vmo_create(PAGE + 1, 0)?;
    expect_eq!(vmo(odd)?.size_bytes, 2 * PAGE);
    expect_eq!(close(odd), Status::OK);
    Ok(())
}

fn kinds() -> Outcome {
    for (kind, flags, policy) in [
        (Kind::Anonymous, PAGED, 0),
        (Kind::Resizable, PAGED | Flags::RESIZABLE, 0),
        (Kind::Discardable, PAGED | Flags::DISCARDABLE, 0),
        (Kind::Contiguous, PAGED | Flags::CONTIGUOUS, 0),
        (Kind::Physical, VIA, 1),
        (Kind::Uncached, PAGED, 1),
        (Kind::Slice, PAGED, 0),
        (Kind::ContiguousSlice, PAGED | Flags::CONTIGUOUS, 0),
        (Kind::Reference, PAGED, 0),
        (Kind::Snapshot, PAGED | Flags::IS_COW_CLONE, 0),
    ] {
        let object = Object::of(kind, 2)?;
        let info = vmo(object.handle)?;
        ensure!(
            info.flags == flags.bits(),
            "{kind:?}: {:#x}, not {flags:?}",
            info.flags
        );
        ensure!(
            info.cache_policy == policy,
            "{kind:?}: {}",
            info.cache_policy
        );
        ensure!(
            info.size_bytes == 2 * PAGE,
            "{kind:?}: {:#x} bytes",
            info.size_bytes
        );
    }
    Ok(())
}

fn unbounded() -> Outcome {
    let object = Object::of(Kind::Unbounded, 2)?;
    expect_eq!(vmo(object.handle)?.size_bytes, MAX_VMO_SIZE);
    Ok(())
}

fn policies() -> Outcome {
    for policy in [1, 2, 3, 0] {
        let object = Object::new(1)?;
        expect_eq!(object.set_policy(policy), Status::OK);
        expect_eq!(vmo(object.handle)?.cache_policy, policy);
    }
    Ok(())
}

fn immutable() -> Outcome {
    let object = Object::new(1)?;
    let options = ChildOptions::SNAPSHOT | ChildOptions::NO_WRITE;
    let child = object.child(options, 0, PAGE)?;
    let flags = PAGED | Flags::IS_COW_CLONE | Flags::IMMUTABLE;
    expect_eq!(vmo(child.handle)?.flags, flags.bits());
    Ok(())
}

fn pager_backed() -> Outcome {
    let (mut port, mut pager, mut backed) = (0_u32, 0_u32, 0_u32);
    status(Call::PortCreate, &[0, out(&mut port)]).ok()?;
    status(Call::PagerCreate, &[0, out(&mut pager)]).ok()?;
    let (port, pager) = (core::hint::black_box(port), core::hint::black_box(pager));
    let args = [
        u64::from(pager),
        0,
        u64::from(port),
        7,
        2 * PAGE,
        out(&mut backed),
    ];
    status(Call::PagerCreateVmo, &args).ok()?;
    let backed = core::hint::black_box(backed);
    let info = vmo(backed)?;
    expect_eq!(info.flags, (PAGED | Flags::PAGER_BACKED).bits());
    expect_eq!((info.size_bytes, info.committed_bytes), (2 * PAGE, 0));
    for handle in [backed, pager, port] {
        expect_eq!(close(handle), Status::OK);
    }
    Ok(())
}

fn rights_of_the_handle() -> Outcome {
    let object = Object::of(Kind::Resizable, 1)?;
    expect_eq!(vmo(object.handle)?.handle_rights, 0x40_D0EF);
    for rights in [Rights::empty(), Rights::READ, Rights::MAP | Rights::WAIT] {
        let other = object.with(rights)?;
        expect_eq!(vmo(other.handle)?.handle_rights, rights.bits());
    }
    Ok(())
}

/// The versions are prefixes of the newest record.
fn versions() -> Outcome {
    let object = Object::patterned(Kind::Anonymous, 2, 91)?;
    let _snapshot = object.child(ChildOptions::SNAPSHOT, 0, PAGE)?;
    let newest: InfoVmo = record(object.handle, Topic::VMO)?;
    for (topic, size) in [
        (Topic::VMO_V1, 104),
        (Topic::VMO_V2, 120),
        (Topic::VMO_V3, 128),
        (Topic::VMO, 176),
    ] {
        let mut bytes = [0xCC_u8; 200];
        let given = get_info(object.handle, topic, out(&mut bytes), size as u64);
        expect_eq!(given, (Status::OK, 1, 1));
        let bytes = core::hint::black_box(bytes);
        ensure!(
            bytes.get(..size) == newest.as_bytes().get(..size),
            "version of {size} bytes differs"
        );
        let behind = bytes.get(size..).unwrap_or_default();
        ensure!(behind.iter().all(|&byte| byte == 0xCC), "stored too much");
    }
    Ok(())
}

fn the_vdso() -> Outcome {
    let info = vmo(vdso())?;
    expect_eq!(info.flags, PAGED.bits());
    expect_eq!(info.handle_rights, Rights::VDSO.bits());
    expect_eq!(info.committed_bytes, info.size_bytes);
    ensure!(info.num_mappings >= 2, "{} mappings", info.num_mappings);
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite) {
    suite.case("VMO tells all of a fresh VMO [15.1/1 15.1/8]", fresh);
    suite.case("VMO tells the rounded size [15.1/1]", sizes_are_rounded);
    suite.case(
        "VMO tells the kind of each VMO [15.1/9 15.1/10 15.1/11]",
        kinds,
    );
    suite.case("VMO tells the size of an unbounded VMO [15.1/1]", unbounded);
    suite.case("VMO tells the cache policy [15.1/6]", policies);
    suite.case("VMO tells an immutable snapshot [15.1/11]", immutable);
    suite.case("VMO tells a pager's VMO [15.1/11]", pager_backed);
    suite.case(
        "VMO tells the rights of the handle asked [15.1/5]",
        rights_of_the_handle,
    );
    suite.case("VMO's older versions are prefixes [15/11 15.1/7]", versions);
    suite.case("VMO tells of the vDSO [18/3]", the_vdso);
}
