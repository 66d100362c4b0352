//! The looks that go below what the guest can ask its kernel about.

#![allow(
    clippy::indexing_slicing,
    reason = "JSON values give null for what is not there"
)]

use super::scene::Scene;
use super::{list, one, same};
use crate::{Outcome, kit};
use serde_json::{Value, json};

pub(super) fn threads() -> Outcome {
    let scene = Scene::start(&[])?;
    let answer = scene.ask(&["threads", "inspected"])?;
    let threads = list(&answer, "threads")?;
    for (name, state, call, kind) in [
        ("on a futex", "blocked.futex", "zx_futex_wait", "futex"),
        ("on a port", "blocked.port", "zx_port_wait", "port"),
        ("asleep", "blocked.sleeping", "zx_nanosleep", "time"),
        (
            "on a signal",
            "blocked.wait_one",
            "zx_object_wait_one",
            "signals",
        ),
        ("initial-thread", "blocked.sleeping", "zx_nanosleep", "time"),
    ] {
        let thread = one(threads, "name", &json!(name))?;
        let found = json!([thread["state"], thread["call"], thread["waits"]["kind"]]);
        same(name, &found, &json!([state, call, kind]))?;
        let backtrace = list(thread, "backtrace")?;
        same(name, &backtrace[0]["symbol"], &json!(call))?;
        same(
            name,
            &thread["backtrace_end"],
            &json!("the outermost frame"),
        )?;
    }
    let new = one(threads, "name", &json!("not started"))?;
    same(
        "new",
        &json!([new["state"], new["waits"]]),
        &json!(["new", null]),
    )?;
    let signals = one(threads, "name", &json!("on a signal"))?;
    same("mask", &signals["waits"]["key"], &json!("0x1000000"))?;
    let main = one(threads, "name", &json!("initial-thread"))?;
    let symbols = list(main, "backtrace")?.iter();
    let symbols: Vec<_> = symbols
        .filter_map(|frame| frame["symbol"].as_str())
        .collect();
    // The program's own function is part of the one that calls it.
    let [.., "libzx_main", "libzx::runtime::libzx_start", "_start"] = symbols[..] else {
        return Err(format!("{symbols:?}").into());
    };
    let answer = scene.ask(&["threads", "on a page"])?;
    let thread = &list(&answer, "threads")?[0];
    let paged = scene.ask(&["lineage", "paged"])?["vmo"]["koid"].clone();
    let waits = &thread["waits"];
    let found = json!([thread["state"], waits["kind"], waits["koid"], waits["key"]]);
    same(
        "page",
        &found,
        &json!(["blocked.pager", "page", paged, "0x5000"]),
    )?;
    let hello = kit::scratch("no-elf");
    std::fs::write(&hello, "no ELF file")?;
    let arguments = [
        "threads",
        "inspected",
        "--symbols",
        &hello.to_string_lossy(),
    ];
    let output = scene.run(&arguments)?;
    assert_eq!(output.status.code(), Some(65), "{output:?}");
    Ok(())
}

pub(super) fn frames() -> Outcome {
    let scene = Scene::start(&[])?;
    let answer = scene.ask(&["frames", "--list"])?;
    let sum = |list: &[Value], field: &str| -> u64 {
        list.iter()
            .filter_map(|record| record[field].as_u64())
            .sum()
    };
    let totals = list(&answer, "totals")?;
    let runs = list(&answer, "runs")?;
    let ram = answer["ram"].as_u64().unwrap_or(0);
    assert_eq!(sum(totals, "bytes"), ram);
    assert_eq!(sum(runs, "frames") * 4096, ram);
    let of = |kinds: &[&str]| -> u64 {
        let matches = |total: &&Value| kinds.iter().any(|kind| total["kind"] == *kind);
        totals
            .iter()
            .filter(matches)
            .filter_map(|total| total["frames"].as_u64())
            .sum()
    };
    assert_eq!(of(&["lost"]), 0, "{totals:?}");
    let free = of(&["free_clean", "free_dirty", "never_used"]);
    same("free", &json!(free), &answer["free_frames"])?;
    same("pools", &json!(of(&["pool"])), &answer["pool_frames"])?;
    let mut end = json!("0x0");
    for run in runs {
        same("runs join", &run["start"], &end)?;
        end = run["end"].clone();
    }
    // Every resident page is some frame's: each VMO's count is that of its runs.
    let vmos = scene.ask(&["vmos"])?;
    for vmo in list(&vmos, "vmos")? {
        let koid = &vmo["koid"];
        let has = |run: &&Value| {
            let others = run["shared_with"].as_array().into_iter().flatten();
            run["kind"] == "vmo_page"
                && (run["vmo"]["koid"] == *koid
                    || others
                        .into_iter()
                        .any(|share| share["vmo"]["koid"] == *koid))
        };
        let frames = runs.iter().filter(has);
        let bytes: u64 = frames.filter_map(|run| run["frames"].as_u64()).sum::<u64>() * 4096;
        same(
            &format!("pages of {koid}"),
            &json!(bytes),
            &vmo["committed"],
        )?;
    }
    let lost = scene.ask(&["frames", "--owner", "lost"])?;
    same("lost", &lost["runs"], &json!([]))?;
    let part = scene.ask(&["frames", "--range", "0x90000-0x92000"])?;
    let run = &list(&part, "runs")?[0];
    same(
        "scratch",
        &json!([run["kind"], run["vmo"]["name"]]),
        &json!(["physical_vmo", "physical"]),
    )
}

pub(super) fn lineage() -> Outcome {
    let scene = Scene::start(&[])?;
    let vmos = scene.ask(&["vmos"])?;
    for vmo in list(&vmos, "vmos")? {
        let answer = scene.ask(&["lineage", &vmo["koid"].to_string()])?;
        let ranges = list(&answer, "ranges")?;
        let mut end = 0;
        let mut own = 0;
        for range in ranges {
            same("ranges join", &range["offset"], &json!(end))?;
            let length = range["length"].as_u64().unwrap_or(0);
            end += length;
            if range["lives"] == "own" || range["lives"] == "shared" {
                own += length;
            }
        }
        same("ranges", &json!(end), &vmo["size"])?;
        let alias = vmo["kind"] == "slice" || vmo["kind"] == "reference";
        if !alias {
            same("own pages", &json!(own), &vmo["committed"])?;
        }
        let family = list(&answer, "family")?;
        let asked = one(family, "asked", &json!(true))?;
        same("asked", &asked["koid"], &vmo["koid"])?;
        same("parent", &asked["made_of"], &vmo["parent"])?;
        same("size", &asked["size"], &vmo["size"])?;
    }
    let answer = scene.ask(&["lineage", "snapshot"])?;
    let lives: Vec<_> = list(&answer, "ranges")?
        .iter()
        .map(|range| &range["lives"])
        .collect();
    let wanted = json!(["shared", "shared", "shared", "shared", "shared", "zero"]);
    same("snapshot", &json!(lives), &wanted)?;
    let names: Vec<_> = list(&answer, "family")?
        .iter()
        .map(|vmo| &vmo["name"])
        .collect();
    let wanted = json!(["family", "snapshot", "snapshot of snapshot", "immutable"]);
    same("family", &json!(names), &wanted)?;
    let answer = scene.ask(&["lineage", "paged clone"])?;
    let lives: Vec<_> = list(&answer, "ranges")?
        .iter()
        .map(|range| &range["lives"])
        .collect();
    same("clone", &json!(lives), &json!(["ancestor", "own", "pager"]))
}
