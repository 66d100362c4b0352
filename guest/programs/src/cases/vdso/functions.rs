//! The functions behind the names, called as C would call them.

use super::{failure, symbol};
use crate::memory::PAGE;
use crate::suite::{Failure, Outcome};
use crate::{ensure, expect_eq};
use core::ffi::{CStr, c_char};
use libzx::{Status, monotonic};

/// The function of that name and type.
///
/// # Safety
/// It must have that type.
unsafe fn function<F: Copy>(name: &str) -> Result<F, Failure> {
    let place = core::ptr::with_exposed_provenance::<()>(symbol(name)?);
    if size_of::<F>() != size_of::<*const ()>() {
        return Err(failure("no function pointer"));
    }
    // SAFETY: a pointer of the same size; that the function has this type is the
    // caller's promise.
    Ok(unsafe { core::mem::transmute_copy::<*const (), F>(&place) })
}

pub(super) fn functions_can_be_called_by_their_names() -> Outcome {
    type Create = unsafe extern "C" fn(u64, u32, *mut u32) -> i32;
    type GetSize = unsafe extern "C" fn(u32, *mut u64) -> i32;
    type Write = unsafe extern "C" fn(u32, *const u8, u64, usize) -> i32;
    type Read = unsafe extern "C" fn(u32, *mut u8, u64, usize) -> i32;
    type Close = unsafe extern "C" fn(u32) -> i32;
    let (mut handle, mut size, mut byte) = (0, 0, [0; 3]);
    // SAFETY: the types are those of Zircon's headers, and every pointer is good.
    unsafe {
        let create: Create = function("zx_vmo_create")?;
        expect_eq!(create(PAGE + 1, 0, &raw mut handle), 0);
        let get_size: GetSize = function("_zx_vmo_get_size")?;
        expect_eq!(get_size(handle, &raw mut size), 0);
        let write: Write = function("zx_vmo_write")?;
        expect_eq!(write(handle, b"vdso".as_ptr(), PAGE - 2, 4), 0);
        let read: Read = function("_zx_vmo_read")?;
        expect_eq!(read(handle, byte.as_mut_ptr(), PAGE - 1, 3), 0);
        let close: Close = function("zx_handle_close")?;
        expect_eq!(close(handle), 0);
        expect_eq!(close(handle), Status::BAD_HANDLE.0);
    }
    expect_eq!((size, &byte), (2 * PAGE, b"dso"));

    // SAFETY: as above.
    unsafe {
        let page_size: extern "C" fn() -> u32 = function("zx_system_get_page_size")?;
        expect_eq!(u64::from(page_size()), PAGE);
        let per_second: extern "C" fn() -> i64 = function("_zx_ticks_per_second")?;
        expect_eq!(per_second(), 1_000_000_000);
        let ticks: extern "C" fn() -> i64 = function("zx_ticks_get")?;
        let (before, now, after) = (ticks(), monotonic(), ticks());
        ensure!(before <= now && now <= after, "{before}, {now}, {after}");
    }
    Ok(())
}

pub(super) fn statuses_have_names() -> Outcome {
    // SAFETY: the type is that of Zircon's header.
    let name: extern "C" fn(i32) -> *const c_char = unsafe { function("zx_status_get_string")? };
    for value in (-1100..10).chain([i32::MIN, i32::MAX]) {
        // SAFETY: it gives strings in the image, which is there for ever.
        let found = unsafe { CStr::from_ptr(name(value)) };
        let wanted = Status(value).name().unwrap_or("(UNKNOWN)");
        expect_eq!(found.to_str(), Ok(wanted));
    }
    Ok(())
}

pub(super) fn deadlines_saturate() -> Outcome {
    // SAFETY: the type is that of Zircon's header.
    let after: extern "C" fn(i64) -> i64 = unsafe { function("zx_deadline_after")? };
    for duration in [0, 1, 5_000_000_000, -5_000_000_000, i64::MIN] {
        let (before, found, now) = (monotonic(), after(duration), monotonic());
        let range = before.saturating_add(duration)..=now.saturating_add(duration);
        ensure!(range.contains(&found), "{found} is not in {range:?}");
    }
    expect_eq!(after(i64::MAX), i64::MAX);
    expect_eq!(after(i64::MAX - 1), i64::MAX);
    Ok(())
}
