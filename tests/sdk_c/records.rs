//! What `<zxtest/zxtest.h>` reports: to people, in records, and to `vmm test`.

use crate::sdk::{Compiler, build, run, written};
use crate::{Outcome, Tests};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A suite that has one case of each outcome.
const SUITE: &str = r#"
    #include <stdio.h>
    #include <zircon/syscalls.h>
    #include <zxtest/zxtest.h>
    #line 1 "a place.c"
    TEST(First, Passes) { EXPECT_EQ(1 + 1, 2); puts("ordinary output"); }
    TEST(First, Fails) { printf("half a line"); EXPECT_EQ(1 + 1, 3, "sum of %s", "one\\one"); ASSERT_OK(ZX_ERR_BAD_STATE); FAIL("not reached"); }
    TEST(Second, Skips) { ZXTEST_SKIP("not\nhere"); EXPECT_TRUE(false); }
    static void helper(void) { ASSERT_STREQ("a", "b"); }
    TEST(Second, FailsDeeper) { ASSERT_NO_FATAL_FAILURE(helper()); FAIL("not reached"); }
    TEST(Second, Crashes) { *(volatile int*)8 = 1; }
    TEST(Second, ComesAfter) { EXPECT_BYTES_EQ("abc", "abc", 3); }
    "#;

pub(crate) fn tests(tests: &mut Tests, compiler: Compiler) {
    tests.vm(compiler, "records of a run", move || records(compiler));
    tests.vm(compiler, "records of a list", move || list(compiler));
    tests.vm(compiler, "a run for people", move || people(compiler));
    tests.vm(
        compiler,
        "vmm test goes on behind a case that crashes",
        move || resumed(compiler),
    );
    tests.vm(compiler, "vmm test is told why a case aborts", move || {
        last_words(compiler)
    });
    tests.vm(compiler, "every kind of value is shown", move || {
        values(compiler)
    });
    tests.build(
        compiler,
        "neither a main function nor a case is an error",
        move || nothing(compiler),
    );
}

fn suite(compiler: Compiler) -> Result<PathBuf, libtest_mimic::Failed> {
    build(compiler, &written("suite.c", SUITE), &["-O2", "-w"])
}

fn without_times(console: &str) -> String {
    let mut lines = String::new();
    for line in console.lines() {
        let line = match line.strip_prefix("%TEST end ") {
            Some(rest) => format!("%TEST end {}", rest.split(' ').next().unwrap_or_default()),
            None => line.to_owned(),
        };
        lines.push_str(&line);
        lines.push('\n');
    }
    lines
}

const NAMES: &str = "\
%TEST plan 6
%TEST case 1 First.Passes
%TEST case 2 First.Fails
%TEST case 3 Second.Skips
%TEST case 4 Second.FailsDeeper
%TEST case 5 Second.Crashes
%TEST case 6 Second.ComesAfter
";

fn records(compiler: Compiler) -> Outcome {
    let program = suite(compiler)?;
    let environment = [
        "--env",
        "VMOSCOPE_TEST=1",
        "--env",
        "VMOSCOPE_TEST_CASES=1-4,6-",
    ];
    let run = run(&program, &environment, &[])?.code(1)?;
    let wanted = format!(
        "{NAMES}\
%TEST begin 1 First.Passes
ordinary output
%TEST end 1
%TEST begin 2 First.Fails
half a line
%TEST fail 2 a\\splace.c:2 1 + 1 == 3 does not hold: 2, 3: sum of one\\\\one
%TEST fail 2 a\\splace.c:2 ZX_ERR_BAD_STATE is -20 (ZX_ERR_BAD_STATE), not 0 (ZX_OK)
%TEST end 2
%TEST begin 3 Second.Skips
%TEST skip 3 not\\nhere
%TEST end 3
%TEST begin 4 Second.FailsDeeper
%TEST fail 4 a\\splace.c:4 \"a\" == \"b\" does not hold: \"a\", \"b\"
%TEST fail 4 a\\splace.c:5 a fatal failure in helper()
%TEST end 4
%TEST begin 6 Second.ComesAfter
%TEST end 6
%TEST done
"
    );
    let found = without_times(&run.stdout);
    if found != wanted {
        return Err(format!("the console is\n{found}and not\n{wanted}").into());
    }
    Ok(())
}

fn list(compiler: Compiler) -> Outcome {
    let program = suite(compiler)?;
    let environment = ["--env", "VMOSCOPE_TEST=1", "--env", "VMOSCOPE_TEST_LIST=1"];
    let run = run(&program, &environment, &[])?.code(0)?;
    run.console(&format!("{NAMES}%TEST done\n"))?;
    Ok(())
}

fn people(compiler: Compiler) -> Outcome {
    let program = suite(compiler)?;
    let run = run(&program, &["--env", "VMOSCOPE_TEST_CASES=1-4"], &[])?.code(1)?;
    for line in [
        "[ RUN      ] First.Fails",
        "a place.c:2: 1 + 1 == 3 does not hold: 2, 3: sum of one\\one",
        "1 passed, 2 failed, 1 skipped",
    ] {
        if !run.stdout.lines().any(|found| found == line) {
            return Err(format!("`{line}` is not in\n{}", run.stdout).into());
        }
    }
    Ok(())
}

fn resumed(compiler: Compiler) -> Outcome {
    let program = suite(compiler)?;
    let output = Command::new(env!("CARGO_BIN_EXE_vmm"))
        .args(["test", "--format", "tap", "--jobs", "1"])
        .arg(&program)
        .output()?;
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    let outcome = |name: &str| {
        let line = report.lines().find(|line| line.contains(name))?;
        Some(
            match (line.trim_start().starts_with("ok"), line.contains("# SKIP")) {
                (true, false) => "passed",
                (true, true) => "skipped",
                (false, _) => "failed",
            },
        )
    };
    for (name, wanted) in [
        ("First.Passes", "passed"),
        ("First.Fails", "failed"),
        ("Second.Skips", "skipped"),
        ("Second.FailsDeeper", "failed"),
        ("Second.Crashes", "failed"),
        ("Second.ComesAfter", "passed"),
    ] {
        if outcome(name) != Some(wanted) {
            let found = outcome(name);
            return Err(format!("{name} is {found:?}, not {wanted}, in\n{report}").into());
        }
    }
    match output.status.code() {
        Some(1) => Ok(()),
        other => Err(format!("exit code {other:?}").into()),
    }
}

/// Messages of checks that fail, in both languages.
fn values(compiler: Compiler) -> Outcome {
    let common = r#"
        #include <stdbool.h>
        #include <zxtest/zxtest.h>
        TEST(Values, Common) {
          EXPECT_EQ((char)'x', (char)'\n'); EXPECT_LT(-5, -6L); EXPECT_GE(5u, 5000ul);
          EXPECT_NE(0.5, 0.5f); bool yes = true; EXPECT_EQ(yes, !yes); const char* none = NULL;
          EXPECT_STREQ("text", none); EXPECT_NOT_NULL(none); EXPECT_SUBSTR("x", "text without");
          EXPECT_BYTES_EQ("abcd", "abxd", 4); EXPECT_NOT_OK(ZX_OK); EXPECT_TRUE(yes && 0, "why");
          int number = 3; EXPECT_EQ(&number, (int*)0);
        }"#;
    let lines = [
        "(char)'x' == (char)'\\n' does not hold: 'x', '\\x0a'",
        "-5 < -6L does not hold: -5, -6",
        "5u >= 5000ul does not hold: 5, 5000 (0x1388)",
        "0.5 != 0.5f does not hold: 0.5, 0.5",
        "yes == !yes does not hold: true, ",
        "\"text\" == none does not hold: \"text\", null",
        "none is null",
        "\"abcd\" and \"abxd\" differ from byte 2 of 4 on: bytes 63 64, bytes 78 64",
        "is 0 (ZX_OK)",
        "yes && 0 is false: why",
        "&number == (int*)0 does not hold: 0x",
    ];
    shown(compiler, &written("values.c", common), &lines)?;
    let cxx = format!(
        "{common}\n{}",
        r#"
        #include <optional>
        #include <string>
        enum class Kind : unsigned char { kNone = 3, kOther };
        struct Pair { unsigned char a, b; bool operator==(const Pair& o) const { return a == o.a; } };
        TEST(Values, Cxx) {
          EXPECT_EQ(Kind::kNone, Kind::kOther);
          EXPECT_EQ(std::string("long"), std::string_view("short"));
          EXPECT_EQ((Pair{1, 2}), (Pair{3, 4}));
          EXPECT_EQ(nullptr, this);
          ASSERT_TRUE(std::optional<int>().has_value(), "number %d", 7);
        }"#
    );
    let mut lines = lines.to_vec();
    lines.extend([
        "Kind::kNone == Kind::kOther does not hold: 3, 4",
        "does not hold: \"long\", \"short\"",
        "does not hold: bytes 01 02, bytes 03 04",
        "nullptr == this does not hold: null, 0x",
        "has_value() is false: number 7",
    ]);
    shown(compiler, &written("values.cc", &cxx), &lines)
}

fn shown(compiler: Compiler, source: &Path, lines: &[&str]) -> Outcome {
    let program = build(compiler, source, &["-O1", "-w"])?;
    let run = run(&program, &[], &[])?.code(1)?;
    for line in lines {
        if !run.stdout.contains(line) {
            return Err(format!("`{line}` is not in\n{}", run.stdout).into());
        }
    }
    Ok(())
}

fn nothing(compiler: Compiler) -> Outcome {
    match build(compiler, &written("empty.c", "int unused;"), &[]) {
        Ok(_) => Err("it was linked".into()),
        Err(error) => {
            let text = error.message().unwrap_or_default().to_owned();
            match text.contains("a_main_function_or_a_TEST") {
                true => Ok(()),
                false => Err(text.into()),
            }
        }
    }
}

/// A suite whose cases end the program, each in another way.
const LAST_WORDS: &str = r#"
    #include <assert.h>
    #include <stdlib.h>
    #include <zircon/assert.h>
    #include <zxtest/zxtest.h>
    #line 1 "place.c"
    TEST(Ends, Asserts) { int found = 4; assert(found == 5); }
    TEST(Ends, Aborts) { abort(); }
    TEST(Ends, Panics) { ZX_ASSERT_MSG(sizeof(int) == 8, "an int has %zu", sizeof(int)); }
    "#;

fn last_words(compiler: Compiler) -> Outcome {
    let program = build(compiler, &written("suite.c", LAST_WORDS), &["-O2", "-w"])?;
    let output = Command::new(env!("CARGO_BIN_EXE_vmm"))
        .args(["test", "--format", "json"])
        .arg(&program)
        .output()?;
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines: Vec<serde_json::Value> = report
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    let failures: Vec<_> = lines
        .iter()
        .filter(|line| line.pointer("/event").is_some_and(|event| event == "case"))
        .map(|case| {
            let text = |pointer| case.pointer(pointer).and_then(|value| value.as_str());
            (text("/failures/0/place"), text("/failures/0/message"))
        })
        .collect();
    let wanted = [
        (Some("place.c:1"), "`found == 5` does not hold"),
        (None, "abort() was called"),
        (None, "an int has 4"),
    ];
    let same = failures.len() == wanted.len()
        && failures.iter().zip(wanted).all(|(found, wanted)| {
            found.0 == wanted.0 && found.1.is_some_and(|text| text.contains(wanted.1))
        });
    if !same {
        return Err(format!("the failures are {failures:#?}").into());
    }
    Ok(())
}
