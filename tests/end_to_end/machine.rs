//! One run of `vmm`, and questions about its output.

use libtest_mimic::Failed;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a guest may run unless a test says otherwise; generous, for the machine may
/// be busy and its KVM a slow one.
const TIME_LIMIT: Duration = Duration::from_secs(300);
/// How much longer `vmm` itself may take to notice.
const GRACE: Duration = Duration::from_secs(30);

/// A command line of `vmm run` in the making.
#[derive(Debug)]
pub(crate) struct Run {
    options: Vec<String>,
    programs: Vec<String>,
    args: Vec<String>,
    command_line: Vec<&'static str>,
    time_limit: Duration,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Output {
    /// The exit code; `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
    /// The command that was run.
    pub(crate) command: String,
}

/// `vmm run` with these programs, the first of them first; none for the demo.
pub(crate) fn run(programs: &[&str]) -> Run {
    Run {
        options: Vec::new(),
        programs: programs.iter().map(ToString::to_string).collect(),
        args: Vec::new(),
        command_line: Vec::new(),
        time_limit: TIME_LIMIT,
    }
}

impl Run {
    /// Adds options of `vmm run`.
    pub(crate) fn options(mut self, options: &[&str]) -> Self {
        self.options.extend(options.iter().map(ToString::to_string));
        self
    }

    /// Adds arguments of the first program.
    pub(crate) fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(ToString::to_string));
        self
    }

    /// Opens the gate of `zx_process_write_memory`, or leaves it shut; the first program
    /// is told.
    pub(crate) fn gate(mut self, open: bool) -> Self {
        if open {
            self.command_line
                .push("kernel.enable-debugging-syscalls=true");
        }
        self.args(&["--gate", if open { "on" } else { "off" }])
    }

    /// Chooses the error mode; the first program is told.
    pub(crate) fn errors(mut self, zircon: bool) -> Self {
        if zircon {
            self.command_line.push("vmoscope.errors=zircon");
        }
        self.args(&["--errors", if zircon { "zircon" } else { "documented" }])
    }

    /// Sets the guest's time limit in place of the generous one.
    pub(crate) const fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// Runs it to its end.
    pub(crate) fn output(self) -> Result<Output, Failed> {
        let mut command = vmm();
        // Every guest leaves the kernel's structures as they must be.
        command.args(["run", "--check"]);
        command
            .arg("--timeout")
            .arg(self.time_limit.as_secs_f64().to_string());
        command.args(&self.options);
        if !self.command_line.is_empty() {
            command.arg("--cmdline").arg(self.command_line.join(" "));
        }
        command.args(&self.programs);
        if !self.args.is_empty() {
            command.arg("--").args(&self.args);
        }
        output(command, self.time_limit + GRACE)
    }
}

/// A command line of `vmm test` for one test of the built-in suite.
#[derive(Debug)]
pub(crate) struct TestRun {
    name: String,
}

/// `vmm test` with that test of the built-in suite.
pub(crate) fn test(name: &str) -> TestRun {
    let name = name.to_owned();
    TestRun { name }
}

impl TestRun {
    /// Runs it to its end; standard output is JSON Lines.
    pub(crate) fn output(self) -> Result<Output, Failed> {
        let mut command = vmm();
        command.args(["test", "--check", "--format", "json", "--backend", "kvm"]);
        let limit = TIME_LIMIT.as_secs_f64().to_string();
        command.args(["--jobs", "1", "--timeout", &limit, &self.name]);
        // The limit is each case's own.
        output(command, 4 * TIME_LIMIT)
    }
}

/// Where the binary under test is: cargo's, or the one that was carried to another machine
/// together with the tests.
pub(crate) fn vmm_path() -> String {
    std::env::var("VMOSCOPE_VMM").unwrap_or_else(|_| env!("CARGO_BIN_EXE_vmm").to_owned())
}

/// The binary under test, with no arguments yet.
pub(crate) fn vmm() -> Command {
    let mut command = Command::new(vmm_path());
    command.env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

/// Runs a command to its end; killed, and a failure, if it takes longer than `limit`.
pub(crate) fn output(mut command: Command, limit: Duration) -> Result<Output, Failed> {
    let shown = format!("{command:?}");
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let stdout = drain(child.stdout.take());
    let stderr = drain(child.stderr.take());
    let ended = wait(&mut child, limit)?;
    let text = |thread: thread::JoinHandle<Vec<u8>>| {
        thread
            .join()
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    };
    let output = Output {
        code: ended.and_then(|status| status.code()),
        stdout: text(stdout),
        stderr: text(stderr),
        command: shown,
    };
    match ended {
        Some(_) => Ok(output),
        None => Err(output.failed(&format!("still running after {limit:?}"))),
    }
}

/// Waits for the child's end, or kills it when the time is over and gives `None`.
fn wait(
    child: &mut Child,
    limit: Duration,
) -> Result<Option<std::process::ExitStatus>, std::io::Error> {
    let start = Instant::now();
    while start.elapsed() < limit {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        thread::sleep(Duration::from_millis(5));
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

fn drain(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            // What cannot be read is missing from the output, which the test will notice.
            let _ = stream.read_to_end(&mut bytes);
        }
        bytes
    })
}

impl Output {
    /// A failure that shows everything.
    pub(crate) fn failed(&self, why: &str) -> Failed {
        let Self {
            code,
            stdout,
            stderr,
            command,
        } = self;
        let code = code.map_or_else(|| "none".to_owned(), |code| code.to_string());
        Failed::from(format!(
            "{why}\n--- command\n{command}\n--- exit code {code}\n--- stdout\n{stdout}\
             --- stderr\n{stderr}---"
        ))
    }

    /// Fails unless the exit code is that.
    pub(crate) fn expect_code(&self, code: i32) -> Result<&Self, Failed> {
        self.expect(
            self.code == Some(code),
            &format!("the exit code should be {code}"),
        )
    }

    /// Fails unless standard output has a line that is exactly that.
    pub(crate) fn expect_line(&self, line: &str) -> Result<&Self, Failed> {
        let found = self.stdout.lines().any(|found| found == line);
        self.expect(found, &format!("there should be a line {line:?}"))
    }

    /// Fails unless standard output contains the text.
    pub(crate) fn expect_stdout(&self, text: &str) -> Result<&Self, Failed> {
        self.expect(
            self.stdout.contains(text),
            &format!("stdout should contain {text:?}"),
        )
    }

    /// Fails unless standard error contains the text.
    pub(crate) fn expect_stderr(&self, text: &str) -> Result<&Self, Failed> {
        self.expect(
            self.stderr.contains(text),
            &format!("stderr should contain {text:?}"),
        )
    }

    /// Fails unless the condition holds.
    pub(crate) fn expect(&self, condition: bool, why: &str) -> Result<&Self, Failed> {
        if condition {
            Ok(self)
        } else {
            Err(self.failed(why))
        }
    }

    /// The events of a run with `--json`.
    pub(crate) fn events(&self) -> Result<Vec<serde_json::Value>, Failed> {
        let parse = |line| {
            serde_json::from_str(line)
                .map_err(|error| self.failed(&format!("not JSON ({error}): {line}")))
        };
        self.stdout.lines().map(parse).collect()
    }
}
