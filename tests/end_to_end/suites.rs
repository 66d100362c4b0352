//! The test guests: each runs on a VM of its own and says which of its cases held.

use super::machine::{Output, Run, run};
use super::{Outcome, Tests};

pub(crate) fn tests(tests: &mut Tests) {
    tests.vm("guests::handles", || well(run(&["test-handles"])));
    tests.vm("guests::fpu", || well(run(&["test-fpu"])));
    tests.vm("guests::tasks", || well(run(&["test-tasks"])));
    tests.vm("guests::waits", || well(run(&["test-waits"])));
    tests.vm("guests::vmar", || well(run(&["test-vmar"])));
    tests.vm("guests::vmar tree", || well(run(&["test-vmar-tree"])));
    tests.vm("guests::protect", || well(run(&["test-protect"])));
    tests.vm("guests::property", || well(run(&["test-property"])));
    tests.vm("guests::races", || well(run(&["test-races"]).gate(true)));
    for zircon in [false, true] {
        let mode = if zircon { "zircon" } else { "documented" };
        tests.vm(&format!("guests::vmo, {mode} errors"), move || {
            well(run(&["test-vmo"]).errors(zircon))
        });
        // Both positions of either switch; "kinds" depends on both together.
        for guest in [
            "test-vmo-create",
            "test-vmo-size",
            "test-vmo-child",
            "test-vmo-ops",
            "test-vmo-cache",
        ] {
            let name = guest.trim_start_matches("test-");
            tests.vm(&format!("guests::{name}, {mode} errors"), move || {
                well(run(&[guest]).gate(zircon).errors(zircon))
            });
        }
        tests.vm(&format!("guests::pager, {mode} errors"), move || {
            well(run(&["test-pager"]).gate(true).errors(zircon))
        });
        for open in [false, true] {
            let gate = if open { "open" } else { "shut" };
            let name = |guest: &str| format!("guests::{guest}, {mode} errors, gate {gate}");
            tests.vm(&name("garbage"), move || {
                well(run(&["test-garbage"]).gate(open).errors(zircon))
            });
            tests.vm(&name("buffers"), move || {
                well(run(&["test-buffers"]).gate(open).errors(zircon))
            });
            tests.vm(&name("vmo kinds"), move || {
                well(run(&["test-vmo-kinds"]).gate(open).errors(zircon))
            });
            tests.vm(&name("vdso"), move || {
                let guest = run(&["test-vdso", "test-victim"]).options(&["--until", "first"]);
                well(guest.gate(open).errors(zircon))
            });
            tests.vm(&name("process memory"), move || {
                well(process_memory().gate(open).errors(zircon))
            });
            tests.vm(&name("info"), move || {
                let guest = run(&["test-info", "hello"]).options(&["--until", "first"]);
                well(guest.gate(open).errors(zircon))
            });
            tests.vm(&name("mapping the vDSO"), move || {
                well(run(&["test-vdso-map"]).gate(open).errors(zircon))
            });
        }
    }
    tests.vm("guests::scheduler", || {
        well(run(&["test-scheduler", "spin", "test-victim"]).options(&["--until", "first"]))
    });
    tests.vm("guests::memory return", || {
        let guest = run(&["test-memory-return"]).options(&["--mem", "48M"]);
        well(
            guest
                .gate(true)
                .args(&["--total", "64", "--exhaust", "--many"]),
        )
    });
    tests.vm("guests::vmo exhaust", || {
        well(run(&["test-vmo-exhaust"]).options(&["--mem", "32M"]))
    });
    tests.vm("guests::process memory with little RAM", || {
        let guest = process_memory().options(&["--mem", "48M"]);
        well(guest.gate(true).errors(false).args(&["--exhaust"]))
    });
    tests.vm("guests::process memory with much RAM", || {
        let guest = process_memory().options(&["--mem", "5G"]);
        well(guest.gate(true).errors(false))
    });
}

fn process_memory() -> Run {
    let programs = ["test-process-memory", "test-victim", "hello"];
    run(&programs).options(&["--until", "first"])
}

/// Every case held, and there was at least one.
fn well(run: Run) -> Outcome {
    let output = run.output()?;
    let failed: Vec<_> = output
        .stdout
        .lines()
        .filter(|line| line.contains(": FAIL"))
        .collect();
    output.expect(failed.is_empty(), &format!("cases failed: {failed:#?}"))?;
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
