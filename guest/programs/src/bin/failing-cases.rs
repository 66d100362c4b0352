//! Cases that fail in every way that a case can, for the tests of libzx's harness.

#![cfg_attr(target_os = "none", no_std, no_main)]

use libzx::test::{Failure, Outcome};
use libzx::{Status, Thread, Vmo, ensure, expect_eq, expect_ne, expect_status, guest_test};

#[guest_test]
fn passes() {}

mod inner {
    use super::*;

    #[guest_test]
    fn expects_a_value() -> Outcome {
        expect_ne!(1 + 1, 3);
        expect_eq!(1 + 1, 3);
        Ok(())
    }
}

#[guest_test(name = "a name of\nits own")]
fn expects_a_status() -> Outcome {
    let vmo = Vmo::create(0)?;
    expect_status!(vmo.size(), Status::OK);
    expect_status!(vmo.size(), Status::BAD_STATE);
    Ok(())
}

#[guest_test]
fn returns_a_status() -> Result<(), Status> {
    Vmo::create(u64::MAX).map(drop)
}

#[guest_test]
fn asks_for_success() -> Outcome {
    Vmo::create(u64::MAX)?;
    Ok(())
}

#[guest_test(ignore = "not today")]
fn is_ignored() -> Outcome {
    Err(Failure::new("it was run"))
}

#[guest_test]
fn skips_itself() -> Outcome {
    Err(Failure::skip("not here"))
}

#[guest_test]
#[allow(clippy::panic, reason = "on purpose")]
fn panics() {
    panic!("on purpose\nin two lines");
}

#[guest_test]
#[allow(clippy::panic, reason = "on purpose")]
fn panics_in_another_thread() -> Outcome {
    Thread::spawn(|| panic!("elsewhere"))?.join()?;
    Err(Failure::new("the thread came back"))
}

#[guest_test]
fn comes_after_them() -> Outcome {
    ensure!(true, "the truth is false");
    Ok(())
}

libzx::test_main!();
