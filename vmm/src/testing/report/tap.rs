//! TAP, version 13: one flat list of cases, with the plan at its end. Readers of version 14
//! read it as well; many of those that there are know no more than 13.

use super::{Report, RunEnd};
use crate::testing::results::{CaseResult, Outcome, TestName, TestResult};
use std::fmt::Write as _;
use std::io::{self, Write};

/// Writes a line for each case, and a YAML block for each that is not well.
#[derive(Debug)]
pub struct TapReport<W> {
    stream: W,
    /// Cases so far.
    count: usize,
}

impl<W: Write> TapReport<W> {
    /// A report on that stream.
    pub const fn new(stream: W) -> Self {
        Self { stream, count: 0 }
    }
}

/// A description that cannot be taken for anything else: one line, `#` and `\` escaped.
fn description(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '#' => plain.extend(['\\', character]),
            character if character.is_control() => plain.push(' '),
            character => plain.push(character),
        }
    }
    plain
}

/// A line of the block. A JSON string is a YAML string.
fn field(block: &mut String, key: &str, value: &impl serde::Serialize) {
    if let Ok(value) = serde_json::to_string(value) {
        let _ = writeln!(block, "  {key}: {value}");
    }
}

/// What is told of a case that is not well.
fn block(case: &CaseResult) -> String {
    let mut block = String::from("  ---\n");
    field(&mut block, "outcome", &case.outcome);
    field(&mut block, "message", &case.explanation());
    if let Some(place) = case.failures.iter().find_map(|f| f.place.as_ref()) {
        field(&mut block, "at", place);
    }
    if !case.calls.is_empty() {
        block.push_str("  calls:\n");
        for call in &case.calls {
            if let Ok(call) = serde_json::to_string(call) {
                let _ = writeln!(block, "    - {call}");
            }
        }
    }
    if !case.console.is_empty() {
        field(
            &mut block,
            "console",
            &String::from_utf8_lossy(&case.console),
        );
    }
    block.push_str("  ...\n");
    block
}

impl<W: Write> Report for TapReport<W> {
    fn start(&mut self, _tests: usize) -> io::Result<()> {
        writeln!(self.stream, "TAP version 13")
    }

    fn test(&mut self, name: &TestName, result: &TestResult) -> io::Result<()> {
        for case in &result.cases {
            self.count += 1;
            let ok = if case.outcome.is_well() {
                "ok"
            } else {
                "not ok"
            };
            let name = description(&name.of_case(case.name.as_deref()));
            write!(self.stream, "{ok} {} - {name}", self.count)?;
            if case.outcome == Outcome::Skipped {
                write!(self.stream, " # SKIP {}", description(&case.explanation()))?;
            }
            writeln!(self.stream)?;
            if !case.outcome.is_well() {
                self.stream.write_all(block(case).as_bytes())?;
            }
        }
        self.stream.flush()
    }

    fn end(&mut self, end: &RunEnd) -> io::Result<()> {
        writeln!(self.stream, "1..{}", self.count)?;
        if end.interrupted {
            writeln!(self.stream, "Bail out! interrupted")?;
        }
        self.stream.flush()
    }
}
