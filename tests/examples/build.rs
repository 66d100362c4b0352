//! The examples' programs, each toolchain's in a folder of its own.

use libtest_mimic::Failed;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

/// What examples are built with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Toolchain {
    Gcc,
    Clang,
    Rust,
}

/// Programs are built once, whoever comes first.
static BUILDING: Mutex<Vec<Toolchain>> = Mutex::new(Vec::new());

impl Toolchain {
    /// All that there are.
    pub(crate) const ALL: [Self; 3] = [Self::Gcc, Self::Clang, Self::Rust];

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Gcc => "gcc",
            Self::Clang => "clang",
            Self::Rust => "rustc",
        }
    }

    /// Why it cannot be used here; `None` if it can.
    pub(crate) fn missing(self) -> Option<String> {
        let needed: &[&str] = match self {
            Self::Gcc => &["make", "gcc", "g++"],
            Self::Clang => &["make", "clang", "clang++"],
            Self::Rust => &[],
        };
        let is_there = |program: &&&str| {
            let version = Command::new(program).arg("--version").output();
            version.is_ok_and(|output| output.status.success())
        };
        let missing = needed.iter().find(|program| !is_there(program));
        missing.map(|program| format!("{program} is not installed"))
    }

    /// Builds the examples, and returns the folder with the programs.
    pub(crate) fn build(self) -> Result<PathBuf, Failed> {
        let mut built = BUILDING.lock().map_err(|_| "another build has failed")?;
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("examples");
        let folder = folder.join(self.name());
        if !built.contains(&self) {
            match self {
                Self::Gcc => make(&folder, "gcc", "g++")?,
                Self::Clang => make(&folder, "clang", "clang++")?,
                Self::Rust => cargo(&folder)?,
            }
            built.push(self);
        }
        Ok(folder)
    }
}

/// `guest/examples`.
fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest/examples")
}

fn make(folder: &Path, c: &str, cpp: &str) -> Result<(), Failed> {
    // The library may have changed since the last time.
    let _ = fs::remove_dir_all(folder);
    let mut command = Command::new("make");
    command
        .arg("--always-make")
        .arg("-C")
        .arg(examples())
        .arg(format!("OUT={}", folder.display()))
        .env("ZXCC", c)
        .env("ZXCXX", cpp)
        // Not the user's: what earlier builds left there must not decide a test.
        .env(
            "VMOSCOPE_SDK_CACHE",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("examples-sdk"),
        );
    succeed(&mut command)
}

fn cargo(folder: &Path) -> Result<(), Failed> {
    let project = examples().join("rust");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rust-examples");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["build", "--quiet", "--locked", "--target-dir"])
        .arg(&target)
        // Cargo finds the project's settings by the folder that it is started in.
        .current_dir(&project);
    for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
        command.env_remove(name);
    }
    succeed(&mut command)?;
    fs::create_dir_all(folder)?;
    for name in ["hello", "pager", "suite"] {
        let built = target.join("x86_64-unknown-none/debug").join(name);
        fs::copy(&built, folder.join(name))?;
    }
    Ok(())
}

fn succeed(command: &mut Command) -> Result<(), Failed> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?} failed:\n{stderr}").into())
}
