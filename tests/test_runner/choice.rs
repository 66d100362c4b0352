//! Which cases run: filters, lists, shards, repetitions, the first failure; and that jobs
//! make no difference.

use super::kit::{Suite, at, script};
use super::{Outcome, vm};
use libtest_mimic::Trial;
use serde_json::Value;

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        vm("choice::a_filter_by_case_runs_these_cases_only", filter),
        vm("choice::a_filter_by_test_runs_all_of_it", filter_by_test),
        vm("choice::a_filter_that_matches_nothing_is_2", nothing),
        vm("choice::a_list_names_what_would_run", list),
        vm("choice::shards_together_are_everything_once", shards),
        vm("choice::repetitions_are_told_apart", repeat),
        vm("choice::fail_fast_leaves_the_rest_not_reached", fail_fast),
        vm("choice::jobs_make_no_difference", jobs),
        vm("choice::what_is_asked_for_reaches_the_program", environment),
    ]
}

/// Three tests of two cases each.
fn three() -> Result<Suite, libtest_mimic::Failed> {
    let tables = ["a", "b", "c"].map(|name| script(name, &["pass", "skip"]));
    Suite::new(&tables)
}

fn filter() -> Outcome {
    let output = three()?.json(&["--filter", "^[ab]::2", "--filter", "c::1"])?;
    output.expect_code(0)?.expect_outcomes(&[
        "a::2 skip skipped",
        "b::2 skip skipped",
        "c::1 pass passed",
    ])?;
    Ok(())
}

fn filter_by_test() -> Outcome {
    let output = three()?.json(&["--filter", "^b$"])?;
    output
        .expect_code(0)?
        .expect_outcomes(&["b::1 pass passed", "b::2 skip skipped"])?;
    Ok(())
}

fn nothing() -> Outcome {
    let output = three()?.run(&["--filter", "nobody"])?;
    output
        .expect_code(2)?
        .expect_stderr("no case matches; `vmm test --list` shows")?;
    Ok(())
}

fn list() -> Outcome {
    let suite = three()?;
    let output = suite.run(&["--list", "--filter", "^a|::1"])?;
    output.expect_code(0)?;
    let wanted = "a::1 pass\na::2 skip\nb::1 pass\nc::1 pass\n";
    output.expect(output.stdout == wanted, &format!("should be {wanted}"))?;
    let output = suite.json(&["--list"])?;
    let names: Vec<Value> = output.lines()?;
    output.expect(names.len() == 6, "there are six cases")?;
    output.expect(
        names.iter().all(|line| at(line, "/event") == "listed"),
        "they are listed, not run",
    )?;
    let last = names.last().map(|line| at(line, "/case"));
    output.expect(
        last.is_some_and(|case| case == "2 skip"),
        "cases have names",
    )?;
    Ok(())
}

fn shards() -> Outcome {
    let suite = three()?;
    let mut found = Vec::new();
    for shard in ["1/4", "2/4", "3/4", "4/4"] {
        let output = suite.json(&["--shard", shard])?;
        output.expect_code(0)?;
        found.extend(output.outcomes()?);
    }
    let all = suite.json(&[])?;
    all.expect(found == all.outcomes()?, &format!("shards: {found:#?}"))?;
    Ok(())
}

fn repeat() -> Outcome {
    let suite = Suite::new(&[script("a", &["pass"])])?;
    let output = suite.json(&["--repeat", "3"])?;
    output.expect_outcomes(&[
        "a#1::1 pass passed",
        "a#2::1 pass passed",
        "a#3::1 pass passed",
    ])?;
    output.expect(
        at(&output.case("a#3::1 pass")?, "/repetition") == 3,
        "the repetition is a field",
    )?;
    Ok(())
}

fn fail_fast() -> Outcome {
    let suite = Suite::new(&[
        script("a", &["pass", "fail", "pass"]),
        script("b", &["pass"]),
    ])?;
    let output = suite.json(&["--fail-fast", "--jobs", "1"])?;
    output.expect_code(1)?.expect_outcomes(&[
        "a::1 pass passed",
        "a::2 fail failed",
        "a::3 pass not_reached",
        "b not_reached",
    ])?;
    Ok(())
}

fn jobs() -> Outcome {
    let suite = Suite::new(&[
        script("a", &["pass", "fail", "crash", "pass"]),
        script("b", &["skip", "leave", "pass"]),
        script("c", &["crash", "pass"]),
        script("d", &["pass"]),
    ])?;
    let one = suite.json(&["--jobs", "1"])?;
    for jobs in ["2", "8"] {
        let output = suite.json(&["--jobs", jobs])?;
        output.expect_code(1)?;
        output.expect(
            output.outcomes()? == one.outcomes()?,
            &format!("one job: {:#?}", one.outcomes()?),
        )?;
    }
    Ok(())
}

/// `--env` reaches a program even where the manifest says otherwise.
fn environment() -> Outcome {
    let suite = Suite::new(&[script("a", &["pass", "pass"])])?;
    let output = suite.json(&["--env", "VMOSCOPE_TEST_LIST=1"])?;
    // It has listed its cases and run none.
    output.expect_code(1)?.expect_outcomes(&[
        "a::1 pass not_reached",
        "a::2 pass not_reached",
        "a::(program) failed",
    ])?;
    Ok(())
}
