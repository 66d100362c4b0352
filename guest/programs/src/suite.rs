//! The frame of a test guest: named cases, one line each, and a verdict.

use crate::text::Text;
use libzx::{Status, println};

/// Why a case failed.
#[derive(Debug)]
pub struct Failure(Text);

impl Failure {
    /// A failure with that reason.
    #[must_use]
    pub const fn new(reason: Text) -> Self {
        Self(reason)
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self(Text::new(format_args!(
            "a call that should succeed gave {status}"
        )))
    }
}

/// What a case comes to.
pub type Outcome = Result<(), Failure>;

/// The cases run so far.
#[derive(Debug, Default)]
pub struct Suite {
    passed: u32,
    failed: u32,
}

impl Suite {
    /// A suite of no cases.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs a case and prints its line.
    pub fn case(&mut self, name: &str, case: impl FnOnce() -> Outcome) {
        match case() {
            Ok(()) => {
                self.passed += 1;
                println!("case {name}: ok");
            }
            Err(Failure(why)) => {
                self.failed += 1;
                println!("case {name}: FAIL {why}");
            }
        }
    }

    /// Prints the sum; the return code of the program, 0 only if every case was well
    /// and there was at least one.
    #[must_use]
    pub fn finish(self) -> i64 {
        println!("{} passed, {} failed", self.passed, self.failed);
        i64::from(self.failed != 0 || self.passed == 0)
    }
}

/// Fails the case unless both values are equal.
#[macro_export]
macro_rules! expect_eq {
    ($found:expr, $wanted:expr) => {{
        let (found, wanted) = ($found, $wanted);
        if found != wanted {
            return Err($crate::suite::Failure::new($crate::text::Text::new(
                ::core::format_args!(
                    "line {}: {} is {:?}, not {:?}",
                    ::core::line!(),
                    ::core::stringify!($found),
                    found,
                    wanted
                ),
            )));
        }
    }};
}

/// Fails the case unless the condition holds.
#[macro_export]
macro_rules! ensure {
    ($condition:expr, $($why:tt)+) => {
        if !$condition {
            return Err($crate::suite::Failure::new($crate::text::Text::new(
                ::core::format_args!($($why)+),
            )));
        }
    };
}
