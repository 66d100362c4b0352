//! Comparisons: the subject and its reference run in turns of about a millisecond, so
//! that a noisy machine disturbs both alike; ratios are medians over the turns.
//!
//! Criterion drives the rounds and reports the subject; the summary at the end has the
//! ratios.

use crate::support::check;
use criterion::{Criterion, SamplingMode, Throughput};
use std::fmt::{self, Display};
use std::time::Duration;

/// Does something so many times and says how long it took.
type Timer<'a> = Box<dyn FnMut(u64) -> Duration + 'a>;

/// Who runs against whom.
pub struct Contest<'a> {
    /// What is measured.
    subject: Timer<'a>,
    /// What it is measured against.
    reference: Timer<'a>,
}

impl<'a> Contest<'a> {
    /// `subject` against `reference`.
    pub fn new(
        subject: impl FnMut(u64) -> Duration + 'a,
        reference: impl FnMut(u64) -> Duration + 'a,
    ) -> Self {
        Self {
            subject: Box::new(subject),
            reference: Box::new(reference),
        }
    }
}

/// A comparison's names and measures.
#[derive(Debug)]
pub struct Plan {
    /// Criterion's group: `cargo bench` can be told to run only that.
    pub group: &'static str,
    /// What is measured.
    pub subject: String,
    /// What it is measured against.
    pub reference: String,
    /// How often each side does its work before the other has its turn.
    pub turn: u64,
    /// Units of work in one go: the summary divides by it.
    pub units: u32,
}

/// The medians of a comparison, in nanoseconds.
#[derive(Debug)]
struct Row {
    group: &'static str,
    subject: String,
    reference: String,
    subject_ns: f64,
    reference_ns: f64,
    ratio: f64,
}

/// The results of all comparisons.
#[derive(Debug, Default)]
pub struct Summary {
    rows: Vec<Row>,
}

impl Summary {
    /// Runs a comparison. `make` sets it up; it is called at most once, and not at all if
    /// the user did not choose this benchmark.
    pub fn compare<'a>(
        &mut self,
        criterion: &mut Criterion,
        plan: Plan,
        make: impl Fn() -> Contest<'a>,
    ) {
        let mut contest = None;
        let mut turns = Vec::new();
        let mut group = criterion.benchmark_group(plan.group);
        group.sampling_mode(SamplingMode::Flat);
        group.throughput(Throughput::Elements(u64::from(plan.units)));
        let name = format!("{} next to {}", plan.subject, plan.reference);
        group.bench_function(name, |bencher| {
            let contest = contest.get_or_insert_with(&make);
            bencher.iter_custom(|count| rounds(contest, count, plan.turn, &mut turns));
        });
        group.finish();
        if let Some(row) = Row::new(plan, &turns) {
            self.rows.push(row);
        }
    }
}

/// Lets both sides do their work `count` times, in turns; remembers the time of each full
/// turn and returns that of the subject.
fn rounds(
    contest: &mut Contest<'_>,
    count: u64,
    turn: u64,
    turns: &mut Vec<(f64, f64)>,
) -> Duration {
    let mut total = Duration::ZERO;
    let mut left = count;
    while left > 0 {
        let now = left.min(turn);
        // Whoever comes second finds what the first has left behind, so they take turns in
        // that, too.
        let (subject, reference) = if turns.len().is_multiple_of(2) {
            let subject = (contest.subject)(now);
            (subject, (contest.reference)(now))
        } else {
            let reference = (contest.reference)(now);
            ((contest.subject)(now), reference)
        };
        if now == turn {
            turns.push((nanoseconds(subject, now), nanoseconds(reference, now)));
        }
        total += subject;
        left -= now;
    }
    total
}

#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn nanoseconds(time: Duration, count: u64) -> f64 {
    time.as_secs_f64() * 1e9 / count as f64
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

impl Row {
    /// `None` if nothing was measured.
    fn new(plan: Plan, turns: &[(f64, f64)]) -> Option<Self> {
        let units = f64::from(plan.units);
        let row = Self {
            subject_ns: median(turns.iter().map(|turn| turn.0))? / units,
            reference_ns: median(turns.iter().map(|turn| turn.1))? / units,
            ratio: median(turns.iter().map(|turn| turn.0 / turn.1))?,
            group: plan.group,
            subject: plan.subject,
            reference: plan.reference,
        };
        check(row.reference_ns > 0.0, "a reference takes time");
        Some(row)
    }
}

/// A time as a person reads it.
struct Time(f64);

impl Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (value, unit) = match self.0 {
            ns if ns < 1e3 => (ns, "ns"),
            ns if ns < 1e6 => (ns / 1e3, "us"),
            ns => (ns / 1e6, "ms"),
        };
        f.pad(&format!("{value:.2} {unit}"))
    }
}

impl Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rows.is_empty() {
            return Ok(());
        }
        writeln!(
            f,
            "\nSummary (medians of turns; ratio = subject / reference)"
        )?;
        writeln!(
            f,
            "{:<10} {:<38} {:>10}  {:<34} {:>10} {:>8}",
            "group", "subject", "time", "reference", "time", "ratio"
        )?;
        for row in &self.rows {
            writeln!(
                f,
                "{:<10} {:<38} {:>10}  {:<34} {:>10} {:>8.3}",
                row.group,
                row.subject,
                Time(row.subject_ns),
                row.reference,
                Time(row.reference_ns),
                row.ratio,
            )?;
        }
        Ok(())
    }
}
