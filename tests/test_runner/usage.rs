//! Wrong usage: exit code 2 and a message with the way out.

use super::Outcome;
use super::kit::{Suite, output, script, vmm};
use libtest_mimic::Trial;
use std::fs;

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        Trial::test("usage::wrong_options_are_2", options),
        Trial::test("usage::wrong_paths_are_2", paths),
        Trial::test("usage::a_wrong_manifest_is_2_with_its_line", manifest),
        Trial::test("usage::help_has_the_exit_codes", help),
    ]
}

fn options() -> Outcome {
    for bad in [
        &["--jobs", "0"][..],
        &["--repeat", "0"],
        &["--shard", "3/2"],
        &["--filter", "("],
        &["--timeout", "0"],
        &["--env", "x"],
        &["--format", "html"],
        &["--unknown"],
        &["--output", "report.doc"],
    ] {
        let mut command = vmm();
        command.arg("test").args(bad);
        output(command)?.expect_code(2)?;
    }
    Ok(())
}

fn paths() -> Outcome {
    let suite = Suite::new(&[])?;
    let words = suite.folder.join("words");
    fs::write(&words, "words")?;
    for (path, message) in [
        (words.as_path(), "neither an ELF executable nor a manifest"),
        (suite.folder.as_path(), "there is no ELF executable in"),
        ("no-such".as_ref(), "no built-in test, no built-in program"),
        ("./no-such".as_ref(), "cannot read `./no-such`"),
    ] {
        let mut command = vmm();
        command.arg("test").arg(path);
        output(command)?.expect_code(2)?.expect_stderr(message)?;
    }
    Ok(())
}

fn manifest() -> Outcome {
    let suite = Suite::new(&[script("a", &[]) + "colour = 'red'\n"])?;
    suite
        .run(&[])?
        .expect_code(2)?
        .expect_stderr("line 5")?
        .expect_stderr("colour")?;
    Ok(())
}

fn help() -> Outcome {
    let mut command = vmm();
    command.args(["test", "--help"]);
    let output = output(command)?;
    output.expect_code(0)?;
    for text in [
        "Exit codes:",
        "130      Ctrl-C",
        "What to run:",
        "Guests:",
        "Examples:",
    ] {
        output.expect_stdout(text)?;
    }
    Ok(())
}
