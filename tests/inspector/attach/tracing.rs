//! `vmm trace`: the calls of a guest that runs, as they come.

use super::raw::{Counter, Raw};
use crate::kit::{Guest, PATIENCE, run, vmm};
use crate::{Outcome, vm};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Instant;

/// Events of a guest, by these options of `vmm trace --json`.
fn trace(guest: &Guest, options: &[&str]) -> Result<Vec<Value>, Failed> {
    let path = guest.socket().to_str().ok_or("no text")?;
    let output = run(&[&["trace", "--vm", path, "--json"], options].concat())?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{options:?}: {}: {stderr}", output.status).into());
    }
    let text = String::from_utf8(output.stdout)?;
    let events: Result<Vec<_>, _> = text.lines().map(serde_json::from_str).collect();
    Ok(events?)
}

fn counter() -> Result<(Guest, Counter), Failed> {
    let guest = Guest::start(&["counter", "--", "calls"])?;
    let counter = Counter::attach(guest.socket())?;
    counter.moves()?;
    Ok((guest, counter))
}

fn calls_of_host_and_kernel_are_told() -> Outcome {
    let (guest, mut counter) = counter()?;
    let events = trace(&guest, &["--count", "9"])?;
    let calls: Vec<_> = events
        .iter()
        .map(|event| event["call"].as_str().unwrap_or("?"))
        .collect();
    let round = ["zx_vmo_write", "zx_vmo_get_size", "zx_vmo_read"];
    // It may begin anywhere in a round; the kernel's calls come from the next exit on.
    let rounds = round.iter().cycle();
    let in_order = (0..3).any(|skip| {
        let wanted: Vec<_> = rounds.clone().skip(skip).take(6).copied().collect();
        calls.ends_with(&wanted)
    });
    if calls.len() != 9 || !in_order {
        return Err(format!("{calls:?}").into());
    }
    // Nobody follows any more: the kernel is silent again.
    let until = Instant::now() + PATIENCE;
    loop {
        let (_, memory) = vmm::control::Connection::open(guest.socket())?;
        let paused = counter.inspector().pause()?;
        let page = paused.root()?.call_page_snapshot(&memory)?;
        if page.trace_kernel_calls == 0 {
            return Ok(());
        }
        if Instant::now() > until {
            return Err("the kernel still reports its calls".into());
        }
    }
}

fn filters_let_through_what_they_say() -> Outcome {
    let (guest, mut counter) = counter()?;
    let (survey, _) = counter.inspector().survey()?;
    let koid = survey
        .processes
        .first()
        .ok_or("no process")?
        .koid()
        .to_string();
    let all = |options: &[&str], holds: &dyn Fn(&Value) -> bool| -> Outcome {
        let events = trace(&guest, &[options, &["--count", "5"]].concat())?;
        if events.len() != 5 || !events.iter().all(holds) {
            return Err(format!("{options:?}: {events:#?}").into());
        }
        Ok(())
    };
    all(&["--call", "vmo_get_size"], &|e| {
        e["call"] == "zx_vmo_get_size"
    })?;
    all(&["--call", "zx_vmo_read,vmo_write"], &|e| {
        e["server"] == "host"
    })?;
    all(&["--status", "error"], &|e| {
        e["status"] == "ZX_ERR_BAD_HANDLE"
    })?;
    all(&["--status", "bad_handle"], &|e| e["call"] == "zx_vmo_read")?;
    all(&["--status", "ok"], &|e| e["status"] == "ZX_OK")?;
    all(&["--process", &koid], &|_| true)?;
    all(&["--process", "counter"], &|e| {
        e["process"]["name"] == "counter"
    })?;

    let sizes = trace(&guest, &["--call", "vmo_get_size", "--count", "1"])?;
    let place = sizes[0]["args"]["size"].as_u64().ok_or("no place")?;
    let range = format!("{koid}:{place:#x}-{:#x}", place + 1);
    all(&["--range", &range], &|e| e["call"] == "zx_vmo_get_size")?;

    // What is filtered out is not sent: nothing comes, and nothing is lost.
    let mut client = Raw::connect(guest.socket())?;
    let request = r#"{"request":"trace","process":"nobody"}"#;
    if client.ask(request)?["answer"] != "tracing" {
        return Err("not tracing".into());
    }
    counter.moves()
}

fn what_calls_move_is_shown() -> Outcome {
    let (guest, _counter) = counter()?;
    let options = ["--call", "vmo_write", "--follow-data", "16", "--count", "3"];
    for event in trace(&guest, &options)? {
        // "vmoscope-counter"
        if event["data"] != "766d6f73636f70652d636f756e746572" {
            return Err(format!("{event}").into());
        }
    }
    for event in trace(&guest, &["--call", "vmo_write", "--count", "1"])? {
        if event.get("data").is_some() {
            return Err(format!("nobody asked for data: {event}").into());
        }
    }
    let path = guest.socket().to_str().ok_or("no text")?;
    let output = run(&[&["trace", "--vm", path], &options[..]].concat())?;
    let text = String::from_utf8(output.stdout)?;
    let lines: Vec<_> = text.lines().collect();
    let call = lines.first().is_some_and(|line| {
        line.contains(" counter] zx_vmo_write(handle=0x") && line.contains("= ZX_OK exits=1 ")
    });
    if lines.len() != 6 || !call || !lines[1].ends_with("|vmoscope-counter|") {
        return Err(text.into());
    }
    Ok(())
}

fn the_last_call_and_the_end_are_told() -> Outcome {
    let mut guest = Guest::start(&["nap", "--", "1500"])?;
    let mut client = Raw::connect(guest.socket())?;
    client.ask(r#"{"request":"trace"}"#)?;
    let mut events = Vec::new();
    loop {
        let event = client.line()?;
        let is_exit = event["event"] == "exit";
        events.push(event);
        if is_exit {
            break;
        }
    }
    if !client.is_closed() {
        return Err("something comes after the end".into());
    }
    guest.child().wait()?;
    let told = |what: &str| events.iter().any(|event| event["event"] == what);
    let exits = events
        .iter()
        .any(|event| event["call"] == "zx_process_exit");
    if !told("process_exit") || !exits && !told("call") {
        return Err(format!("{events:#?}").into());
    }
    Ok(())
}

fn one_who_is_slow_is_told_what_it_lost() -> Outcome {
    let (guest, mut counter) = counter()?;
    let mut client = Raw::connect(guest.socket())?;
    client.ask(r#"{"request":"trace","follow_data":24}"#)?;
    // It does not read until there must be more events than any queue has room for.
    let calls = |counter: &mut Counter| -> Result<u64, Failed> {
        let (survey, _) = counter.inspector().survey()?;
        let stats = &survey.machine.stats["calls"]["zx_vmo_write"]["calls"];
        Ok(stats.as_u64().ok_or("no count")?)
    };
    let first = calls(&mut counter)?;
    let until = Instant::now() + PATIENCE;
    while calls(&mut counter)? < first + 15_000 {
        if Instant::now() > until {
            return Err("the guest makes no calls".into());
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let mut events: u64 = 0;
    loop {
        let event = client.line()?;
        if event["event"] == "lost" {
            let count = event["count"].as_u64().unwrap_or(0);
            return if count > 0 && events > 0 {
                Ok(())
            } else {
                Err(format!("{event} after {events} events").into())
            };
        }
        events += 1;
    }
}

fn a_process_that_is_not_there_is_told() -> Outcome {
    let (guest, mut counter) = counter()?;
    let path = guest.socket().to_str().ok_or("no text")?;
    let (survey, _) = counter.inspector().survey()?;
    let process = survey.processes.first().ok_or("no process")?;
    let thread = process.threads.first().ok_or("no thread")?;
    let thread = thread.raw().header.koid;
    for options in [
        ["--process", "nosuch"],
        ["--process", &thread.to_string()],
        ["--range", "9999:0x1-0x100"],
    ] {
        // Without an error it would wait for ever.
        let output = run(&[&["trace", "--vm", path, "--count", "1"], &options[..]].concat())?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        if output.status.code() != Some(66) || !stderr.contains(" counter") {
            return Err(format!("{options:?}: {}: {stderr}", output.status).into());
        }
    }
    Ok(())
}

fn every_event_has_its_time_and_its_thread() -> Outcome {
    let (guest, mut counter) = counter()?;
    let (survey, _) = counter.inspector().survey()?;
    let threads = survey.processes.iter().flat_map(|process| &process.threads);
    let threads: Vec<_> = threads.map(|thread| thread.raw().header.koid).collect();
    let mut last = 0;
    let mut servers = Vec::new();
    for event in trace(&guest, &["--count", "9"])? {
        let time = event["time_ns"].as_u64().ok_or("no time")?;
        let thread = event["thread"].as_u64().ok_or("no thread")?;
        if time < last || !threads.contains(&thread) {
            return Err(format!("{event} after {last}, threads {threads:?}").into());
        }
        last = time;
        servers.push(event["server"].clone());
    }
    if !servers.contains(&"host".into()) || !servers.contains(&"kernel".into()) {
        return Err(format!("calls of one kind only: {servers:?}").into());
    }
    let path = guest.socket().to_str().ok_or("no text")?;
    let text = String::from_utf8(run(&["trace", "--vm", path, "--count", "1"])?.stdout)?;
    let mut words = text.split_whitespace();
    let time = words.next().and_then(|word| word.parse::<f64>().ok());
    let thread = words.next().and_then(|word| word.strip_prefix("t:"));
    let known = thread.is_some_and(|koid| threads.iter().any(|known| known.to_string() == koid));
    if time.is_none() || !known {
        return Err(text.into());
    }
    Ok(())
}

fn ctrl_c_ends_it_cleanly() -> Outcome {
    let (guest, counter) = counter()?;
    let mut child = vmm()
        .args(["trace", "--vm"])
        .arg(guest.socket())
        .stdout(Stdio::piped())
        .spawn()?;
    let stdout = child.stdout.take().ok_or("no output")?;
    let mut lines = BufReader::new(stdout).lines();
    lines.next().ok_or("no line")??;
    let id = rustix::process::Pid::from_raw(i32::try_from(child.id())?).ok_or("no process")?;
    rustix::process::kill_process(id, rustix::process::Signal::INT)?;
    let rest: Result<Vec<_>, _> = lines.collect();
    let status = child.wait()?;
    if !status.success() {
        return Err(format!("{status}").into());
    }
    // Lines are whole.
    if let Some(line) = rest?.iter().find(|line| !line.contains(" counter] ")) {
        return Err(line.clone().into());
    }
    counter.moves()
}

pub(super) fn tests() -> Vec<Trial> {
    vec![
        vm(
            "attach::trace_tells_calls_of_host_and_kernel",
            calls_of_host_and_kernel_are_told,
        ),
        vm(
            "attach::trace_filters_let_through_what_they_say",
            filters_let_through_what_they_say,
        ),
        vm(
            "attach::trace_shows_what_calls_move",
            what_calls_move_is_shown,
        ),
        vm(
            "attach::trace_tells_the_last_call_and_the_end",
            the_last_call_and_the_end_are_told,
        ),
        vm(
            "attach::trace_tells_the_slow_what_they_lost",
            one_who_is_slow_is_told_what_it_lost,
        ),
        vm(
            "attach::trace_of_a_process_that_is_not_there_is_refused",
            a_process_that_is_not_there_is_told,
        ),
        vm(
            "attach::trace_tells_time_and_thread",
            every_event_has_its_time_and_its_thread,
        ),
        vm(
            "attach::trace_ends_cleanly_at_ctrl_c",
            ctrl_c_ends_it_cleanly,
        ),
    ]
}
