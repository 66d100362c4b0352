//! The backtrace of a program in C that keeps no frame pointers and runs at any address.

#![allow(
    clippy::indexing_slicing,
    reason = "JSON values give null for what is not there"
)]

use super::list;
use crate::kit::{Guest, PATIENCE, json};
use crate::{Outcome, save, substrate};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use std::time::Instant;

pub(super) fn test() -> Trial {
    let missing = save::missing("gcc").or_else(substrate::no_kvm);
    save::with(
        missing,
        "look::a_backtrace_needs_no_frame_pointers",
        backtrace,
    )
}

fn functions(thread: &Value) -> Result<Vec<&str>, Failed> {
    let frames = list(thread, "backtrace")?.iter();
    Ok(frames
        .filter_map(|frame| frame["symbol"].as_str())
        .collect())
}

fn backtrace() -> Outcome {
    let program = save::program(&["-static-pie", "-fomit-frame-pointer"])?;
    let path = program.to_string_lossy();
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    let guest = Guest::start(&[&path])?;
    let socket = guest.socket().to_string_lossy();
    let question = ["threads", &name, "--json", "--vm", &socket];
    let until = Instant::now() + PATIENCE;
    loop {
        let answer = json(&[&question[..], &["--symbols", &path]].concat(), 0);
        let answer = match answer {
            // It may not have been loaded yet.
            Err(failed) if Instant::now() > until => return Err(failed),
            Err(_) => continue,
            Ok(answer) => answer,
        };
        let threads = list(&answer, "threads")?;
        let spins = threads.iter().find(|thread| thread["on_cpu"] == true);
        let spins = match spins.map(functions).transpose()? {
            Some(functions) if functions.contains(&"innermost") => functions,
            _ if Instant::now() > until => return Err(answer.to_string().into()),
            _ => continue,
        };
        let [.., "innermost", "middle", "outer", "main", _, "_start"] = spins[..] else {
            return Err(format!("{spins:?}").into());
        };
        let waits = threads.iter().find(|thread| thread["on_cpu"] == false);
        let waits = waits.ok_or("no second thread")?;
        assert_eq!(waits["call"], "zx_futex_wait");
        assert!(functions(waits)?.contains(&"waiter"), "{waits}");
        let lines = list(waits, "backtrace")?.iter();
        let mut lines = lines.filter_map(|frame| frame["location"].as_str());
        assert!(lines.any(|line| line.contains("backtrace.c:")), "{waits}");
        break;
    }
    // Another program's names are not taken.
    let other = save::program(&["-O0"])?;
    let answer = json(
        &[&question[..], &["--symbols", &other.to_string_lossy()]].concat(),
        3,
    )?;
    let told = &answer["problems"]["told"][0];
    assert!(
        told.as_str()
            .is_some_and(|told| told.contains("other code")),
        "{told}"
    );
    let named = list(&answer, "threads")?.iter().map(functions);
    for functions in named {
        assert!(!functions?.contains(&"main"));
    }
    Ok(())
}
