//! The tables: `vmm ps`, `maps`, `vmos`, `handles`, `threads`, `frames`, `lineage`, compared
//! with what the guest `inspected` was told by its own kernel.

#![allow(
    clippy::indexing_slicing,
    reason = "JSON values give null for what is not there"
)]

mod c_program;
mod deep;
mod scene;

use crate::kit::json;
use crate::{Outcome, vm};
use abi::Rights;
use abi::info::InfoVmoFlags;
use libtest_mimic::{Failed, Trial};
use scene::Scene;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        vm("look::processes_are_as_the_guest_says", processes),
        vm("look::mappings_are_as_the_guest_says", mappings),
        vm("look::vmos_are_as_the_guest_says", vmos),
        vm("look::handles_are_as_the_guest_says", handles),
        vm("look::threads_say_what_they_wait_for", deep::threads),
        vm("look::frames_add_up", deep::frames),
        vm("look::lineage_finds_each_page", deep::lineage),
        vm("look::an_image_answers_as_the_live_guest", images),
        c_program::test(),
        vm("look::text_fits_what_was_asked", text),
    ]
}

fn same(what: &str, found: &Value, wanted: &Value) -> Outcome {
    if found == wanted {
        return Ok(());
    }
    Err(format!("{what}:\n  the inspector: {found}\n  the guest:     {wanted}").into())
}

fn list<'v>(value: &'v Value, field: &str) -> Result<&'v Vec<Value>, Failed> {
    let list = value[field].as_array();
    list.ok_or_else(|| format!("no list `{field}` in {value}").into())
}

/// The one record of a list whose field has that value.
fn one<'v>(list: &'v [Value], field: &str, value: &Value) -> Result<&'v Value, Failed> {
    let mut found = list.iter().filter(|record| record[field] == *value);
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        _ => Err(format!("not one record with `{field}` {value}").into()),
    }
}

fn processes() -> Outcome {
    let scene = Scene::start(&[])?;
    let answer = scene.ask(&["ps"])?;
    let processes = list(&answer, "processes")?;
    for told in scene.told("process") {
        let process = one(processes, "koid", &told["process"])?;
        let flags = told["flags"].as_u64();
        let state = match flags {
            Some(0) => "initial",
            Some(1) => "running",
            _ => "dead",
        };
        same("state", &process["state"], &json!(state))?;
        same("name", &process["name"], &told["name"])?;
        let code = match state {
            "dead" => told["return_code"].clone(),
            _ => Value::Null,
        };
        same("return code", &process["return_code"], &code)?;
        let start = match state {
            "initial" => Value::Null,
            _ => told["start_time"].clone(),
        };
        same("start", &process["start_time"], &start)?;
        let threads = list(process, "threads")?;
        let koids: Vec<_> = threads.iter().map(|thread| &thread["koid"]).collect();
        let threads = scene.told_of("thread", &told["process"]);
        let wanted: Vec<_> = threads.map(|thread| &thread["koid"]).collect();
        same("threads", &json!(koids), &json!(wanted))?;
        let stats = scene.told_of("task_stats", &told["process"]).next();
        let wanted = stats.map(|stats| {
            json!({
                "mapped": stats["mapped"],
                "private": stats["private"],
                "shared": stats["shared"],
                "scaled_shared": stats["scaled_shared"],
                "fractional_scaled_shared": hex(&stats["fraction"]),
            })
        });
        same("memory", &process["memory"], &json!(wanted))?;
    }
    assert!(scene.told("process").count() == processes.len());
    Ok(())
}

/// A number of the guest as the inspector tells those of 64 bits.
fn hex(number: &Value) -> Option<String> {
    number.as_u64().map(|number| format!("{number:#x}"))
}

fn permissions(bits: &Value) -> String {
    let bits = bits.as_u64().unwrap_or(0);
    let letters = ['r', 'w', 'x'].into_iter().enumerate();
    let shown = letters.map(|(bit, letter)| if bits >> bit & 1 == 1 { letter } else { '-' });
    shown.collect()
}

fn mappings() -> Outcome {
    let scene = Scene::start(&[])?;
    let mut compared = 0;
    for told in scene.told("process") {
        let koid = told["process"].to_string();
        let answer = scene.ask(&["maps", &koid])?;
        let regions = list(&answer, "regions")?;
        let wanted: Vec<_> = scene.told_of("map", &told["process"]).collect();
        same("regions", &json!(regions.len()), &json!(wanted.len()))?;
        for (region, told) in regions.iter().zip(wanted) {
            let mapping = &region["mapping"];
            let common = json!([
                region["kind"],
                region["name"],
                region["base"],
                region["size"],
                region["depth"]
            ]);
            let wanted = json!([
                told["kind"],
                told["name"],
                told["base"],
                told["size"],
                told["depth"]
            ]);
            same("region", &common, &wanted)?;
            if told["kind"] != "mapping" {
                same("mapping", mapping, &Value::Null)?;
                continue;
            }
            let found = json!([
                mapping["permissions"],
                mapping["vmo"],
                mapping["vmo_offset"],
                mapping["committed"],
                mapping["private"],
                mapping["scaled"],
                mapping["fraction"]
            ]);
            let wanted = json!([
                permissions(&told["mmu_flags"]),
                told["vmo_koid"],
                told["vmo_offset"],
                told["committed"],
                told["private"],
                told["scaled"],
                hex(&told["fraction"])
            ]);
            same(&format!("{common}"), &found, &wanted)?;
            compared += 1;
        }
    }
    assert!(compared > 30, "{compared} mappings");
    let answer = scene.ask(&["maps", "inspected"])?;
    let cut = list(&answer, "regions")?.iter();
    let cut = cut.filter(|region| region["name"] == "cut" && region["depth"] == 4);
    let pieces: Vec<_> = cut
        .map(|region| {
            json!([
                region["mapping"]["permissions"],
                region["mapping"]["joined"]
            ])
        })
        .collect();
    let wanted = json!([
        ["rw-", false],
        ["r--", true],
        ["rw-", true],
        ["---", true],
        ["rw-", true]
    ]);
    same("pieces", &json!(pieces), &wanted)
}

/// A VMO as the inspector shows it, in the words of the guest.
fn vmo_record(vmo: &Value) -> Value {
    let names = |list: &Value| -> Vec<String> {
        let list = list.as_array().into_iter().flatten();
        list.filter_map(|name| Some(name.as_str()?.to_owned()))
            .collect()
    };
    let flags = names(&vmo["flags"]).into_iter();
    let flags = flags.filter_map(|name| InfoVmoFlags::from_name(&name));
    let flags: InfoVmoFlags = flags.collect();
    let rights = names(&vmo["handle_rights"]).into_iter();
    let rights: Rights = rights.filter_map(|name| Rights::from_name(&name)).collect();
    let policies = ["cached", "uncached", "uncached_device", "write_combining"];
    let policy = policies
        .iter()
        .position(|name| vmo["cache_policy"] == *name);
    json!({
        "koid": vmo["koid"], "name": vmo["name"], "size": vmo["size"], "parent": vmo["parent"],
        "children": vmo["children"], "mappings": vmo["mappings"],
        "share_count": vmo["mapped_by"].as_array().map(Vec::len), "flags": flags.bits(),
        "committed": vmo["committed"], "rights": rights.bits(), "cache_policy": policy,
        "private": vmo["private"], "scaled": vmo["scaled"], "fraction": vmo["fraction"],
    })
}

/// The same fields of what the guest was told.
fn told_vmo(told: &Value) -> Value {
    let fields = [
        "koid",
        "name",
        "size",
        "parent",
        "children",
        "mappings",
        "share_count",
        "flags",
        "committed",
        "rights",
        "cache_policy",
        "private",
        "scaled",
        "fraction",
    ];
    let mut told: Value = fields
        .iter()
        .map(|field| ((*field).to_owned(), told[*field].clone()))
        .collect();
    told["fraction"] = json!(hex(&told["fraction"]));
    told
}

fn vmos() -> Outcome {
    let scene = Scene::start(&[])?;
    let all = scene.ask(&["vmos"])?;
    for told in scene.told("process") {
        let wanted = scene.told_of("process_vmo", &told["process"]);
        let mut wanted: Vec<_> = wanted.map(|vmo| told_vmo(vmo).to_string()).collect();
        if wanted.is_empty() {
            continue;
        }
        let answer = scene.ask(&["vmos", &told["process"].to_string()])?;
        let found = list(&answer, "vmos")?.iter();
        let mut found: Vec<_> = found.map(|vmo| vmo_record(vmo).to_string()).collect();
        found.sort();
        wanted.sort();
        same("VMOs", &json!(found), &json!(wanted))?;
    }
    let own = scene.ask(&["vmos", "inspected"])?;
    for told in scene.told("vmo") {
        let found = one(list(&own, "vmos")?, "handle", &told["value"])?;
        same("VMO", &vmo_record(found), &told_vmo(told))?;
        let listed = one(list(&all, "vmos")?, "koid", &told["koid"])?;
        same("resident", &listed["committed"], &told["committed"])?;
    }
    let kinds: BTreeMap<_, _> = list(&all, "vmos")?
        .iter()
        .map(|vmo| (vmo["name"].as_str().unwrap_or(""), vmo["kind"].as_str()))
        .collect();
    for (name, kind) in [
        ("family", "paged"),
        ("snapshot", "snapshot"),
        ("slice", "slice"),
        ("reference", "reference"),
        ("contiguous", "contiguous"),
        ("physical", "physical"),
        ("paged", "pager"),
        ("paged clone", "clone"),
        ("vdso/stable", "vdso"),
    ] {
        same(name, &json!(kinds.get(name)), &json!(kind))?;
    }
    Ok(())
}

fn handles() -> Outcome {
    let scene = Scene::start(&[])?;
    let answer = scene.ask(&["handles", "inspected"])?;
    let handles = list(&answer, "handles")?;
    for told in scene.told("handle") {
        let handle = one(handles, "value", &told["value"])?;
        let bits = told["rights"]
            .as_u64()
            .and_then(|bits| u32::try_from(bits).ok());
        let rights = Rights::from_bits_retain(bits.unwrap_or(0));
        let names: Vec<_> = rights.iter_names().map(|(name, _)| name).collect();
        same("rights", &handle["rights"], &json!(names))?;
        same("koid", &handle["koid"], &told["koid"])?;
        same("related", &handle["related_koid"], &told["related"])?;
        let number = told["object_type"]
            .as_u64()
            .and_then(|number| u32::try_from(number).ok());
        let kind = abi::objects::ObjectType(number.unwrap_or(0)).name();
        same("type", &handle["type"], &json!(kind))?;
        if told["counted"] == true {
            same("count", &handle["count"], &told["count"])?;
        }
    }
    assert!(scene.told("handle").count() > 40);
    let ps = scene.ask(&["ps"])?;
    for process in list(&ps, "processes")? {
        let answer = scene.ask(&["handles", &process["koid"].to_string()])?;
        let count = list(&answer, "handles")?.len();
        same("number of handles", &process["handles"], &json!(count))?;
    }
    Ok(())
}

fn images() -> Outcome {
    let scene = Scene::start(&["--cmdline", "kernel.enable-debugging-syscalls=true"])?;
    let maps = scene.ask(&["maps", "asleep"])?;
    let private = list(&maps, "regions")?.iter();
    let private = private.filter(|region| region["mapping"]["private_copy"] == true);
    assert_eq!(
        private.count(),
        1,
        "the mapping that was written to has a copy"
    );
    let image = scene.dump()?;
    for question in [
        &["ps"][..],
        &["maps", "inspected"],
        &["maps", "asleep"],
        &["vmos"],
        &["vmos", "inspected"],
        &["handles", "inspected"],
        &["threads", "inspected"],
        &["frames", "--list"],
        &["lineage", "snapshot of snapshot"],
        &["lineage", "paged clone"],
    ] {
        let mut live = scene.ask(question)?;
        let image = image.to_string_lossy();
        let saved = [question, &["--json", "--image", &image]].concat();
        let mut saved = json(&saved, 0)?;
        for head in ["origin", "standstill"] {
            live[head].take();
            saved[head].take();
        }
        same(&format!("{question:?}"), &live, &saved)?;
    }
    Ok(())
}

/// What a person sees: the tables' headers, and errors that name the way out.
fn text() -> Outcome {
    let scene = Scene::start(&[])?;
    for (question, columns) in [
        (
            &["ps", "-t"][..],
            "TASK PSS PRIVATE SHARED MAPPED #HND STATE NAME",
        ),
        (
            &["maps", "inspected"],
            "RANGE SIZE NOW MAX RES PTE VMO OFFSET NAME",
        ),
        (
            &["handles", "inspected"],
            "HANDLE KOID RKOID TYPE #HND NAME RIGHTS",
        ),
        (&["frames"], "FRAMES BYTES KIND OF"),
    ] {
        let output = scene.run(question)?;
        let text = String::from_utf8(output.stdout)?;
        let header: Vec<_> = text
            .lines()
            .next()
            .unwrap_or("")
            .split_whitespace()
            .collect();
        assert_eq!(header.join(" "), columns);
        let stderr = String::from_utf8(output.stderr)?;
        assert!(stderr.contains("stood still"), "{stderr}");
    }
    for command in ["ps", "lineage", "translate", "explain", "top", "report"] {
        let help = String::from_utf8(scene.run(&[command, "--help"])?.stdout)?;
        assert!(help.contains("Examples:"), "{command}: {help}");
    }
    let reference = String::from_utf8(scene.run(&["lineage", "reference"])?.stdout)?;
    assert!(
        reference.contains("\"reference\", 16k, 0 own"),
        "{reference}"
    );
    let ps = scene.ask(&["ps"])?;
    let dead = one(list(&ps, "processes")?, "state", &json!("dead"))?;
    let dead = dead["koid"].to_string();
    for command in ["maps", "vmos", "handles", "threads"] {
        let output = scene.run(&[command, &dead])?;
        let stderr = String::from_utf8(output.stderr)?;
        let says = stderr.contains("is dead: it has no");
        let has_none = String::from_utf8(output.stdout)?.lines().count() <= 1;
        assert_eq!(says, has_none, "{command}: {stderr}");
    }
    let output = scene.run(&["handles", "inspected", "--type", "bogus"])?;
    let stderr = String::from_utf8(output.stderr)?;
    assert_eq!(output.status.code(), Some(64), "{stderr}");
    assert!(stderr.contains("resource"), "{stderr}");
    for (question, hint) in [
        (&["maps", "nobody"][..], "inspected"),
        (&["lineage", "stack"], "use the koid"),
        (&["frames", "--owner", "nobody"], "vmo_page"),
    ] {
        let output = scene.run(question)?;
        let stderr = String::from_utf8(output.stderr)?;
        assert_eq!(output.status.code(), Some(66), "{stderr}");
        assert!(stderr.contains(hint), "{stderr}");
    }
    Ok(())
}
