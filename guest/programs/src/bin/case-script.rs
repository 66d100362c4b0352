//! `case-script DEED...`: a test program with a case for each word, which says what the case
//! does. It writes the records of docs/test-protocol.md by hand: tests of the runner use it.

#![cfg_attr(target_os = "none", no_std, no_main)]

use libzx::{Port, println, startup};

/// Ends of the program in the middle of a case or behind one; others go on.
enum After {
    GoOn,
    Exit(i64),
}

/// Whether case `number` is one of `selection`, as `VMOSCOPE_TEST_CASES` has it.
fn selected(selection: Option<&str>, number: u32) -> bool {
    let Some(selection) = selection else {
        return true;
    };
    selection.split(',').any(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let first = first.parse().unwrap_or(u32::MAX);
        let last = last.parse().unwrap_or(u32::MAX);
        (first..=last).contains(&number)
    })
}

/// What the case of that word does.
fn perform(number: u32, deed: &str) -> After {
    println!("case-script: {deed}");
    match deed {
        "fail" => println!("%TEST fail {number} script.c:7 one is 1,\\nnot 2"),
        "skip" => println!("%TEST skip {number} as asked"),
        "record" => println!("%TEST nonsense"),
        "crash" => {
            let place = core::ptr::null::<u64>();
            // SAFETY: there is nothing to be safe: the access ends the process.
            core::hint::black_box(unsafe { place.read_volatile() });
        }
        "hang" => loop {
            core::hint::spin_loop();
        },
        "deadlock" => {
            // Nobody knows the port, so nothing will ever come.
            if let Ok(port) = Port::create() {
                let _ = port.wait(i64::MAX);
            }
        }
        "exit" => return After::Exit(3),
        _ => {}
    }
    println!("%TEST end {number} 1000");
    match deed {
        // Between two cases.
        "leave" => After::Exit(0),
        _ => After::GoOn,
    }
}

fn program() -> i64 {
    let deeds = startup().args().skip(1);
    let selection = startup().var("VMOSCOPE_TEST_CASES");
    let numbered = || (1..).zip(deeds.clone());
    println!("%TEST plan {}", numbered().count());
    for (number, deed) in numbered() {
        println!("%TEST case {number} {number} {deed}");
    }
    let mut failed = false;
    if startup().var("VMOSCOPE_TEST_LIST").is_none() {
        for (number, deed) in numbered().filter(|(number, _)| selected(selection, *number)) {
            println!("%TEST begin {number} {number} {deed}");
            failed |= deed == "fail" || deed == "lie";
            if let After::Exit(code) = perform(number, deed) {
                return code;
            }
        }
    }
    println!("%TEST done");
    i64::from(failed)
}

libzx::main!(program);
