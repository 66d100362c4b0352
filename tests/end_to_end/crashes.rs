//! Programs that fault: the report on the console, the exit code, and the others.

use super::machine::{Output, run};
use super::{Outcome, Tests};
use vmm::doctor::Setting;

/// A kind of crash and what the report must say besides the name.
const KINDS: [(&str, &[&str]); 27] = [
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
    ("x87-divide", &["x87 floating-point error", "vector 16"]),
    (
        "sse-divide",
        &["SIMD floating-point exception", "vector 19"],
    ),
    ("int3", &["breakpoint"]),
    ("hlt", &["general protection"]),
    ("out", &["general protection"]),
    ("unknown-call", &["system call 0x7fffffff", "vDSO"]),
    (
        "bare-kernel-call",
        &["system call 0x10 (zx_handle_close)", "vDSO"],
    ),
    (
        "bare-served-call",
        &["system call 0x0 (vmoscope_null)", "vDSO"],
    ),
    (
        "wrong-kernel-stub",
        &["system call 0x18 (zx_thread_legacy_yield)", "vDSO"],
    ),
    (
        "wrong-served-stub",
        &["system call 0x0 (vmoscope_null)", "vDSO"],
    ),
    ("unknown-in-stub", &["system call 0x7fffffff", "vDSO"]),
    (
        "wrapped-number",
        &["system call 0x400000000000010,", "vDSO"],
    ),
    ("write-vdso-data", &["writing", "ACCESS_DENIED"]),
    ("write-vdso-code", &["writing", "ACCESS_DENIED"]),
    ("execute-vdso-data", &["executing", "ACCESS_DENIED"]),
    ("stack-overflow", &["writing", "NOT_FOUND"]),
];

pub(crate) fn tests(tests: &mut Tests) {
    for (kind, words) in KINDS {
        // QEMU's emulated CPU never raises the exception (#XM).
        let emulated = (kind == "sse-divide" && Setting::here().inside)
            .then(|| "an emulated CPU knows no SSE exceptions".to_owned());
        let name = format!("crashes::{kind}");
        tests.vm_unless(emulated, &name, move || crash(kind, words));
    }
    tests.vm("crashes::the_list_above_is_complete", list);
    for kind in REFUSED {
        let name = format!("crashes::{kind} ends with the code of its rule [18/13 19.1/5]");
        tests.vm(&name, move || refused(kind));
    }
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

/// The kinds that are system calls from where none may come from.
const REFUSED: [&str; 7] = [
    "unknown-call",
    "bare-kernel-call",
    "bare-served-call",
    "wrong-kernel-stub",
    "wrong-served-stub",
    "unknown-in-stub",
    "wrapped-number",
];

/// Such a call is not served, and its process ends with `EndReason::VDSO`.
fn refused(kind: &'static str) -> Outcome {
    let run = run(&["crash"]).options(&["--json"]).args(&[kind]);
    let output = run.output()?;
    let events = output.expect_code(82)?.events()?;
    let ends: Vec<_> = events
        .iter()
        .filter(|event| event["event"] == "process_exit")
        .map(|event| event["return_code"].as_i64())
        .collect();
    output.expect(ends == [Some(-1027)], &format!("return codes {ends:?}"))?;
    let faults: Vec<_> = events
        .iter()
        .filter(|event| event["event"] == "process_fault")
        .collect();
    let named = matches!(faults.as_slice(), [fault] if fault["vector"] == 256
        && fault["status"] == "ZX_ERR_BAD_SYSCALL"
        && fault["what"].as_str().is_some_and(|what| what.contains("vDSO")));
    output.expect(named, &format!("{faults:?}"))?;
    let came_back = output.stdout.contains("came back");
    output.expect(!came_back, "the call should not come back")?;
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
