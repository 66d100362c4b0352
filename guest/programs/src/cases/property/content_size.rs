//! `ZX_PROP_VMO_CONTENT_SIZE` (reference §9.4, §9.5).

use crate::inspect::{get_property, set_property};
use crate::memory::{BAD_ADDRESSES, PAGE};
use crate::probe::{UNTOUCHED, close, out, status, vmo_create, vmo_get_size};
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::options::{ChildOptions, Property};
use libzx::{Call, Rights, Status};

const SIZE: u32 = Property::VMO_CONTENT_SIZE;

fn get(handle: u32) -> (Status, u64) {
    let mut value = UNTOUCHED;
    let given = get_property(handle, SIZE, out(&mut value), 8);
    (given, core::hint::black_box(value))
}

fn set(handle: u32, value: u64) -> Status {
    let mut value = value;
    set_property(handle, SIZE, out(&mut value), 8)
}

fn stream_size(handle: u32) -> Result<u64, Status> {
    let mut size = 0_u64;
    status(Call::VmoGetStreamSize, &[u64::from(handle), out(&mut size)]).ok()?;
    Ok(core::hint::black_box(size))
}

fn the_size_asked_for() -> Outcome {
    for size in [0, 1, PAGE - 1, PAGE, 2 * PAGE + 77] {
        let vmo = vmo_create(size, 0)?;
        expect_eq!(get(vmo), (Status::OK, size));
        expect_eq!(close(vmo), Status::OK);
    }
    let vmo = Object::of(Kind::Contiguous, 1)?;
    expect_eq!(get(vmo.handle), (Status::OK, 0));
    let vmo = Object::of(Kind::Physical, 1)?;
    expect_eq!(get(vmo.handle), (Status::OK, 0));
    Ok(())
}

fn rights() -> Outcome {
    let vmo = Object::patterned(Kind::Anonymous, 1, 1)?;
    let denied = Status::ACCESS_DENIED;
    let only = vmo.with(Rights::GET_PROPERTY)?;
    expect_eq!(get(only.handle), (Status::OK, PAGE));
    expect_eq!(set(only.handle, 5), denied);
    let without = vmo.without(Rights::GET_PROPERTY)?;
    expect_eq!(get(without.handle), (denied, UNTOUCHED));
    let both = vmo.with(Rights::SET_PROPERTY | Rights::WRITE)?;
    expect_eq!(set(both.handle, PAGE), Status::OK);
    Ok(())
}

fn set_needs(missing: Rights) -> Outcome {
    let vmo = Object::patterned(Kind::Anonymous, 1, 1)?;
    let weak = vmo.without(missing)?;
    expect_eq!(set(weak.handle, 5), Status::ACCESS_DENIED);
    expect_eq!(get(vmo.handle), (Status::OK, PAGE));
    expect_eq!(vmo.mismatch(1, 1)?, None);
    Ok(())
}

fn short_values() -> Outcome {
    let vmo = Object::patterned(Kind::Anonymous, 1, 1)?;
    let mut value = 5_u64;
    for size in [0, 1, 4, 7] {
        let given = set_property(vmo.handle, SIZE, out(&mut value), size);
        expect_eq!(given, Status::BUFFER_TOO_SMALL);
        let given = get_property(vmo.handle, SIZE, out(&mut value), size);
        expect_eq!(given, Status::BUFFER_TOO_SMALL);
    }
    expect_eq!(core::hint::black_box(value), 5);
    expect_eq!(get(vmo.handle), (Status::OK, PAGE));
    expect_eq!(vmo.mismatch(1, 1)?, None);
    Ok(())
}

fn bad_values() -> Outcome {
    let vmo = Object::patterned(Kind::Anonymous, 1, 1)?;
    for (what, address, _) in BAD_ADDRESSES {
        let given = set_property(vmo.handle, SIZE, address, 8);
        ensure!(given == Status::INVALID_ARGS, "set, {what}: {given:?}");
        let given = get_property(vmo.handle, SIZE, address, 8);
        ensure!(given == Status::INVALID_ARGS, "get, {what}: {given:?}");
    }
    expect_eq!(get(vmo.handle), (Status::OK, PAGE));
    expect_eq!(vmo.mismatch(1, 1)?, None);
    Ok(())
}

/// As `zx_vmo_set_stream_size`: the VMO keeps its size, what is behind reads as zeros.
fn smaller_and_larger() -> Outcome {
    let vmo = Object::patterned(Kind::Anonymous, 3, 1)?;
    expect_eq!(set(vmo.handle, PAGE + 10), Status::OK);
    expect_eq!(get(vmo.handle), (Status::OK, PAGE + 10));
    expect_eq!(stream_size(vmo.handle)?, PAGE + 10);
    expect_eq!(vmo_get_size(vmo.handle), Ok(3 * PAGE));
    expect_eq!(vmo.mismatch(1, 1)?, None);
    let page = vmo.read::<4096>(PAGE)?;
    let (kept, gone) = page.split_at(10);
    expect_eq!(crate::pattern::mismatch(1, PAGE, kept), None);
    ensure!(gone.iter().all(|&byte| byte == 0), "not zeroed in the page");
    expect_eq!(vmo.read::<4096>(2 * PAGE)?, [0; 4096]);
    // Larger: what was written behind the content goes, too.
    vmo.write([9], PAGE + 50)?;
    vmo.write([9], 2 * PAGE + 50)?;
    expect_eq!(set(vmo.handle, 3 * PAGE), Status::OK);
    expect_eq!(vmo.read::<1>(PAGE + 50)?, [0]);
    expect_eq!(vmo.read::<1>(2 * PAGE + 50)?, [0]);
    expect_eq!(get(vmo.handle), (Status::OK, 3 * PAGE));
    Ok(())
}

fn the_same() -> Outcome {
    let vmo = Object::patterned(Kind::Anonymous, 2, 1)?;
    expect_eq!(set(vmo.handle, PAGE), Status::OK);
    vmo.write([9], PAGE + 5)?;
    expect_eq!(set(vmo.handle, PAGE), Status::OK);
    expect_eq!(vmo.read::<1>(PAGE + 5)?, [9]);
    Ok(())
}

fn beyond_the_vmo() -> Outcome {
    let vmo = Object::patterned(Kind::Resizable, 2, 1)?;
    for size in [2 * PAGE + 1, 3 * PAGE, u64::MAX] {
        expect_eq!(set(vmo.handle, size), Status::OUT_OF_RANGE);
    }
    expect_eq!(get(vmo.handle), (Status::OK, 2 * PAGE));
    expect_eq!(vmo_get_size(vmo.handle), Ok(2 * PAGE));
    expect_eq!(vmo.mismatch(2, 1)?, None);
    Ok(())
}

fn not_paged() -> Outcome {
    for kind in [Kind::Contiguous, Kind::Physical] {
        let vmo = Object::of(kind, 1)?;
        let given = set(vmo.handle, 5);
        ensure!(given == Status::NOT_SUPPORTED, "{kind:?}: {given:?}");
        expect_eq!(get(vmo.handle), (Status::OK, 0));
    }
    Ok(())
}

fn sharing() -> Outcome {
    let vmo = Object::patterned(Kind::Anonymous, 2, 1)?;
    let reference = vmo.child(ChildOptions::REFERENCE, 0, 0)?;
    let snapshot = vmo.child(ChildOptions::SNAPSHOT, 0, 100)?;
    expect_eq!(set(reference.handle, PAGE), Status::OK);
    expect_eq!(get(vmo.handle), (Status::OK, PAGE));
    expect_eq!(get(snapshot.handle), (Status::OK, 100));
    expect_eq!(set(vmo.handle, 7), Status::OK);
    expect_eq!(get(reference.handle), (Status::OK, 7));
    expect_eq!(set(snapshot.handle, 50), Status::OK);
    expect_eq!(get(vmo.handle), (Status::OK, 7));
    Ok(())
}

fn other_objects() -> Outcome {
    for handle in [own_process(), root()] {
        let given = get(handle);
        let refused = matches!(given.0, Status::WRONG_TYPE | Status::ACCESS_DENIED);
        ensure!(refused && given.1 == UNTOUCHED, "{given:?}");
    }
    // The process's handle has the right to properties: its type is what is wrong.
    expect_eq!(get(own_process()).0, Status::WRONG_TYPE);
    expect_eq!(set(own_process(), 0), Status::WRONG_TYPE);
    expect_eq!(get(0), (Status::BAD_HANDLE, UNTOUCHED));
    expect_eq!(set(0, 0), Status::BAD_HANDLE);
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "the content size is the size asked for [9.4/1]",
        the_size_asked_for,
    );
    suite.case("getting needs GET_PROPERTY and no more [9.4/1]", rights);
    suite.case(
        "setting the content size needs SET_PROPERTY [9.4/2]",
        || set_needs(Rights::SET_PROPERTY),
    );
    suite.case("setting the content size needs WRITE [9.4/3]", || {
        set_needs(Rights::WRITE)
    });
    suite.case(
        "a value of less than 8 bytes is BUFFER_TOO_SMALL [9.4/4]",
        short_values,
    );
    suite.case(
        "NULL and bad values are INVALID_ARGS [9.4/5 3/1]",
        bad_values,
    );
    suite.case(
        "setting zeroes as set_stream_size does [9.4/6]",
        smaller_and_larger,
    );
    suite.case("setting the same changes nothing [9.4/6]", the_same);
    suite.case(
        "more than the VMO's size is OUT_OF_RANGE [9.4/6 22/21]",
        beyond_the_vmo,
    );
    suite.case(
        "contiguous and physical are NOT_SUPPORTED [9.4/6]",
        not_paged,
    );
    suite.case(
        "references share the content size, snapshots do not [9.4/6]",
        sharing,
    );
    suite.case("a content size of no VMO is WRONG_TYPE", other_objects);
}
