//! The harness of libzx: what `vmm test` hears of the cases of `failing-cases`.

use super::machine::{run, test};
use super::{Outcome, Tests};
use serde_json::Value;

/// Name, outcome, and a part of what is told of it: of a failure with its file and line.
const WANTED: [(&str, &str, &str); 10] = [
    ("passes", "passed", ""),
    ("inner::expects_a_value", "failed", "1 + 1 is 2, not 3"),
    (
        "a name of\nits own",
        "failed",
        "vmo.size() gave ZX_OK (0), not ZX_ERR_BAD_STATE (-20)",
    ),
    ("returns_a_status", "failed", "gave ZX_ERR_OUT_OF_RANGE"),
    ("asks_for_success", "failed", "gave ZX_ERR_OUT_OF_RANGE"),
    ("is_ignored", "skipped", "not today"),
    ("skips_itself", "skipped", "not here"),
    ("panics", "failed", "panicked: on purpose\nin two lines"),
    ("panics_in_another_thread", "failed", "panicked: elsewhere"),
    ("comes_after_them", "passed", ""),
];

pub(crate) fn tests(tests: &mut Tests) {
    tests.vm("harness::every way to fail is told", told);
    tests.vm("harness::by hand each case is a line", by_hand);
}

fn told() -> Outcome {
    let output = test("failing-cases").output()?;
    output.expect(output.code == Some(1), "the exit code should be 1")?;
    let events = output.events()?;
    let cases: Vec<_> = events.iter().filter(|e| e["event"] == "case").collect();
    output.expect(cases.len() == WANTED.len(), "each case should be told once")?;
    for (case, (name, outcome, part)) in cases.into_iter().zip(WANTED) {
        let which = |what: &str| format!("{what} of {name:?}: {case:#}");
        output.expect(case["case"] == name, &which("the name"))?;
        output.expect(case["outcome"] == outcome, &which("the outcome"))?;
        let failure = case.pointer("/failures/0").unwrap_or(&Value::Null);
        let text = if outcome == "failed" {
            &failure["message"]
        } else {
            &case["reason"]
        };
        let text = text.as_str().unwrap_or_default();
        output.expect(text.contains(part), &which("the message"))?;
        if outcome == "failed" {
            let place = failure["place"].as_str().unwrap_or_default();
            let wanted = "src/bin/failing-cases.rs:";
            output.expect(place.contains(wanted), &which("the place"))?;
        }
    }
    Ok(())
}

fn by_hand() -> Outcome {
    let output = run(&["failing-cases"]).output()?;
    output.expect_line("case passes: ok")?;
    output.expect_line("case is_ignored: skipped, not today")?;
    output.expect_stdout("case inner::expects_a_value: FAIL ")?;
    // A panic takes the program along, so that there is no sum.
    output.expect_stdout("case panics: FAIL panicked at ")?;
    output.expect_code(63)?;
    Ok(())
}
