//! What came of tests and of their cases.

use serde::{Serialize, Serializer};
use std::fmt;
use std::time::Duration;

/// How a failure of a program as a whole is named, in the place of a case.
pub const PROGRAM: &str = "(program)";

/// What a case comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It ended and nothing in it failed.
    Passed,
    /// Something failed, or it never ended.
    Failed,
    /// It says that it does not apply.
    Skipped,
    /// It should have run and was never begun.
    NotReached,
}

impl Outcome {
    /// Whether the run can still count as a success.
    #[must_use]
    pub const fn is_well(self) -> bool {
        matches!(self, Self::Passed | Self::Skipped)
    }

    /// A word or two for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::NotReached => "not reached",
        }
    }
}

/// Something that failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// `file:line` in the guest's sources, if it is told.
    pub place: Option<String>,
    /// What, as far as that fits.
    pub message: String,
}

impl Failure {
    /// A failure of which no place is known.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            place: None,
            message: message.into(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{place}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaseResult {
    /// Its number in a full run; none if the program reported no cases, or for the program
    /// as a whole.
    pub number: Option<u32>,
    /// Its name; none if the program reported no cases, and so is the case itself.
    #[serde(rename = "case")]
    pub name: Option<String>,
    /// What it comes to.
    pub outcome: Outcome,
    /// What failed, the first [`super::MAX_FAILURES`] of it.
    pub failures: Vec<Failure>,
    /// Why it was skipped or not reached.
    pub reason: Option<String>,
    /// How long it took: as the guest says if it ended, else as the host saw it.
    #[serde(rename = "ns", serialize_with = "nanoseconds")]
    pub duration: Duration,
    /// The last calls before the first failure, oldest first.
    pub calls: Vec<String>,
    /// What was printed meanwhile, if it failed; the middle is left out if that is much.
    #[serde(serialize_with = "lossy")]
    pub console: Vec<u8>,
}

impl CaseResult {
    /// A case without a number of which nothing is known but its outcome.
    #[must_use]
    pub const fn new(name: Option<String>, outcome: Outcome) -> Self {
        Self {
            number: None,
            name,
            outcome,
            failures: Vec::new(),
            reason: None,
            duration: Duration::ZERO,
            calls: Vec::new(),
            console: Vec::new(),
        }
    }

    /// A case that was not reached.
    #[must_use]
    pub fn not_reached(number: Option<u32>, name: Option<String>, reason: &str) -> Self {
        Self {
            number,
            reason: Some(reason.to_owned()),
            ..Self::new(name, Outcome::NotReached)
        }
    }

    /// Why, in one line or more: what failed, or why it was not run.
    #[must_use]
    pub fn explanation(&self) -> String {
        let failures: Vec<String> = self.failures.iter().map(ToString::to_string).collect();
        match (&*failures, &self.reason) {
            ([], Some(reason)) => reason.clone(),
            _ => failures.join("\n"),
        }
    }
}

/// What a test is called.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct TestName {
    /// The test.
    pub test: String,
    /// Its variant, if it has any.
    pub variant: Option<String>,
    /// Which time this is, counted from 1, if tests are repeated.
    #[serde(rename = "repetition")]
    pub repetition: Option<u32>,
}

impl TestName {
    /// `TEST` or `TEST@VARIANT`, without the repetition: what filters look at.
    #[must_use]
    pub fn base(&self) -> String {
        match &self.variant {
            Some(variant) => format!("{}@{variant}", self.test),
            None => self.test.clone(),
        }
    }

    /// The full name of one of its cases.
    #[must_use]
    pub fn of_case(&self, case: Option<&str>) -> String {
        match case {
            Some(case) => format!("{self}::{case}"),
            None => self.to_string(),
        }
    }
}

impl fmt::Display for TestName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.test)?;
        if let Some(variant) = &self.variant {
            write!(f, "@{variant}")?;
        }
        match self.repetition {
            Some(repetition) => write!(f, "#{repetition}"),
            None => Ok(()),
        }
    }
}

/// What came of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestResult {
    /// Its cases, in the order of their numbers; at least one.
    pub cases: Vec<CaseResult>,
    /// How long it took, all of its machines together.
    pub duration: Duration,
    /// How many machines it took: one, and one for each restart.
    pub machines: u32,
}

impl TestResult {
    /// Whether no case failed or was not reached.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.cases.iter().all(|case| case.outcome.is_well())
    }

    /// A test that never ran.
    #[must_use]
    pub fn not_reached(reason: &str) -> Self {
        Self {
            cases: vec![CaseResult::not_reached(None, None, reason)],
            duration: Duration::ZERO,
            machines: 0,
        }
    }

    /// A test that the host could not carry out.
    #[must_use]
    pub fn broken(message: String) -> Self {
        let mut case = CaseResult::new(Some(PROGRAM.to_owned()), Outcome::Failed);
        case.failures.push(Failure::new(message));
        Self {
            cases: vec![case],
            duration: Duration::ZERO,
            machines: 0,
        }
    }
}

/// How many cases came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Tests.
    pub tests: usize,
    /// Cases that passed.
    pub passed: usize,
    /// Cases that failed.
    pub failed: usize,
    /// Cases that were skipped.
    pub skipped: usize,
    /// Cases that were not reached.
    pub not_reached: usize,
}

impl Totals {
    /// Counts a test.
    pub fn add(&mut self, result: &TestResult) {
        self.tests += 1;
        for case in &result.cases {
            *match case.outcome {
                Outcome::Passed => &mut self.passed,
                Outcome::Failed => &mut self.failed,
                Outcome::Skipped => &mut self.skipped,
                Outcome::NotReached => &mut self.not_reached,
            } += 1;
        }
    }

    /// Cases in all.
    #[must_use]
    pub const fn cases(&self) -> usize {
        self.passed + self.failed + self.skipped + self.not_reached
    }

    /// Whether no case failed or was not reached.
    #[must_use]
    pub const fn is_well(&self) -> bool {
        self.failed == 0 && self.not_reached == 0
    }
}

fn lossy<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&String::from_utf8_lossy(bytes))
}

fn nanoseconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
}
