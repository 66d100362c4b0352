//! Exit codes: the first program's own, and those that say why there is none.

use super::machine::run;
use super::{Outcome, Tests};
use std::time::{Duration, Instant};

pub(crate) fn tests(tests: &mut Tests) {
    tests.vm(
        "endings::the_first_programs_code_is_handed_through",
        own_codes,
    );
    tests.vm("endings::codes_outside_0_to_63_become_83", other_codes);
    tests.vm("endings::arguments_go_to_the_first_program", arguments);
    tests.vm("endings::all_programs_run_to_their_end", all);
    tests.vm("endings::until_first_stops_the_others", first);
    tests.vm(
        "endings::the_time_limit_ends_a_spinner_with_124",
        time_limit,
    );
    tests.vm("endings::a_sleeper_is_waited_for", sleeper);
    tests.vm("endings::killing_the_job_ends_every_program [16/18]", job);
    tests.vm("endings::sleeping_for_ever_is_a_deadlock_and_84", deadlock);
    tests.vm("endings::a_kernel_without_memory_panics_with_80", panic);
    tests.vm("endings::eight_programs_start_side_by_side", eight);
    tests.vm("endings::every_size_of_ram_starts", sizes);
}

fn own_codes() -> Outcome {
    for code in [0, 1, 2, 42, 62, 63] {
        run(&["hello"])
            .args(&[&code.to_string()])
            .output()?
            .expect_code(code)?;
    }
    Ok(())
}

fn panic() -> Outcome {
    // More processes than the kernel has memory for in the least RAM that will boot: that is
    // rounded up to whole MiB, so far more than just too many.
    let many = ["spin"; 250];
    let refused = run(&many).options(&["--mem", "4M"]).output()?;
    refused.expect_code(65)?;
    let least = refused.stderr.split("--mem ").nth(1).map(str::trim);
    let least = least.ok_or_else(|| refused.failed("it should say how much RAM will do"))?;
    run(&many)
        .options(&["--mem", least])
        .output()?
        .expect_code(80)?
        .expect_stderr("the guest kernel panicked: cannot start the programs: ZX_ERR_NO_MEMORY")?;
    Ok(())
}

/// Nobody goes on, and the first program's code is that of the killed.
fn job() -> Outcome {
    let output = run(&["kill-job", "spin", "spin"]).output()?;
    output.expect_code(82)?;
    output.expect_line("kill-job: I end everybody")?;
    let on = output.stdout.contains("still here");
    output.expect(!on, "somebody has gone on")?;
    output.expect_stderr("-1024")?;
    Ok(())
}

fn other_codes() -> Outcome {
    for code in ["64", "255", "256", "-1", "9223372036854775807"] {
        run(&["hello"]).args(&[code]).output()?.expect_code(83)?;
    }
    Ok(())
}

fn arguments() -> Outcome {
    let output = run(&["hello", "hello"])
        .args(&["7", "--mem", "two words", ""])
        .options(&["--env", "A=two words", "--env=B="])
        .output()?;
    output.expect_code(7)?;
    output.expect_line("hello from hello 7 --mem two words ")?;
    output.expect_line("hello from hello")?;
    for variable in ["with A=two words", "with B="] {
        let lines = output.stdout.lines().filter(|line| *line == variable);
        let alone = lines.count() == 1;
        output.expect(alone, &format!("the first program alone is run {variable}"))?;
    }
    Ok(())
}

fn all() -> Outcome {
    let output = run(&["hello", "nap"]).output()?;
    output.expect_code(0)?.expect_line("nap: slept 0 ms")?;
    Ok(())
}

fn first() -> Outcome {
    let output = run(&["hello", "spin"])
        .options(&["--until", "first"])
        .args(&["9"])
        .output()?;
    output.expect_code(9)?;
    Ok(())
}

fn time_limit() -> Outcome {
    let start = Instant::now();
    let output = run(&["spin"])
        .time_limit(Duration::from_millis(500))
        .output()?;
    output.expect_code(124)?;
    let took = start.elapsed();
    output.expect(
        took >= Duration::from_millis(500),
        "it should run for half a second",
    )?;
    Ok(())
}

fn sleeper() -> Outcome {
    let start = Instant::now();
    let output = run(&["nap"]).args(&["400", "3"]).output()?;
    output.expect_code(3)?.expect_line("nap: slept 400 ms")?;
    let took = start.elapsed();
    output.expect(
        took >= Duration::from_millis(400),
        &format!("it took only {took:?}"),
    )?;
    Ok(())
}

fn deadlock() -> Outcome {
    let output = run(&["nap"]).args(&["9223372036854775807"]).output()?;
    output.expect_code(84)?;
    Ok(())
}

fn eight() -> Outcome {
    let output = run(&["hello"; 8]).output()?;
    output.expect_code(0)?;
    let lines = output
        .stdout
        .lines()
        .filter(|line| *line == "hello from hello")
        .count();
    output.expect(lines == 8, "there should be eight greetings")?;
    Ok(())
}

fn sizes() -> Outcome {
    for size in ["16M", "64M", "1G", "3G", "4G", "8G"] {
        run(&["hello"])
            .options(&["--mem", size])
            .output()?
            .expect_code(0)?;
    }
    Ok(())
}
