//! `vmm report`: the page as a browser shows it.

use super::browser::{Seen, View, look, program};
use crate::kit::{Guest, PATIENCE, json, run, scratch};
use crate::{Outcome, vm};
use abi::Rights;
use abi::objects::Permissions;
use libtest_mimic::{Completion, Failed, Trial};
use regex::Regex;
use std::fs::{self, File};
use std::path::PathBuf;
use std::time::Instant;
use vmm::inspect::Inspector;
use vmm::inspect::report::{FrameKind, Report};
use vmm::objects::mock::{MockError, MockGuest};

pub(super) fn tests() -> Vec<Trial> {
    [
        (
            "report: a browser shows every object",
            every_object as fn() -> Outcome,
        ),
        (
            "report: a search leaves the rows and frames that are meant",
            search,
        ),
        (
            "report: a koid leads to its object, whatever was searched for",
            jump,
        ),
        (
            "report: the picture shows each frame in its owner's colour",
            picture,
        ),
        ("report: a narrow window scrolls no page sideways", narrow),
        ("report: a hostile name does not run", hostile),
        (
            "report: a foreign script does not run, and no script is needed for the tables",
            no_scripts,
        ),
        ("report: a large guest is drawn in coarser cells", large),
    ]
    .map(|(name, test)| in_browser(name, test))
    .into_iter()
    .chain([vm("report: of a guest that runs", live)])
    .collect()
}

/// A test that needs a browser.
fn in_browser(name: &str, test: fn() -> Outcome) -> Trial {
    Trial::ignorable_test(name, move || match program() {
        Some(_) => test().map(|()| Completion::Completed),
        None => Ok(Completion::ignored_with("chromium is not installed")),
    })
}

const MIB: u64 = 1 << 20;

/// Two processes with a VMO each and one in common, of sizes that tell them apart.
fn guest() -> Result<MockGuest, MockError> {
    let mut guest = MockGuest::new(16 * MIB)?;
    let read_write = Permissions::READ | Permissions::WRITE;
    let first = guest.process("alpha")?;
    let second = guest.process("beta")?;
    for (process, name) in [(first, "alpha-main"), (second, "beta-main")] {
        guest.thread(process, name)?;
    }
    let own = guest.vmo("alpha-heap", 4 * MIB)?;
    guest.commit(own, 0, 3 * MIB)?;
    guest.map(first, 0x4000_0000, 4 * MIB, (own, 0), read_write)?;
    guest.handle(first, own, Rights::DEFAULT_VMO)?;
    let other = guest.vmo("beta-heap", 2 * MIB)?;
    guest.skip_frames(300)?;
    guest.commit(other, 0, 2 * MIB)?;
    guest.map(second, 0x5000_0000, 2 * MIB, (other, 0), read_write)?;
    let shared = guest.vmo("common", MIB)?;
    guest.commit(shared, 0, MIB)?;
    for (process, at) in [(first, 0x7000_0000), (second, 0x7800_0000)] {
        guest.map(process, at, MIB, (shared, 0), Permissions::READ)?;
        guest.handle(process, shared, Rights::DEFAULT_VMO)?;
    }
    let code = guest.vmo("code", 64 << 10)?;
    guest.commit(code, 0, 64 << 10)?;
    let slice = guest.slice(code, 0..0x4000)?;
    guest.handle(second, slice, Rights::BASIC)?;
    guest.map(
        first,
        0x200_0000,
        64 << 10,
        (code, 0),
        Permissions::READ | Permissions::EXECUTE,
    )?;
    let port = guest.port()?;
    guest.handle(second, port, Rights::BASIC)?;
    Ok(guest)
}

/// Its page, and what it is made of.
fn page(guest: &MockGuest, name: &str) -> Result<(PathBuf, Report), Failed> {
    let report = Report::take(&mut Inspector::mock(guest))?;
    let path = scratch(&format!("{name}.html"));
    report.write(&mut File::create(&path)?)?;
    Ok((path, report))
}

/// The script ran to its end and nothing failed.
fn sound(seen: &Seen) -> Outcome {
    if seen.dom.contains("id=\"failed\"") {
        let text = seen.dom.split("id=\"failed\"").nth(1).unwrap_or_default();
        return Err(text.chars().take(300).collect::<String>().into());
    }
    if !seen.dom.contains("data-ready=\"yes\"") {
        return Err("the page's script did not come to its end".into());
    }
    Ok(())
}

/// What stands between two texts.
fn between<'t>(text: &'t str, from: &str, to: &str) -> Result<&'t str, Failed> {
    let after = text
        .split_once(from)
        .ok_or_else(|| format!("no {from} in the page"))?
        .1;
    Ok(after
        .split_once(to)
        .ok_or_else(|| format!("no {to} after {from}"))?
        .0)
}

/// The rows of a section that are shown, as text.
fn rows(dom: &str, section: &str) -> Result<Vec<String>, Failed> {
    let section = between(dom, &format!("<section id=\"{section}\""), "</section>")?;
    let row = Regex::new("(?s)<tr([^>]*)>(.*?)</tr>")?;
    let tag = Regex::new("<[^>]*>")?;
    Ok(row
        .captures_iter(section)
        .map(|row| row.extract::<2>().1)
        .filter(|[attributes, cells]| cells.contains("<td") && !attributes.contains("hidden"))
        .map(|[_, cells]| {
            tag.replace_all(cells, " ")
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect())
}

/// An attribute of the map.
fn fact(dom: &str, name: &str) -> Result<usize, Failed> {
    let canvas = between(dom, "<canvas id=\"frames\"", ">")?;
    Ok(between(canvas, &format!("data-{name}=\""), "\"")?.parse()?)
}

/// The legend: names, colours, frames.
fn legend(dom: &str) -> Result<Vec<(String, String, u64)>, Failed> {
    let list = between(dom, "id=\"legend\"", "</ul>")?;
    let entry =
        Regex::new("(?s)data-colour=\"([^\"]*)\" data-frames=\"(\\d+)\".*?<bdi>([^<]*)</bdi>")?;
    entry
        .captures_iter(list)
        .map(|entry| entry.extract::<3>().1)
        .map(|[colour, frames, name]| Ok((name.to_owned(), colour.to_owned(), frames.parse()?)))
        .collect()
}

fn every_object() -> Outcome {
    let (path, report) = page(&guest()?, "objects")?;
    let seen = look(&path, "", View::default())?;
    sound(&seen)?;
    let summary = report.summary();
    for (section, expected) in [
        ("processes", summary.processes),
        ("threads", summary.threads),
        ("vmos", summary.vmos),
        ("handles", summary.handles),
        ("spaces", summary.mappings + summary.processes),
        ("others", 1),
    ] {
        assert_eq!(rows(&seen.dom, section)?.len(), expected, "{section}");
    }
    let vmos = rows(&seen.dom, "vmos")?;
    let heap = vmos
        .iter()
        .find(|row| row.contains("alpha-heap"))
        .ok_or("no alpha-heap")?;
    assert!(heap.contains("4 MiB 3 MiB"), "{heap}");
    // Each legend entry has as many frames as the report counts.
    for (name, _, frames) in legend(&seen.dom)? {
        let kind = FrameKind::ALL.into_iter().find(|kind| kind.name() == name);
        let kind = kind.ok_or_else(|| format!("no kind {name}"))?;
        assert_eq!(frames, report.frames.of_kind(kind), "{name}");
    }
    Ok(())
}

fn search() -> Outcome {
    let (path, _) = page(&guest()?, "search")?;
    let seen = look(&path, "q=beta-heap", View::default())?;
    sound(&seen)?;
    let vmos = rows(&seen.dom, "vmos")?;
    assert_eq!(vmos.len(), 1, "{vmos:?}");
    assert_eq!(rows(&seen.dom, "threads")?.len(), 0);
    let found = between(&seen.dom, "<output id=\"found\"", "</output>")?;
    // 512 pages, and the table of its page list.
    assert!(found.ends_with("2 rows, 513 frames"), "{found}");
    // An address finds the mapping that it is in.
    let seen = look(&path, "q=0x50000123", View::default())?;
    let spaces = rows(&seen.dom, "spaces")?;
    assert!(
        spaces.iter().any(|row| row.contains("beta-heap")),
        "{spaces:?}"
    );
    assert!(
        !spaces.iter().any(|row| row.contains("alpha-heap")),
        "{spaces:?}"
    );
    Ok(())
}

fn jump() -> Outcome {
    let (path, report) = page(&guest()?, "jump")?;
    let vmo = report.survey.vmos.first().ok_or("no VMO")?;
    let seen = look(&path, &format!("k{}", vmo.koid()), View::default())?;
    sound(&seen)?;
    let here = between(&seen.dom, "class=\"here\"", "</tr>")
        .or_else(|_| between(&seen.dom, " here\"", "</tr>"))?;
    assert!(here.contains(&format!("{}", vmo.koid())), "{here}");
    Ok(())
}

/// Compares every cell of the map with the frames that it stands for.
fn compare(report: &Report, seen: &Seen) -> Outcome {
    let dom = &seen.dom;
    let [left, top] = [fact(dom, "left")?, fact(dom, "top")?];
    let [label, cell, columns] = [
        fact(dom, "label")?,
        fact(dom, "cell")?,
        fact(dom, "columns")?,
    ];
    let per = fact(dom, "per")? as u64;
    assert_eq!(
        (per, fact(dom, "from")?),
        (1, 0),
        "all of RAM, a frame a cell"
    );
    let legend = legend(dom)?;
    let mut frame = 0_usize;
    let mut shown = vec![0_u64; legend.len()];
    for run in &report.frames.runs {
        for _ in 0..run.frames {
            let x = left + label + frame % columns * cell;
            let y = top + frame / columns * cell;
            let colour = seen.picture.colour(x, y);
            let place = legend.iter().position(|entry| entry.1 == colour);
            let place = place.ok_or_else(|| format!("frame {frame}: {colour} is in no legend"))?;
            let (entry, shown) = legend
                .get(place)
                .zip(shown.get_mut(place))
                .ok_or("legend")?;
            assert_eq!(entry.0, run.kind.name(), "frame {frame}");
            *shown += 1;
            frame += 1;
        }
    }
    let told: Vec<_> = legend.iter().map(|entry| entry.2).collect();
    assert_eq!(
        shown, told,
        "as many cells of each colour as the legend says"
    );
    Ok(())
}

fn picture() -> Outcome {
    let (path, report) = page(&guest()?, "picture")?;
    for dark in [false, true] {
        let view = View {
            dark,
            ..View::default()
        };
        let seen = look(&path, "show=all", view)?;
        sound(&seen)?;
        compare(&report, &seen)?;
    }
    // By process: the two heaps differ, and what both map is a third.
    let seen = look(&path, "by=process", View::default())?;
    sound(&seen)?;
    let legend = legend(&seen.dom)?;
    let frames = |name: &str| {
        let mut entries = legend.iter().filter(|entry| entry.0.contains(name));
        entries.next().map_or(0, |entry| entry.2)
    };
    assert_eq!(frames("several"), 256 + 1);
    // Pages, list tables, and a page table each.
    assert_eq!(frames("beta"), 512 + 1 + 1);
    assert_eq!(frames("alpha"), 768 + 2 + 1 + 16 + 1 + 1);
    Ok(())
}

fn narrow() -> Outcome {
    let (path, report) = page(&guest()?, "narrow")?;
    let view = View {
        width: 500,
        height: 6000,
        ..View::default()
    };
    let seen = look(&path, "show=all", view)?;
    sound(&seen)?;
    compare(&report, &seen)?;
    let body = between(&seen.dom, "<body", ">")?;
    let wide: u32 = between(body, "data-overflow=\"", "\"")?.parse()?;
    assert_eq!(wide, 0, "pixels of the page beyond the window");
    Ok(())
}

fn hostile() -> Outcome {
    let name = "</script><img src=x onerror=document.title='run'>";
    let mut guest = guest()?;
    let process = guest.process(name)?;
    guest.thread(process, "\"onmouseover=alert(1)")?;
    let vmo = guest.vmo("</bdi></td><script>document.title='run'</script>", MIB)?;
    guest.commit(vmo, 0, MIB)?;
    guest.map(process, 0x200_0000, MIB, (vmo, 0), Permissions::READ)?;
    let (path, _) = page(&guest, "hostile")?;
    for hash in ["", "by=process", "by=vmo", "q=script"] {
        let seen = look(&path, hash, View::default())?;
        sound(&seen)?;
        assert!(!seen.dom.contains("<img"), "{hash}");
        let title = between(&seen.dom, "<title>", "</title>")?;
        assert_eq!(title, "Guest mock · vmm report");
        assert_eq!(seen.dom.matches("<script").count(), 2, "{hash}");
    }
    Ok(())
}

/// The page's own policy keeps a script from running that lacks its number; so the page
/// without it is the page as a browser without scripts shows it.
fn no_scripts() -> Outcome {
    let (path, report) = page(&guest()?, "plain")?;
    let text = fs::read_to_string(&path)?;
    let number = Regex::new("<script nonce=\"[0-9a-f]*\">")?;
    assert_eq!(number.find_iter(&text).count(), 1);
    fs::write(&path, number.replace(&text, "<script>").as_bytes())?;
    let seen = look(&path, "q=nothing-has-this-name", View::default())?;
    assert!(!seen.dom.contains("data-ready"), "a script has run");
    assert_eq!(rows(&seen.dom, "vmos")?.len(), report.summary().vmos);
    assert_eq!(rows(&seen.dom, "handles")?.len(), report.summary().handles);
    Ok(())
}

fn large() -> Outcome {
    let guest = MockGuest::new(1 << 30)?;
    let (path, _) = page(&guest, "large")?;
    let bytes = path.metadata()?.len();
    assert!(bytes < 2_000_000, "{bytes}");
    let seen = look(&path, "show=all", View::default())?;
    sound(&seen)?;
    assert!(fact(&seen.dom, "per")? > 1);
    let cells = fact(&seen.dom, "rows")? * fact(&seen.dom, "columns")? * fact(&seen.dom, "per")?;
    assert!(cells >= 1 << 18, "all frames are in the map: {cells}");
    Ok(())
}

/// The command writes the page of a running guest, and says how long that took of its time.
fn live() -> Outcome {
    let guest = Guest::start(&["inspected"])?;
    let socket = guest.socket().display().to_string();
    let path = scratch("live.html");
    let file = path.display().to_string();
    let arguments = ["report", "--vm", &socket, "-o", &file, "--json", "--force"];
    // The program takes its time to make its objects.
    let until = Instant::now() + PATIENCE;
    let answer = loop {
        let answer = json(&arguments, 0)?;
        if answer["processes"].as_u64() >= Some(3) {
            break answer;
        }
        if Instant::now() > until {
            return Err(format!("too few processes: {answer}").into());
        }
    };
    assert!(answer["standstill"]["ns"].as_u64() > Some(0), "{answer}");
    assert_eq!(answer["bytes"].as_u64(), Some(path.metadata()?.len()));
    assert!(path.metadata()?.len() < 2_000_000);
    let frames = answer["frames"].as_array().ok_or("no frames")?;
    let sum: u64 = frames
        .iter()
        .filter_map(|total| total["frames"].as_u64())
        .sum();
    assert_eq!(sum, 16384, "64 MiB, all of it told");
    let text = fs::read_to_string(&path)?;
    for name in ["inspected", "vdso/stable"] {
        assert!(text.contains(name), "{name}");
    }
    // What is there stays, unless it is forced; standard output is nobody's.
    let refused = run(&["report", "--vm", &socket, "-o", &file])?;
    let stderr = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(65), "{stderr}");
    assert!(stderr.contains("--force"), "{stderr}");
    assert_eq!(fs::read_to_string(&path)?, text);
    let nowhere = run(&["report", "--vm", &socket, "-o", "/nosuch/x"])?;
    let stderr = String::from_utf8_lossy(&nowhere.stderr);
    assert!(stderr.contains("/nosuch/x: No such file"), "{stderr}");
    let page = run(&["report", "--vm", &socket, "-o", "-"])?;
    assert_eq!(page.status.code(), Some(0));
    assert!(page.stdout.starts_with(b"<!"));
    Ok(())
}
