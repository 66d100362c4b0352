//! One test from its first machine to its result: a case that takes its machine with it is
//! followed by a fresh one for the cases behind it.

use super::Options;
use super::ends::describe;
use super::machines::{Ended, Machines, Request};
use super::observer::{Live, Observer, Orders};
use super::protocol::{CASES_VARIABLE, LIST_VARIABLE, Selection, VARIABLE};
use super::results::{CaseResult, Failure, Outcome, PROGRAM, TestResult};
use super::test::Test;
use super::transcript::Transcript;
use crate::boot::{Program, default_ram};
use crate::machine::End;
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// The cases of a program, as it lists them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseList {
    /// Number and name; empty if the program does not speak the protocol.
    pub cases: Vec<(u32, String)>,
}

/// A test that runs.
pub(super) struct Session<'a> {
    pub(super) machines: &'a dyn Machines,
    pub(super) test: &'a Test,
    pub(super) options: &'a Options,
    pub(super) stop: &'a AtomicBool,
    pub(super) live: Option<Live<'a>>,
    pub(super) progress: &'a (dyn Fn(Outcome) + Sync),
}

/// All that is known of a test so far, over all of its machines.
#[derive(Default)]
struct Known {
    plan: Option<u32>,
    names: BTreeMap<u32, String>,
    cases: Vec<CaseResult>,
    /// What failed in the program as a whole.
    failures: Vec<Failure>,
    /// What belongs to the first of that.
    calls: Vec<String>,
    console: Vec<u8>,
    /// Why cases were not reached.
    reason: Option<&'static str>,
    /// Whether it speaks the protocol.
    spoke: bool,
}

impl Session<'_> {
    /// Runs the selected cases.
    pub(super) fn run(&self, selection: &Selection) -> TestResult {
        let start = Instant::now();
        let mut programs = match self.test.load() {
            Ok(programs) => programs,
            Err(message) => return TestResult::broken(message),
        };
        let mut known = Known::default();
        let mut left = selection.clone();
        let mut machines = 0;
        loop {
            machines += 1;
            let (transcript, next) = self.machine(&mut programs, &left, &mut known, machines == 1);
            known.add(transcript);
            match next {
                Some(behind) if !left.behind(behind).is_empty(known.plan) => {
                    left = left.behind(behind);
                }
                _ => break,
            }
        }
        let mut cases = known.into_cases(selection);
        let duration = start.elapsed();
        if let [case] = &mut *cases
            && case.number.is_none()
        {
            case.duration = duration;
        }
        TestResult {
            cases,
            duration,
            machines,
        }
    }

    /// Asks the program for its cases.
    ///
    /// # Errors
    /// Why it does not say.
    pub(super) fn list(&self) -> Result<CaseList, String> {
        let mut programs = self.test.load()?;
        let orders = Orders {
            calls: 0,
            ..self.orders()
        };
        let mut observer = Observer::new(&orders, Selection::all());
        let ended = self.start(
            &mut programs,
            &[format!("{LIST_VARIABLE}=1")],
            &mut observer,
        )?;
        observer.finish();
        let transcript = observer.transcript;
        if transcript.spoke && !transcript.done {
            let how = describe(&ended.end, observer.fault.as_ref(), self.limit());
            return Err(format!("it does not say which cases it has: {how}"));
        }
        Ok(CaseList {
            cases: transcript.names.into_iter().collect(),
        })
    }

    /// One machine. The number of a case that took it along, if the cases behind that are
    /// to have another.
    fn machine(
        &self,
        programs: &mut [Program],
        left: &Selection,
        known: &mut Known,
        first: bool,
    ) -> (Transcript, Option<u32>) {
        let orders = self.orders();
        let mut observer = Observer::new(&orders, left.clone());
        let more = (!left.is_all()).then(|| format!("{CASES_VARIABLE}={left}"));
        let ended = self.start(programs, more.as_slice(), &mut observer);
        observer.finish();
        let calls = observer.last_calls();
        let fault = observer.fault.take();
        let stopping = observer.stopping;
        let mut transcript = observer.transcript;

        for problem in std::mem::take(&mut transcript.problems) {
            known.failures.push(Failure::new(problem));
        }
        let Ended { end, findings } = match ended {
            Ok(ended) => ended,
            Err(message) => {
                transcript.cut(message.clone(), calls);
                known.failures.push(Failure::new(message));
                return (transcript, None);
            }
        };
        if !findings.is_empty() {
            let findings = findings.join("\n");
            known.failures.push(Failure::new(format!(
                "the kernel's structures do not agree with each other:\n{findings}"
            )));
        }
        if stopping {
            known.reason = Some("the run was stopped at the first failure");
            return (transcript, None);
        }
        if matches!(end, End::Interrupted) {
            transcript.give_up();
            known.reason = Some("interrupted");
            return (transcript, None);
        }
        let how = describe(&end, fault.as_ref(), self.limit());
        if let Some(number) = transcript.cut(how.clone(), calls.clone()) {
            (self.progress)(Outcome::Failed);
            if self.options.fail_fast {
                self.stop.store(true, std::sync::atomic::Ordering::Relaxed);
                known.reason = Some("the run was stopped at the first failure");
                return (transcript, None);
            }
            return (transcript, Some(number));
        }
        if let Some(problem) = problem(&transcript, &end, &how, first) {
            known.failures.push(Failure::new(problem));
            if known.calls.is_empty() {
                known.calls = calls;
            }
        }
        if !transcript.spoke && first && known.failures.is_empty() {
            // It knows nothing of cases: it is one.
            transcript
                .cases
                .push(CaseResult::new(None, Outcome::Passed));
        }
        (transcript, None)
    }

    fn start(
        &self,
        programs: &mut [Program],
        more: &[String],
        observer: &mut Observer<'_>,
    ) -> Result<Ended, String> {
        if let Some(program) = programs.first_mut() {
            let mut last = vec![format!("{VARIABLE}=1")];
            last.extend_from_slice(more);
            program.env = self.test.environment(&self.options.env, &last);
        }
        let words = [&self.test.command_line, &self.options.command_line];
        let words: Vec<&str> = words.into_iter().map(String::as_str).collect();
        let ram = self.test.ram.or(self.options.ram);
        self.machines.run(
            &Request {
                programs,
                ram: ram.unwrap_or_else(|| default_ram(programs)),
                command_line: words.join(" ").trim(),
                until: self.test.until,
                check: self.options.check,
                calls: self.options.calls > 0,
            },
            observer,
        )
    }

    fn limit(&self) -> Duration {
        self.test.timeout.unwrap_or(self.options.timeout)
    }

    fn orders(&self) -> Orders<'_> {
        Orders {
            limit: self.limit(),
            calls: self.options.calls,
            fail_fast: self.options.fail_fast,
            stop: self.stop,
            live: self.live,
            progress: self.progress,
        }
    }
}

/// What is wrong with the end of a program that had no case open.
fn problem(transcript: &Transcript, end: &End, how: &str, first: bool) -> Option<String> {
    let code = match end {
        End::Ended { first } => Some(*first),
        _ => None,
    };
    if !transcript.spoke && first {
        return (code != Some(0)).then(|| how.to_owned());
    }
    if !transcript.done {
        let between = match &*transcript.cases {
            [] => "before its first case",
            _ => "between two cases",
        };
        return Some(format!("{how}, {between} and without `done`"));
    }
    let failed = |case: &CaseResult| case.outcome == Outcome::Failed;
    let failed = transcript.cases.iter().any(failed);
    match code {
        None => Some(format!("{how}, after its last case")),
        Some(0) if failed => {
            Some("the process ended with code 0 although a case failed".to_owned())
        }
        Some(code) if code != 0 && !failed => Some(format!("{how}, although no case failed")),
        // A restarted program may find that it has no case behind the last.
        Some(_) if transcript.cases.is_empty() && first => {
            Some("it was done without a single case".to_owned())
        }
        Some(_) => None,
    }
}

impl Known {
    /// Adds what one machine has shown.
    fn add(&mut self, transcript: Transcript) {
        if let (Some(before), Some(now)) = (self.plan, transcript.plan)
            && before != now
        {
            self.failures.push(Failure::new(format!(
                "its plan had {before} cases, and {now} after a restart"
            )));
        }
        self.plan = self.plan.or(transcript.plan);
        self.spoke |= transcript.spoke;
        self.names.extend(transcript.names);
        self.cases.extend(transcript.cases);
        if self.console.is_empty() {
            self.console = transcript.console.text();
        }
    }

    /// The results, in order, with the cases that were not reached.
    fn into_cases(mut self, selection: &Selection) -> Vec<CaseResult> {
        let last_name = self.names.last_key_value().map_or(0, |(number, _)| *number);
        let reason = self.reason.unwrap_or("the program ended before");
        let mut reached = self.cases.iter().filter_map(|case| case.number).peekable();
        let mut missing = Vec::new();
        for number in 1..=self.plan.unwrap_or(last_name) {
            if reached.next_if_eq(&number).is_none() && selection.contains(number) {
                let name = self.names.get(&number).cloned();
                let name = name.unwrap_or_else(|| format!("case {number}"));
                missing.push(CaseResult::not_reached(Some(number), Some(name), reason));
            }
        }
        drop(reached);
        self.cases.append(&mut missing);
        self.cases.sort_by_key(|case| case.number);
        if !self.failures.is_empty() {
            // Where it knows nothing of cases, the program is the case.
            let name = self.spoke.then(|| PROGRAM.to_owned());
            self.cases.push(CaseResult {
                failures: self.failures,
                calls: self.calls,
                console: self.console,
                ..CaseResult::new(name, Outcome::Failed)
            });
        }
        if self.cases.is_empty() {
            self.cases.push(CaseResult::not_reached(None, None, reason));
        }
        self.cases
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
