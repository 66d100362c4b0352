//! Random operations on VMOs and mappings against a model (`model-vmo`): when the two
//! disagree, the sequence is made as short as it goes before it is shown.
//!
//! `VMOSCOPE_MODEL_SEEDS=10..50` runs other seeds than the usual ones and
//! `VMOSCOPE_MODEL_STEPS=5000` longer sequences.

use super::machine::{Output, run};
use super::{Outcome, Tests};
use libtest_mimic::Failed;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Steps of a sequence; about one in five finds nothing that it could be made with.
const STEPS: u64 = 900;
/// How long a sequence that fails may be worked on.
const PATIENCE: Duration = Duration::from_secs(150);

pub(crate) fn tests(tests: &mut Tests) {
    for seed in seeds() {
        tests.vm(&format!("model::seed {seed}"), move || {
            Sequence::of(seed, steps()).agrees()
        });
    }
    tests.vm(
        "model::a wrong model is noticed and the sequence made short",
        || {
            let mut sequence = Sequence::of(0, 120);
            sequence.lie = Some(100);
            let output = sequence.output()?;
            output.expect(output.code == Some(1), "the lie should be noticed")?;
            let left = sequence.shorten(&output)?.len();
            output.expect(
                (1..=2).contains(&left),
                &format!("{left} steps are left of a sequence for which one is enough"),
            )?;
            Ok(())
        },
    );
}

fn seeds() -> Vec<u64> {
    let wanted = std::env::var("VMOSCOPE_MODEL_SEEDS").unwrap_or_default();
    let bounds = wanted.split_once("..").unwrap_or(("1", "7"));
    match (bounds.0.parse(), bounds.1.parse()) {
        (Ok(first), Ok(end)) => (first..end).collect(),
        _ => (1..7).collect(),
    }
}

fn steps() -> u64 {
    let wanted = std::env::var("VMOSCOPE_MODEL_STEPS").ok();
    wanted.and_then(|text| text.parse().ok()).unwrap_or(STEPS)
}

/// A sequence of steps, some of them left out.
#[derive(Clone)]
struct Sequence {
    seed: u64,
    steps: u64,
    skipped: BTreeSet<u64>,
    lie: Option<u64>,
}

impl Sequence {
    const fn of(seed: u64, steps: u64) -> Self {
        Self {
            seed,
            steps,
            skipped: BTreeSet::new(),
            lie: None,
        }
    }

    /// Runs it; each step that is made is a line of the output.
    fn output(&self) -> Result<Output, Failed> {
        let mut guest = run(&["model-vmo"]).gate(true);
        guest = guest.args(&["--seed", &self.seed.to_string()]);
        guest = guest.args(&["--steps", &self.steps.to_string(), "--trace", "on"]);
        if let Some(lie) = self.lie {
            guest = guest.args(&["--lie", &lie.to_string()]);
        }
        let list = self.list();
        if !list.is_empty() {
            guest = guest.args(&["--skip", &list]);
        }
        guest.output()
    }

    /// The skipped steps as `3,7-9`.
    fn list(&self) -> String {
        let mut runs: Vec<(u64, u64)> = Vec::new();
        for &step in &self.skipped {
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == step => *last = step,
                _ => runs.push((step, step)),
            }
        }
        let runs: Vec<_> = runs
            .iter()
            .map(|(first, last)| format!("{first}-{last}"))
            .collect();
        runs.join(",")
    }

    /// The machine and the model agree on every step.
    fn agrees(self) -> Outcome {
        let output = self.output()?;
        let line = format!("seed {}: ", self.seed);
        let well = |found: &str| found.starts_with(&line) && found.ends_with("all well");
        if output.code == Some(0) && output.stdout.lines().any(well) {
            return Ok(());
        }
        let short = self.shorten(&output)?;
        Err(output.failed(&format!(
            "machine and model disagree; enough for it is\n{}",
            short.join("\n")
        )))
    }

    /// Leaves out steps for as long as it still fails; what the shortest does, a line a
    /// step, without the verdict.
    fn shorten(&self, failed: &Output) -> Result<Vec<String>, Failed> {
        let start = Instant::now();
        let mut best = (self.clone(), lines(failed));
        if let Some(last) = last_step(failed) {
            best.0.steps = best.0.steps.min(last + 1);
        }
        let mut chunk = best.0.steps.div_ceil(2);
        while chunk > 0 {
            let mut first = 0;
            while first < best.0.steps && start.elapsed() < PATIENCE {
                let mut shorter = best.0.clone();
                let end = (first + chunk).min(best.0.steps);
                shorter.skipped.extend(first..end);
                if shorter.skipped.len() > best.0.skipped.len() {
                    let output = shorter.output()?;
                    if output.code != Some(0) {
                        best = (shorter, lines(&output));
                    }
                }
                first = end;
            }
            chunk /= 2;
        }
        Ok(best.1)
    }
}

/// The steps that were made.
fn lines(output: &Output) -> Vec<String> {
    let steps = output
        .stdout
        .lines()
        .filter(|line| line.starts_with("step "));
    steps.map(str::to_owned).collect()
}

/// The number of the last of them.
fn last_step(output: &Output) -> Option<u64> {
    let lines = lines(output);
    let number = lines.last()?.strip_prefix("step ")?.split(':').next()?;
    number.parse().ok()
}
