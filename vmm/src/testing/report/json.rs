//! JSON Lines; docs/test-runner.md has the fields.

use super::{Report, RunEnd};
use crate::testing::results::{CaseResult, Outcome, TestName, TestResult, Totals};
use serde::Serialize;
use std::io::{self, Write};

/// Writes one JSON object a line.
#[derive(Debug)]
pub struct JsonReport<W> {
    stream: W,
}

/// The version of the schema.
const VERSION: u32 = 1;

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line<'a> {
    Start {
        version: u32,
        tests: usize,
    },
    Case {
        name: String,
        #[serde(flatten)]
        test: &'a TestName,
        #[serde(flatten)]
        case: &'a CaseResult,
    },
    Test {
        name: String,
        #[serde(flatten)]
        test: &'a TestName,
        outcome: Outcome,
        cases: usize,
        machines: u32,
        ns: u64,
    },
    End {
        #[serde(flatten)]
        totals: Totals,
        ns: u64,
        interrupted: bool,
    },
    Listed {
        name: String,
        #[serde(flatten)]
        test: &'a TestName,
        number: Option<u32>,
        case: Option<&'a str>,
    },
}

impl<W: Write> JsonReport<W> {
    /// A report on that stream.
    pub const fn new(stream: W) -> Self {
        Self { stream }
    }

    /// A line for a case that could be run.
    ///
    /// # Errors
    /// The stream's own.
    pub fn listed(&mut self, test: &TestName, case: Option<(u32, &str)>) -> io::Result<()> {
        self.line(&Line::Listed {
            name: test.of_case(case.map(|(_, name)| name)),
            test,
            number: case.map(|(number, _)| number),
            case: case.map(|(_, name)| name),
        })
    }

    fn line(&mut self, line: &Line<'_>) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.stream.write_all(&text)?;
        self.stream.flush()
    }
}

/// What a test as a whole comes to: the worst of its cases.
fn outcome(result: &TestResult) -> Outcome {
    let has = |outcome| result.cases.iter().any(|case| case.outcome == outcome);
    [Outcome::Failed, Outcome::NotReached, Outcome::Passed]
        .into_iter()
        .find(|outcome| has(*outcome))
        .unwrap_or(Outcome::Skipped)
}

fn nanoseconds(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl<W: Write> Report for JsonReport<W> {
    fn start(&mut self, tests: usize) -> io::Result<()> {
        let version = VERSION;
        self.line(&Line::Start { version, tests })
    }

    fn test(&mut self, name: &TestName, result: &TestResult) -> io::Result<()> {
        for case in &result.cases {
            self.line(&Line::Case {
                name: name.of_case(case.name.as_deref()),
                test: name,
                case,
            })?;
        }
        self.line(&Line::Test {
            name: name.to_string(),
            test: name,
            outcome: outcome(result),
            cases: result.cases.len(),
            machines: result.machines,
            ns: nanoseconds(result.duration),
        })
    }

    fn end(&mut self, end: &RunEnd) -> io::Result<()> {
        self.line(&Line::End {
            totals: end.totals,
            ns: nanoseconds(end.duration),
            interrupted: end.interrupted,
        })
    }
}
