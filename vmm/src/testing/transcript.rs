//! What a program has reported so far, on one machine: the rules of the protocol.

use super::MAX_FAILURES;
use super::console::Console;
use super::protocol::{Record, Selection};
use super::results::{CaseResult, Failure, Outcome};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The most broken rules that are told of a program.
const MAX_PROBLEMS: usize = 4;

/// What happened in a record.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A case is about to run.
    Begun,
    /// A case is over; with what it came to.
    Ended(Outcome),
    /// Nothing that time is measured by.
    Other,
}

/// A case that runs.
#[derive(Debug)]
struct Open {
    number: u32,
    name: String,
    failures: Vec<Failure>,
    /// Failures beyond those that are kept.
    more: u64,
    skipped: Option<String>,
    calls: Vec<String>,
    console: Console,
    since: Instant,
}

/// The report of one machine.
#[derive(Debug)]
pub(super) struct Transcript {
    selection: Selection,
    /// How many cases a full run has, if the program says so.
    pub(super) plan: Option<u32>,
    /// Names of cases that were announced or begun.
    pub(super) names: BTreeMap<u32, String>,
    /// Cases that have ended.
    pub(super) cases: Vec<CaseResult>,
    open: Option<Open>,
    /// Whether the program says that all is over.
    pub(super) done: bool,
    /// Whether there was a record at all.
    pub(super) spoke: bool,
    /// The first rules that were broken.
    pub(super) problems: Vec<String>,
    /// What was printed outside of cases.
    pub(super) console: Console,
}

impl Transcript {
    /// Nothing yet, of a program that was asked for these cases.
    pub(super) fn new(selection: Selection) -> Self {
        Self {
            selection,
            plan: None,
            names: BTreeMap::new(),
            cases: Vec::new(),
            open: None,
            done: false,
            spoke: false,
            problems: Vec::new(),
            console: Console::default(),
        }
    }

    /// Takes ordinary output.
    pub(super) fn output(&mut self, text: &[u8]) {
        match &mut self.open {
            Some(case) => case.console.add(text),
            None => self.console.add(text),
        }
    }

    /// Takes a record; `calls` are the last calls, if something failed.
    pub(super) fn record(&mut self, line: &[u8], calls: impl FnOnce() -> Vec<String>) -> Step {
        self.spoke = true;
        let text = String::from_utf8_lossy(line);
        let step = Record::parse(&text)
            .map_err(str::to_owned)
            .and_then(|record| self.apply(record, calls));
        step.unwrap_or_else(|problem| {
            self.problem(&problem, &text);
            Step::Other
        })
    }

    /// Notes a line that breaks a rule.
    pub(super) fn problem(&mut self, problem: &str, line: &str) {
        self.spoke = true;
        if self.problems.len() < MAX_PROBLEMS {
            let line: String = line.chars().take(160).collect();
            self.problems
                .push(format!("{problem}, in the record `%TEST {line}`"));
        }
    }

    fn apply(
        &mut self,
        record: Record,
        calls: impl FnOnce() -> Vec<String>,
    ) -> Result<Step, String> {
        if self.done {
            return Err("a record behind `done`".to_owned());
        }
        match record {
            Record::Plan(count) => {
                if self.plan.is_some() {
                    return Err("a second plan".to_owned());
                }
                if !self.names.is_empty() {
                    return Err("the plan does not come before everything else".to_owned());
                }
                self.plan = Some(count);
            }
            Record::Case(number, name) => {
                self.check_number(number)?;
                match self.names.get(&number) {
                    Some(known) if *known != name => {
                        return Err(format!("case {number} was called `{known}`"));
                    }
                    _ => {}
                }
                self.names.insert(number, name);
            }
            Record::Begin(number, name) => {
                self.check_number(number)?;
                if let Some(open) = &self.open {
                    return Err(format!("case {} has not ended", open.number));
                }
                if !self.selection.contains(number) {
                    return Err(format!("case {number} was not asked for"));
                }
                match self.cases.last().and_then(|case| case.number) {
                    Some(last) if number <= last => {
                        return Err(format!("case {last} came before"));
                    }
                    _ => {}
                }
                self.names.insert(number, name.clone());
                self.open = Some(Open {
                    number,
                    name,
                    failures: Vec::new(),
                    more: 0,
                    skipped: None,
                    calls: Vec::new(),
                    console: Console::default(),
                    since: Instant::now(),
                });
                return Ok(Step::Begun);
            }
            Record::Fail(number, place, message) => {
                let case = self.opened(number)?;
                if case.failures.is_empty() {
                    case.calls = calls();
                }
                if case.failures.len() < MAX_FAILURES {
                    case.failures.push(Failure { place, message });
                } else {
                    case.more += 1;
                }
            }
            Record::Skip(number, reason) => self.opened(number)?.skipped = Some(reason),
            Record::End(number, ns) => {
                self.opened(number)?;
                let Some(case) = self.open.take() else {
                    return Ok(Step::Other);
                };
                let result = case.result(Duration::from_nanos(ns));
                let outcome = result.outcome;
                self.cases.push(result);
                return Ok(Step::Ended(outcome));
            }
            Record::Done => {
                if let Some(open) = &self.open {
                    return Err(format!("case {} has not ended", open.number));
                }
                self.done = true;
            }
        }
        Ok(Step::Other)
    }

    /// The open case, which must be that one.
    fn opened(&mut self, number: u32) -> Result<&mut Open, String> {
        let case = self.open.as_mut().ok_or("no case is open")?;
        if case.number == number {
            Ok(case)
        } else {
            Err(format!("the open case is {}", case.number))
        }
    }

    fn check_number(&self, number: u32) -> Result<(), String> {
        match self.plan {
            Some(plan) if number > plan => Err(format!("the plan has {plan} cases")),
            _ => Ok(()),
        }
    }

    /// Ends the case that is open: the program, its machine or its time have ended. Returns
    /// its number.
    pub(super) fn cut(&mut self, message: String, calls: Vec<String>) -> Option<u32> {
        let mut case = self.open.take()?;
        // What it said itself comes first, and must not crowd out the end.
        case.failures.push(Failure::new(message));
        case.calls = calls;
        let number = case.number;
        let time = case.since.elapsed();
        self.cases.push(case.result(time));
        Some(number)
    }

    /// Gives up the case that is open: it counts as never begun.
    pub(super) fn give_up(&mut self) {
        if let Some(case) = self.open.take() {
            self.console.add(&case.console.text());
        }
    }
}

impl Open {
    fn result(self, duration: Duration) -> CaseResult {
        let mut failures = self.failures;
        if self.more > 0 {
            let more = self.more;
            failures.push(Failure::new(format!("and {more} more failures")));
        }
        let (outcome, reason) = match (failures.is_empty(), self.skipped) {
            (false, _) => (Outcome::Failed, None),
            (true, Some(reason)) => (Outcome::Skipped, Some(reason)),
            (true, None) => (Outcome::Passed, None),
        };
        let failed = outcome == Outcome::Failed;
        CaseResult {
            number: Some(self.number),
            failures,
            reason,
            duration,
            calls: self.calls,
            console: if failed {
                self.console.text()
            } else {
                Vec::new()
            },
            ..CaseResult::new(Some(self.name), outcome)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(selection: Selection, lines: &[&str]) -> Transcript {
        let mut transcript = Transcript::new(selection);
        for line in lines {
            transcript.record(line.as_bytes(), || vec!["a call".to_owned()]);
        }
        transcript
    }

    #[test]
    fn the_example_of_the_page_is_a_passed_and_a_failed_case() {
        let transcript = read(
            Selection::all(),
            &[
                "plan 2",
                "case 1 a page reads back",
                "case 2 a closed handle is refused",
                "begin 1 a page reads back",
                "end 1 84113",
                "begin 2 a closed handle is refused",
                "fail 2 handles.c:31 zx_handle_close(h) is 0 (ZX_OK)",
                "end 2 9120",
                "done",
            ],
        );
        assert!(transcript.done && transcript.problems.is_empty());
        let [first, second] = &*transcript.cases else {
            panic!("{:?}", transcript.cases);
        };
        assert_eq!(first.outcome, Outcome::Passed);
        assert_eq!(first.duration, Duration::from_nanos(84113));
        assert!(first.calls.is_empty());
        assert_eq!(second.outcome, Outcome::Failed);
        assert_eq!(second.failures[0].place.as_deref(), Some("handles.c:31"));
        assert_eq!(second.calls, ["a call"]);
    }

    #[test]
    fn a_skip_is_a_skip_unless_something_failed() {
        let transcript = read(
            Selection::all(),
            &[
                "begin 1 a",
                "skip 1 no RAM",
                "end 1 1",
                "begin 2 b",
                "fail 2 - x",
                "skip 2 late",
                "end 2 1",
            ],
        );
        let [first, second] = &*transcript.cases else {
            panic!("{:?}", transcript.cases);
        };
        assert_eq!(first.outcome, Outcome::Skipped);
        assert_eq!(first.reason.as_deref(), Some("no RAM"));
        assert_eq!(second.outcome, Outcome::Failed);
    }

    #[test]
    fn each_broken_rule_is_told_with_its_line() {
        for (lines, part) in [
            (&["plan 1", "plan 1"][..], "a second plan"),
            (&["begin 1 a", "plan 1"], "before everything else"),
            (&["plan 1", "begin 2 b"], "the plan has 1 cases"),
            (&["plan 1", "case 2 b"], "the plan has 1 cases"),
            (&["case 1 a", "case 1 b"], "was called `a`"),
            (&["begin 1 a", "begin 2 b"], "case 1 has not ended"),
            (&["begin 2 b", "end 2 1", "begin 2 b"], "case 2 came before"),
            (&["begin 9 x"], "case 9 was not asked for"),
            (&["fail 1 - x"], "no case is open"),
            (&["begin 1 a", "end 2 1"], "the open case is 1"),
            (&["begin 1 a", "done"], "case 1 has not ended"),
            (&["done", "done"], "behind `done`"),
            (&["nonsense"], "no such record"),
        ] {
            let transcript = read(Selection::of(1..=8), lines);
            let told = transcript.problems.join(";");
            assert!(told.contains(part), "{lines:?}: {told}");
            let line = lines[lines.len() - 1];
            assert!(told.ends_with(&format!("`%TEST {line}`")), "{told}");
        }
    }

    #[test]
    fn a_case_that_fails_without_end_takes_bounded_space() {
        let mut transcript = read(Selection::all(), &["begin 1 a"]);
        for _ in 0..1000 {
            transcript.record(b"fail 1 - again", Vec::new);
        }
        let number = transcript.cut("the process was killed".to_owned(), Vec::new());
        assert_eq!(number, Some(1));
        let failures = &transcript.cases[0].failures;
        assert_eq!(failures.len(), MAX_FAILURES + 2);
        assert_eq!(failures[MAX_FAILURES].message, "the process was killed");
        assert!(failures[MAX_FAILURES + 1].message.contains("984 more"));
    }

    proptest! {
        #[test]
        fn numbers_ascend_and_cases_are_those_asked_for_whatever_is_said(
            lines in proptest::collection::vec(
                "plan [0-9]|done|(case|begin|skip) [0-9] [ab]|fail [0-9] - x|end [0-9] [0-9]|\\PC{0,5}",
                0..60,
            ),
        ) {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            let transcript = read(Selection::of(2..=7), &lines);
            let numbers: Vec<u32> = transcript.cases.iter().filter_map(|c| c.number).collect();
            prop_assert!(numbers.is_sorted_by(|a, b| a < b));
            prop_assert!(numbers.iter().all(|number| (2..=7).contains(number)));
        }
    }
}
