//! The person's view. Colours are always written; a stream that wants none takes them out
//! (`anstream`).

use super::{Report, RunEnd};
use crate::testing::results::{CaseResult, Outcome, TestName, TestResult};
use anstyle::{AnsiColor, Style};
use std::io::{self, Write};
use std::time::Duration;

/// How much a person is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Failures and the sum.
    Quiet,
    /// A line for each test, too.
    #[default]
    Tests,
    /// And one for each case.
    Cases,
}

/// Writes lines for people.
#[derive(Debug)]
pub struct TextReport<W> {
    stream: W,
    detail: Detail,
    /// Full names of what was not well.
    bad: Vec<(String, Outcome)>,
}

/// The most names in the list at the end.
const MAX_LISTED: usize = 50;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

const fn style(outcome: Outcome) -> Style {
    let colour = match outcome {
        Outcome::Passed => AnsiColor::Green,
        Outcome::Failed => AnsiColor::Red,
        Outcome::Skipped => AnsiColor::Yellow,
        Outcome::NotReached => AnsiColor::Magenta,
    };
    colour.on_default().bold()
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

/// `1 case`, `2 cases`.
fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

impl<W: Write> TextReport<W> {
    /// A report on that stream.
    pub const fn new(stream: W, detail: Detail) -> Self {
        Self {
            stream,
            detail,
            bad: Vec::new(),
        }
    }

    fn tag(&mut self, outcome: Outcome, indent: &str) -> io::Result<()> {
        let style = style(outcome);
        let word = match outcome {
            Outcome::Passed => "pass",
            Outcome::Failed => "FAIL",
            Outcome::Skipped => "skip",
            Outcome::NotReached => "----",
        };
        write!(self.stream, "{indent}{style}{word}{style:#} ")
    }

    fn case(&mut self, case: &CaseResult) -> io::Result<()> {
        self.tag(case.outcome, "    ")?;
        let name = case.name.as_deref().unwrap_or("the program");
        let name = name.replace('\n', " ");
        write!(self.stream, "{name}")?;
        match case.outcome {
            Outcome::Skipped | Outcome::NotReached => {
                writeln!(self.stream, " {DIM}({}){DIM:#}", case.explanation())
            }
            _ => writeln!(self.stream, " {DIM}{}{DIM:#}", seconds(case.duration)),
        }
    }

    /// Everything about a failure.
    fn failure(&mut self, name: &str, case: &CaseResult) -> io::Result<()> {
        writeln!(self.stream, "\n{BOLD}--- {name}{BOLD:#}")?;
        for failure in &case.failures {
            for (index, line) in failure.to_string().lines().enumerate() {
                let indent = if index == 0 { "  " } else { "    " };
                writeln!(self.stream, "{indent}{line}")?;
            }
        }
        if !case.calls.is_empty() {
            writeln!(self.stream, "  {DIM}last calls:{DIM:#}")?;
            for call in &case.calls {
                writeln!(self.stream, "    {call}")?;
            }
        }
        if !case.console.is_empty() {
            writeln!(self.stream, "  {DIM}console:{DIM:#}")?;
            for line in String::from_utf8_lossy(&case.console).lines() {
                writeln!(self.stream, "    | {}", printable(line))?;
            }
        }
        writeln!(self.stream)
    }
}

/// A line of a guest's console: its control characters are not for this terminal.
pub(super) fn printable(line: &str) -> String {
    let shown = |character: char| {
        if character == '\t' || !character.is_control() {
            character
        } else {
            '\u{FFFD}'
        }
    };
    line.trim_end_matches('\r').chars().map(shown).collect()
}

impl<W: Write> Report for TextReport<W> {
    fn start(&mut self, _tests: usize) -> io::Result<()> {
        Ok(())
    }

    fn test(&mut self, name: &TestName, result: &TestResult) -> io::Result<()> {
        let of = |outcome| result.cases.iter().filter(|c| c.outcome == outcome).count();
        let worst = [
            Outcome::Failed,
            Outcome::NotReached,
            Outcome::Passed,
            Outcome::Skipped,
        ];
        let worst = worst.into_iter().find(|outcome| of(*outcome) > 0);
        if self.detail >= Detail::Tests {
            self.tag(worst.unwrap_or(Outcome::Passed), "")?;
            write!(
                self.stream,
                "{name}  {DIM}{}",
                count(result.cases.len(), "case")
            )?;
            for outcome in [Outcome::Failed, Outcome::Skipped, Outcome::NotReached] {
                match of(outcome) {
                    0 => {}
                    number => write!(self.stream, ", {number} {}", outcome.words())?,
                }
            }
            if result.machines > 1 {
                write!(
                    self.stream,
                    ", {}",
                    count(result.machines as usize, "machine")
                )?;
            }
            writeln!(self.stream, "  {}{DIM:#}", seconds(result.duration))?;
        }
        if self.detail >= Detail::Cases {
            for case in &result.cases {
                self.case(case)?;
            }
        }
        for case in result.cases.iter().filter(|case| !case.outcome.is_well()) {
            let full = name.of_case(case.name.as_deref()).replace('\n', " ");
            if case.outcome == Outcome::Failed {
                self.failure(&full, case)?;
            }
            self.bad.push((full, case.outcome));
        }
        self.stream.flush()
    }

    fn end(&mut self, end: &RunEnd) -> io::Result<()> {
        let bad = std::mem::take(&mut self.bad);
        if !bad.is_empty() {
            writeln!(self.stream)?;
        }
        for (name, outcome) in bad.iter().take(MAX_LISTED) {
            self.tag(*outcome, "")?;
            writeln!(self.stream, "{name}")?;
        }
        if bad.len() > MAX_LISTED {
            writeln!(self.stream, "and {} more", bad.len() - MAX_LISTED)?;
        }
        let totals = &end.totals;
        write!(
            self.stream,
            "\n{}, {}: {} passed",
            count(totals.tests, "test"),
            count(totals.cases(), "case"),
            totals.passed
        )?;
        for (number, outcome) in [
            (totals.failed, Outcome::Failed),
            (totals.skipped, Outcome::Skipped),
            (totals.not_reached, Outcome::NotReached),
        ] {
            if number > 0 || outcome == Outcome::Failed {
                let style = if number > 0 {
                    style(outcome)
                } else {
                    Style::new()
                };
                write!(
                    self.stream,
                    ", {style}{number} {}{style:#}",
                    outcome.words()
                )?;
            }
        }
        write!(self.stream, " in {}", seconds(end.duration))?;
        if end.interrupted {
            write!(self.stream, " (interrupted)")?;
        }
        writeln!(self.stream)?;
        self.stream.flush()
    }
}
