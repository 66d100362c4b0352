//! A test: what a machine needs to run one guest program and its company.

use super::results::TestName;
use crate::boot::Program;
use crate::machine::Until;
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The most bytes of a program's file that are read.
const MAX_FILE_SIZE: u64 = 2 * crate::boot::MAX_MODULE_SIZE;

/// Where a program is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// In this binary.
    Builtin(&'static [u8]),
    /// In a file, which is read when the test starts.
    File(PathBuf),
}

/// A program of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestProgram {
    /// What its process is called.
    pub name: String,
    /// Where it is.
    pub source: Source,
}

/// One test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// What it is called.
    pub name: TestName,
    /// Its programs; the first is the test.
    pub programs: Vec<TestProgram>,
    /// Arguments of the first program.
    pub args: Vec<String>,
    /// Environment of the first program, a `NAME=value` each; of equal names the last
    /// counts.
    pub env: Vec<String>,
    /// Bytes of RAM, if the manifest says so.
    pub ram: Option<u64>,
    /// The kernel's command line.
    pub command_line: String,
    /// The most time of a case, if the manifest says so.
    pub timeout: Option<Duration>,
    /// When the machine is done.
    pub until: Until,
}

impl Test {
    /// A test of one program with nothing special.
    #[must_use]
    pub fn new(name: String, program: TestProgram) -> Self {
        Self {
            name: TestName {
                test: name,
                variant: None,
                repetition: None,
            },
            programs: vec![program],
            args: Vec::new(),
            env: Vec::new(),
            ram: None,
            command_line: String::new(),
            timeout: None,
            until: Until::All,
        }
    }

    /// Its programs as a machine takes them, their files read; with no environment yet.
    ///
    /// # Errors
    /// Which file cannot be read, and why.
    pub fn load(&self) -> Result<Vec<Program>, String> {
        let mut args = Some(self.args.clone());
        let load = |program: &TestProgram| {
            Ok(Program {
                name: program.name.clone(),
                elf: program.source.read()?.into_owned(),
                args: args.take().unwrap_or_default(),
                env: Vec::new(),
            })
        };
        self.programs.iter().map(load).collect()
    }

    /// Its environment after `more` and with `last` in front of it; of equal names only
    /// the last counts.
    #[must_use]
    pub fn environment(&self, more: &[String], last: &[String]) -> Vec<String> {
        let mut env: Vec<String> = Vec::new();
        for variable in self.env.iter().chain(more).chain(last) {
            let name = |text: &str| text.split('=').next().unwrap_or_default().to_owned();
            env.retain(|known| name(known) != name(variable));
            env.push(variable.clone());
        }
        env
    }
}

impl Source {
    /// The bytes of the program.
    fn read(&self) -> Result<Cow<'static, [u8]>, String> {
        match self {
            Self::Builtin(bytes) => Ok(Cow::Borrowed(bytes)),
            Self::File(path) => read(path).map(Cow::Owned).map_err(|error| {
                let path = path.display();
                format!("cannot read the program `{path}`: {error}")
            }),
        }
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let size = File::open(path)?
        .take(MAX_FILE_SIZE + 1)
        .read_to_end(&mut bytes)?;
    if size as u64 > MAX_FILE_SIZE {
        let most = MAX_FILE_SIZE >> 20;
        let message = format!("it is larger than {most} MiB");
        return Err(io::Error::other(message));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equal_variables_the_last_counts() {
        let program = TestProgram {
            name: "p".to_owned(),
            source: Source::Builtin(b""),
        };
        let mut test = Test::new("t".to_owned(), program);
        test.env = vec!["A=1".into(), "B=2".into(), "A=3".into()];
        let env = test.environment(&["B=4".into()], &["VMOSCOPE_TEST=1".into()]);
        assert_eq!(env, ["A=3", "B=4", "VMOSCOPE_TEST=1"]);
    }
}
