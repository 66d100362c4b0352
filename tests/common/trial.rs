//! A test that is ignored, aloud, where there can be no VM.

use crate::substrate::no_kvm;
use libtest_mimic::{Completion, Failed, Trial};

/// A test that needs a VM.
pub fn vm(name: &str, test: fn() -> Result<(), Failed>) -> Trial {
    Trial::ignorable_test(name, move || match no_kvm() {
        None => test().map(|()| Completion::Completed),
        Some(reason) => Ok(Completion::ignored_with(reason)),
    })
}
