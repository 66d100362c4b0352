//! Traces in a form that does not depend on time: no times, no exit counts.

use crate::guests::{self, Guest};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::{Command, Stdio};

/// What a line that starts a guest's trace starts with.
const HEADING: &str = "# ";
/// Calls whose arguments or results are times, or that only let time pass.
const TIMED: [&str; 3] = [
    "zx_nanosleep",
    "zx_clock_get_monotonic",
    "zx_thread_legacy_yield",
];

/// The traces of all guests on this machine.
pub(crate) fn all() -> String {
    let mut text = String::new();
    for guest in guests::all() {
        text.push_str(HEADING);
        text.push_str(&guest.name);
        text.push('\n');
        for line in trace(&guest) {
            text.push_str(&line);
            text.push('\n');
        }
    }
    text
}

/// A recording as guests with their lines.
pub(crate) fn split(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut guests: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix(HEADING), guests.last_mut()) {
            (Some(name), _) => guests.push((name, Vec::new())),
            (None, Some((_, lines))) => lines.push(line),
            (None, None) => {}
        }
    }
    guests
}

/// The first line in which two traces differ.
pub(crate) fn difference(ours: &[&str], theirs: &[&str]) -> Option<String> {
    let pairs = ours.iter().zip(theirs).enumerate();
    for (number, (here, there)) in pairs {
        if here != there {
            return Some(format!(
                "line {number} is\n  {here}\nhere, and under QEMU\n  {there}"
            ));
        }
    }
    (ours.len() != theirs.len())
        .then(|| format!("{} lines here, {} under QEMU", ours.len(), theirs.len()))
}

/// The trace of one guest.
fn trace(guest: &Guest) -> Vec<String> {
    let vmm = std::env::var_os("VMOSCOPE_VMM").unwrap_or_else(|| env!("CARGO_BIN_EXE_vmm").into());
    let output = Command::new(vmm)
        .args(["run", "--json", "--checksums", "--timeout", "300"])
        .args(&guest.arguments)
        .stdin(Stdio::null())
        .output();
    let output = match output {
        Ok(output) => output,
        Err(error) => return vec![format!("vmm cannot be run: {error}")],
    };
    let events = String::from_utf8_lossy(&output.stdout);
    let events: Vec<Value> = events
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let first = events
        .iter()
        .find(|event| event.get("event").and_then(Value::as_str) == Some("process_start"))
        .and_then(|event| event.pointer("/process/name"));
    let mut lines: Vec<String> = events
        .iter()
        .filter(|event| !guest.concurrent || event.pointer("/process/name") == first)
        .filter_map(|event| normalised(event, guest.concurrent))
        .collect();
    if guest.concurrent {
        // Each distinct line once: how often a loop waits depends on time.
        lines = BTreeSet::from_iter(lines).into_iter().collect();
    }
    lines.push(format!("exit code {:?}", output.status.code()));
    lines
}

/// What of an event does not depend on time.
fn normalised(event: &Value, concurrent: bool) -> Option<String> {
    let field = |name: &str| event.get(name).unwrap_or(&Value::Null);
    let text = field("text").as_str().unwrap_or_default();
    let process = event.pointer("/process/name");
    let kept = match field("event").as_str()? {
        // What a process sees of another, and whether it waits for it, depends on how far
        // that has come.
        "call" if concurrent && TIMED.contains(&field("call").as_str()?) => return None,
        "call" if concurrent => json!([process, field("call")]),
        "call" if TIMED.contains(&field("call").as_str()?) => json!([process, field("call")]),
        "call" => json!([
            process,
            field("call"),
            field("args"),
            field("result"),
            field("actual"),
            field("bytes"),
            field("checksum"),
        ]),
        // The report of a fault holds RFLAGS, and not every CPU sets RF in it; the event
        // `process_fault` says the same without.
        "console" if text.starts_with("<== ") => return None,
        "console" if concurrent && !is_verdict(text) => return None,
        "console" => json!([process, field("text")]),
        "process_fault" => json!([process, field("what"), field("rip"), field("status")]),
        "process_exit" => json!([process, "exit", field("return_code")]),
        _ => return None,
    };
    Some(kept.to_string())
}

/// Whether a line of the console says how a check came out.
fn is_verdict(text: &str) -> bool {
    ["case ", "demo: "]
        .iter()
        .any(|start| text.starts_with(start))
}
