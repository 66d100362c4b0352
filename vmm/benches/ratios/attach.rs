//! Looking at guests that run: how long it takes until they stand still, and how long they
//! stand still while every object is copied.

use crate::compare::{Contest, Plan, Summary};
use crate::support::{check, must};
use criterion::Criterion;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};
use vmm::control::Connection;
use vmm::inspect::{Inspector, Standstill};

/// What the guests are at.
const LOADS: [(&str, &[&str]); 4] = [
    ("served calls", &["null-calls"]),
    ("ring 3", &["spin"]),
    ("idle", &["nap", "--", "100000000"]),
    (
        "16 MiB writes",
        &["bench-calls", "--", "vmo_write", "16777216"],
    ),
];

/// A guest in a process of its own, as a person has it.
struct Guest {
    child: Child,
    socket: PathBuf,
}

impl Guest {
    fn start(arguments: &[&str]) -> Self {
        let name = format!("vmm-bench-{}", std::process::id());
        let socket = std::env::temp_dir().join(name);
        let child = Command::new(env!("CARGO_BIN_EXE_vmm"))
            .args(["run", "--control"])
            .arg(&socket)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut guest = Self {
            child: must("vmm", child),
            socket,
        };
        while !guest.socket.exists() {
            let ended = must("the guest", guest.child.try_wait());
            check(ended.is_none(), "the guest runs");
            thread::sleep(Duration::from_millis(1));
        }
        // It has processes, and is at what it is to be at.
        let mut inspector = must("an inspector", Inspector::live(&guest.socket));
        while must("a survey", inspector.survey()).0.processes.is_empty() {}
        thread::sleep(Duration::from_millis(100));
        guest
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_file(&self.socket);
    }
}

/// Surveys the guest so many times, and adds up a part of how long that took.
fn surveys(socket: &Path, part: fn(Standstill) -> u64) -> impl FnMut(u64) -> Duration + use<> {
    let mut inspector = must("an inspector", Inspector::live(socket));
    move |count| {
        let mut total = 0;
        for _ in 0..count {
            let (survey, still) = must("a survey", inspector.survey());
            check(survey.problems.is_empty(), "the guest is sound");
            total += part(must("a standstill", still.ok_or("none")));
        }
        Duration::from_nanos(total)
    }
}

/// The copying alone, of a guest that stands still.
fn copying(socket: &Path) -> impl FnMut(u64) -> Duration + use<> {
    let mut inspector = must("an inspector", Inspector::live(socket));
    move |count| {
        let mut total = Duration::ZERO;
        for _ in 0..count {
            let paused = must("a pause", inspector.pause());
            let start = Instant::now();
            let survey = must("a survey", paused.survey());
            total += start.elapsed();
            check(!survey.processes.is_empty(), "the guest has processes");
            must("the end of the pause", paused.resume());
        }
        total
    }
}

/// Questions to the monitor that the guest has no part in.
fn questions(socket: &Path) -> impl FnMut(u64) -> Duration + use<> {
    let (mut connection, _) = must("a connection", Connection::open(socket));
    move |count| {
        let start = Instant::now();
        for _ in 0..count {
            must("a status", connection.status());
        }
        start.elapsed()
    }
}

/// Runs the comparisons.
pub fn run(criterion: &mut Criterion, summary: &mut Summary) {
    for (load, arguments) in LOADS {
        let guest = RefCell::new(None);
        let socket = || {
            let mut guest = guest.borrow_mut();
            guest
                .get_or_insert_with(|| Guest::start(arguments))
                .socket
                .clone()
        };
        let plan = |subject: &str, reference: &str| Plan {
            group: "attach",
            subject: format!("{subject}, {load}"),
            reference: reference.to_owned(),
            turn: 1,
            units: 1,
        };
        let wait = plan("wait for the stop", "a question to the monitor");
        summary.compare(criterion, wait, || {
            let socket = socket();
            let waited = surveys(&socket, |still| still.waited_ns);
            Contest::new(waited, questions(&socket))
        });
        let still = plan("stood still for a survey", "the copying alone");
        summary.compare(criterion, still, || {
            let socket = socket();
            Contest::new(surveys(&socket, |still| still.ns), copying(&socket))
        });
    }
}
