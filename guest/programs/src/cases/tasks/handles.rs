//! `zx_handle_close_many`.

use crate::expect_eq;
use crate::memory::{Area, BAD_ADDRESSES, PAGE};
use crate::probe::{close, duplicate, status, vmo_get_size};
use crate::regions::Object;
use crate::suite::{Failure, Outcome};
use libzx::{Call, Rights, Status};

/// Closes the handles with these values, which stand from `place` on.
fn close_many<const N: usize>(
    area: &Area,
    offset: u64,
    values: [u32; N],
) -> Result<Status, Failure> {
    let mut at = usize::try_from(offset).map_err(|_| Status::INTERNAL)?;
    for value in values {
        area.map.store(at, &value.to_le_bytes());
        at += 4;
    }
    Ok(status(Call::HandleCloseMany, &[area.at(offset), N as u64]))
}

/// Three more handles to the VMO.
fn three(vmo: &Object) -> Result<[u32; 3], Failure> {
    let copy = || duplicate(vmo.handle, Rights::SAME_RIGHTS);
    Ok([copy()?, copy()?, copy()?])
}

fn all_gone(values: &[u32]) -> Outcome {
    for &value in values {
        expect_eq!(vmo_get_size(value), Err(Status::BAD_HANDLE));
    }
    Ok(())
}

pub fn zeros_are_ignored() -> Outcome {
    let (area, vmo) = (Area::new(1)?, Object::new(1)?);
    let [a, b, c] = three(&vmo)?;
    expect_eq!(close_many(&area, 0, [0, a, 0, b, c, 0])?, Status::OK);
    all_gone(&[a, b, c])?;
    expect_eq!(close_many(&area, 0, [0, 0])?, Status::OK);
    // Nothing is looked at if there is nothing to close.
    expect_eq!(status(Call::HandleCloseMany, &[1, 0]), Status::OK);
    expect_eq!(vmo_get_size(vmo.handle), Ok(PAGE));
    Ok(())
}

pub fn a_bad_one_does_not_keep_the_others() -> Outcome {
    let (area, vmo) = (Area::new(1)?, Object::new(1)?);
    for bad in [1, 2, 0x8000_0000, u32::MAX] {
        let [a, b, c] = three(&vmo)?;
        expect_eq!(close_many(&area, 0, [a, b, bad, c])?, Status::BAD_HANDLE);
        all_gone(&[a, b, c])?;
    }
    let [a, b, c] = three(&vmo)?;
    expect_eq!(close(b), Status::OK);
    expect_eq!(close_many(&area, 0, [b, a, c])?, Status::BAD_HANDLE);
    all_gone(&[a, b, c])
}

pub fn a_value_twice_is_bad() -> Outcome {
    let (area, vmo) = (Area::new(1)?, Object::new(1)?);
    let [a, b, c] = three(&vmo)?;
    expect_eq!(close_many(&area, 0, [a, b, a, c])?, Status::BAD_HANDLE);
    all_gone(&[a, b, c])?;
    expect_eq!(vmo_get_size(vmo.handle), Ok(PAGE));
    Ok(())
}

/// More than are read at once, over a page's end.
pub fn many_are_closed() -> Outcome {
    let (area, vmo) = (Area::new(2)?, Object::new(1)?);
    let mut values = [0; 200];
    for value in &mut values {
        *value = duplicate(vmo.handle, Rights::SAME_RIGHTS)?;
    }
    expect_eq!(close_many(&area, PAGE - 402, values)?, Status::OK);
    all_gone(&values)
}

pub fn a_bad_list_is_refused() -> Outcome {
    for (_, address, _) in BAD_ADDRESSES {
        let given = status(Call::HandleCloseMany, &[address, 1]);
        expect_eq!(given, Status::INVALID_ARGS);
    }
    let (area, vmo) = (Area::new(1)?, Object::new(1)?);
    let value = duplicate(vmo.handle, Rights::SAME_RIGHTS)?;
    area.map.store(0, &value.to_le_bytes());
    let given = status(Call::HandleCloseMany, &[area.at(0), u64::MAX]);
    expect_eq!(given, Status::INVALID_ARGS);
    expect_eq!(vmo_get_size(value), Ok(PAGE));
    expect_eq!(close(value), Status::OK);
    Ok(())
}
