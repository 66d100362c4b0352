//! `vmm translate` and `vmm explain`: what they say would happen is what happened.

#[path = "../../vmm/examples/inspect.rs"]
mod example;

use super::kit::{self, Guest};
use super::{Outcome, anywhere, vm};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader};
use vmm::inspect::Inspector;
use vmm::memory::PhysicalMemory;
use vmm::objects::mock::MockGuest;

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        vm("explain::verdicts_are_what_the_guest_met", met),
        anywhere("explain::images_are_explained_and_walked", image),
        anywhere("explain::the_example_shows_an_image", shown),
        anywhere("explain::mistakes_are_named", mistakes),
    ]
}

/// What a guest prints before it says READY: lines of JSON, and the reports on processes that
/// an exception has ended, by koid.
fn said(guest: &mut Guest) -> Result<(Vec<Value>, HashMap<String, String>), Failed> {
    let stdout = guest.child().stdout.take().ok_or("no standard output")?;
    let (mut cases, mut reports) = (Vec::new(), HashMap::new());
    for line in BufReader::new(stdout).lines() {
        let line = line?;
        if line.starts_with("READY") {
            return Ok((cases, reports));
        }
        if line.starts_with('{') {
            let case = serde_json::from_str(&line);
            cases.push(case.map_err(|error| format!("{line}: {error}"))?);
        } else if let Some((koid, report)) = line
            .strip_prefix("<== process ")
            .and_then(|rest| rest.split_once("(koid "))
            .and_then(|(_, rest)| rest.split_once(')'))
        {
            reports.insert(koid.to_owned(), report.to_owned());
        }
    }
    Err("the guest ended before it was ready".into())
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

fn explain(
    source: [&str; 2],
    process: &Value,
    address: &str,
    options: &[&str],
) -> Result<Value, Failed> {
    let process = process.to_string();
    let [kind, path] = source;
    let mut arguments = vec!["explain", &process, address, kind, path, "--json"];
    arguments.extend(options);
    kit::json(&arguments, 0)
}

fn outcome<'v>(explanation: &'v Value, call: &str, role: &str) -> Result<&'v Value, Failed> {
    let calls = explanation["calls"].as_array();
    let found = calls
        .into_iter()
        .flatten()
        .find(|verdict| verdict["call"] == call && verdict["role"] == role);
    Ok(&found.ok_or("the call is missing")?["outcome"])
}

/// A table of addresses, each tried by the guest itself, then asked about from outside: live,
/// and in an image.
fn met() -> Outcome {
    let mut guest = Guest::start(&[
        "--cmdline",
        "kernel.enable-debugging-syscalls=true",
        "explained",
    ])?;
    let (said, reports) = said(&mut guest)?;
    let socket = guest.socket().to_string_lossy().into_owned();
    let image = kit::scratch("explained.elf");
    let image_path = image.to_string_lossy().into_owned();
    let dumped = kit::run(&["dump", "--vm", &socket, "-o", &image_path])?;
    if !dumped.status.success() {
        return Err(String::from_utf8_lossy(&dumped.stderr).into_owned().into());
    }
    let live = ["--vm", &socket];
    let saved = ["--image", &image_path];
    let mut wrong = Vec::new();
    let mut faults = Vec::new();
    for case in &said {
        let (label, address) = (text(case, "label"), text(case, "address"));
        if case["topic"] == "calls" {
            let options = ["--length", "8"];
            let told = explain(live, &case["process"], address, &options)?;
            let still = explain(saved, &case["process"], address, &options)?;
            for field in ["translation", "place", "cpu", "calls"] {
                if told[field] != still[field] {
                    wrong.push(format!("{label}: the image's {field} differs"));
                }
            }
            for (call, role, field, actual) in [
                ("zx_vmo_read", "buffer", "vmo_read", ""),
                ("zx_vmo_write", "buffer", "vmo_write", ""),
                (
                    "zx_process_read_memory",
                    "target",
                    "process_read",
                    "read_actual",
                ),
                (
                    "zx_process_write_memory",
                    "target",
                    "process_write",
                    "write_actual",
                ),
            ] {
                let outcome = outcome(&told, call, role)?;
                if outcome["status"]["code"] != case[field] {
                    wrong.push(format!("{label}: {call}: {outcome}, but {case}"));
                }
                if case[field] == 0 && !actual.is_empty() && outcome["bytes"] != case[actual] {
                    wrong.push(format!("{label}: {call}: {outcome}, but {case}"));
                }
            }
        } else {
            let options: &[&str] = match text(case, "access") {
                "write" => &["--write"],
                "fetch" => &["--exec"],
                _ => &[],
            };
            let told = explain(live, &case["twin"], address, options)?;
            faults.push((case, told["cpu"].clone()));
        }
    }
    for (case, cpu) in &faults {
        let ended = case["ended"] == true;
        let koid = case["process"].to_string();
        let report = reports.get(&koid).map_or("", String::as_str);
        let expected = if !ended {
            cpu["end"] == "ok" && report.is_empty()
        } else if cpu["fault"]["exception"] == "#GP" {
            report.contains("general protection")
        } else {
            let present = cpu["fault"]["error_code"]
                .as_u64()
                .is_some_and(|code| code & 1 != 0);
            let kind = if present { "protection" } else { "not present" };
            let status = text(&cpu["status"], "name");
            // A twin that never ran has not even its program's page mapped.
            let ran = case["label"] == "program code";
            report.contains(&format!("({kind}, {status})"))
                || ran && report.contains(&format!(", {status})"))
        };
        if !expected || ended != (cpu["end"] == "process_ends") {
            wrong.push(format!("{case}\n  told: {cpu}\n  report: {report}"));
        }
    }
    let _ = fs::remove_file(&image);
    let of = |topic: &str| said.iter().filter(|case| case["topic"] == topic).count();
    if of("calls") < 20 || of("fault") < 15 {
        wrong.push(format!("only {} cases", said.len()));
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n").into())
    }
}

/// A raw image of a mock: a process with two pages of memory.
fn mock() -> Result<(MockGuest, String), Failed> {
    let mut guest = MockGuest::new(1 << 20)?;
    let process = guest.process("mocked")?;
    let vmo = guest.user_memory(process, 0x1000_0000, 0x2000)?;
    guest.write_vmo(vmo, 0, b"\x01\x02\x03\x04\x05\x06\x07\x08")?;
    let mut bytes = vec![0; 1 << 20];
    guest
        .ram()
        .read_bytes(vmm::memory::GuestAddress(0), &mut bytes)?;
    let path = kit::scratch("mocked.raw");
    fs::write(&path, bytes)?;
    Ok((guest, path.to_string_lossy().into_owned()))
}

fn image() -> Outcome {
    let (_guest, path) = mock()?;
    let walk = kit::json(
        &[
            "translate",
            "mocked",
            "0x10001008",
            "--image",
            &path,
            "--json",
        ],
        0,
    )?;
    let walk = &walk["translation"];
    let names: Vec<_> = walk["levels"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|level| text(level, "name"))
        .collect();
    assert_eq!(names, ["PML4E", "PDPTE", "PDE", "PTE"]);
    let physical = text(walk, "physical").to_owned();
    let back = kit::json(
        &[
            "translate",
            "--reverse",
            &physical,
            "--image",
            &path,
            "--json",
        ],
        0,
    )?;
    assert_eq!(back["mapped_at"][0]["address"], "0x10001008");
    let place = &explain_image(&path, "0x10001000")?["place"];
    let words = [&place["mapping"]["permissions"], &place["vmo"]["kind"]];
    assert_eq!(words, ["rw-", "paged"], "the words of `maps` and `vmos`");
    let shown = kit::run(&["explain", "mocked", "0x10002000", "--image", &path])?;
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    for part in [
        ">> no mapping",
        "#PF at 0x10002000",
        "ZX_ERR_NOT_FOUND",
        "P=0",
    ] {
        if !shown.contains(part) {
            return Err(format!("no `{part}` in:\n{shown}").into());
        }
    }
    Ok(())
}

fn explain_image(path: &str, address: &str) -> Result<Value, Failed> {
    kit::json(
        &["explain", "mocked", address, "--image", path, "--json"],
        0,
    )
}

fn shown() -> Outcome {
    let (_guest, path) = mock()?;
    let mut output = Vec::new();
    let mut inspector = Inspector::image(path.as_ref())?;
    example::show(&mut inspector, &mut output).map_err(|error| error.to_string())?;
    let output = String::from_utf8_lossy(&output);
    assert!(output.contains("\"mocked\""), "{output}");
    assert!(
        output.contains("[01, 02, 03, 04, 05, 06, 07, 08]"),
        "{output}"
    );
    Ok(())
}

fn mistakes() -> Outcome {
    let (_guest, path) = mock()?;
    for (arguments, code, says) in [
        (&["explain", "nobody", "0x1000"][..], 66, "mocked"),
        (&["explain", "mocked", "here"][..], 64, "0x1000"),
        (
            &["explain", "mocked", "0x1000", "--length", "0"][..],
            64,
            "from 1 to",
        ),
        (
            &["explain", "mocked", "0x1000", "--write", "--exec"][..],
            64,
            "--exec",
        ),
        (&["translate"][..], 64, "--reverse"),
        (&["translate", "mocked"][..], 64, "ADDR"),
    ] {
        let mut all = arguments.to_vec();
        all.extend(["--image", &path]);
        let output = kit::run(&all)?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
        assert!(stderr.contains(says), "{arguments:?}: {stderr}");
    }
    Ok(())
}
