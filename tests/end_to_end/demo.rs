//! `vmm run` without a program: the built-in demo.

use super::machine::run;
use super::{Outcome, Tests};

pub(crate) fn tests(tests: &mut Tests) {
    tests.vm(
        "demo::every_step_holds_and_the_target_sees_the_patches",
        demo,
    );
    tests.vm("demo::it_fails_when_the_gate_is_shut", shut);
}

fn demo() -> Outcome {
    let output = run(&[]).output()?;
    output.expect_code(0)?;
    for step in 1..=8 {
        let start = format!("demo: step {step}/8 ");
        let line = output.stdout.lines().find(|line| line.starts_with(&start));
        let well = line.is_some_and(|line| line.ends_with(": ok"));
        output.expect(well, &format!("step {step} should be ok"))?;
    }
    output.expect_line("demo: all 8 steps ok")?;
    output.expect_line("target: I may write neither of the two: true")?;
    let before = "target: at first my string says \"nobody has touched this string.\" \
                  and compute(7) = 49";
    let after = "target: now my string says \"the debugger was in this string\" \
                 and compute(7) = 1007";
    output.expect_line(before)?.expect_line(after)?;
    Ok(())
}

/// The demo's own programs, started by hand on a machine that refuses the patch.
fn shut() -> Outcome {
    let output = run(&["demo-debugger", "demo-target"])
        .options(&["--until", "first"])
        .output()?;
    output.expect_code(1)?;
    output.expect_stdout("demo: step 5/8 patch the string in its read-only data: FAIL")?;
    output.expect_stdout("ZX_ERR_NOT_SUPPORTED")?;
    Ok(())
}
