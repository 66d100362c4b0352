//! Clients that misbehave, and what they may do to the guest.

use super::raw::{Counter, Raw};
use crate::kit::Guest;
use crate::{Outcome, vm};
use libtest_mimic::{Failed, Trial};
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use vmm::control::Connection;
use vmm::inspect::Inspector;
use vmm::memory::PhysicalMemory;

fn nonsense_is_refused_and_harms_nobody() -> Outcome {
    let guest = Guest::start(&["counter", "--", "calls"])?;
    let counter = Counter::attach(guest.socket())?;
    for (bytes, words) in [
        (&b"\n"[..], "not a request"),
        (b"\x00\xff\xfe garbage\n", "not a request"),
        (b"{\"request\":\"explode\"}\n", "unknown variant"),
        (b"{\"request\":\"pause\",\"lease\":1}\n", "unknown field"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "not a request"),
        (b"{\"request\":\"trace\",\"calls\":[\"x\"]}\n", "no call"),
    ] {
        let mut client = Raw::connect(guest.socket())?;
        client.send(bytes)?;
        super::raw::refusal(&client.line()?, words)?;
        if !client.is_closed() {
            return Err(format!("{bytes:?}: the connection is still open").into());
        }
    }
    counter.moves()
}

fn a_line_has_a_limit() -> Outcome {
    let guest = Guest::start(&["counter"])?;
    let counter = Counter::attach(guest.socket())?;
    let mut client = Raw::connect(guest.socket())?;
    // The VM may hang up before it has all of it.
    let _ = client.send(&vec![b'x'; 1 << 20]);
    if let Ok(answer) = client.line() {
        super::raw::refusal(&answer, "65536")?;
    }
    counter.moves()
}

fn a_client_that_does_nothing_holds_up_nobody() -> Outcome {
    let guest = Guest::start(&["counter", "--", "calls"])?;
    let counter = Counter::attach(guest.socket())?;
    let mut silent = Raw::connect(guest.socket())?;
    let mut half = Raw::connect(guest.socket())?;
    half.send(b"{\"request\":")?;
    // Never reads: its events fill the socket, then its queue.
    let mut deaf = Raw::connect(guest.socket())?;
    deaf.send(b"{\"request\":\"trace\",\"follow_data\":4096}\n")?;
    // Asks and asks and takes no answer.
    let mut rude = Raw::connect(guest.socket())?;
    for _ in 0..100 {
        rude.send(b"{\"request\":\"status\"}\n")?;
    }
    for _ in 0..20 {
        counter.moves()?;
    }
    let mut inspector = Inspector::live(guest.socket())?;
    inspector.survey()?;
    half.send(b"\"status\"}\n")?;
    if half.line()?["answer"] != "status" {
        return Err("half a line and its other half make no request".into());
    }
    silent.ask(r#"{"request":"status"}"#)?;
    Ok(())
}

fn there_is_room_for_sixteen() -> Outcome {
    let guest = Guest::start(&["spin"])?;
    let mut clients = Vec::new();
    for _ in 0..16 {
        let mut client = Raw::connect(guest.socket())?;
        client.ask(r#"{"request":"status"}"#)?;
        clients.push(client);
    }
    let mut late = Raw::connect(guest.socket())?;
    super::raw::refusal(&late.line()?, "16 clients")?;
    match Connection::open(guest.socket()) {
        Err(error) if error.to_string().contains("16 clients") => {}
        other => return Err(format!("{other:?}").into()),
    }
    clients.pop();
    // Its place is free when its session has noticed.
    let until = std::time::Instant::now() + crate::kit::PATIENCE;
    while let Err(error) = Connection::open(guest.socket()) {
        if std::time::Instant::now() > until {
            return Err(error.into());
        }
    }
    Ok(())
}

fn memory_is_for_reading() -> Outcome {
    let guest = Guest::start(&["spin"])?;
    let (_connection, memory) = Connection::open(guest.socket())?;
    let (file, _) = memory.file().ok_or("no memory file")?;
    if file.write_at(&[1], 0).is_ok() {
        return Err("what came over the socket can be written to".into());
    }
    // Opening it anew is for whoever may look into this process; the seal holds even so.
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    if let Ok(anew) = OpenOptions::new().write(true).open(path)
        && anew.write_at(&[1], 0).is_ok()
    {
        return Err("opened anew, it can be written to".into());
    }
    if file.set_len(0).is_ok() {
        return Err("it can be shortened".into());
    }
    Ok(())
}

fn bytes_are_written_in_a_pause_and_told() -> Outcome {
    let mut guest = Guest::start(&["counter"])?;
    let counter = Counter::attach(guest.socket())?;
    let at = counter.address();
    let mut inspector = Inspector::live(guest.socket())?;
    let mut paused = inspector.pause()?;
    let high: u64 = 1 << 60;
    paused.write_physical(at, &high.to_le_bytes())?;
    let read = paused.memory().read_u64(at)?;
    paused.resume()?;
    if read != high {
        return Err(format!("{high:#x} was written, {read:#x} is there").into());
    }
    counter.moves()?;
    let now = counter.now()?;
    if now < high {
        return Err(format!("the guest counts on from {now:#x}").into());
    }

    let mut client = Raw::connect(guest.socket())?;
    let write = format!(r#"{{"request":"write","at":"{:#x}","bytes":"00"}}"#, at.0);
    client.refused(&write, "during a pause")?;
    client.ask(r#"{"request":"pause"}"#)?;
    for (at, bytes, words) in [
        ("0xffffffffffffffff", "0000", "0xffffffffffffffff"),
        ("0xfffff000", "00", "0xfffff000"),
        ("0x1000", "0", "odd number"),
        ("0x1000", "zz", "hexadecimal"),
    ] {
        let write = format!(r#"{{"request":"write","at":"{at}","bytes":"{bytes}"}}"#);
        client.refused(&write, words)?;
    }
    drop(client);

    let stderr = stderr_of(&mut guest)?;
    if !stderr.contains("has written 8 bytes") {
        return Err(format!("the VM does not say that it was written to: {stderr}").into());
    }
    Ok(())
}

/// Ends the guest and takes what its monitor has said.
pub(super) fn stderr_of(guest: &mut Guest) -> Result<String, Failed> {
    let child = guest.child();
    child.kill()?;
    let mut text = String::new();
    if let Some(mut stream) = child.stderr.take() {
        stream.read_to_string(&mut text)?;
    }
    std::io::stderr().flush()?;
    Ok(text)
}

pub(super) fn tests() -> Vec<Trial> {
    vec![
        vm(
            "attach::nonsense_is_refused_and_harms_nobody",
            nonsense_is_refused_and_harms_nobody,
        ),
        vm("attach::a_line_has_a_limit", a_line_has_a_limit),
        vm(
            "attach::a_client_that_does_nothing_holds_up_nobody",
            a_client_that_does_nothing_holds_up_nobody,
        ),
        vm(
            "attach::there_is_room_for_sixteen",
            there_is_room_for_sixteen,
        ),
        vm("attach::memory_is_for_reading", memory_is_for_reading),
        vm(
            "attach::bytes_are_written_in_a_pause_and_told",
            bytes_are_written_in_a_pause_and_told,
        ),
    ]
}
