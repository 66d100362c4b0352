//! How many exits a served call takes, as `--trace`, `--stats` and `--json` tell.

use super::machine::{Output, run};
use super::{Outcome, Tests};
use libtest_mimic::Failed;

const CALLS: [(&str, &str); 5] = [
    ("null", "vmoscope_null"),
    ("vmo_read", "zx_vmo_read"),
    ("vmo_write", "zx_vmo_write"),
    ("process_read", "zx_process_read_memory"),
    ("process_write", "zx_process_write_memory"),
];

pub(crate) fn tests(tests: &mut Tests) {
    for (name, call) in CALLS {
        tests.vm(
            &format!("exits::one_per_call_in_steady_state, {name}"),
            move || steady(name, call),
        );
    }
    tests.vm("exits::two_for_a_call_that_makes_pages_present", fresh);
    tests.vm("exits::a_trace_line_shows_the_decoded_call", trace);
    tests.vm("exits::a_64_mib_write_into_a_fresh_mapping_takes_few", big);
}

/// The numbers behind a call's name in the table of `--stats`: calls, exits, errors,
/// bytes.
fn row(output: &Output, call: &str) -> Result<Vec<u64>, Failed> {
    let named = |line: &&str| line.split_whitespace().next() == Some(call);
    let line = output.stderr.lines().find(named);
    let line = line.ok_or_else(|| output.failed(&format!("no row for {call}")))?;
    Ok(line
        .split_whitespace()
        .skip(1)
        .filter_map(|word| word.parse().ok())
        .collect())
}

fn steady(name: &'static str, call: &str) -> Outcome {
    for size in ["1", "64", "4096", "65536"] {
        let guest = run(&["bench-calls"])
            .options(&["--stats"])
            .args(&[name, size]);
        let output = guest.args(&["--count", "500"]).gate(true).output()?;
        output.expect_code(0)?;
        let row = row(&output, call)?;
        // The start-up block is read with two calls of `zx_vmo_read`, into memory that
        // is not there yet: they and their exits come on top.
        let starting = if name == "vmo_read" { 2 } else { 0 };
        let (calls, exits) = match row.as_slice() {
            [calls, exits, 0, ..] => (*calls, *exits),
            _ => return Err(output.failed(&format!("the row of {call} is {row:?}"))),
        };
        let why = format!("{size} bytes: {calls} calls took {exits} exits");
        output.expect(calls == 500 + starting, &why)?;
        output.expect(exits >= calls && exits <= calls + starting, &why)?;
    }
    Ok(())
}

/// The exits of each call of that name, in order, from a run with `--json`.
fn exits_of(output: &Output, call: &str) -> Result<Vec<u64>, Failed> {
    let events = output.events()?;
    let calls = events
        .iter()
        .filter(|event| event["event"] == "call" && event["call"] == call);
    Ok(calls.filter_map(|event| event["exits"].as_u64()).collect())
}

/// The demo's VMO is fresh when it is filled: pages must be made, once, and the whole
/// range at once.
fn fresh() -> Outcome {
    let output = run(&["demo-debugger", "demo-target"])
        .options(&[
            "--json",
            "--cmdline",
            "kernel.enable-debugging-syscalls=true",
        ])
        .output()?;
    output.expect_code(0)?;
    let writes = exits_of(&output, "zx_vmo_write")?;
    output.expect(
        writes == [2],
        &format!("zx_vmo_write took {writes:?} exits"),
    )?;
    let most = exits_of(&output, "zx_process_read_memory")?
        .into_iter()
        .max();
    output.expect(most <= Some(2), &format!("one read took {most:?} exits"))?;
    let most = exits_of(&output, "zx_process_write_memory")?
        .into_iter()
        .max();
    output.expect(most == Some(2), &format!("one write took {most:?} exits"))?;
    Ok(())
}

fn trace() -> Outcome {
    let guest = run(&["bench-calls"]).options(&["--trace"]);
    let output = guest.args(&["vmo_write", "64", "--count", "1"]).output()?;
    output.expect_code(0)?;
    let line = output
        .stderr
        .lines()
        .find(|line| line.contains("zx_vmo_write("));
    let line = line.ok_or_else(|| output.failed("no line for zx_vmo_write"))?;
    for part in [
        "bench-calls] zx_vmo_write(handle=0x",
        ", buffer=0x",
        ", offset=0x0, buffer_size=64) = ZX_OK exits=1 ",
    ] {
        output.expect(
            line.contains(part),
            &format!("{line:?} should contain {part:?}"),
        )?;
    }
    // The kernel's own calls are there too, marked as such.
    let create = output
        .stderr
        .lines()
        .find(|line| line.contains("zx_vmo_create(size=4096"));
    let marked = create.is_some_and(|line| line.ends_with("= ZX_OK (kernel)"));
    output.expect(marked, "zx_vmo_create should be traced as the kernel's")?;
    Ok(())
}

fn big() -> Outcome {
    let guest = run(&["test-big-write", "test-victim"]);
    let options = ["--mem", "256M", "--until", "first", "--trace"];
    let output = guest.options(&options).gate(true).output()?;
    output
        .expect_line("case 64 MiB across processes [22/26]: ok")?
        .expect_code(0)?;
    let line = output
        .stderr
        .lines()
        .find(|line| line.contains("zx_process_write_memory("));
    let line = line.ok_or_else(|| output.failed("no line for zx_process_write_memory"))?;
    let whole = line.contains("buffer_size=67108864") && line.contains("actual=67108864");
    output.expect(whole, &format!("{line:?} should show 64 MiB"))?;
    let exits = line
        .split_once("exits=")
        .and_then(|(_, rest)| rest.split(' ').next());
    let exits: Option<u32> = exits.and_then(|exits| exits.parse().ok());
    output.expect(exits == Some(2), &format!("{line:?} should show 2 exits"))?;
    Ok(())
}
