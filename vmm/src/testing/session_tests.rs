//! Sessions over machines that are scripts: what a guest says, and how its machine ends.

use super::super::plan::Item;
use super::super::pool::{Notice, Pool};
use super::super::test::{Source, TestProgram};
use super::*;
use crate::events::{Event, EventSink, ProcessId};
use crate::machine::Until;
use abi::objects::EndReason;
use proptest::prelude::*;
use std::sync::Mutex;

/// A machine's whole life: what its program prints, and its end.
type Script<'a> = dyn Fn(&Request<'_>) -> (String, End) + Sync + 'a;

struct Scripted<'a> {
    script: &'a Script<'a>,
    /// The environments that were given, in order.
    seen: Mutex<Vec<Vec<String>>>,
}

impl Machines for Scripted<'_> {
    fn run(&self, request: &Request<'_>, observer: &mut Observer<'_>) -> Result<Ended, String> {
        let env = request.programs[0].env.clone();
        self.seen.lock().unwrap().push(env);
        let (text, end) = (self.script)(request);
        let process = ProcessId {
            koid: 7,
            name: "p".to_owned(),
        };
        observer.take(&Event::ProcessStart { process: &process });
        observer.take(&Event::Console {
            process: Some(&process),
            text: text.as_bytes(),
        });
        Ok(Ended {
            end,
            findings: Vec::new(),
        })
    }
}

fn a_test() -> Test {
    let program = TestProgram {
        name: "p".to_owned(),
        source: Source::Builtin(b"ELF"),
    };
    Test::new("t".to_owned(), program)
}

/// Runs a test over that script; also tells which cases each machine was asked for.
fn run_with(
    options: &Options,
    selection: Selection,
    script: &Script<'_>,
) -> (TestResult, Vec<Option<String>>) {
    let machines = Scripted {
        script,
        seen: Mutex::default(),
    };
    let pool = Pool {
        machines: &machines,
        options,
        jobs: 1,
        live: false,
    };
    let test = a_test();
    let items = [Item {
        name: test.name.clone(),
        test,
        selection,
        broken: None,
    }];
    let mut results = Vec::new();
    pool.run(&items, |notice| {
        if let Notice::Finished(_, result) = notice {
            results.push(result);
        }
    });
    let asked = |env: &Vec<String>| {
        let cases = env
            .iter()
            .find_map(|v| v.strip_prefix("VMOSCOPE_TEST_CASES="));
        assert!(env.contains(&"VMOSCOPE_TEST=1".to_owned()), "{env:?}");
        cases.map(str::to_owned)
    };
    let seen = machines.seen.into_inner().unwrap();
    assert_eq!(results.len(), 1);
    (results.remove(0), seen.iter().map(asked).collect())
}

fn run(script: &Script<'_>) -> (TestResult, Vec<Option<String>>) {
    run_with(&Options::default(), Selection::all(), script)
}

/// `NAME outcome: why` of each case.
fn told(result: &TestResult) -> Vec<String> {
    let tell = |case: &CaseResult| {
        let name = case.name.as_deref().unwrap_or("-");
        format!("{name} {}: {}", case.outcome.words(), case.explanation())
    };
    result.cases.iter().map(tell).collect()
}

fn ended(code: i64) -> End {
    End::Ended { first: code }
}

/// Lines as records.
fn records(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("%TEST {line}\n")).collect()
}

/// Which cases a request asks for, as a program would find out.
fn asked(request: &Request<'_>) -> Selection {
    let env = &request.programs[0].env;
    match env
        .iter()
        .find_map(|v| v.strip_prefix("VMOSCOPE_TEST_CASES="))
    {
        None => Selection::all(),
        Some(text) => {
            let (first, _) = text.split_once('-').unwrap_or((text, ""));
            Selection::all().behind(first.parse::<u32>().unwrap() - 1)
        }
    }
}

#[test]
fn a_program_that_knows_no_cases_is_one() {
    let (result, _) = run(&|_| ("hello\n".to_owned(), ended(0)));
    assert_eq!(told(&result), ["- passed: "]);
    let (result, _) = run(&|_| ("hello\n".to_owned(), ended(3)));
    assert_eq!(told(&result), ["- failed: the process ended with code 3"]);
    assert_eq!(result.cases[0].console, b"hello\n");
}

#[test]
fn behind_a_case_that_takes_its_machine_along_there_is_another() {
    let (result, asked) = run(&|request| {
        let mut lines = vec!["plan 3", "case 1 a", "case 2 b", "case 3 c"];
        if asked(request).is_all() {
            lines.extend(["begin 1 a", "end 1 5", "begin 2 b"]);
            return (
                records(&lines) + "about to crash\n",
                ended(EndReason::KILLED),
            );
        }
        lines.extend(["begin 3 c", "end 3 5", "done"]);
        (records(&lines), ended(0))
    });
    assert_eq!(
        told(&result),
        [
            "a passed: ",
            "b failed: the process was killed",
            "c passed: "
        ]
    );
    assert_eq!(asked, [None, Some("3-".to_owned())]);
    assert_eq!(result.cases[1].console, b"about to crash\n");
    assert_eq!(result.machines, 2);
}

#[test]
fn behind_the_last_case_there_is_no_other_machine() {
    for (end, why) in [
        (End::TimeLimit, "no answer within 60s"),
        (
            End::KernelPanic {
                message: "lost".to_owned(),
            },
            "the guest kernel panicked: lost",
        ),
        (
            End::Deadlock,
            "deadlock: no thread of the guest can ever run again",
        ),
    ] {
        let end = Mutex::new(Some(end));
        let (result, asked) = run(&|_| {
            let end = end.lock().unwrap().take().expect("one machine only");
            (records(&["plan 1", "begin 1 a"]), end)
        });
        assert_eq!(told(&result), [format!("a failed: {why}")]);
        assert_eq!(asked.len(), 1);
    }
}

#[test]
fn an_end_between_two_cases_fails_the_program_and_names_what_is_left() {
    let (result, asked) = run(&|_| {
        let lines = ["plan 3", "case 3 c", "begin 1 a", "end 1 5"];
        (records(&lines), ended(0))
    });
    assert_eq!(asked.len(), 1);
    assert_eq!(
        told(&result),
        [
            "a passed: ",
            "case 2 not reached: the program ended before",
            "c not reached: the program ended before",
            "(program) failed: the process ended with code 0, between two cases and without \
             `done`",
        ]
    );
}

#[test]
fn the_exit_code_must_fit_the_cases() {
    for (lines, code, why) in [
        (&["done"][..], 0, "it was done without a single case"),
        (
            &["begin 1 a", "end 1 1", "done"],
            1,
            "the process ended with code 1, although no case failed",
        ),
        (
            &["begin 1 a", "fail 1 - x", "end 1 1", "done"],
            0,
            "the process ended with code 0 although a case failed",
        ),
    ] {
        let (result, _) = run(&|_| (records(lines), ended(code)));
        let told = told(&result);
        assert_eq!(told.last().unwrap(), &format!("(program) failed: {why}"));
    }
    let (result, _) = run(&|_| {
        let lines = ["begin 1 a", "fail 1 a.c:1 x", "end 1 1", "done"];
        (records(&lines), ended(1))
    });
    assert_eq!(told(&result), ["a failed: a.c:1: x"]);
}

#[test]
fn a_broken_record_fails_the_program_only() {
    let (result, _) = run(&|_| {
        let lines = ["begin 1 a", "oops", "end 1 1", "done"];
        (records(&lines), ended(0))
    });
    assert_eq!(
        told(&result),
        [
            "a passed: ",
            "(program) failed: there is no such record, in the record `%TEST oops`",
        ]
    );
}

#[test]
fn fail_fast_leaves_the_rest_unreached() {
    let options = Options {
        fail_fast: true,
        ..Options::default()
    };
    let (result, asked) = run_with(&options, Selection::all(), &|_| {
        let lines = [
            "plan 3",
            "begin 1 a",
            "fail 1 - x",
            "end 1 1",
            "begin 2 b",
            "end 2 1",
            "begin 3 c",
            "end 3 1",
            "done",
        ];
        (records(&lines), ended(1))
    });
    assert_eq!(asked.len(), 1);
    let why = "the run was stopped at the first failure";
    assert_eq!(
        told(&result),
        [
            "a failed: x".to_owned(),
            format!("case 2 not reached: {why}"),
            format!("case 3 not reached: {why}"),
        ]
    );
}

#[test]
fn a_selection_is_asked_for_and_nothing_else_is_missed() {
    let wanted = Selection::of([2]);
    let (result, asked) = run_with(&Options::default(), wanted, &|_| {
        let lines = ["plan 3", "begin 2 b", "end 2 1", "done"];
        (records(&lines), ended(0))
    });
    assert_eq!(asked, [Some("2".to_owned())]);
    assert_eq!(told(&result), ["b passed: "]);
}

#[test]
fn a_machine_that_panics_the_host_fails_its_test_alone() {
    let (result, _) = run(&|_| panic!("on purpose"));
    assert_eq!(
        told(&result),
        ["(program) failed: vmm itself panicked: on purpose; this is a bug in vmm"]
    );
}

#[test]
fn the_machine_is_what_the_test_and_the_options_say() {
    let options = Options {
        command_line: "c=d".to_owned(),
        ram: Some(32 << 20),
        check: true,
        calls: 3,
        ..Options::default()
    };
    let (result, _) = run_with(&options, Selection::all(), &|request| {
        assert_eq!(request.command_line, "c=d");
        assert_eq!(request.ram, 32 << 20);
        assert_eq!(request.until, Until::All);
        assert!(request.check && request.calls);
        (String::new(), ended(0))
    });
    assert!(result.is_well());
}

proptest! {
    /// A program of `plan` cases in which each may kill its machine: every case is run once,
    /// and comes to what it did.
    #[test]
    fn every_case_has_its_turn_whatever_dies(deadly in proptest::collection::vec(any::<bool>(), 1..12)) {
        let plan = deadly.len();
        let (result, machines) = run(&|request| {
            let selection = asked(request);
            let mut text = format!("%TEST plan {plan}\n");
            for (number, deadly) in (1..).zip(&deadly) {
                if !selection.contains(number) {
                    continue;
                }
                text += &format!("%TEST begin {number} c{number}\n");
                if *deadly {
                    return (text, ended(EndReason::EXCEPTION));
                }
                text += &format!("%TEST end {number} 1\n");
            }
            (text + "%TEST done\n", ended(0))
        });
        let outcomes: Vec<bool> = result.cases.iter().map(|c| c.outcome == Outcome::Failed).collect();
        prop_assert_eq!(&outcomes, &deadly);
        let deaths = deadly.iter().filter(|d| **d).count();
        let last_dies = usize::from(deadly[plan - 1]);
        prop_assert_eq!(machines.len(), 1 + deaths - last_dies);
    }

    /// Whatever a program says, its test comes to an end and to at least one case.
    #[test]
    fn hostile_programs_fail_and_that_is_all(
        lines in proptest::collection::vec(
            "%TEST (plan|case|begin|fail|skip|end|done)( [0-9]{1,3})?( [a-z]{0,3}){0,2}\n|\\PC{0,9}\n?",
            0..40,
        ),
        code in -1..3_i64,
    ) {
        let text = lines.concat();
        let (result, machines) = run(&|_| (text.clone(), ended(code)));
        prop_assert!(!result.cases.is_empty());
        prop_assert!(machines.len() <= 1000);
    }
}
