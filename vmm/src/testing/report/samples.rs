//! Results with one of everything.

use crate::testing::results::{CaseResult, Failure, Outcome, TestName, TestResult, Totals};
use std::time::Duration;

/// A name without a variant or a repetition.
pub(in crate::testing) fn name(test: &str) -> TestName {
    TestName {
        test: test.to_owned(),
        variant: None,
        repetition: None,
    }
}

/// Four cases, one of each outcome, with characters that every format must take care of.
pub(in crate::testing) fn result() -> TestResult {
    let case = |number, name: &str, outcome| CaseResult {
        number: Some(number),
        duration: Duration::from_micros(1500),
        ..CaseResult::new(Some(name.to_owned()), outcome)
    };
    TestResult {
        cases: vec![
            case(1, "reads", Outcome::Passed),
            CaseResult {
                failures: vec![
                    Failure {
                        place: Some("handles.c:31".to_owned()),
                        message: "a < b && \"c\"\nis false".to_owned(),
                    },
                    Failure::new("the process was killed"),
                ],
                calls: vec!["[7 p] zx_handle_close(handle=0x3) = ZX_OK".to_owned()],
                console: b"one\n\x1B[31mtwo \xFF\n".to_vec(),
                ..case(2, "writes # \\ 1", Outcome::Failed)
            },
            CaseResult {
                reason: Some("no RAM".to_owned()),
                ..case(3, "grows", Outcome::Skipped)
            },
            CaseResult::not_reached(Some(4), Some("ends".to_owned()), "the program ended before"),
        ],
        duration: Duration::from_millis(20),
        machines: 2,
    }
}

/// Their sum.
pub(in crate::testing) fn totals() -> Totals {
    let mut totals = Totals::default();
    totals.add(&result());
    totals
}
