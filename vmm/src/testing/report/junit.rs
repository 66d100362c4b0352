//! JUnit's XML, as CI systems read it: a suite for each test, a case for each case.

use super::{Report, RunEnd};
use crate::testing::results::{CaseResult, Outcome, TestName, TestResult};
use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};
use std::io::{self, Write};

/// Collects everything and writes it at the end: the file begins with the totals.
#[derive(Debug)]
pub struct JunitReport<W> {
    stream: W,
    document: Document,
}

impl<W: Write> JunitReport<W> {
    /// A report on that stream.
    pub fn new(stream: W) -> Self {
        Self {
            stream,
            document: Document::new("vmm test"),
        }
    }
}

fn status(case: &CaseResult) -> TestCaseStatus {
    let kind = match case.outcome {
        Outcome::Passed => return TestCaseStatus::success(),
        Outcome::Skipped => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(case.explanation());
            return status;
        }
        Outcome::Failed => NonSuccessKind::Failure,
        // It should have run: that is no success, and nothing failed in it.
        Outcome::NotReached => NonSuccessKind::Error,
    };
    let mut status = TestCaseStatus::non_success(kind);
    let explanation = case.explanation();
    status.set_message(explanation.lines().next().unwrap_or_default());
    status.set_type(case.outcome.words());
    let mut body = explanation;
    if !case.calls.is_empty() {
        body.push_str("\n\nlast calls:\n");
        body.push_str(&case.calls.join("\n"));
    }
    status.set_description(body);
    status
}

impl<W: Write> Report for JunitReport<W> {
    fn start(&mut self, _tests: usize) -> io::Result<()> {
        Ok(())
    }

    fn test(&mut self, name: &TestName, result: &TestResult) -> io::Result<()> {
        let name = name.to_string();
        let mut suite = TestSuite::new(name.clone());
        suite.set_time(result.duration);
        for case in &result.cases {
            let own = case.name.clone().unwrap_or_else(|| name.clone());
            let mut test = TestCase::new(own, status(case));
            test.set_classname(name.clone());
            test.set_time(case.duration);
            if !case.console.is_empty() {
                test.set_system_out_lossy(&case.console);
            }
            suite.add_test_case(test);
        }
        self.document.add_test_suite(suite);
        Ok(())
    }

    fn end(&mut self, end: &RunEnd) -> io::Result<()> {
        self.document.set_time(end.duration);
        let text = self.document.to_string().map_err(io::Error::other)?;
        self.stream.write_all(text.as_bytes())?;
        self.stream.flush()
    }
}
