//! Saving a machine: `vmm dump`'s work without its process, next to writing as many bytes to
//! the same disk, and next to QEMU's dump of a guest with as much RAM.
//!
//! What is saved stands in a memory file, as a live guest's RAM does. Files go to the folder
//! for temporary files (`TMPDIR`).

use crate::compare::{Contest, Plan, Summary};
use crate::support::{check, must};
use criterion::Criterion;
use rustix::fs::{MemfdFlags, memfd_create};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use vmm::inspect::{DumpFormat, Inspector, Output};

/// RAM of the guest.
const RAM: usize = 128 << 20;
/// What is touched of it, where not all is: a stretch in each MiB.
const STRETCH: usize = 32 << 10;

fn scratch(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("vmm-bench-{}-{name}", std::process::id()))
}

/// A memory file whose first `touched` bytes of each MiB are no zeros.
fn memory(touched: usize) -> File {
    let file = must("memory", memfd_create(c"ram", MemfdFlags::CLOEXEC));
    let file = File::from(file);
    must("memory", file.set_len(RAM as u64));
    let bytes: Vec<u8> = (1..=251).cycle().take(touched).collect();
    for start in (0..RAM).step_by(1 << 20) {
        must("memory", file.write_all_at(&bytes, start as u64));
    }
    file
}

/// Saves that memory. What the file was before is gone before the time starts.
fn dump(touched: usize) -> impl FnMut(u64) -> Duration {
    let file = memory(touched);
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let mut inspector = must("an image", Inspector::image(Path::new(&path)));
    let to = scratch("dump");
    move |count| {
        // The inspector has the memory mapped; its path leads through the file.
        let _ = &file;
        let mut total = Duration::ZERO;
        for _ in 0..count {
            let start = Instant::now();
            let mut output = must("a file", Output::create(&to, true));
            let paused = must("the image", inspector.pause());
            let saved = paused.dump(DumpFormat::Elf, &mut output, &mut |_, _| {});
            let saved = must("a dump", saved);
            must("the file", output.finish());
            total += start.elapsed();
            let written = (touched * (RAM >> 20)) as u64;
            check(saved.written == written, "what was touched is written");
            must("removing", fs::remove_file(&to));
        }
        total
    }
}

/// Writes as many bytes, from memory that is there.
fn plain(touched: usize) -> impl FnMut(u64) -> Duration {
    let bytes = vec![0x5A; touched * (RAM >> 20)];
    let to = scratch("plain");
    move |count| {
        let mut total = Duration::ZERO;
        for _ in 0..count {
            let start = Instant::now();
            let mut file = must("a file", File::create(&to));
            for chunk in bytes.chunks(8 << 20) {
                must("writing", file.write_all(chunk));
            }
            drop(file);
            total += start.elapsed();
            must("removing", fs::remove_file(&to));
        }
        total
    }
}

/// A QEMU that holds a guest of as much RAM at its first instruction.
struct Qemu {
    child: Child,
    answers: BufReader<ChildStdout>,
}

impl Qemu {
    fn start() -> Self {
        let size = format!("{}", RAM >> 20);
        let child = Command::new("qemu-system-x86_64")
            .args([
                "-machine",
                "microvm,accel=tcg",
                "-m",
                &size,
                "-S",
                "-nodefaults",
            ])
            .args(["-display", "none", "-qmp", "stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut child = must("QEMU", child);
        let stdout = must("QEMU", child.stdout.take().ok_or("no output"));
        let mut qemu = Self {
            child,
            answers: BufReader::new(stdout),
        };
        qemu.ask(r#"{"execute": "qmp_capabilities"}"#);
        qemu
    }

    /// Waits until it is done.
    fn ask(&mut self, command: &str) {
        let stdin = must("QEMU", self.child.stdin.as_mut().ok_or("no input"));
        must("QEMU", writeln!(stdin, "{command}"));
        let mut line = String::new();
        while !line.starts_with("{\"return\"") {
            line.clear();
            let read = must("QEMU", self.answers.by_ref().read_line(&mut line));
            check(read > 0 && !line.contains("\"error\""), "QEMU does it");
        }
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// QEMU's own dump, all zeros as the guest's RAM is.
fn qemu() -> impl FnMut(u64) -> Duration {
    let mut qemu = Qemu::start();
    let to = scratch("qemu");
    move |count| {
        let mut total = Duration::ZERO;
        for _ in 0..count {
            let command = format!(
                r#"{{"execute": "dump-guest-memory", "arguments": {{"paging": false, "protocol": "file:{}"}}}}"#,
                to.display()
            );
            let start = Instant::now();
            qemu.ask(&command);
            total += start.elapsed();
            let length = must("the dump", fs::metadata(&to)).len();
            check(length > RAM as u64, "QEMU saves all of RAM");
            must("removing", fs::remove_file(&to));
        }
        total
    }
}

fn there(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output();
    found.is_ok_and(|output| output.status.success())
}

/// Runs the comparisons.
pub fn run(criterion: &mut Criterion, summary: &mut Summary) {
    let plan = |subject: &str, reference: &str| Plan {
        group: "save",
        subject: subject.to_owned(),
        reference: reference.to_owned(),
        turn: 1,
        units: 1,
    };
    const FULL: &str = "dump of 128 MiB, all touched";
    const SPARSE: &str = "dump of 128 MiB, 4 MiB touched";
    let full = plan(FULL, "write of 128 MiB");
    summary.compare(criterion, full, || {
        Contest::new(dump(1 << 20), plain(1 << 20))
    });
    let sparse = plan(SPARSE, "write of 4 MiB");
    summary.compare(criterion, sparse, || {
        Contest::new(dump(STRETCH), plain(STRETCH))
    });
    if there("qemu-system-x86_64") {
        for (subject, touched) in [(FULL, 1 << 20), (SPARSE, STRETCH)] {
            let names = plan(subject, "QEMU's dump of 128 MiB");
            summary.compare(criterion, names, || Contest::new(dump(touched), qemu()));
        }
    } else {
        println!("save: QEMU is not installed; its dumps are left out");
    }
}
