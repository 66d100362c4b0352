//! `vmm top`, on a terminal and without one.

use crate::kit::{Guest, PATIENCE, json, run, scratch, vmm};
use crate::{Outcome, vm};
use libtest_mimic::{Completion, Failed, Trial};
use std::fs;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

pub(super) fn tests() -> Vec<Trial> {
    vec![
        vm("top: one table tells of every process", once),
        vm(
            "top: an object of JSON each time, and the same from an image",
            objects,
        ),
        on_terminal("top: q ends it and gives the terminal back", quit),
        on_terminal(
            "top: the VM's end ends it and gives the terminal back",
            ended,
        ),
    ]
}

/// A test that needs a VM and a terminal.
fn on_terminal(name: &str, test: fn() -> Outcome) -> Trial {
    Trial::ignorable_test(name, move || {
        let missing = crate::substrate::no_kvm().or_else(|| {
            let script = Command::new("script").arg("--version").output();
            script
                .err()
                .map(|_| "script (util-linux) is not installed".to_owned())
        });
        match missing {
            None => test().map(|()| Completion::Completed),
            Some(reason) => Ok(Completion::ignored_with(reason)),
        }
    })
}

/// A guest with several processes.
fn guest() -> Result<(Guest, String), Failed> {
    let guest = Guest::start(&["inspected"])?;
    let socket = guest.socket().display().to_string();
    let until = Instant::now() + PATIENCE;
    loop {
        let answer = json(&["top", "--vm", &socket, "--json", "--once"], 0)?;
        let processes = answer["processes"].as_array().ok_or("no processes")?;
        if processes
            .iter()
            .any(|process| process["name"] == "on a page")
        {
            return Ok((guest, socket));
        }
        if Instant::now() > until {
            return Err(format!("too few processes: {answer}").into());
        }
    }
}

fn once() -> Outcome {
    let (_guest, socket) = guest()?;
    // Standard output is no terminal here, so that one table is all.
    for arguments in [
        &["top", "--vm", &socket, "--once"][..],
        &["top", "--vm", &socket],
    ] {
        let output = run(arguments)?;
        let text = String::from_utf8(output.stdout)?;
        assert_eq!(output.status.code(), Some(0), "{text}");
        for name in ["inspected", "asleep", "on a page", "calls:", "frames:"] {
            assert!(text.contains(name), "{name} in {text}");
        }
        assert!(!text.contains('\x1b'), "{text}");
    }
    Ok(())
}

fn objects() -> Outcome {
    let (_guest, socket) = guest()?;
    let output = run(&[
        "top", "--vm", &socket, "--json", "--count", "3", "-d", "0.05",
    ])?;
    let text = String::from_utf8(output.stdout)?;
    let objects: Vec<serde_json::Value> = text
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    assert_eq!(objects.len(), 3, "{text}");
    for object in &objects {
        assert!(object["standstill"]["ns"].as_u64() > Some(0), "{object}");
        assert!(object["calls_per_second"].is_u64(), "{object}");
        assert!(object["free_frames"].as_u64() < object["managed_frames"].as_u64());
    }
    let last = objects.last().ok_or("no object")?;
    let calls = last["calls"].as_array().ok_or("no calls")?;
    assert!(
        calls.iter().any(|call| call["name"] == "zx_vmo_write"),
        "{last}"
    );
    // What stands still is the same in an image of it.
    let image = scratch("top.elf");
    let file = image.display().to_string();
    let output = run(&["dump", "--vm", &socket, "-o", &file])?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    let saved = json(&["top", "--image", &file, "--json"], 0)?;
    let tree = json(&["ps", "--image", &file, "--json"], 0)?;
    fs::remove_file(&image)?;
    for field in ["managed_frames", "free_frames"] {
        assert_eq!(saved[field], last[field], "{field}");
    }
    let names = |answer: &serde_json::Value| -> Vec<serde_json::Value> {
        let processes = answer["processes"].as_array().into_iter().flatten();
        processes
            .map(|p| serde_json::json!([p["koid"], p["name"], p["private"], p["threads"]]))
            .collect()
    };
    assert_eq!(names(&saved), names(last));
    // `vmm ps` counts the same memory.
    for (process, task) in saved["processes"].as_array().into_iter().flatten().zip(
        tree["processes"]
            .as_array()
            .ok_or("no processes in `vmm ps`")?,
    ) {
        assert_eq!(process["koid"], task["koid"]);
        for field in ["private", "shared"] {
            let memory = task["memory"][field].as_u64().unwrap_or(0);
            assert_eq!(process[field].as_u64(), Some(memory), "{field} of {task}");
        }
    }
    Ok(())
}

/// `vmm top` on a terminal of its own, between two looks at how that is set up.
struct OnTerminal {
    script: Child,
    output: Receiver<Vec<u8>>,
    seen: String,
}

impl OnTerminal {
    fn start(socket: &str) -> Result<Self, Failed> {
        let program = vmm().get_program().to_string_lossy().into_owned();
        let line = format!(
            "stty rows 30 cols 100; echo BEFORE $(stty -g); '{program}' top --vm '{socket}' -d 0.1; \
             echo CODE $?; echo AFTER $(stty -g)"
        );
        let mut script = Command::new("script")
            .args(["-qc", &line, "/dev/null"])
            .env("TERM", "xterm-256color")
            .env("SHELL", "/bin/sh")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut stdout = script.stdout.take().ok_or("no output")?;
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut bytes = vec![0; 4096];
            while let Ok(count @ 1..) = stdout.read(&mut bytes) {
                let read = bytes.get(..count).unwrap_or_default().to_vec();
                if sender.send(read).is_err() {
                    break;
                }
            }
        });
        let seen = String::new();
        Ok(Self {
            script,
            output,
            seen,
        })
    }

    /// Reads on until it has shown that text; `meanwhile` is done again and again.
    fn until(&mut self, text: &str, mut meanwhile: impl FnMut(&mut Child)) -> Outcome {
        let until = Instant::now() + PATIENCE;
        while !self.seen.contains(text) {
            if Instant::now() > until {
                return Err(format!("no {text} in {:?}", self.seen).into());
            }
            meanwhile(&mut self.script);
            if let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(100)) {
                self.seen.push_str(&String::from_utf8_lossy(&bytes));
            }
        }
        Ok(())
    }

    /// The terminal is as it was, and shows what it showed.
    fn restored(&mut self) -> Outcome {
        self.until("AFTER ", |_| {})?;
        let from = self.seen.find("AFTER ").unwrap_or(0);
        let until = Instant::now() + PATIENCE;
        while !self.seen.get(from..).unwrap_or_default().contains('\n') && Instant::now() < until {
            let bytes = self
                .output
                .recv_timeout(Duration::from_millis(100))
                .unwrap_or_default();
            self.seen.push_str(&String::from_utf8_lossy(&bytes));
        }
        let word = |before: &str| -> Option<&str> {
            let after = self.seen.split_once(before)?.1;
            after.split_whitespace().next()
        };
        assert!(word("BEFORE ").is_some());
        assert_eq!(word("BEFORE "), word("AFTER "), "{:?}", self.seen);
        let place = |text: &str| self.seen.rfind(text);
        // The alternate screen was entered, and left before the command ended.
        assert!(place("\x1b[?1049h").is_some(), "{:?}", self.seen);
        assert!(
            place("\x1b[?1049h") < place("\x1b[?1049l"),
            "{:?}",
            self.seen
        );
        assert!(place("\x1b[?1049l") < place("CODE "), "{:?}", self.seen);
        Ok(())
    }
}

impl Drop for OnTerminal {
    fn drop(&mut self) {
        let _ = self.script.kill();
        let _ = self.script.wait();
    }
}

fn quit() -> Outcome {
    let (_guest, socket) = guest()?;
    let mut screen = OnTerminal::start(&socket)?;
    screen.until("inspected", |_| {})?;
    screen.until("CODE 0", |script| {
        if let Some(keys) = &mut script.stdin {
            let _ = keys.write_all(b"q");
        }
    })?;
    screen.restored()
}

fn ended() -> Outcome {
    let (mut guest, socket) = guest()?;
    let mut screen = OnTerminal::start(&socket)?;
    screen.until("inspected", |_| {})?;
    guest.child().kill()?;
    screen.until("CODE 0", |_| {})?;
    screen.restored()?;
    let told = screen
        .seen
        .split_once("\x1b[?1049l")
        .ok_or("it did not leave")?
        .1;
    assert!(told.contains("vmm: the VM"), "{told:?}");
    Ok(())
}
