//! What changed permissions do.

use super::Place;
use crate::inspect::permissions;
use crate::memory::PAGE;
use crate::probe::vmar_unmap;
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use libzx::Status;

fn whole() -> Outcome {
    let place = Place::new()?;
    for (options, wanted) in [
        (R, READ_ONLY),
        (RW, READ_WRITE),
        (0, NO_ACCESS),
        (R, READ_ONLY),
        (0, NO_ACCESS),
        (RW, READ_WRITE),
        (RW, READ_WRITE),
    ] {
        expect_eq!(place.protect(options, 2, 4), Status::OK);
        expect_eq!(place.pages()?, [wanted; 4]);
        expect_eq!(permissions(place.vmar.page(2))?, options);
        expect_eq!(place.vmo.mismatch(4, Place::SEED)?, None);
    }
    Ok(())
}

fn parts() -> Outcome {
    let place = Place::new()?;
    expect_eq!(place.protect(R, 3, 2), Status::OK);
    expect_eq!(
        place.pages()?,
        [READ_WRITE, READ_ONLY, READ_ONLY, READ_WRITE]
    );
    expect_eq!(place.protect(0, 4, 2), Status::OK);
    expect_eq!(
        place.pages()?,
        [READ_WRITE, READ_ONLY, NO_ACCESS, NO_ACCESS]
    );
    expect_eq!(place.protect(RW, 3, 1), Status::OK);
    expect_eq!(
        place.pages()?,
        [READ_WRITE, READ_WRITE, NO_ACCESS, NO_ACCESS]
    );
    expect_eq!(place.protect(R, 2, 4), Status::OK);
    expect_eq!(place.pages()?, [READ_ONLY; 4]);
    expect_eq!(place.vmo.mismatch(4, Place::SEED)?, None);
    Ok(())
}

fn lengths_are_rounded_up() -> Outcome {
    let place = Place::new()?;
    let (vmar, page) = (place.vmar.handle, place.vmar.page(2));
    expect_eq!(protect(vmar, R, page, 1), Status::OK);
    expect_eq!(
        place.pages()?,
        [READ_ONLY, READ_WRITE, READ_WRITE, READ_WRITE]
    );
    expect_eq!(protect(vmar, R, page, PAGE + 1), Status::OK);
    expect_eq!(
        place.pages()?,
        [READ_ONLY, READ_ONLY, READ_WRITE, READ_WRITE]
    );
    Ok(())
}

/// The processor must not go on with what it knew: pages that it has just written, and
/// ones that were never touched.
fn present_and_absent_pages() -> Outcome {
    let vmar = SubVmar::new(4)?;
    let vmo = Object::new(4)?;
    vmar.at(0, vmo.handle, 4).call()?;
    let store = |page: u64, value: u8| {
        let place = core::ptr::with_exposed_provenance_mut::<u8>(
            usize::try_from(vmar.page(page)).unwrap_or(0),
        );
        // SAFETY: the case's own mapping, writable when this is called.
        unsafe { place.write_volatile(value) };
    };
    store(0, 1);
    store(1, 2);
    for _ in 0..2 {
        expect_eq!(protect(vmar.handle, R, vmar.base, 4 * PAGE), Status::OK);
        for page in 0..4 {
            expect_eq!(access(vmar.page(page))?, READ_ONLY);
        }
        expect_eq!(protect(vmar.handle, RW, vmar.base, 4 * PAGE), Status::OK);
        for page in 0..4 {
            expect_eq!(access(vmar.page(page))?, READ_WRITE);
        }
        store(1, 3);
        store(2, 4);
    }
    let bytes = [
        vmo.read::<1>(0)?,
        vmo.read::<1>(PAGE)?,
        vmo.read::<1>(2 * PAGE)?,
        vmo.read::<1>(3 * PAGE)?,
    ];
    expect_eq!(bytes, [[1], [3], [4], [0]]);
    Ok(())
}

fn several_mappings() -> Outcome {
    let place = Place::new()?;
    let other = Object::new(1)?;
    place.vmar.at(6, other.handle, 1).call()?;
    expect_eq!(place.protect(R, 4, 3), Status::OK);
    expect_eq!(
        place.pages()?,
        [READ_WRITE, READ_WRITE, READ_ONLY, READ_ONLY]
    );
    expect_eq!(access(place.vmar.page(6))?, READ_ONLY);
    Ok(())
}

fn other_mappings_stay() -> Outcome {
    let place = Place::new()?;
    let window = SubVmar::new(4)?;
    window.at(0, place.vmo.handle, 4).call()?;
    expect_eq!(place.protect(0, 2, 4), Status::OK);
    for page in 0..4 {
        expect_eq!(access(window.page(page))?, READ_WRITE);
    }
    // What is written elsewhere shows once the page can be read again.
    place.vmo.write(*b"while shut", PAGE)?;
    expect_eq!(place.protect(R, 2, 4), Status::OK);
    let there = core::ptr::with_exposed_provenance::<[u8; 10]>(
        usize::try_from(place.vmar.page(3)).unwrap_or(0),
    );
    // SAFETY: the case's own mapping, readable now.
    expect_eq!(&unsafe { there.read_volatile() }, b"while shut");
    Ok(())
}

/// Pages that are executed: code put into a VMO is called.
fn code_can_be_made_executable() -> Outcome {
    // mov eax, 42; ret
    let code = Object::new(1)?;
    code.write([0xB8, 42, 0, 0, 0, 0xC3], 0)?;
    let code = code.executable()?;
    let vmar = SubVmar::within(root(), CAN_RW | CAN_EXECUTE, 1)?;
    let mut map = vmar.at(0, code.handle, 1);
    map.options = R | SPECIFIC;
    map.call()?;
    expect_eq!(permissions(vmar.base)?, R);
    expect_eq!(protect(vmar.handle, RX, vmar.base, PAGE), Status::OK);
    expect_eq!(permissions(vmar.base)?, RX);
    let entry = core::ptr::with_exposed_provenance::<()>(usize::try_from(vmar.base).unwrap_or(0));
    // SAFETY: the six bytes above are a function without arguments that gives a number.
    let call = unsafe { core::mem::transmute::<*const (), extern "C" fn() -> u32>(entry) };
    expect_eq!(call(), 42);
    // Write and execute at once is allowed where both were.
    expect_eq!(protect(vmar.handle, RW | X, vmar.base, PAGE), Status::OK);
    code.write([43], 1)?;
    expect_eq!(call(), 43);
    Ok(())
}

fn unmapping_protected_parts() -> Outcome {
    let place = Place::new()?;
    expect_eq!(place.protect(R, 3, 2), Status::OK);
    let vmar = &place.vmar;
    expect_eq!(vmar_unmap(vmar.handle, vmar.page(4), PAGE), Status::OK);
    expect_eq!(place.pages()?, [READ_WRITE, READ_ONLY, FREE, READ_WRITE]);
    ensure!(
        place.protect(RW, 2, 2) == Status::OK,
        "what is left cannot be protected"
    );
    expect_eq!(place.pages()?, [READ_WRITE, READ_WRITE, FREE, READ_WRITE]);
    expect_eq!(vmar_unmap(vmar.handle, vmar.base, 8 * PAGE), Status::OK);
    expect_eq!(place.pages()?, [FREE; 4]);
    expect_eq!(place.vmo.mismatch(4, Place::SEED)?, None);
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite) {
    suite.case("permissions are as protect says [13.4/14 13.7/4]", whole);
    suite.case("no permission at all is options 0 [13.4/12]", || {
        let place = Place::new()?;
        expect_eq!(place.protect(0, 3, 1), Status::OK);
        expect_eq!(
            place.pages()?,
            [READ_WRITE, NO_ACCESS, READ_WRITE, READ_WRITE]
        );
        expect_eq!(place.vmo.mismatch(4, Place::SEED)?, None);
        Ok(())
    });
    suite.case("exactly the range changes [13.4/14]", parts);
    suite.case(
        "lengths are rounded up to pages [13.4/4]",
        lengths_are_rounded_up,
    );
    suite.case(
        "present and absent pages change alike [13.4/14]",
        present_and_absent_pages,
    );
    suite.case(
        "a range may cover several mappings [13.4/14]",
        several_mappings,
    );
    suite.case(
        "other mappings of the VMO keep their permissions",
        other_mappings_stay,
    );
    suite.case(
        "code can be made executable and runs [13.4/14]",
        code_can_be_made_executable,
    );
    suite.case(
        "protected parts can be unmapped [13.3/10]",
        unmapping_protected_parts,
    );
}
