//! The reports, read as their readers would.

use super::kit::{Output, Suite, at, script, vmm};
use super::{Outcome, vm};
use libtest_mimic::{Failed, Trial};
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        vm("reports::junit_parses_and_counts", junit),
        vm("reports::tap_has_its_plan", tap),
        vm("reports::json_ends_with_the_sum", json),
        vm("reports::people_are_told_why", people),
        vm("reports::colours_are_for_terminals", colours),
        vm("reports::consoles_can_be_watched", live),
        vm("reports::ctrl_c_leaves_a_report", interrupt),
    ]
}

fn suite() -> Result<Suite, Failed> {
    Suite::new(&[
        script("a", &["pass", "fail", "skip"]),
        script("b", &["pass", "leave", "pass"]),
    ])
}

/// Runs it with a report in a file; gives the report.
fn to_file(suite: &Suite, name: &str) -> Result<(Output, String), Failed> {
    let file = suite.folder.join(name);
    let path = file.to_str().ok_or("a path of UTF-8")?;
    let output = suite.run(&["--output", path])?;
    output.expect_code(1)?;
    output.expect_stdout("a::2 fail")?;
    let text = fs::read_to_string(file)?;
    Ok((output, text))
}

fn junit() -> Outcome {
    let (output, text) = to_file(&suite()?, "report.xml")?;
    let document = roxmltree::Document::parse(&text)
        .map_err(|error| output.failed(&format!("{error} in {text}")))?;
    let root = document.root_element();
    let attribute = |name| root.attribute(name);
    for (name, value) in [("tests", "7"), ("failures", "2"), ("errors", "1")] {
        output.expect(attribute(name) == Some(value), &format!("{name}: {text}"))?;
    }
    let count = |what| {
        document
            .descendants()
            .filter(|n| n.has_tag_name(what))
            .count()
    };
    let counts = ["testsuite", "testcase", "failure", "error", "skipped"].map(count);
    output.expect(counts == [2, 7, 2, 1, 1], &format!("{counts:?}: {text}"))?;
    Ok(())
}

fn tap() -> Outcome {
    let (output, text) = to_file(&suite()?, "report.tap")?;
    let points: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("ok ") || line.starts_with("not ok "))
        .collect();
    let wanted = [
        "ok 1 - a::1 pass",
        "not ok 2 - a::2 fail",
        "ok 3 - a::3 skip # SKIP as asked",
        "ok 4 - b::1 pass",
        "ok 5 - b::2 leave",
        "not ok 6 - b::3 pass",
        "not ok 7 - b::(program)",
    ];
    output.expect(points == wanted, &text)?;
    output.expect(text.starts_with("TAP version 13\n"), &text)?;
    output.expect(text.ends_with("\n1..7\n"), &text)?;
    Ok(())
}

fn json() -> Outcome {
    let output = suite()?.json(&[])?;
    let lines = output.lines()?;
    let start = output.event("start")?;
    output.expect(lines.first() == Some(&start), "it begins with the start")?;
    output.expect(at(&start, "/version") == 1, "the schema has a version")?;
    let end = output.event("end")?;
    output.expect(lines.last() == Some(&end), "it ends with the end")?;
    for (field, value) in [
        ("/tests", 2),
        ("/passed", 3),
        ("/failed", 2),
        ("/skipped", 1),
        ("/not_reached", 1),
    ] {
        output.expect(
            at(&end, field) == value,
            &format!("{field} should be {value}"),
        )?;
    }
    // What people see goes elsewhere.
    output.expect_stderr("FAIL a  3 cases, 1 failed, 1 skipped")?;
    Ok(())
}

fn people() -> Outcome {
    let output = suite()?.run(&["-v", "--trace-calls", "1"])?;
    for text in [
        "FAIL a  3 cases, 1 failed, 1 skipped",
        "    pass 1 pass",
        "    skip 3 skip (as asked)",
        "--- a::2 fail\n  script.c:7: one is 1,\n    not 2\n  last calls:\n    [",
        "  console:\n    | case-script: fail\n",
        "\nFAIL b::(program)\n",
        "\n2 tests, 7 cases: 3 passed, 2 failed, 1 skipped, 1 not reached in ",
    ] {
        output.expect_stdout(text)?;
    }
    let output = suite()?.run(&["-q"])?;
    output.expect_stdout("--- a::2 fail")?;
    output.expect(!output.stdout.contains("3 cases, 1"), "-q has no tests")?;
    Ok(())
}

fn colours() -> Outcome {
    let output = suite()?.run(&[])?;
    output.expect(
        !output.stdout.contains('\x1B'),
        "a pipe should get no colours",
    )?;
    Ok(())
}

fn live() -> Outcome {
    let output = suite()?.run(&["--no-capture"])?;
    output.expect_stderr("a| case-script: pass\n")?;
    output.expect(
        !output.stderr.contains("%TEST"),
        "records are not for people",
    )?;
    Ok(())
}

/// SIGINT ends a run that would never end: what was finished is in the report.
fn interrupt() -> Outcome {
    let suite = Suite::new(&[script("a", &["pass"]), script("b", &["pass", "hang"])])?;
    let mut command = vmm();
    command.args(["test", "--format", "json", "--jobs", "1", "--no-capture"]);
    command.arg(suite.folder.join("vmm-test.toml"));
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    // When it hangs, and no earlier.
    let stderr = BufReader::new(child.stderr.take().ok_or("a pipe")?);
    let mut lines = stderr.lines().map_while(Result::ok);
    let hangs = lines.any(|line| line == "b| case-script: hang");
    let id = child.id().to_string();
    Command::new("kill").args(["-INT", &id]).status()?;
    lines.for_each(drop);
    let output = Output::from(child.wait_with_output()?);
    output.expect(hangs, "the case should have begun")?;
    output.expect_code(130)?.expect_outcomes(&[
        "a::1 pass passed",
        "b::1 pass passed",
        "b::2 hang not_reached",
    ])?;
    let end = output.event("end")?;
    output.expect(at(&end, "/interrupted") == true, "the end should say so")?;
    Ok(())
}
