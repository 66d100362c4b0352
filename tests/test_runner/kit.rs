//! A suite in a folder of its own, a run of `vmm test`, and questions about its report.

use libtest_mimic::Failed;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder with a manifest, removed when dropped.
pub(crate) struct Suite {
    /// Where it is.
    pub(crate) folder: PathBuf,
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Output {
    /// The exit code; `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

/// The manifest of a test of `case-script` with that name and these deeds.
pub(crate) fn script(name: &str, deeds: &[&str]) -> String {
    format!("[[test]]\nprogram = 'case-script'\nname = '{name}'\nargs = {deeds:?}\n")
}

impl Suite {
    /// One with these tables in its manifest.
    pub(crate) fn new(tables: &[String]) -> Result<Self, Failed> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("vmoscope-test-runner-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("vmm-test.toml"), tables.concat())?;
        Ok(Self { folder })
    }

    /// Runs its manifest with these options.
    pub(crate) fn run(&self, options: &[&str]) -> Result<Output, Failed> {
        let manifest = self.folder.join("vmm-test.toml");
        let mut command = vmm();
        command.arg("test").args(options).arg(manifest);
        output(command)
    }

    /// The same with a JSON report on standard output.
    pub(crate) fn json(&self, options: &[&str]) -> Result<Output, Failed> {
        self.run(&[&["--format", "json"], options].concat())
    }
}

impl Drop for Suite {
    fn drop(&mut self) {
        // What stays behind in the folder for temporary files does no harm.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The binary under test, with no arguments yet.
pub(crate) fn vmm() -> Command {
    let built = || env!("CARGO_BIN_EXE_vmm").to_owned();
    let mut command = Command::new(std::env::var("VMOSCOPE_VMM").unwrap_or_else(|_| built()));
    command.env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

/// A part of a JSON value, null if it is not there.
pub(crate) fn at<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

/// Runs a command to its end.
pub(crate) fn output(mut command: Command) -> Result<Output, Failed> {
    Ok(command.output()?.into())
}

impl From<std::process::Output> for Output {
    fn from(output: std::process::Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Output {
    /// A failure that shows everything.
    pub(crate) fn failed(&self, why: &str) -> Failed {
        let Self {
            code,
            stdout,
            stderr,
        } = self;
        Failed::from(format!(
            "{why}\n--- exit code {code:?}\n--- stdout\n{stdout}--- stderr\n{stderr}---"
        ))
    }

    /// Fails unless the condition holds.
    pub(crate) fn expect(&self, holds: bool, why: &str) -> Result<&Self, Failed> {
        if holds {
            Ok(self)
        } else {
            Err(self.failed(why))
        }
    }

    /// Fails unless the exit code is that.
    pub(crate) fn expect_code(&self, code: i32) -> Result<&Self, Failed> {
        self.expect(
            self.code == Some(code),
            &format!("the exit code should be {code}"),
        )
    }

    /// Fails unless standard output has that in it.
    pub(crate) fn expect_stdout(&self, text: &str) -> Result<&Self, Failed> {
        let why = format!("stdout should contain {text:?}");
        self.expect(self.stdout.contains(text), &why)
    }

    /// Fails unless standard error has that in it.
    pub(crate) fn expect_stderr(&self, text: &str) -> Result<&Self, Failed> {
        let why = format!("stderr should contain {text:?}");
        self.expect(self.stderr.contains(text), &why)
    }

    /// The lines of a JSON report.
    pub(crate) fn lines(&self) -> Result<Vec<Value>, Failed> {
        let parse = |line| {
            serde_json::from_str(line)
                .map_err(|error| self.failed(&format!("not JSON ({error}): {line}")))
        };
        self.stdout.lines().map(parse).collect()
    }

    /// The cases of a JSON report.
    pub(crate) fn cases(&self) -> Result<Vec<Value>, Failed> {
        let mut lines = self.lines()?;
        lines.retain(|line| at(line, "/event") == "case");
        Ok(lines)
    }

    /// `NAME OUTCOME` of each case of a JSON report.
    pub(crate) fn outcomes(&self) -> Result<Vec<String>, Failed> {
        let word = |value: &Value| value.as_str().unwrap_or("?").to_owned();
        let cases = self.cases()?.into_iter();
        Ok(cases
            .map(|case| {
                format!(
                    "{} {}",
                    word(at(&case, "/name")),
                    word(at(&case, "/outcome"))
                )
            })
            .collect())
    }

    /// Fails unless a JSON report has exactly these cases, as [`Output::outcomes`] has them.
    pub(crate) fn expect_outcomes(&self, wanted: &[&str]) -> Result<&Self, Failed> {
        let found = self.outcomes()?;
        self.expect(
            found == wanted,
            &format!("the outcomes should be {wanted:#?}, not {found:#?}"),
        )
    }

    /// The case of that full name in a JSON report.
    pub(crate) fn case(&self, name: &str) -> Result<Value, Failed> {
        let mut cases = self.cases()?.into_iter();
        let case = cases.find(|case| at(case, "/name") == name);
        case.ok_or_else(|| self.failed(&format!("there should be a case {name:?}")))
    }

    /// The first line of a JSON report with that event.
    pub(crate) fn event(&self, event: &str) -> Result<Value, Failed> {
        let mut lines = self.lines()?.into_iter();
        let line = lines.find(|line| at(line, "/event") == event);
        line.ok_or_else(|| self.failed(&format!("there should be an event {event:?}")))
    }

    /// Fails unless the first failure of that case has the text in its message.
    pub(crate) fn expect_message(&self, name: &str, text: &str) -> Result<&Self, Failed> {
        let case = self.case(name)?;
        let message = at(&case, "/failures/0/message");
        let message = message.as_str().unwrap_or_default();
        self.expect(
            message.contains(text),
            &format!("{name}: the message should have {text:?}, but is {message:?}"),
        )
    }
}
