//! A pause stops the guest, wherever it is, and says what it was at.

use super::raw::{Counter, Raw, refusal};
use crate::kit::{Guest, PATIENCE, json, run};
use crate::{Outcome, vm};
use libtest_mimic::{Failed, Trial};
use std::thread;
use std::time::{Duration, Instant};
use vmm::control::Connection;
use vmm::inspect::{Inspector, Paused, Place, VcpuState};
use vmm::objects::ProcessView;

/// Guests of every temper: in programs, in calls, in the kernel, with threads that share the
/// CPU, at rest.
const GUESTS: [&[&str]; 6] = [
    &["spin"],
    &["null-calls"],
    &["counter", "--", "calls"],
    &["inspected", "--", "spin"],
    &["nap", "--", "600000"],
    &["bench-calls", "--", "vmo_write", "8388608"],
];

fn socket(guest: &Guest) -> Result<&str, Failed> {
    Ok(guest.socket().to_str().ok_or("a path that is no text")?)
}

/// Surveys the guest as soon as it has processes.
fn survey(inspector: &mut Inspector) -> Result<vmm::inspect::Survey, Failed> {
    let until = Instant::now() + PATIENCE;
    loop {
        let (survey, _) = inspector.survey()?;
        if !survey.processes.is_empty() || Instant::now() > until {
            return Ok(survey);
        }
    }
}

fn any_guest_can_be_looked_at() -> Outcome {
    for arguments in GUESTS {
        let guest = Guest::start(arguments)?;
        let mut inspector = Inspector::live(guest.socket())?;
        for _ in 0..20 {
            let survey = survey(&mut inspector)?;
            let names: Vec<_> = survey.processes.iter().map(|p| p.view.name()).collect();
            if !names.iter().any(|name| name == arguments[0]) {
                return Err(format!("{arguments:?}: only {names:?}").into());
            }
            if !survey.problems.is_empty() {
                return Err(format!("{arguments:?}: {}", survey.problems).into());
            }
        }
        let answer = json(&["ps", "--vm", socket(&guest)?, "--json"], 0)?;
        if answer["standstill"]["ns"].as_u64().unwrap_or(0) == 0 {
            return Err(format!("no standstill: {answer}").into());
        }
    }
    Ok(())
}

fn a_pause_stops_the_count() -> Outcome {
    for arguments in [&["counter"][..], &["counter", "--", "calls"]] {
        let guest = Guest::start(arguments)?;
        let mut counter = Counter::attach(guest.socket())?;
        for _ in 0..5 {
            counter.moves()?;
            let at = counter.address();
            let paused = counter.inspector().pause()?;
            let read = |paused: &Paused<'_>| -> Result<u64, Failed> {
                use vmm::memory::PhysicalMemory;
                Ok(paused.memory().read_u64(at)?)
            };
            let first = read(&paused)?;
            thread::sleep(Duration::from_millis(30));
            let then = read(&paused)?;
            let still = paused.resume()?.ok_or("no standstill")?;
            if first != then {
                return Err(format!("it went from {first} to {then}").into());
            }
            if still.time() < Duration::from_millis(30) {
                return Err(format!("it says that it stood still for {still:?}").into());
            }
        }
        counter.moves()?;
    }
    Ok(())
}

fn a_held_guest_looks_the_same_twice() -> Outcome {
    let guest = Guest::start(&["counter", "--", "calls"])?;
    let counter = Counter::attach(guest.socket())?;
    let vm = socket(&guest)?;
    json(&["pause", "--vm", vm, "--json"], 0)?;
    counter.rests()?;
    let look = || -> Result<_, Failed> {
        let mut inspector = Inspector::live(guest.socket())?;
        let (survey, _) = inspector.survey()?;
        Ok(format!("{:?} {:?}", survey.processes, survey.machine.vcpus))
    };
    let (first, then) = (look()?, look()?);
    if first != then {
        return Err(format!("first\n{first}\nthen\n{then}").into());
    }
    // Those who looked have let go of it; it is held all the same.
    counter.rests()?;
    let (mut connection, _) = Connection::open(guest.socket())?;
    let status = connection.status()?;
    if !status.held || !status.stands_still {
        return Err(format!("{status:?}").into());
    }
    let answer = json(&["resume", "--vm", vm, "--json"], 0)?;
    if answer["ns"].as_u64().unwrap_or(0) < 100_000_000 {
        return Err(format!("two rests of 50 ms each, and {answer}").into());
    }
    counter.moves()?;
    let again = run(&["resume", "--vm", vm])?;
    let stderr = String::from_utf8_lossy(&again.stderr);
    if again.status.success() || !stderr.contains("not held") {
        return Err(format!("{}: {stderr}", again.status).into());
    }
    Ok(())
}

/// The vCPU of a guest, and its only process.
fn vcpu(inspector: &mut Inspector) -> Result<(VcpuState, vmm::inspect::Survey), Failed> {
    let survey = survey(inspector)?;
    let vcpu = survey.machine.vcpus.first().ok_or("no vCPU")?.clone();
    Ok((vcpu, survey))
}

fn registers_are_the_programs() -> Outcome {
    let guest = Guest::start(&["spin"])?;
    let mut inspector = Inspector::live(guest.socket())?;
    let (vcpu, survey) = vcpu(&mut inspector)?;
    if vcpu.place != Place::Program {
        return Err(format!("{:?}", vcpu.place).into());
    }
    // SDM vol. 3, 5.5: the privilege level stands in the selector.
    if vcpu.cs.selector & 3 != 3 || vcpu.general.rflags.0 & 0x200 == 0 {
        return Err(format!("not in ring 3 with interrupts on: {vcpu:?}").into());
    }
    let process = survey.processes.first().ok_or("no process")?;
    let rip = vcpu.general.rip.0;
    if process.mapping_at(rip).is_none() || process.mapping_at(vcpu.general.rsp.0).is_none() {
        return Err(format!("rip {rip:#x} or rsp is nowhere in the process").into());
    }
    let space = ProcessView::address_space(&process.view).ok_or("no address space")?;
    if space.root().0 != vcpu.cr3.0 & !0xFFF {
        return Err(format!("cr3 {:?} is not {space:?}", vcpu.cr3).into());
    }
    if vcpu.fxsave.len() != 1024 && !vcpu.fxsave.is_empty() {
        return Err(format!("{} digits of FXSAVE", vcpu.fxsave.len()).into());
    }
    Ok(())
}

fn a_guest_with_nobody_to_run_is_idle() -> Outcome {
    let guest = Guest::start(&["nap", "--", "600000"])?;
    let mut inspector = Inspector::live(guest.socket())?;
    let until = Instant::now() + PATIENCE;
    loop {
        let (vcpu, survey) = vcpu(&mut inspector)?;
        if vcpu.place == Place::Idle {
            let asleep = survey.processes.iter().any(|p| p.view.name() == "nap");
            return if asleep { Ok(()) } else { Err("no nap".into()) };
        }
        // It is on its way to sleep.
        if Instant::now() > until {
            return Err(format!("{:?}", vcpu.place).into());
        }
    }
}

fn totals_count_each_process() -> Outcome {
    let guest = Guest::start(&["counter", "--", "calls"])?;
    let mut counter = Counter::attach(guest.socket())?;
    let mut look = || -> Result<(u64, u64), Failed> {
        counter.moves()?;
        let (survey, _) = counter.inspector().survey()?;
        let koid = survey.processes.first().ok_or("no process")?.koid();
        let stats = &survey.machine.stats;
        let process = &stats["processes"][koid.to_string()];
        let (calls, errors) = (process["calls"].as_u64(), process["errors"].as_u64());
        if errors != stats["calls"]["zx_vmo_read"]["errors"].as_u64() {
            return Err(format!("{stats}").into());
        }
        calls.zip(errors).ok_or_else(|| format!("{stats}").into())
    };
    let first = look()?;
    // Enough that a round that is under way makes no difference.
    let until = Instant::now() + PATIENCE;
    loop {
        let then = look()?;
        let (calls, errors) = (then.0 - first.0, then.1 - first.1);
        if errors >= 10 || Instant::now() > until {
            // A write that works for each read that does not.
            return match calls.abs_diff(2 * errors) <= 1 && errors > 0 {
                true => Ok(()),
                false => Err(format!("{calls} calls, {errors} errors").into()),
            };
        }
    }
}

fn a_pause_is_a_lease() -> Outcome {
    let guest = Guest::start(&["counter"])?;
    let counter = Counter::attach(guest.socket())?;
    let mut client = Raw::connect(guest.socket())?;
    let paused = client.ask(r#"{"request":"pause","lease_ms":100}"#)?;
    if paused["answer"] != "paused" {
        return Err(format!("{paused}").into());
    }
    // The client is silent, and yet the guest goes on.
    counter.moves()?;
    client.refused(r#"{"request":"resume"}"#, "lease expired")?;
    client.refused(r#"{"request":"resume"}"#, "holds no pause")?;
    client.refused(
        r#"{"request":"write","at":"0x1000","bytes":"00"}"#,
        "during a pause",
    )?;
    let too_long = client.ask(r#"{"request":"pause","lease_ms":3600000}"#)?;
    refusal(&too_long, "60000 is the most")?;
    // And it can be paused again.
    let again = client.ask(r#"{"request":"pause"}"#)?;
    if again["answer"] != "paused" {
        return Err(format!("{again}").into());
    }
    counter.rests()?;
    client.refused(r#"{"request":"pause"}"#, "already")?;
    let resumed = client.ask(r#"{"request":"resume"}"#)?;
    if resumed["ns"].as_u64().unwrap_or(0) < 50_000_000 {
        return Err(format!("{resumed}").into());
    }
    counter.moves()
}

fn a_client_that_dies_lets_go() -> Outcome {
    let guest = Guest::start(&["counter"])?;
    let counter = Counter::attach(guest.socket())?;
    for _ in 0..5 {
        let mut client = Raw::connect(guest.socket())?;
        let paused = client.ask(r#"{"request":"pause","lease_ms":60000}"#)?;
        if paused["answer"] != "paused" {
            return Err(format!("{paused}").into());
        }
        counter.rests()?;
        // The host's kernel closes the connection of a process that is killed like this.
        drop(client);
        counter.moves()?;
    }
    Ok(())
}

fn the_last_one_lets_go() -> Outcome {
    let guest = Guest::start(&["counter"])?;
    let counter = Counter::attach(guest.socket())?;
    let mut one = Raw::connect(guest.socket())?;
    let mut other = Raw::connect(guest.socket())?;
    one.ask(r#"{"request":"pause"}"#)?;
    other.ask(r#"{"request":"pause"}"#)?;
    one.ask(r#"{"request":"resume"}"#)?;
    counter.rests()?;
    other.ask(r#"{"request":"resume"}"#)?;
    counter.moves()
}

fn once_is_enough_to_let_go() -> Outcome {
    let guest = Guest::start(&["counter"])?;
    let counter = Counter::attach(guest.socket())?;
    let vm = socket(&guest)?;
    let first = json(&["pause", "--vm", vm, "--json"], 0)?;
    let second = json(&["pause", "--vm", vm, "--json"], 0)?;
    if (&first["already"], &second["already"]) != (&false.into(), &true.into()) {
        return Err(format!("{first}, then {second}").into());
    }
    let third = run(&["pause", "--vm", vm])?;
    let text = String::from_utf8_lossy(&third.stdout);
    if !third.status.success() || !text.contains("paused already") {
        return Err(text.into());
    }
    counter.rests()?;
    json(&["resume", "--vm", vm, "--json"], 0)?;
    counter.moves()
}

/// The answers that it does not take fill the socket, and the VM waits with the next one.
fn who_takes_no_answers_has_no_longer_lease() -> Outcome {
    let guest = Guest::start(&["counter"])?;
    let counter = Counter::attach(guest.socket())?;
    let mut client = Raw::connect(guest.socket())?;
    client.send(b"{\"request\":\"pause\",\"lease_ms\":300}\n")?;
    let until = Instant::now() + PATIENCE;
    // It is hung up on, rather than waited for, when the lease is over.
    while client.send(b"{\"request\":\"status\"}\n").is_ok() {
        if Instant::now() > until {
            return Err("answers that nobody takes are made for ever".into());
        }
    }
    let (mut other, _) = Connection::open(guest.socket())?;
    if other.status()?.held {
        return Err("the guest is held".into());
    }
    counter.moves()
}

pub(super) fn tests() -> Vec<Trial> {
    vec![
        vm(
            "attach::any_guest_can_be_looked_at",
            any_guest_can_be_looked_at,
        ),
        vm("attach::a_pause_stops_the_guest", a_pause_stops_the_count),
        vm(
            "attach::a_held_guest_looks_the_same_twice",
            a_held_guest_looks_the_same_twice,
        ),
        vm(
            "attach::registers_are_the_programs",
            registers_are_the_programs,
        ),
        vm(
            "attach::a_guest_with_nobody_to_run_is_idle",
            a_guest_with_nobody_to_run_is_idle,
        ),
        vm(
            "attach::totals_count_each_process",
            totals_count_each_process,
        ),
        vm(
            "attach::one_resume_is_enough_for_two_pauses",
            once_is_enough_to_let_go,
        ),
        vm(
            "attach::a_client_that_takes_no_answers_has_no_longer_lease",
            who_takes_no_answers_has_no_longer_lease,
        ),
        vm("attach::a_pause_is_a_lease", a_pause_is_a_lease),
        vm(
            "attach::a_client_that_dies_lets_go",
            a_client_that_dies_lets_go,
        ),
        vm("attach::the_last_one_lets_go", the_last_one_lets_go),
    ]
}
