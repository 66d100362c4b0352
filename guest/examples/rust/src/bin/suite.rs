//! A test suite of four cases. One fails on purpose, so that you can see what a failure
//! looks like; mend it, and the suite passes.
//!
//!     cargo build && vmm test target/x86_64-unknown-none/debug/suite

#![cfg_attr(target_os = "none", no_std, no_main)]

use libzx::test::Outcome;
use libzx::{ChildOptions, Object, Rights, Status, Vmo, expect_eq, expect_status, guest_test};

#[guest_test]
fn a_vmo_reads_back_what_was_written() -> Outcome {
    let vmo = Vmo::create(4096)?;
    vmo.write(b"twelve bytes", 100)?;
    let mut bytes = [0; 12];
    vmo.read(&mut bytes, 100)?;
    expect_eq!(&bytes, b"twelve bytes");
    Ok(())
}

#[guest_test]
fn a_snapshot_keeps_what_it_was_made_of() -> Outcome {
    let vmo = Vmo::create(4096)?;
    vmo.write(b"old", 0)?;
    let snapshot = vmo.create_child(ChildOptions::SNAPSHOT, 0, 4096)?;
    vmo.write(b"new", 0)?;
    let mut bytes = [0; 3];
    snapshot.read(&mut bytes, 0)?;
    expect_eq!(&bytes, b"old");
    Ok(())
}

#[guest_test]
fn this_one_fails_on_purpose() -> Outcome {
    // Sizes are rounded up to whole pages: it is 4096.
    expect_eq!(Vmo::create(100)?.size()?, 100);
    Ok(())
}

#[guest_test(name = "a handle without the right to write is refused")]
fn rights() -> Outcome {
    let vmo = Vmo::create(4096)?;
    let reader = vmo.duplicate(Rights::READ)?;
    expect_status!(reader.write(b"x", 0), Status::ACCESS_DENIED);
    Ok(())
}

libzx::test_main!();
