//! `vmm read`, `write`, `search`, `diff`: against the program `speaker`, which says what it
//! has in memory and where, and sees what is written there.

use crate::kit::{Guest, PATIENCE, json, run, scratch};
use crate::{Outcome, anywhere, vm};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::ChildStdout;
use std::time::Instant;
use vmm::memory::{GuestAddress, PhysicalMemory};
use vmm::objects::mock::MockGuest;

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        vm(
            "find::read_and_search_find_what_a_program_says_it_has",
            finds,
        ),
        vm("find::what_is_written_is_what_the_program_sees", writes),
        vm("find::a_write_that_the_rules_refuse_needs_force", refuses),
        vm("find::an_image_answers_as_the_guest_did", images),
        vm("find::diff_tells_what_a_write_changed", differs),
        vm("find::read_has_every_format", formats),
        anywhere("find::what_cannot_be_meant_is_a_usage_error", mistakes),
        anywhere("find::a_file_that_is_no_guest_is_named", no_guests),
        anywhere("find::ranges_are_written_alike_everywhere", ranges),
    ]
}

const FIRST: &str = "the speaker's first text";

/// `speaker`, and what it said.
struct Speaker {
    guest: Guest,
    lines: BufReader<ChildStdout>,
    socket: String,
    text: String,
    constant: String,
}

impl Speaker {
    fn start() -> Result<Self, Failed> {
        let mut guest = Guest::start(&["speaker"])?;
        let stdout = guest.child().stdout.take().ok_or("no output")?;
        let socket = guest.socket().display().to_string();
        let mut speaker = Self {
            guest,
            lines: BufReader::new(stdout),
            socket,
            text: String::new(),
            constant: String::new(),
        };
        speaker.wait_for(&format!("speaker: {FIRST}"))?;
        let mut line = String::new();
        speaker.lines.read_line(&mut line)?;
        let words: Vec<_> = line.split_whitespace().collect();
        let ["speaker:", "text", text, "constant", constant] = words.as_slice() else {
            return Err(format!("no addresses: {line}").into());
        };
        speaker.text = (*text).to_owned();
        speaker.constant = (*constant).to_owned();
        Ok(speaker)
    }

    fn wait_for(&mut self, wanted: &str) -> Outcome {
        let until = Instant::now() + PATIENCE;
        let mut line = String::new();
        while Instant::now() < until && self.lines.read_line(&mut line)? > 0 {
            if line.trim_end() == wanted {
                return Ok(());
            }
            line.clear();
        }
        Err(format!("the program never said: {wanted}").into())
    }

    /// `vmm` about this guest.
    fn ask(&self, arguments: &[&str], code: i32) -> Result<Value, Failed> {
        let mut all = arguments.to_vec();
        all.extend(["--json", "--vm", &self.socket]);
        json(&all, code)
    }

    /// A write, which comes to that exit code; what it printed on standard error.
    fn write(&self, arguments: &[&str], code: i32) -> Result<String, Failed> {
        let mut all = vec!["write"];
        all.extend(arguments);
        all.extend(["--vm", &self.socket]);
        let output = run(&all)?;
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.code() == Some(code) {
            return Ok(stderr);
        }
        Err(format!("{all:?}: {}, not {code}\n{stderr}", output.status).into())
    }

    fn dump(&self) -> Result<PathBuf, Failed> {
        let file = scratch("find.elf");
        let path = file.display().to_string();
        let output = run(&["dump", "-o", &path, "--vm", &self.socket])?;
        match output.status.success() {
            true => Ok(file),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned().into()),
        }
    }
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn number(text: &Value) -> Result<u64, Failed> {
    let digits = text.as_str().and_then(|text| text.strip_prefix("0x"));
    Ok(u64::from_str_radix(digits.ok_or("no address")?, 16)?)
}

/// The bytes of all pieces of an answer.
fn bytes_of(answer: &Value) -> String {
    let pieces = answer["pieces"].as_array().cloned().unwrap_or_default();
    let digits = pieces.iter().filter_map(|piece| piece["bytes"].as_str());
    digits.collect()
}

fn addresses(answer: &Value) -> Vec<&str> {
    let matches = answer["matches"].as_array().into_iter().flatten();
    matches.filter_map(|one| one["address"].as_str()).collect()
}

#[track_caller]
fn same<T: PartialEq + std::fmt::Debug>(is: &T, expected: &T) -> Outcome {
    match is == expected {
        true => Ok(()),
        false => Err(format!("{is:?}\nis not\n{expected:?}").into()),
    }
}

fn holds(condition: bool, what: &dyn std::fmt::Debug) -> Outcome {
    match condition {
        true => Ok(()),
        false => Err(format!("{what:?}").into()),
    }
}

fn finds() -> Outcome {
    let speaker = Speaker::start()?;
    let read = speaker.ask(&["read", "speaker", &speaker.text, "24"], 0)?;
    same(&bytes_of(&read), &hex(FIRST))?;
    same(&read["pieces"][0]["via"], &"page_tables".into())?;
    // Across the page boundary, wherever the two frames are.
    for arguments in [
        &["search", FIRST][..],
        &["search", "--regex", "the speaker's f[a-z]+ text"],
        &[
            "search",
            "--hex",
            "74686520737065616b657227732066??72737420",
        ],
    ] {
        let mut all = arguments.to_vec();
        all.extend(["--process", "speaker"]);
        let found = speaker.ask(&all, 0)?;
        // Copies on its stack come later.
        same(
            &addresses(&found).first().copied(),
            &Some(speaker.text.as_str()),
        )?;
        let owner = &found["matches"][0]["owner"];
        same(&owner["kind"], &"vmo_page".into())?;
        // The same byte by its VMO, and by its place in RAM.
        let vmo = format!("vmo:{}", owner["vmo"]);
        let offset = owner["vmo_offset"].to_string();
        let by_vmo = speaker.ask(&["read", &vmo, &offset, "24"], 0)?;
        same(&bytes_of(&by_vmo), &hex(FIRST))?;
        let physical = found["matches"][0]["physical"].as_str().unwrap_or_default();
        let by_frame = speaker.ask(&["read", "phys", physical, "6"], 0)?;
        same(&bytes_of(&by_frame), &hex("the sp"))?;
        let mapped = owner["mapped"].as_array().cloned().unwrap_or_default();
        holds(
            mapped
                .iter()
                .any(|place| place["address"] == speaker.text.as_str()),
            owner,
        )?;
    }
    // Nothing is nothing.
    let none = speaker.ask(&["search", "no such text anywhere in this guest"], 1)?;
    holds(addresses(&none).is_empty(), &none)?;
    // A word that leads to the text stands where the program keeps its address, or nowhere;
    // one that leads into its code does on its stack.
    let read = speaker.ask(&["read", "speaker", "rip", "16", "--disasm"], 0)?;
    holds(read["instructions"][0]["text"].is_string(), &read)?;
    let still = &read["standstill"]["ns"];
    holds(still.as_u64().is_some_and(|ns| ns > 0), still)
}

fn writes() -> Outcome {
    let mut speaker = Speaker::start()?;
    speaker.write(
        &[
            "speaker",
            &speaker.text,
            "--text",
            "the inspector was here!!",
        ],
        0,
    )?;
    speaker.wait_for("speaker: the inspector was here!!")?;
    // The same place by its VMO.
    let found = speaker.ask(&["search", "the inspector was", "--process", "speaker"], 0)?;
    let owner = &found["matches"][0]["owner"];
    let (vmo, offset) = (
        format!("vmo:{}", owner["vmo"]),
        owner["vmo_offset"].to_string(),
    );
    let file = scratch("bytes");
    fs::write(&file, b"from a file\0")?;
    let path = file.display().to_string();
    let written = speaker.ask(&["write", &vmo, &offset, "--file", &path], 0)?;
    same(&written["before"], &hex("the inspecto").into())?;
    speaker.wait_for("speaker: from a file")?;
    speaker.write(&["speaker", &speaker.text, "73 74 6f 70 00"], 0)?;
    let status = speaker.guest.child().wait()?;
    same(&status.code(), &Some(7))
}

fn refuses() -> Outcome {
    let mut speaker = Speaker::start()?;
    let constant = speaker.constant.clone();
    let refused = speaker.write(&["speaker", &constant, "--text", "THE"], 65)?;
    holds(refused.contains("may not write there"), &refused)?;
    let read = speaker.ask(&["read", "speaker", &constant, "3"], 0)?;
    same(&bytes_of(&read), &hex("the"))?;
    let forced = speaker.ask(
        &["write", "speaker", &constant, "--text", "THE", "--force"],
        0,
    )?;
    same(&forced["broken"][0]["rule"], &"read_only".into())?;
    let read = speaker.ask(&["read", "speaker", &constant, "6"], 0)?;
    same(&bytes_of(&read), &hex("THE sp"))?;
    // What has no frame, forced or not; and the kernel's own.
    for force in [&[][..], &["--force"]] {
        let mut all = vec!["speaker", "0x10", "00"];
        all.extend(force);
        let refused = speaker.write(&all, 65)?;
        holds(refused.contains("not mapped"), &refused)?;
    }
    let refused = speaker.write(&["phys", "0x100000", "00"], 65)?;
    holds(refused.contains("no data of a program"), &refused)?;
    // All or nothing: the first bytes would be allowed.
    let page_end = format!(
        "{:#x}",
        (number(&speaker.text.as_str().into())? | 0xFFF) + 1 + 4090
    );
    let before = speaker.ask(&["read", "speaker", &page_end, "6"], 0)?;
    let far = scratch("far");
    fs::write(&far, vec![0x41; 1 << 20])?;
    let file = far.display().to_string();
    let refused = speaker.write(&["speaker", &page_end, "--file", &file], 65)?;
    holds(refused.contains("nothing was stored"), &refused)?;
    let after = speaker.ask(&["read", "speaker", &page_end, "6"], 0)?;
    same(&bytes_of(&after), &bytes_of(&before))?;
    speaker.write(
        &[
            "speaker",
            &speaker.text,
            "--text",
            "stop\0".trim_end_matches('\0'),
        ],
        0,
    )?;
    speaker.wait_for("speaker: stopspeaker's first text")
}

/// An answer without what says where it comes from and how long that took.
fn bare(mut answer: Value) -> Value {
    if let Some(fields) = answer.as_object_mut() {
        fields.remove("origin");
        fields.remove("standstill");
    }
    answer
}

fn images() -> Outcome {
    let speaker = Speaker::start()?;
    let found = speaker.ask(&["search", FIRST, "--process", "speaker"], 0)?;
    let vmo = format!("vmo:{}", found["matches"][0]["owner"]["vmo"]);
    // What changes from moment to moment is not asked for: the kernel's own, the stack.
    let questions: [&[&str]; 6] = [
        &["read", "speaker", &speaker.text, "8K"],
        &["read", "speaker", "0", "0x1000800"],
        &["read", &vmo, "0", "64K", "--strings"],
        &["search", "speaker's", "--process", "speaker"],
        &["search", "--utf16", "speaker", "--limit", "5"],
        &["search", "--hex", "7f454c46", "--range", "0-16M"],
    ];
    // A guest that is held does not change between the questions.
    let held = run(&["pause", "--vm", &speaker.socket])?;
    holds(held.status.success(), &held)?;
    let image = speaker.dump()?;
    let path = image.display().to_string();
    for question in questions {
        let code = if question.contains(&"--utf16") { 1 } else { 0 };
        let live = speaker.ask(question, code);
        let mut all = question.to_vec();
        all.extend(["--json", "--image", &path]);
        let saved = json(&all, code);
        same(&bare(saved?), &bare(live?))?;
    }
    let refused = run(&["write", "phys", "0x1000", "00", "--force", "--image", &path])?;
    let reason = String::from_utf8_lossy(&refused.stderr).into_owned();
    holds(reason.contains("only a live VM"), &reason)?;
    same(&refused.status.code(), &Some(65))?;
    fs::remove_file(image)?;
    Ok(())
}

fn differs() -> Outcome {
    let speaker = Speaker::start()?;
    let held = run(&["pause", "--vm", &speaker.socket])?;
    holds(held.status.success(), &held)?;
    let before = speaker.dump()?;
    let path = before.display().to_string();
    let none = json(&["diff", &path, &path, "--json"], 0)?;
    same(&none["bytes"], &0.into())?;
    let none = json(&["diff", &path, &speaker.socket, "--json"], 0)?;
    same(&none["groups"], &Value::Array(Vec::new()))?;
    speaker.write(&["speaker", &speaker.text, "--text", "THE"], 0)?;
    let changed = json(&["diff", &path, &speaker.socket, "--json", "--bytes"], 1)?;
    same(&changed["bytes"], &3.into())?;
    same(&changed["pages"], &1.into())?;
    let group = &changed["groups"][0];
    same(&group["kind"], &"vmo_page".into())?;
    same(&group["processes"][0]["name"], &"speaker".into())?;
    let range = &changed["ranges"][0];
    same(&range["before"], &hex("the").into())?;
    same(&range["after"], &hex("THE").into())?;
    // The same from two images.
    let after = speaker.dump()?;
    let second = after.display().to_string();
    let images = json(&["diff", &path, &second, "--json", "--bytes"], 1)?;
    same(&images["ranges"], &changed["ranges"])?;
    fs::remove_file(before)?;
    fs::remove_file(after)?;
    Ok(())
}

/// A guest that was made up, as a raw image.
fn mock() -> Result<PathBuf, Failed> {
    let mut guest = MockGuest::new(1 << 20)?;
    let process = guest.process("mocked")?;
    guest.user_memory(process, 0x1000_0000, 0x2000)?;
    let mut bytes = vec![0; 1 << 20];
    guest.ram().read_bytes(GuestAddress(0), &mut bytes)?;
    let path = scratch("mocked.raw");
    fs::write(&path, bytes)?;
    Ok(path)
}

fn mistakes() -> Outcome {
    let image = mock()?;
    let image = image.display().to_string();
    for (arguments, code, says) in [
        (&["search", "--regex", "item-["][..], 64, "unclosed"),
        (&["search", "--hex", "5"], 64, "digit too few"),
        (&["search", ""], 64, "the pattern is empty"),
        (&["search", "--utf16", ""], 64, "the pattern is empty"),
        (&["search", "--pointer", "5-5"], 64, "the end must be above"),
        (&["frames", "--range", "5-5"], 64, "the end must be above"),
        (
            &["threads", "mocked", "--symbols", "/etc/passwd"],
            65,
            "/etc/passwd: no ELF file",
        ),
    ] {
        let mut all = arguments.to_vec();
        all.extend(["--image", &image]);
        let output = run(&all)?;
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        holds(stderr.contains(says), &stderr)?;
        same(&output.status.code(), &Some(code))?;
    }
    for arguments in [&["--text", ""][..], &["--file", "/dev/null"], &["0"]] {
        let mut all = vec!["write", "mocked", "0x10000000"];
        all.extend(arguments);
        let output = run(&all)?;
        same(&output.status.code(), &Some(64))?;
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let says = if arguments.len() > 1 {
            "nothing to write"
        } else {
            "digit too few"
        };
        holds(stderr.contains(says), &stderr)?;
    }
    Ok(())
}

fn no_guests() -> Outcome {
    let image = mock()?;
    let (good, odd, zeros, cut) = (
        image.display().to_string(),
        scratch("odd.raw").display().to_string(),
        scratch("zeros.raw").display().to_string(),
        scratch("cut.elf").display().to_string(),
    );
    let bytes = fs::read(&image)?;
    fs::write(&odd, bytes.get(..bytes.len() - 3).unwrap_or_default())?;
    fs::write(&zeros, vec![b'z'; 0x4000])?;
    // Only the headers and the first page are left of it.
    let dumped = run(&["dump", "--image", &good, "-o", &cut, "-q"])?;
    holds(dumped.status.success(), &dumped)?;
    let whole = fs::metadata(&cut)?.len();
    fs::OpenOptions::new()
        .write(true)
        .open(&cut)?
        .set_len(0x2000)?;
    for (file, says) in [
        (&odd, "no whole number of pages".to_owned()),
        (&zeros, "no root block".to_owned()),
        (
            &cut,
            format!("cut short after 8192 bytes of {whole}, and therefore"),
        ),
    ] {
        for arguments in [
            &["ps", "--image", file][..],
            &["frames", "--image", file],
            &["search", "a", "--process", "p", "--image", file],
            &["diff", &good, file],
            &["diff", file, &good],
        ] {
            if file == &cut && arguments.first() == Some(&"diff") {
                continue;
            }
            let output = run(arguments)?;
            let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
            holds(
                stderr.contains(&says) && stderr.contains(file.as_str()),
                &stderr,
            )?;
            same(&output.status.code(), &Some(65))?;
        }
    }
    let bytes = json(&["read", "phys", "0", "4", "--json", "--image", &zeros], 3)?;
    same(&bytes["pieces"][0]["bytes"], &"7a7a7a7a".into())?;
    let found = json(
        &["search", "zzz", "--limit", "2", "--json", "--image", &zeros],
        3,
    )?;
    same(&found["matches"].as_array().map(Vec::len), &Some(2))
}

fn ranges() -> Outcome {
    let image = mock()?;
    let image = image.display().to_string();
    let ask = |range: &str| {
        json(
            &["frames", "--range", range, "--json", "--image", &image],
            0,
        )
    };
    let first = ask("0x4000-0x8000")?;
    holds(
        first["runs"]
            .as_array()
            .is_some_and(|runs| !runs.is_empty()),
        &first,
    )?;
    for range in ["16K-32K", "16384+16K", "0x4000+0x4000"] {
        same(&ask(range)?["runs"], &first["runs"])?;
    }
    Ok(())
}

fn formats() -> Outcome {
    let speaker = Speaker::start()?;
    let text = |arguments: &[&str]| -> Result<String, Failed> {
        let mut all = vec!["read", "speaker"];
        all.extend(arguments);
        all.extend(["--vm", &speaker.socket]);
        let output = run(&all)?;
        holds(output.status.success(), &output)?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let dump = text(&[&speaker.text, "24"])?;
    holds(dump.contains("|eaker's first te|"), &dump)?;
    let strings = text(&[&speaker.text, "24", "--strings", "20"])?;
    holds(strings.trim_end().ends_with(FIRST), &strings)?;
    same(&text(&[&speaker.text, "24", "--raw"])?, &FIRST.to_owned())?;
    let code = text(&["rip", "64", "--disasm"])?;
    holds(code.lines().count() > 4, &code)?;
    // The last instruction is whole, however few of its bytes were asked for.
    let (_, first) = code.split_once("  ").ok_or("no instruction")?;
    let alone = text(&["rip", "1", "--disasm"])?;
    same(&alone.lines().count(), &1)?;
    let (_, alone) = alone.split_once("  ").ok_or("no instruction")?;
    same(&alone.lines().next(), &first.lines().next())?;
    // A hole says what it is; in raw bytes it is zeros, and that is said.
    let hole = text(&["0", "4K"])?;
    holds(hole.contains("not mapped"), &hole)?;
    let raw = run(&[
        "read",
        "speaker",
        "0",
        "16",
        "--raw",
        "--vm",
        &speaker.socket,
    ])?;
    same(&raw.stdout, &vec![0; 16])?;
    let said = String::from_utf8_lossy(&raw.stderr).into_owned();
    holds(said.contains("written as zeros"), &said)
}
