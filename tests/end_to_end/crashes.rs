//! Programs that fault: the report on the console, the exit code, and the others.

use super::machine::{Output, run};
use super::{Outcome, Tests};

/// A kind of crash and what the report must say besides the name.
const KINDS: [(&str, &[&str]); 16] = [
    ("null-read", &["0x0", "reading", "NOT_FOUND"]),
    ("kernel-read", &["0xffffff8000000000", "reading"]),
    ("non-canonical-read", &["general protection"]),
    (
        "unmapped-write",
        &["0x700000000008", "writing", "NOT_FOUND"],
    ),
    ("write-rodata", &["writing", "ACCESS_DENIED"]),
    ("write-code", &["writing", "ACCESS_DENIED"]),
    ("execute-data", &["executing", "ACCESS_DENIED"]),
    ("kernel-jump", &["0xffffff8000000000", "executing"]),
    ("kernel-image-jump", &["0xffffffff80100000", "executing"]),
    ("ud2", &["invalid opcode"]),
    ("divide", &["divide error"]),
    ("int3", &["breakpoint"]),
    ("hlt", &["general protection"]),
    ("out", &["general protection"]),
    ("unknown-call", &["system call 0x7fffffff"]),
    ("stack-overflow", &["writing", "NOT_FOUND"]),
];

pub(crate) fn tests(tests: &mut Tests) {
    for (kind, words) in KINDS {
        tests.vm(&format!("crashes::{kind}"), move || crash(kind, words));
    }
    tests.vm("crashes::the_list_above_is_complete", list);
    tests.vm("crashes::the_others_live_on", others);
    tests.vm("crashes::a_panic_ends_with_63", panic);
}

fn crash(kind: &'static str, words: &[&str]) -> Outcome {
    let output = run(&["crash"]).args(&[kind]).output()?;
    output.expect_line(&format!("crash: {kind}"))?;
    output.expect_code(82)?;
    let report = report(&output);
    output.expect(
        report.contains("crash"),
        "the report should name the process",
    )?;
    for register in ["rip", "rsp", "rax", "flags"] {
        let named = report.to_lowercase().contains(register);
        output.expect(named, &format!("the report should show {register}"))?;
    }
    for word in words {
        output.expect(
            report.contains(word),
            &format!("the report should contain {word:?}"),
        )?;
    }
    Ok(())
}

/// What the console shows after the program's own last line.
fn report(output: &Output) -> &str {
    let (_, report) = output.stdout.split_once("crash: ").unwrap_or_default();
    report.split_once('\n').unwrap_or_default().1
}

fn list() -> Outcome {
    let output = run(&["crash"]).args(&["list"]).output()?;
    output.expect_code(0)?;
    let known: Vec<_> = KINDS.iter().map(|(kind, _)| *kind).collect();
    let listed: Vec<_> = output.stdout.lines().collect();
    output.expect(known == listed, &format!("{known:?} should be listed"))?;
    Ok(())
}

/// A second program gets no arguments, hence one that can do nothing but crash.
fn others() -> Outcome {
    let output = run(&["nap", "crash-null"]).args(&["300", "5"]).output()?;
    output.expect_line("nap: slept 300 ms")?.expect_code(5)?;
    let report = output.stdout.contains("crash-null") && output.stdout.contains("rip");
    output.expect(report, "the crash should be reported on the console")?;
    Ok(())
}

fn panic() -> Outcome {
    let output = run(&["panic"]).output()?;
    output.expect_code(63)?;
    output
        .expect_stdout("panicked at")?
        .expect_stdout("this program panics on purpose")?;
    Ok(())
}
