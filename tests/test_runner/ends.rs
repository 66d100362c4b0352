//! How a case, a program and a machine can end, and who else is hurt.

use super::kit::{Suite, at, script, vmm};
use super::{Outcome, vm};
use libtest_mimic::Trial;

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        vm("ends::a_case_passes_fails_or_is_skipped", each_outcome),
        vm("ends::behind_a_crash_the_cases_go_on", crash),
        vm("ends::a_case_that_hangs_ends_at_its_own_limit", hang),
        vm("ends::an_exit_in_a_case_fails_it", exit),
        vm("ends::a_deadlock_fails_its_case", deadlock),
        vm("ends::a_program_that_leaves_fails_as_a_whole", leave),
        vm("ends::a_broken_record_fails_its_program", record),
        vm(
            "ends::a_kernel_that_panics_fails_its_test_alone",
            kernel_panic,
        ),
        vm(
            "ends::a_vm_that_cannot_be_made_fails_its_test_alone",
            no_machine,
        ),
        vm("ends::a_program_without_records_is_one_case", plain),
    ]
}

fn each_outcome() -> Outcome {
    let suite = Suite::new(&[script("t", &["pass", "fail", "skip"])])?;
    let output = suite.json(&[])?;
    output.expect_code(1)?.expect_outcomes(&[
        "t::1 pass passed",
        "t::2 fail failed",
        "t::3 skip skipped",
    ])?;
    let failed = output.case("t::2 fail")?;
    output.expect(
        at(&failed, "/ns") == 1000,
        "the guest's time should be told",
    )?;
    output.expect(
        at(&failed, "/failures/0/place") == "script.c:7",
        "the place should be told",
    )?;
    output.expect(
        at(&failed, "/failures/0/message") == "one is 1,\nnot 2",
        "the message, too",
    )?;
    output.expect(
        at(&failed, "/console") == "case-script: fail\n",
        "its console and no other's should be told",
    )?;
    // Calls that print records are not told.
    let calls = at(&failed, "/calls").as_array().map_or(0, Vec::len);
    let call = at(&failed, "/calls/0").as_str().unwrap_or_default();
    output.expect(
        calls == 1 && call.contains("zx_debug_write(") && call.contains("buffer_size=18"),
        "the one call of the case should be told",
    )?;
    output.expect(
        at(&output.case("t::3 skip")?, "/reason") == "as asked",
        "the reason should be told",
    )?;
    Ok(())
}

fn crash() -> Outcome {
    let suite = Suite::new(&[script("t", &["pass", "crash", "pass", "crash"])])?;
    let output = suite.json(&["--check"])?;
    output.expect_code(1)?.expect_outcomes(&[
        "t::1 pass passed",
        "t::2 crash failed",
        "t::3 pass passed",
        "t::4 crash failed",
    ])?;
    output.expect_message(
        "t::2 crash",
        "the process ended by an exception: page fault reading 0x0 (not present, \
         ZX_ERR_NOT_FOUND) at rip 0x",
    )?;
    let test = output.event("test")?;
    output.expect(at(&test, "/machines") == 2, "it should take two machines")?;
    Ok(())
}

fn hang() -> Outcome {
    let suite = Suite::new(&[script("t", &["hang", "pass"]) + "timeout = 1\n"])?;
    let output = suite.json(&[])?;
    output
        .expect_code(1)?
        .expect_outcomes(&["t::1 hang failed", "t::2 pass passed"])?
        .expect_message("t::1 hang", "no answer within 1s")?;
    Ok(())
}

fn exit() -> Outcome {
    let suite = Suite::new(&[script("t", &["exit", "pass"])])?;
    let output = suite.json(&[])?;
    output
        .expect_outcomes(&["t::1 exit failed", "t::2 pass passed"])?
        .expect_message("t::1 exit", "the process ended with code 3")?;
    Ok(())
}

fn deadlock() -> Outcome {
    let suite = Suite::new(&[script("t", &["deadlock", "pass"])])?;
    let output = suite.json(&[])?;
    output
        .expect_outcomes(&["t::1 deadlock failed", "t::2 pass passed"])?
        .expect_message("t::1 deadlock", "deadlock: no thread of the guest")?;
    Ok(())
}

fn leave() -> Outcome {
    let suite = Suite::new(&[script("t", &["leave", "pass"])])?;
    let output = suite.json(&[])?;
    output
        .expect_code(1)?
        .expect_outcomes(&[
            "t::1 leave passed",
            "t::2 pass not_reached",
            "t::(program) failed",
        ])?
        .expect_message("t::(program)", "between two cases and without `done`")?;
    Ok(())
}

fn record() -> Outcome {
    let suite = Suite::new(&[script("t", &["record", "pass"]), script("u", &["lie"])])?;
    let output = suite.json(&[])?;
    output
        .expect_outcomes(&[
            "t::1 record passed",
            "t::2 pass passed",
            "t::(program) failed",
            "u::1 lie passed",
            "u::(program) failed",
        ])?
        .expect_message("t::(program)", "`%TEST nonsense`")?
        .expect_message("u::(program)", "code 1, although no case failed")?;
    Ok(())
}

/// The manifest of a test with more processes than the kernel has memory for.
fn crowd(mem: &str) -> String {
    let others = ["spin"; 119];
    format!("[[test]]\nprogram = 'hello'\nname = 'crowd'\nwith = {others:?}\nmem = '{mem}'\n")
}

fn kernel_panic() -> Outcome {
    let many = vec!["spin"; 120];
    let refused = super::kit::output({
        let mut command = vmm();
        command.args(["run", "--mem", "4M"]).args(&many);
        command
    })?;
    let least = refused.stderr.split("--mem ").nth(1).map(str::trim);
    let least = least.ok_or_else(|| refused.failed("it should say how much RAM will do"))?;
    let suite = Suite::new(&[crowd(least), script("t", &["pass"])])?;
    let output = suite.json(&[])?;
    output
        .expect_code(1)?
        .expect_outcomes(&["crowd failed", "t::1 pass passed"])?
        .expect_message(
            "crowd",
            "the guest kernel panicked: cannot start the programs",
        )?;
    Ok(())
}

fn no_machine() -> Outcome {
    let suite = Suite::new(&[crowd("4M"), script("t", &["pass"])])?;
    let output = suite.json(&[])?;
    output
        .expect_code(1)?
        .expect_outcomes(&["crowd failed", "t::1 pass passed"])?
        .expect_message("crowd", "--mem")?;
    Ok(())
}

fn plain() -> Outcome {
    let table = |name: &str, code: &str| {
        format!("[[test]]\nprogram = 'hello'\nname = '{name}'\nargs = ['{code}']\n")
    };
    let suite = Suite::new(&[table("a", "0"), table("b", "5")])?;
    let output = suite.json(&[])?;
    output
        .expect_code(1)?
        .expect_outcomes(&["a passed", "b failed"])?
        .expect_message("b", "the process ended with code 5")?;
    let case = output.case("b")?;
    let console = at(&case, "/console").as_str().unwrap_or_default();
    output.expect(
        console.starts_with("hello from hello 5\n"),
        "its console should be told",
    )?;
    Ok(())
}
