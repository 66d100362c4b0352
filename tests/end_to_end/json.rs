//! `--json`: one event a line, in the order in which things happened.

use super::machine::run;
use super::{Outcome, Tests};
use serde_json::Value;

pub(crate) fn tests(tests: &mut Tests) {
    tests.vm("json::events_tell_a_run_from_boot_to_exit", whole_run);
    tests.vm("json::a_fault_is_an_event", fault);
}

fn is<'a>(kind: &'a str) -> impl Fn(&&Value) -> bool + 'a {
    move |event| event["event"] == kind
}

/// The name of the process that an event is about.
fn process(event: &Value) -> Option<&str> {
    event.pointer("/process/name")?.as_str()
}

fn whole_run() -> Outcome {
    let output = run(&["hello", "nap"])
        .options(&["--json"])
        .args(&["5", "more"])
        .output()?;
    output.expect_code(5)?;
    let events = output.events()?;
    let kinds: Vec<_> = events
        .iter()
        .filter_map(|event| event["event"].as_str())
        .collect();
    output.expect(kinds.len() == events.len(), "every line should be an event")?;
    output.expect(kinds.first() == Some(&"boot"), "the first should be `boot`")?;
    output.expect(kinds.last() == Some(&"exit"), "the last should be `exit`")?;

    let said: String = events
        .iter()
        .filter(is("console"))
        .filter(|event| process(event) == Some("hello"))
        .filter_map(|event| event["text"].as_str())
        .collect();
    output.expect(
        said == "hello from hello 5 more\n",
        &format!("hello said {said:?}"),
    )?;

    let ended: Vec<_> = events
        .iter()
        .filter(is("process_exit"))
        .filter_map(|event| Some((process(event)?, event["return_code"].as_i64()?)))
        .collect();
    output.expect(ended.contains(&("hello", 5)), &format!("{ended:?}"))?;
    output.expect(ended.contains(&("nap", 0)), &format!("{ended:?}"))?;

    let call = events
        .iter()
        .filter(is("call"))
        .find(|event| event["call"] == "zx_vmo_read");
    let call = call.ok_or_else(|| output.failed("no call of zx_vmo_read"))?;
    let good = call["status"] == "ZX_OK"
        && call["server"] == "host"
        && call.pointer("/args/offset").and_then(Value::as_u64) == Some(0)
        && call["exits"].as_u64().is_some_and(|exits| exits >= 1);
    output.expect(good, &format!("{call}"))?;

    let boot = events.iter().find(is("boot"));
    let ram = boot.and_then(|event| event["ram"].as_u64());
    output.expect(ram == Some(64 << 20), &format!("RAM is {ram:?}"))?;
    let exit = events.iter().find(is("exit"));
    let code = exit.and_then(|event| event["exit_code"].as_u64());
    output.expect(code == Some(5), &format!("the exit event has {code:?}"))?;
    Ok(())
}

fn fault() -> Outcome {
    let output = run(&["crash"])
        .options(&["--json"])
        .args(&["unmapped-write"])
        .output()?;
    output.expect_code(82)?;
    let events = output.events()?;
    let fault = events.iter().find(is("process_fault"));
    let fault = fault.ok_or_else(|| output.failed("no process_fault"))?;
    let good = process(fault) == Some("crash")
        && fault["vector"] == 14
        && fault["address"] == 0x7000_0000_0008_u64
        && fault["status"] == "ZX_ERR_NOT_FOUND";
    output.expect(good, &format!("{fault}"))?;
    let end = events.iter().find(is("process_exit"));
    let code = end.and_then(|event| event["return_code"].as_i64());
    output.expect(code == Some(-1028), &format!("the return code is {code:?}"))?;
    Ok(())
}
