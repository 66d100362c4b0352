//! Where the linker has gathered the program's cases.

use super::Case;

// The ends of the section that `guest_test` and `test_main!` put words into: the
// addresses of the cases, and a zero.
#[cfg(target_os = "none")]
unsafe extern "C" {
    #[link_name = "__start_libzx_tests"]
    static START: u64;
    #[link_name = "__stop_libzx_tests"]
    static STOP: u64;
}

#[cfg(target_os = "none")]
fn cases() -> impl Iterator<Item = &'static Case> {
    let (start, stop) = (&raw const START, &raw const STOP);
    let bytes = stop.addr().saturating_sub(start.addr());
    let length = bytes / size_of::<Option<&'static Case>>();
    // SAFETY: between the two stand words that are addresses of cases, or zero, and
    // nobody writes to them.
    let words = unsafe { core::slice::from_raw_parts(start.cast::<Option<&Case>>(), length) };
    words.iter().copied().flatten()
}

/// The host has none.
#[cfg(not(target_os = "none"))]
fn cases() -> impl Iterator<Item = &'static Case> {
    core::iter::empty()
}

/// The cases in the order of their places, which the linker does not keep.
pub(super) fn sorted() -> impl Iterator<Item = &'static Case> {
    let next = |after: Option<&'static Case>| {
        let behind = cases().filter(|case| after.is_none_or(|after| case.place > after.place));
        behind.min_by_key(|case| case.place)
    };
    core::iter::successors(next(None), move |&case| next(Some(case)))
}
