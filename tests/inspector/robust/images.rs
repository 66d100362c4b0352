//! Image files that are cut short, lie, or are none.

use super::run::{bounded, every_look};
use crate::kit::scratch;
use crate::{Outcome, anywhere};
use libtest_mimic::{Failed, Trial};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use vm_memory::GuestAddress;
use vmm::inspect::{DumpFormat, Inspector, Output};
use vmm::memory::{BulkMemory, PhysicalMemory};
use vmm::objects::mock::MockGuest;

const RAM: usize = 1 << 20;

/// A guest with a process `first` and a VMO `data`.
fn guest(name: &str) -> Result<MockGuest, Failed> {
    let mut guest = MockGuest::new(RAM as u64)?;
    let process = guest.process(name)?;
    guest.thread(process, name)?;
    guest.user_memory(process, 0x200_0000, 0x4000)?;
    guest.vmo(name, 0x4000)?;
    guest.vmo("data", 0x4000)?;
    Ok(guest)
}

/// Its RAM.
fn raw(guest: &MockGuest) -> Result<Vec<u8>, Failed> {
    let mut bytes = vec![0; RAM];
    guest.ram().read_bytes(GuestAddress(0), &mut bytes)?;
    Ok(bytes)
}

/// An ELF core of it.
fn elf(guest: &MockGuest) -> Result<Vec<u8>, Failed> {
    let path = scratch("elf");
    let mut output = Output::create(&path, true)?;
    let mut inspector = Inspector::mock(guest);
    let paused = inspector.pause()?;
    paused.dump(DumpFormat::Elf, &mut output, &mut |_, _| {})?;
    output.finish()?;
    Ok(fs::read(path)?)
}

fn file(name: &str, bytes: &[u8]) -> Result<PathBuf, Failed> {
    let path = scratch(name);
    fs::write(&path, bytes)?;
    Ok(path)
}

/// `vmm ps` of it must end so.
fn ps(path: &Path, code: i32, words: &str) -> Outcome {
    let name = path.to_str().ok_or("a path that is no text")?;
    let ran = bounded(&["ps", "--image", name])?;
    ran.expect(code, words)?;
    // Who names the file helps who has many.
    if code >= 65 && words != "root block" && !ran.stderr.contains(name) {
        return Err(format!("`{name}` is not named: {ran:?}").into());
    }
    Ok(())
}

fn what_is_no_image_is_refused() -> Outcome {
    ps(&file("empty", b"")?, 65, "empty")?;
    ps(Path::new("/"), 65, "regular file")?;
    ps(Path::new("/dev/zero"), 65, "regular file")?;
    ps(&scratch("missing"), 66, "No such file")?;
    let fifo = scratch("fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status()?;
    if made.success() {
        ps(&fifo, 65, "regular file")?;
    }
    ps(&file("text", b"hello")?, 65, "root block")?;
    let zeros = scratch("zeros");
    File::create(&zeros)?.set_len(1 << 30)?;
    ps(&zeros, 65, "root block")?;
    every_look(&zeros)
}

fn an_image_cut_short_tells_what_is_there() -> Outcome {
    let whole = elf(&guest("first")?)?;
    let word = |at: usize| u64::from_le_bytes(whole[at..at + 8].try_into().unwrap_or([0; 8]));
    let headers = 64 + 56 * usize::from(whole[56]);
    let mut cuts = vec![
        1,
        4,
        5,
        16,
        63,
        64,
        65,
        120,
        headers - 1,
        headers,
        headers + 20,
    ];
    // The ends of what the headers tell of, and their middles.
    let mut ram_at = 0;
    for header in (64..headers).step_by(56) {
        let (start, length) = (word(header + 8), word(header + 32));
        for cut in [start, start + 1, start + length / 2, start + length - 1] {
            cuts.push(usize::try_from(cut)?);
        }
        if whole[header] == 1 && word(header + 24) == 0 {
            ram_at = usize::try_from(start)?;
        }
    }
    for cut in cuts {
        let path = file("cut", whole.get(..cut).ok_or("a cut behind the end")?)?;
        let name = path.to_str().ok_or("no text")?;
        let ran = bounded(&["ps", "--image", name])?;
        if ![3, 65].contains(&ran.code) {
            return Err(format!("cut at {cut}: {ran:?}").into());
        }
        // The root block's page is read if it is there, whatever else is missing.
        let ran = bounded(&["read", "phys", "0x1000", "8", "--raw", "--image", name])?;
        let there = ram_at > 0 && cut >= ram_at + 0x1008;
        if there && (ran.code != 3 || ran.stdout != b"VMOSCOPE") {
            return Err(format!("cut at {cut}: {ran:?}").into());
        }
        fs::remove_file(path)?;
    }
    let half = file("half", &whole[..ram_at + RAM / 2])?;
    ps(&half, 3, "cut short")?;
    every_look(&half)
}

fn headers_that_lie_are_told_of() -> Outcome {
    let whole = elf(&guest("first")?)?;
    let all_ones = [0xFF; 8];
    // What is changed of the ELF header and the first program headers, by offset.
    for at in [4, 5, 16, 18, 32, 52, 54, 56, 58, 60, 62] {
        for bytes in [&[0; 2][..], &all_ones[..2], &all_ones] {
            let mut image = whole.clone();
            image[at..at + bytes.len()].copy_from_slice(bytes);
            let path = file("lie", &image)?;
            let ran = bounded(&["ps", "--image", path.to_str().ok_or("no text")?])?;
            if ![0, 3, 65].contains(&ran.code) {
                return Err(format!("{bytes:?} at {at}: {ran:?}").into());
            }
            fs::remove_file(path)?;
        }
    }
    let headers = 64 + 56 * usize::from(whole[56]);
    for at in (64..headers).step_by(8) {
        for word in [0, 1, u64::MAX, 1 << 63, 4 << 30] {
            let mut image = whole.clone();
            image[at..at + 8].copy_from_slice(&word.to_le_bytes());
            let path = file("lie", &image)?;
            let ran = bounded(&["frames", "--image", path.to_str().ok_or("no text")?])?;
            if ![0, 3, 65].contains(&ran.code) {
                return Err(format!("{word:#x} at {at}: {ran:?}").into());
            }
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// An ELF core of `ram` and notes, each at its offset and with its length.
fn core(ram: &[u8], notes: &[(u64, u64)], note: &[u8]) -> Vec<u8> {
    let start = (64 + 56 * (notes.len() + 1)).next_multiple_of(4096);
    let mut bytes = b"\x7FELF\x02\x01\x01".to_vec();
    bytes.resize(16, 0);
    bytes.extend(4u16.to_le_bytes());
    bytes.extend(62u16.to_le_bytes());
    bytes.extend(1u32.to_le_bytes());
    for word in [0u64, 64, 0] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(0u32.to_le_bytes());
    let count = u16::try_from(notes.len() + 1).unwrap_or(u16::MAX);
    for word in [64u16, 56, count, 64, 0, 0] {
        bytes.extend(word.to_le_bytes());
    }
    let length = ram.len() as u64;
    let mut header = |kind: u32, words: [u64; 6]| {
        bytes.extend(kind.to_le_bytes());
        bytes.extend(7u32.to_le_bytes());
        for word in words {
            bytes.extend(word.to_le_bytes());
        }
    };
    header(1, [start as u64, 0, 0, length, length, 0]);
    for (at, length) in notes {
        header(4, [start as u64 + at, 0, 0, *length, 0, 0]);
    }
    bytes.resize(start, 0);
    bytes.extend(ram);
    bytes.extend(note);
    bytes
}

fn ram_far_away_does_not_become_a_file_of_zeros() -> Outcome {
    let mut image = core(&raw(&guest("first")?)?, &[], &[]);
    image[64 + 24..64 + 32].copy_from_slice(&(1u64 << 60).to_le_bytes());
    let path = file("far", &image)?;
    let name = path.to_str().ok_or("no text")?;
    let dump = [
        "dump",
        "--format",
        "raw",
        "-o",
        "/dev/null",
        "--image",
        name,
    ];
    bounded(&dump)?.expect(65, "--format elf")?;
    every_look(&path)
}

fn notes_that_swell_are_left_out() -> Outcome {
    let ram = raw(&guest("first")?)?;
    let at = ram.len() as u64;
    let note = |json: &[u8]| -> Result<Vec<u8>, Failed> {
        let mut bytes = 9u32.to_le_bytes().to_vec();
        bytes.extend(u32::try_from(json.len())?.to_le_bytes());
        bytes.extend(1u32.to_le_bytes());
        bytes.extend(b"VMOSCOPE\0\0\0\0");
        bytes.extend(json);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        Ok(bytes)
    };
    let head =
        br#"{"root":"0x1000","ram":1,"command_line":"","programs":[],"elapsed_ns":0,"vcpus":"#;
    let vcpus = [&head[..], b"[", &b"{},".repeat(1 << 20), b"{}]"].concat();
    let zeros = [
        &head[..],
        b"[],\"stats\":[",
        &b"0,".repeat(20 << 20),
        b"0]}",
    ]
    .concat();
    let deep = [&head[..], b"[],\"stats\":", &b"[".repeat(1 << 20)].concat();
    for (json, words) in [
        (&b"not JSON"[..], "cannot be read"),
        (&deep, "cannot be read"),
        (&vcpus, "cannot be read"),
        (&zeros, "is the most"),
    ] {
        let note = note(json)?;
        let length = note.len() as u64;
        let path = file("note", &core(&ram, &[(at, length)], &note))?;
        ps(&path, 3, words)?;
        fs::remove_file(path)?;
    }
    // Ten thousand notes of 16 MiB, in one another.
    let notes: Vec<_> = (0..10_000)
        .map(|index| (at + index * 8, 16 << 20))
        .collect();
    let mut note = vec![0; 17 << 20];
    note[0] = 1;
    ps(
        &file("notes", &core(&ram, &notes, &note))?,
        3,
        "is the most",
    )
}

fn more_ram_than_there_can_be_is_left_out() -> Outcome {
    let path = file("large", &raw(&guest("first")?)?)?;
    // A hole that a disk has no room for. Not every file system takes it.
    if File::options()
        .write(true)
        .open(&path)?
        .set_len(8 << 40)
        .is_err()
    {
        return Ok(());
    }
    let name = path.to_str().ok_or("no text")?;
    for command in ["ps", "vmos"] {
        let ran = bounded(&[command, "--image", name])?;
        // The address space may be too small for it, and says so.
        if ran.code != 0 {
            ran.expect(66, "Cannot allocate memory")?;
        }
    }
    Ok(())
}

fn many_root_blocks_are_told_apart() -> Outcome {
    let mut bytes = raw(&guest("first")?)?;
    let stale = bytes[0x1000..0x6000].to_vec();
    for copy in 0..10 {
        let at = RAM - 0x6000 * (copy + 1);
        bytes[at..at + 0x5000].copy_from_slice(&stale);
        // Its frame table is elsewhere.
        bytes[at + 56..at + 64].copy_from_slice(&[0xFF; 8]);
    }
    let path = file("roots", &bytes)?;
    let ran = bounded(&["ps", "--json", "--image", path.to_str().ok_or("no text")?])?;
    let answer: serde_json::Value = serde_json::from_slice(&ran.stdout)?;
    if !answer.to_string().contains("\"first\"") {
        return Err(format!("{answer}").into());
    }
    every_look(&path)
}

fn names_cannot_steer_a_terminal() -> Outcome {
    for name in [
        "\u{1b}[31mred\u{7}",
        "\u{1b}]0;title\r\n",
        "a\u{9b}31m\u{202e}b",
    ] {
        let guest = guest(name)?;
        guest
            .ram()
            .write_bytes(GuestAddress(0x7000), name.as_bytes())?;
        let path = file("names", &raw(&guest)?)?;
        every_look(&path)?;
        let path = path.to_str().ok_or("no text")?;
        for command in [
            &["maps", name][..],
            &["threads", name],
            &["handles", name],
            &["core", name, "-o", "/dev/null"],
            &["vmos", name],
            &["lineage", name],
            &["explain", name, "0x2000000"],
            &["read", "phys", "0x7000", "64", "--strings"],
            &["maps", "nobody"],
            &["lineage", "nothing"],
        ] {
            bounded(&[command, &["--image", path]].concat())?;
        }
    }
    Ok(())
}

fn random_bytes_are_borne() -> Outcome {
    // Xorshift (Marsaglia, 2003): the same bytes each time.
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let noise: Vec<u8> = (0..RAM / 8).flat_map(|_| next().to_le_bytes()).collect();
    every_look(&file("noise", &noise)?)?;
    let whole = raw(&guest("first")?)?;
    for _ in 0..3 {
        let mut image = whole.clone();
        for _ in 0..200 {
            let at = usize::try_from(next() % 0x3_0000)?;
            image[at] = next().to_le_bytes()[0];
        }
        every_look(&file("damaged", &image)?)?;
    }
    Ok(())
}

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        anywhere(
            "robust_what_is_no_image_is_refused",
            what_is_no_image_is_refused,
        ),
        anywhere(
            "robust_an_image_cut_short_tells_what_is_there",
            an_image_cut_short_tells_what_is_there,
        ),
        anywhere(
            "robust_headers_that_lie_are_told_of",
            headers_that_lie_are_told_of,
        ),
        anywhere(
            "robust_ram_far_away_does_not_become_a_file_of_zeros",
            ram_far_away_does_not_become_a_file_of_zeros,
        ),
        anywhere(
            "robust_notes_that_swell_are_left_out",
            notes_that_swell_are_left_out,
        ),
        anywhere(
            "robust_more_ram_than_there_can_be_is_left_out",
            more_ram_than_there_can_be_is_left_out,
        ),
        anywhere(
            "robust_many_root_blocks_are_told_apart",
            many_root_blocks_are_told_apart,
        ),
        anywhere(
            "robust_names_cannot_steer_a_terminal",
            names_cannot_steer_a_terminal,
        ),
        anywhere("robust_random_bytes_are_borne", random_bytes_are_borne),
    ]
}
