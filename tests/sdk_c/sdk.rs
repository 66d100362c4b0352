//! Building programs with the SDK's scripts, and running them.

use libtest_mimic::Failed;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs};

/// Seconds that a guest may run; generous, for the machine may be busy and its KVM a slow one.
const TIME_LIMIT: &str = "300";

/// A compiler that the SDK is to work with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compiler {
    Gcc,
    Clang,
}

impl Compiler {
    /// All of them.
    pub(crate) const ALL: [Self; 2] = [Self::Gcc, Self::Clang];

    /// What its C compiler is called.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Gcc => "gcc",
            Self::Clang => "clang",
        }
    }

    /// Why nothing can be built with it, if so.
    pub(crate) fn missing(self) -> Option<String> {
        let cxx = match self {
            Self::Gcc => "g++",
            Self::Clang => "clang++",
        };
        [self.name(), cxx]
            .into_iter()
            .find(|program| !is_there(program))
            .map(|program| format!("`{program}` is not installed"))
    }
}

/// Whether a program of that name can be started.
pub(crate) fn is_there(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output();
    found.is_ok_and(|output| output.status.success())
}

/// The top folder of the sources.
pub(crate) fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A program of `guest/libzircon/tests`.
pub(crate) fn source(name: &str) -> PathBuf {
    top().join("guest/libzircon/tests").join(name)
}

/// A name for a file that no other test uses.
pub(crate) fn scratch(name: &str) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("sdk_c")
        .join(count.to_string());
    // An earlier run may have left one. If it cannot be made, whoever writes there says so.
    let _ = fs::remove_dir_all(&folder);
    let _ = fs::create_dir_all(&folder);
    folder.join(name)
}

/// A source file with that content.
pub(crate) fn written(name: &str, text: &str) -> PathBuf {
    let path = scratch(name);
    // Without the file, the compiler names it.
    let _ = fs::write(&path, text);
    path
}

/// `zxcc` or `zxc++`, for the compiler.
pub(crate) fn script(name: &str, compiler: Compiler) -> Command {
    let mut command = Command::new(top().join("scripts").join(name));
    command
        .env("ZXCC", compiler.name())
        .env_remove("ZXCXX")
        .env("VMOSCOPE_SDK_STRICT", "1")
        .env(
            "VMOSCOPE_SDK_CACHE",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("sdk"),
        );
    command
}

/// Runs a command that must succeed.
pub(crate) fn succeed(command: &mut Command) -> Result<Output, Failed> {
    let output = command
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("{command:?}: {}\n{text}", output.status).into());
    }
    Ok(output)
}

/// Builds a program of one source file without a warning; the language follows from the
/// file's name.
pub(crate) fn build(
    compiler: Compiler,
    source: &Path,
    options: &[&str],
) -> Result<PathBuf, Failed> {
    let is_c = source.extension().is_some_and(|extension| extension == "c");
    let program = scratch("program");
    succeed(
        script(if is_c { "zxcc" } else { "zxc++" }, compiler)
            .args(["-Wall", "-Wextra", "-Werror", "-o"])
            .arg(&program)
            .arg(source)
            .args(options),
    )?;
    Ok(program)
}

/// What came of `vmm run`.
#[derive(Debug)]
pub(crate) struct Run {
    /// The exit code of `vmm`; `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    /// The guest's console.
    pub(crate) stdout: String,
    /// What `vmm` itself said.
    pub(crate) stderr: String,
}

/// `vmm run` of one program, with options before it and arguments behind.
pub(crate) fn run(program: &Path, options: &[&str], args: &[&str]) -> Result<Run, Failed> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vmm"));
    command
        .args(["run", "--timeout", TIME_LIMIT, "--check"])
        .args(options)
        .arg(program);
    if !args.is_empty() {
        command.arg("--").args(args);
    }
    let output = command.output().map_err(|error| error.to_string())?;
    Ok(Run {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

impl Run {
    /// Fails unless it ended with that exit code.
    pub(crate) fn code(self, wanted: i32) -> Result<Self, Failed> {
        if self.code == Some(wanted) {
            return Ok(self);
        }
        Err(format!(
            "exit code {:?}, not {wanted}\n{}{}",
            self.code, self.stdout, self.stderr
        )
        .into())
    }

    /// Fails unless the console is exactly that.
    pub(crate) fn console(self, wanted: &str) -> Result<Self, Failed> {
        if self.stdout == wanted {
            return Ok(self);
        }
        Err(format!("the console is\n{}and not\n{wanted}", self.stdout).into())
    }
}
