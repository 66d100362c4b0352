//! What the reports say of the suites' case that fails on purpose.

use super::build::Toolchain;
use super::kit::{at, output, vmm};
use super::{Outcome, trial};
use libtest_mimic::Trial;

/// A name and a test.
type Test = (&'static str, fn() -> Outcome);

pub(crate) fn tests(missing: Option<&str>) -> Vec<Trial> {
    let tests: [Test; 3] = [
        ("the JSON report has assertion, place, calls", json),
        ("the JUnit report has the failure and the counts", junit),
        ("a person sees assertion, place, calls and the sum", person),
    ];
    tests
        .into_iter()
        .map(|(name, test)| trial(name.to_owned(), missing.map(ToOwned::to_owned), test))
        .collect()
}

const NAME: &str = "suite::Vmo.ThisOneFailsOnPurpose";

/// The line of the assertion in the example's source.
fn place() -> Result<String, String> {
    let source = include_str!("../../guest/examples/c/suite.c");
    let line = source.lines().position(|line| line.contains("100u"));
    let line = line.ok_or("the example has no such assertion any more")?;
    Ok(format!("suite.c:{}", line + 1))
}

fn json() -> Outcome {
    let suite = Toolchain::Gcc.build()?.join("suite");
    let mut command = vmm();
    command.args(["test", "--format", "json"]).arg(suite);
    let report = output(command)?;
    report.expect_code(1)?;
    let case = report.case(NAME)?;
    let text = |pointer| at(&case, pointer).as_str().unwrap_or_default();
    let found = text("/failures/0/place");
    report.expect(found.ends_with(&place()?), &format!("the place is {found}"))?;
    for value in ["4096", "100", "the size of a VMO of 100 bytes"] {
        report.expect_message(NAME, value)?;
    }
    // The last calls before the assertion are the case's own.
    let calls = at(&case, "/calls").to_string();
    for call in ["zx_vmo_create(size=100", "zx_vmo_get_size("] {
        report.expect(
            calls.contains(call),
            &format!("{call} should be in {calls}"),
        )?;
    }
    let end = report.event("end")?;
    let sums = ["passed", "failed", "skipped", "not_reached"]
        .map(|word| at(&end, &format!("/{word}")).as_u64());
    report.expect(
        sums == [Some(3), Some(1), Some(0), Some(0)],
        &format!("the sums are {sums:?}"),
    )?;
    Ok(())
}

fn junit() -> Outcome {
    let suite = Toolchain::Gcc.build()?.join("suite");
    let mut command = vmm();
    command.args(["test", "--format", "junit"]).arg(suite);
    let report = output(command)?;
    report.expect_code(1)?;
    let document = roxmltree::Document::parse(&report.stdout)?;
    let count = |name: &str| {
        document
            .descendants()
            .filter(|node| node.has_tag_name(name))
            .count()
    };
    let found = (count("testsuite"), count("testcase"), count("failure"));
    report.expect(
        found == (1, 4, 1),
        &format!("{found:?} of suites, cases, failures"),
    )?;
    let failure = document
        .descendants()
        .find(|node| node.has_tag_name("failure"));
    let failure = failure.ok_or("no failure")?;
    let case = failure.parent().and_then(|case| case.attribute("name"));
    report.expect(
        case == Some("Vmo.ThisOneFailsOnPurpose"),
        &format!("the failure is of {case:?}"),
    )?;
    let message = failure.attribute("message").unwrap_or_default();
    report.expect(
        message.contains(&place()?) && message.contains("4096"),
        &format!("the message is {message:?}"),
    )?;
    Ok(())
}

fn person() -> Outcome {
    let suite = Toolchain::Gcc.build()?.join("suite");
    let mut command = vmm();
    command.arg("test").arg(suite);
    let seen = output(command)?;
    seen.expect_code(1)?;
    for text in [
        NAME,
        &place()?,
        "4096",
        "zx_vmo_get_size(",
        "3 passed, 1 failed",
    ] {
        seen.expect_stdout(text)?;
    }
    Ok(())
}
