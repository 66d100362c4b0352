//! The built-in suite: each of its tests by `vmm test`, on a VM of its own.

use super::machine::{Output, TestRun, run, test};
use super::{Outcome, Tests};
use libtest_mimic::Failed;
use std::collections::BTreeMap;

pub(crate) fn tests(tests: &mut Tests) {
    tests.anywhere("guests::the manifest names tests", || {
        match names()?.len() {
            0 => Err("the built-in suite is empty".into()),
            _ => Ok(()),
        }
    });
    // A manifest that cannot be read is the failure of the test above.
    for name in names().unwrap_or_default() {
        let label = format!("guests::{name}");
        tests.vm(&label, move || well(test(&name)));
    }
    tests.vm("guests::a suite run by hand", by_hand);
}

/// What `vmm test` calls them: `TEST` or `TEST@VARIANT`.
fn names() -> Result<Vec<String>, Failed> {
    let suite = vmm::testing::builtin_suite()?;
    Ok(suite.tests.iter().map(|test| test.name.base()).collect())
}

/// Every case held, none was left out, and there was at least one.
fn well(test: TestRun) -> Outcome {
    let output = test.output()?;
    let events = output.events()?;
    let cases = of_kind(&events, "case");
    let wrong: Vec<_> = cases
        .iter()
        .filter(|case| case["outcome"] != "passed")
        .collect();
    output.expect(wrong.is_empty(), &format!("cases failed: {wrong:#?}"))?;
    // A program that reports nothing counts as a case without a number.
    let numbered = cases.iter().filter(|case| case["number"].is_u64());
    output.expect(numbered.count() == cases.len(), "cases without a number")?;
    output.expect(!cases.is_empty(), "no case was run")?;
    let mut seen = BTreeMap::new();
    for case in &cases {
        *seen.entry(case["case"].to_string()).or_insert(0) += 1;
    }
    let twice: Vec<_> = seen.iter().filter(|(_, count)| **count > 1).collect();
    output.expect(twice.is_empty(), &format!("names given twice: {twice:?}"))?;
    let [end] = &*of_kind(&events, "end") else {
        return Err(output.failed("there should be one end"));
    };
    let passed = end["passed"].as_u64().unwrap_or(0);
    output.expect(passed == cases.len() as u64, "the sum is wrong")?;
    output.expect(output.code == Some(0), "the exit code should be 0")?;
    Ok(())
}

fn of_kind<'a>(events: &'a [serde_json::Value], kind: &str) -> Vec<&'a serde_json::Value> {
    let events = events.iter().filter(|event| event["event"] == kind);
    events.collect()
}

/// Without `vmm test` a suite prints a line for each case, and the sum.
fn by_hand() -> Outcome {
    let output = run(&["test-vmo"]).errors(true).output()?;
    let passed = count(&output);
    output.expect(passed > 0, "no case was run")?;
    output
        .expect_line(&format!("{passed} passed, 0 failed"))?
        .expect_code(0)?;
    Ok(())
}

fn count(output: &Output) -> usize {
    let ok = |line: &&str| line.starts_with("case ") && line.ends_with(": ok");
    output.stdout.lines().filter(ok).count()
}
