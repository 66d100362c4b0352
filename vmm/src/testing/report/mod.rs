//! What came of a run, written for people or for programs.

mod json;
mod junit;
mod tap;
mod text;

pub use json::JsonReport;
pub use junit::JunitReport;
pub use tap::TapReport;
pub use text::{Detail, TextReport};

use super::results::{TestName, TestResult, Totals};
use std::io;
use std::time::Duration;

/// How a run has ended.
#[derive(Clone, Copy, Debug)]
pub struct RunEnd {
    /// How many cases came to what.
    pub totals: Totals,
    /// How long it took.
    pub duration: Duration,
    /// Whether Ctrl-C ended it.
    pub interrupted: bool,
}

/// Takes results, test by test.
pub trait Report {
    /// The run begins; it has so many tests.
    ///
    /// # Errors
    /// The stream's own.
    fn start(&mut self, tests: usize) -> io::Result<()>;

    /// A test is over.
    ///
    /// # Errors
    /// The stream's own.
    fn test(&mut self, name: &TestName, result: &TestResult) -> io::Result<()>;

    /// All are.
    ///
    /// # Errors
    /// The stream's own.
    fn end(&mut self, end: &RunEnd) -> io::Result<()>;
}

/// Hands results on in the order of the plan, whatever the order in which they come.
#[derive(Debug, Default)]
pub struct InOrder {
    next: usize,
    waiting: std::collections::BTreeMap<usize, TestResult>,
}

impl InOrder {
    /// Takes the result of the item of that index, and calls `ready` for every one whose
    /// turn has come.
    ///
    /// # Errors
    /// Those of `ready`.
    pub fn take(
        &mut self,
        index: usize,
        result: TestResult,
        mut ready: impl FnMut(usize, &TestResult) -> io::Result<()>,
    ) -> io::Result<()> {
        self.waiting.insert(index, result);
        while let Some(result) = self.waiting.remove(&self.next) {
            let index = self.next;
            self.next += 1;
            ready(index, &result)?;
        }
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod samples;
#[cfg(test)]
mod tests;
