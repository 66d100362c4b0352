//! The harness of test programs.
//!
//! A test program has its cases in functions with the attribute
//! [`guest_test`](crate::guest_test) and ends with [`test_main!`](crate::test_main):
//!
//! ```no_run
//! use libzx::test::Outcome;
//! use libzx::{Object, Status, Vmo, ensure, expect_eq, expect_status, guest_test};
//!
//! #[guest_test]
//! fn a_page_reads_back_as_it_was_written() -> Outcome {
//!     let vmo = Vmo::create(0x1000)?;
//!     vmo.write(b"bytes", 0x123)?;
//!     let mut bytes = [0; 5];
//!     vmo.read(&mut bytes, 0x123)?;
//!     expect_eq!(bytes, *b"bytes");
//!     expect_status!(vmo.read(&mut bytes, 0xFFD), Status::OUT_OF_RANGE);
//!     Ok(())
//! }
//!
//! #[guest_test(name = "handles to two objects differ", ignore = "not on Fridays")]
//! fn handles() {
//!     let [one, two] = [Vmo::create(0).unwrap(), Vmo::create(0).unwrap()];
//!     assert_ne!(one.raw(), two.raw());
//! }
//!
//! libzx::test_main!();
//! ```
//!
//! `vmm run PROGRAM` prints a line for each case; `vmm test PROGRAM` runs it as a part of a
//! suite, by the report protocol. A case fails by what it returns, and by a panic, which
//! ends the program: under `vmm test` the cases behind it run all the same, on a fresh
//! machine.
//!
//! [`Suite`] is the same for cases that are made from tables as the program runs.

mod failure;
mod record;
mod registry;
mod selection;
mod slot;
mod suite;

pub use failure::Failure;
pub use suite::Suite;

#[cfg(target_os = "none")]
pub(crate) use suite::panicked;

use abi::Status;

/// What a case comes to.
pub type Outcome = Result<(), Failure>;

/// What the function of a case may return.
pub trait Verdict {
    /// Whether the case passed.
    ///
    /// # Errors
    /// Why it did not.
    fn verdict(self) -> Outcome;
}

impl Verdict for () {
    fn verdict(self) -> Outcome {
        Ok(())
    }
}

impl<E: Into<Failure>> Verdict for Result<(), E> {
    #[track_caller]
    fn verdict(self) -> Outcome {
        match self {
            Ok(()) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// A case of a program, as [`guest_test`](crate::guest_test) makes it.
#[derive(Debug)]
pub struct Case {
    /// The path of its function, from the crate on.
    path: &'static str,
    /// Its name, if it is not to be called by the path.
    name: Option<&'static str>,
    /// Why it is not to be run, if so.
    ignore: Option<&'static str>,
    /// File, line and column.
    place: (&'static str, u32, u32),
    run: fn() -> Outcome,
}

impl Case {
    /// A case; the attribute's affair.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(
        path: &'static str,
        name: Option<&'static str>,
        ignore: Option<&'static str>,
        place: (&'static str, u32, u32),
        run: fn() -> Outcome,
    ) -> Self {
        Self {
            path,
            name,
            ignore,
            place,
            run,
        }
    }

    /// What it is called: by default as its function, with the modules that it is in.
    #[must_use]
    pub fn name(&self) -> &'static str {
        let in_crate = self
            .path
            .split_once("::")
            .map_or(self.path, |(_, name)| name);
        self.name.unwrap_or(in_crate)
    }

    fn run(&self, suite: &mut Suite) {
        suite.case(self.name(), || match self.ignore {
            Some(reason) => Err(Failure::skip(reason)),
            None => (self.run)(),
        });
    }
}

/// Runs the program's cases in the order of the files and lines; the return code of the
/// program. What [`test_main!`](crate::test_main) calls.
#[must_use]
pub fn run() -> i64 {
    let mut suite = Suite::new();
    let count = registry::sorted().count();
    suite.plan(count, registry::sorted().map(Case::name));
    for case in registry::sorted() {
        case.run(&mut suite);
    }
    suite.finish()
}

/// A status, or a result with one: what [`expect_status!`](crate::expect_status) compares.
pub trait AsStatus {
    /// The status.
    fn as_status(&self) -> Status;
}

impl AsStatus for Status {
    fn as_status(&self) -> Status {
        *self
    }
}

impl<T> AsStatus for Result<T, Status> {
    fn as_status(&self) -> Status {
        self.as_ref().err().copied().unwrap_or(Status::OK)
    }
}

/// Makes a program of the cases in its crate, in place of [`main!`](crate::main).
#[macro_export]
macro_rules! test_main {
    () => {
        // There is such a section even in a program without cases.
        #[cfg(target_os = "none")]
        ::core::arch::global_asm!(
            ".pushsection libzx_tests, \"awR\", @progbits",
            ".balign 8",
            ".quad 0",
            ".popsection",
        );
        $crate::main!($crate::test::run);
    };
}

/// Fails the case unless the condition holds; what follows says why, as in `format!`.
#[macro_export]
macro_rules! ensure {
    ($condition:expr $(,)?) => {
        $crate::ensure!($condition, "{} does not hold", ::core::stringify!($condition))
    };
    ($condition:expr, $($why:tt)+) => {
        if !$condition {
            return ::core::result::Result::Err($crate::test::Failure::new(
                ::core::format_args!($($why)+),
            ));
        }
    };
}

/// Fails the case unless both values are equal.
#[macro_export]
macro_rules! expect_eq {
    ($found:expr, $wanted:expr $(,)?) => {{
        let (found, wanted) = ($found, $wanted);
        $crate::ensure!(
            found == wanted,
            "{} is {:?}, not {:?}",
            ::core::stringify!($found),
            found,
            wanted
        );
    }};
}

/// Fails the case if both values are equal.
#[macro_export]
macro_rules! expect_ne {
    ($found:expr, $other:expr $(,)?) => {{
        let (found, other) = ($found, $other);
        $crate::ensure!(
            found != other,
            "{} is {:?}",
            ::core::stringify!($found),
            found
        );
    }};
}

/// Fails the case unless a call gave that status: a [`Status`] or a `Result` with one.
#[macro_export]
macro_rules! expect_status {
    ($call:expr, $wanted:expr $(,)?) => {{
        let (found, wanted) = ($crate::test::AsStatus::as_status(&$call), $wanted);
        $crate::ensure!(
            found == wanted,
            "{} gave {:?}, not {:?}",
            ::core::stringify!($call),
            found,
            wanted
        );
    }};
}
