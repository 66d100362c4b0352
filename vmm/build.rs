//! Builds the guest side — the kernel, the vDSO and the built-in programs — and makes it
//! available to the crate, so that one binary is the whole product.
//!
//! The guest is built by a cargo of its own, with a target directory of its own and none
//! of the outer cargo's settings in its environment: neither locks nor flags collide.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, exit};
use std::{env, fs};

const TARGET: &str = "x86_64-unknown-none";

/// What the guest side is made of. `guest` has more, none of it built here: an example that
/// was compiled in place must not have all of this built anew.
const SOURCES: &[&str] = &[
    "abi",
    "guest-kernel",
    "guest/libzx",
    "guest/libzx-macros",
    "guest/programs",
    "guest/vdso",
    "Cargo.toml",
    "Cargo.lock",
];

fn main() {
    let manifest = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    let out = PathBuf::from(variable("OUT_DIR"));
    let Some(top) = manifest.parent() else {
        fail("the crate has no parent folder");
    };
    for path in SOURCES {
        println!("cargo::rerun-if-changed={}", top.join(path).display());
    }
    check_target();

    let target_dir = out.join("guest");
    // The kernel runs in the topmost 2 GiB; programs are linked where they run.
    build(
        top,
        &target_dir,
        ("guest-kernel", "guest"),
        "-C relocation-model=static -C code-model=kernel -C force-frame-pointers=yes",
    );
    build(
        top,
        &target_dir,
        ("guest-programs", "guest-programs"),
        "-C relocation-model=static -C force-frame-pointers=yes",
    );
    // The vDSO runs wherever it is mapped.
    build(
        top,
        &target_dir,
        ("vdso", "guest"),
        "-C relocation-model=pic",
    );

    let built = target_dir.join(TARGET);
    let mut code = String::new();
    for (constant, what, file) in [
        ("KERNEL", "The kernel, an ELF file.", "guest/guest-kernel"),
        ("VDSO", "The vDSO, an ELF shared object.", "guest/vdso"),
    ] {
        let file = built.join(file).display().to_string();
        let _ = writeln!(
            code,
            "/// {what}\npub const {constant}: &[u8] = include_bytes!({file:?});\n"
        );
    }
    code.push_str(
        "/// The programs: name and ELF file.\npub const PROGRAMS: &[(&str, &[u8])] = &[\n",
    );
    for name in programs(&top.join("guest/programs/src/bin")) {
        let file = built.join("guest-programs").join(&name);
        let file = file.display().to_string();
        let _ = writeln!(code, "    ({name:?}, include_bytes!({file:?})),");
    }
    code.push_str("];\n");
    if let Err(error) = fs::write(out.join("builtin.rs"), code) {
        fail(&format!("cannot write the table of programs: {error}"));
    }
}

fn variable(name: &str) -> String {
    match env::var(name) {
        Ok(value) => value,
        Err(error) => fail(&format!("{name}: {error}")),
    }
}

/// The names of the programs, in order.
fn programs(folder: &Path) -> Vec<String> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => fail(&format!("cannot read {}: {error}", folder.display())),
    };
    let mut names: Vec<String> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension() == Some(OsStr::new("rs")))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    names
}

/// Fails with the way out if the compiler has no library for the guest.
fn check_target() {
    let compiler = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(compiler)
        .args(["--print", "target-libdir", "--target", TARGET])
        .output();
    let folder = match output {
        Ok(output) if output.status.success() => {
            PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
        }
        _ => fail("rustc does not answer"),
    };
    if !folder.is_dir() {
        fail(&format!(
            "the Rust target of the guest kernel is not installed; run: rustup target add {TARGET}"
        ));
    }
}

/// Builds a package with a profile.
fn build(top: &Path, target_dir: &Path, (package, profile): (&str, &str), flags: &str) {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .current_dir(top)
        .args(["build", "--quiet", "--locked", "--profile", profile])
        .args(["--target", TARGET, "--package", package, "--target-dir"])
        .arg(target_dir);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let keep = matches!(&*text, "CARGO_HOME" | "CARGO_NET_OFFLINE");
        let inherited = [
            "CARGO",
            "RUSTC",
            "RUSTFLAGS",
            "RUSTDOC",
            "TARGET",
            "HOST",
            "PROFILE",
        ]
        .iter()
        .any(|prefix| text.starts_with(prefix));
        if inherited && !keep {
            command.env_remove(&name);
        }
    }
    command.env("RUSTFLAGS", flags);
    match command.status() {
        Ok(status) if status.success() => {}
        Ok(status) => fail(&format!(
            "building {package} for {TARGET} failed ({status})"
        )),
        Err(error) => fail(&format!("cannot run cargo for {package}: {error}")),
    }
}

fn fail(message: &str) -> ! {
    println!("cargo::error={message}");
    exit(1)
}
