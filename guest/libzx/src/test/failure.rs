//! Why a case did not pass.

use super::slot::{Slot, Text};
use abi::Status;
use core::fmt;
use core::panic::Location;
use core::sync::atomic::{AtomicU32, Ordering};

/// Reasons that can be told apart at a time. A case has one, but may make others that it
/// drops.
const SLOTS: u32 = 8;

static REASONS: [Slot; SLOTS as usize] = [const { Slot::new() }; SLOTS as usize];

/// How many failures have been made.
static MADE: AtomicU32 = AtomicU32::new(0);

/// Why a case did not pass: what was found, and where. Or that it does not apply
/// ([`Failure::skip`]).
///
/// A status that is not `ZX_OK` becomes a failure by `?`, with the place of the `?`.
#[derive(Clone, Copy)]
pub struct Failure {
    place: &'static Location<'static>,
    /// Its number, from which its slot follows.
    number: u32,
    skip: bool,
}

impl Failure {
    /// A failure with that reason, of at most a kilobyte, and the place of the caller.
    #[must_use]
    #[track_caller]
    pub fn new(reason: impl fmt::Display) -> Self {
        Self::made(&reason, Location::caller(), false)
    }

    /// Says that the case does not apply here: it counts as skipped, with that reason.
    ///
    /// ```no_run
    /// use libzx::test::{Failure, Outcome};
    ///
    /// fn needs_the_gate() -> Outcome {
    ///     if libzx::startup().value("--gate") != Some("on") {
    ///         return Err(Failure::skip("the gate is shut"));
    ///     }
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn skip(reason: impl fmt::Display) -> Self {
        Self::made(&reason, Location::caller(), true)
    }

    fn made(reason: &dyn fmt::Display, place: &'static Location<'static>, skip: bool) -> Self {
        // Number 0 is nobody's.
        let number = MADE.fetch_add(1, Ordering::Relaxed).wrapping_add(1).max(1);
        if let Some(slot) = slot(number) {
            slot.set(number, reason);
        }
        Self {
            place,
            number,
            skip,
        }
    }

    /// Where it came to light.
    #[must_use]
    pub const fn place(&self) -> &'static Location<'static> {
        self.place
    }

    /// Whether it only says that the case does not apply.
    #[must_use]
    pub const fn is_skip(&self) -> bool {
        self.skip
    }

    fn reason(&self) -> Option<Text> {
        slot(self.number)?.get(self.number)
    }
}

fn slot(number: u32) -> Option<&'static Slot> {
    REASONS.get(usize::try_from(number % SLOTS).ok()?)
}

/// The reason.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason() {
            Some(text) => f.write_str(text.as_str()),
            None => f.write_str("(the reason is lost: several failures came after it)"),
        }
    }
}

/// Place and reason.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place;
        write!(f, "{}:{}: {self}", place.file(), place.line())
    }
}

impl From<Status> for Failure {
    #[track_caller]
    fn from(status: Status) -> Self {
        let given = format_args!("a call that should succeed gave {status}");
        Self::made(&given, Location::caller(), false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_fails_where_the_question_mark_stands() {
        fn call() -> Result<(), Failure> {
            Err(Status::BAD_HANDLE)?;
            Ok(())
        }
        let failure = call().unwrap_err();
        assert_eq!(failure.place().line(), line!() - 4);
        assert!(failure.place().file().ends_with("failure.rs"));
        assert_eq!(
            failure.to_string(),
            "a call that should succeed gave ZX_ERR_BAD_HANDLE"
        );
    }

    #[test]
    fn a_reason_is_kept_until_several_others_have_come() {
        let first = Failure::new("first");
        let skip = Failure::skip(format_args!("skip {}", 1));
        assert!(skip.is_skip() && !first.is_skip());
        assert_eq!(format!("{first} {skip}"), "first skip 1");
        for number in 0..SLOTS {
            let _ = Failure::new(number);
        }
        assert!(first.to_string().contains("lost"));
    }
}
