//! The compilers, and having them look at a program.

use crate::Outcome;
use std::ffi::OsStr;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// A compiler for one language.
#[derive(Clone, Copy, Debug)]
pub struct Compiler {
    /// The command.
    pub command: &'static str,
    /// The language, as `-x` takes it.
    pub language: &'static str,
    /// The standard, as `-std` takes it.
    pub standard: &'static str,
    /// Whether the program stands alone; otherwise it is one of the host's.
    pub freestanding: bool,
}

/// Warnings are errors: programs are compiled with these too.
const STRICT: &[&str] = &["-Wall", "-Wextra", "-Wpedantic", "-Werror"];

impl Compiler {
    /// Each compiler for each language, freestanding and hosted.
    pub fn all() -> Vec<Self> {
        let commands = [
            ("gcc", "c", "c11"),
            ("g++", "c++", "c++20"),
            ("clang", "c", "c11"),
            ("clang++", "c++", "c++20"),
        ];
        let mut all = Vec::new();
        for (command, language, standard) in commands {
            for freestanding in [true, false] {
                all.push(Self {
                    command,
                    language,
                    standard,
                    freestanding,
                });
            }
        }
        all
    }

    /// What to call it.
    pub fn name(&self) -> String {
        let kind = if self.freestanding {
            "freestanding"
        } else {
            "hosted"
        };
        format!("{}, {}, {kind}", self.command, self.standard)
    }

    /// Why it cannot be used, if so.
    pub fn missing(&self) -> Option<String> {
        let version = Command::new(self.command).arg("--version").output();
        match version {
            Ok(output) if output.status.success() => None,
            Ok(output) => Some(format!("{} --version: {}", self.command, output.status)),
            Err(error) => Some(format!("{} is not installed: {error}", self.command)),
        }
    }

    /// It with what every program is compiled with.
    fn strict(&self, include: &Path) -> Command {
        let mut command = Command::new(self.command);
        command.arg(format!("-std={}", self.standard));
        command.args(STRICT).arg("-I").arg(include);
        if self.freestanding {
            command.arg("-ffreestanding");
        }
        command
    }

    /// What it says of a program: nothing if all is well.
    pub fn complaint(&self, include: &Path, source: &str) -> std::io::Result<Option<String>> {
        let mut command = self.strict(include);
        command.args(["-fsyntax-only", "-x", self.language, "-"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(source.as_bytes())?;
        }
        let output = child.wait_with_output()?;
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        Ok((!output.status.success()).then_some(complaint))
    }

    /// Fails unless it accepts the program without a warning.
    pub fn accepts(&self, include: &Path, source: &str) -> Outcome {
        match self.complaint(include, source)? {
            None => Ok(()),
            Some(complaint) => Err(complaint.into()),
        }
    }

    /// Runs it on files.
    pub fn run<I: AsRef<OsStr>>(
        &self,
        include: &Path,
        arguments: impl IntoIterator<Item = I>,
    ) -> Outcome {
        let output = self.strict(include).args(arguments).output()?;
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned().into())
        }
    }
}
