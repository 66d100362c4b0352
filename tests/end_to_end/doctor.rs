//! `vmm doctor`: what it says agrees with what is there.

use super::machine::{Output, output, vmm};
use super::{Outcome, Tests};
use libtest_mimic::Failed;
use serde_json::Value;
use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

pub(crate) fn tests(tests: &mut Tests) {
    let vm = tests.no_kvm.is_none();
    tests.anywhere("doctor::json_agrees_with_the_device", move || json(vm));
    tests.anywhere("doctor::every_field_is_documented", documented);
    tests.anywhere("doctor::the_table_names_everything", table);
    tests.vm("doctor::a_guest_is_run_to_see_whether_it_works", trial);
}

fn doctor(args: &[&str]) -> Result<Output, Failed> {
    let mut command = vmm();
    command.arg("doctor").args(args);
    output(command, Duration::from_secs(60))
}

/// What stands there, or null.
pub(crate) fn at<'a>(found: &'a Value, path: &str) -> &'a Value {
    found.pointer(path).unwrap_or(&Value::Null)
}

/// The one JSON object that it printed; its verdict must agree with the exit code.
pub(crate) fn findings(output: &Output) -> Result<Value, Failed> {
    let found: Value = serde_json::from_str(&output.stdout)
        .map_err(|error| output.failed(&format!("not JSON: {error}")))?;
    let code = match at(&found, "/verdict/backend").as_str() {
        Some("kvm") => 0,
        Some("qemu") => 1,
        Some("none") => 69,
        other => return Err(output.failed(&format!("{other:?} is no backend"))),
    };
    output.expect_code(code)?;
    Ok(found)
}

fn json(vm: bool) -> Outcome {
    let output = doctor(&["--json"])?;
    let found = findings(&output)?;
    let device = Path::new("/dev/kvm").exists();
    output.expect(
        at(&found, "/device/exists") == device,
        "device.exists should agree with /dev/kvm",
    )?;
    output.expect(
        (at(&found, "/flavour/kind") == "none") != device,
        "there should be a flavour where there is a device",
    )?;
    output.expect(
        (at(&found, "/verdict/backend") == "kvm") == vm,
        "the verdict should be kvm exactly where a VM can be made",
    )?;
    let evidence = at(&found, "/flavour/evidence")
        .as_array()
        .map_or(0, Vec::len);
    output.expect(evidence > 0, "it should say how it knows")?;
    output.expect(
        at(&found, "/limits/host_ram").as_u64() > Some(1 << 20),
        "the host's RAM should be known",
    )?;
    Ok(())
}

/// Field names are a promise: each stands in the document, as a word of its own.
fn documented() -> Outcome {
    let output = doctor(&["--json"])?;
    let document = include_str!("../../docs/backends.md");
    let words: HashSet<&str> = document
        .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .collect();
    for name in field_names(&findings(&output)?) {
        let known = words.contains(name.as_str());
        output.expect(known, &format!("docs/backends.md lacks {name:?}"))?;
    }
    Ok(())
}

/// The names of all fields, at any depth.
fn field_names(value: &Value) -> Vec<String> {
    match value {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| {
                let mut names = field_names(value);
                names.push(name.clone());
                names
            })
            .collect(),
        Value::Array(values) => values.iter().flat_map(field_names).collect(),
        _ => Vec::new(),
    }
}

fn table() -> Outcome {
    let output = doctor(&[])?;
    for name in ["vmm run", "KVM", "/dev/kvm", "QEMU-hosted", "host", "guest"] {
        let found = output.stdout.lines().any(|line| line.starts_with(name));
        output.expect(found, &format!("there should be a row {name:?}"))?;
    }
    Ok(())
}

fn trial() -> Outcome {
    let output = doctor(&["--json"])?;
    let found = findings(&output)?;
    output.expect(at(&found, "/trial/works") == true, "the guest should run")?;
    output.expect(
        at(&found, "/trial/exits").as_u64() > Some(1),
        "the guest should have made exits",
    )?;
    let required = at(&found, "/capabilities")
        .as_array()
        .into_iter()
        .flatten()
        .filter(|capability| at(capability, "/need") == "required");
    let all: Vec<bool> = required
        .map(|found| at(found, "/present") == true)
        .collect();
    output.expect(
        all.len() >= 3 && all.iter().all(|present| *present),
        "what is required should be there",
    )?;
    Ok(())
}
