//! The headers under test, away from the SDK's C library.
//!
//! That stands in the same folder, and a hosted compiler that sees both its headers and the
//! host's would prove nothing of either.

use crate::Outcome;
use crate::compilers::Compiler;
use libtest_mimic::Failed;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Folders under test, in `guest/include`.
const FOLDERS: &[&str] = &["zircon", "zircon/syscalls"];
/// Headers under test that share their folder with others.
const SINGLE: &[&str] = &["vmoscope/startup.h", "vmoscope/syscalls.h"];

/// `guest/include`.
fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest/include")
}

/// The headers' names, as programs write them between angle brackets.
pub fn headers() -> Result<Vec<String>, Failed> {
    let mut headers: Vec<_> = SINGLE.iter().map(|&name| name.to_owned()).collect();
    for folder in FOLDERS {
        for entry in fs::read_dir(source().join(folder))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name.ends_with(".h") {
                headers.push(format!("{folder}/{name}"));
            }
        }
    }
    headers.sort();
    Ok(headers)
}

/// The text of a header.
pub fn text(header: &str) -> Result<String, Failed> {
    let path = source().join(header);
    let text = fs::read_to_string(&path);
    text.map_err(|error| format!("{}: {error}", path.display()).into())
}

/// Where the tests' files go: a folder of this run.
fn scratch() -> PathBuf {
    let run = format!("headers-{}", std::process::id());
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(run)
}

/// Removes the files of all tests.
pub fn clean() -> std::io::Result<()> {
    match fs::remove_dir_all(scratch()) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Copies the headers into a folder.
pub fn copy(to: &Path) -> Outcome {
    for header in headers()? {
        let file = to.join(&header);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(file, text(&header)?)?;
    }
    Ok(())
}

/// A folder with nothing but the headers.
pub fn own() -> Result<PathBuf, Failed> {
    // Tests run side by side; each makes its own copy.
    static COPIES: AtomicUsize = AtomicUsize::new(0);
    let copy_number = COPIES.fetch_add(1, Ordering::Relaxed);
    let folder = scratch().join(copy_number.to_string());
    copy(&folder)?;
    Ok(folder)
}

/// Each header is all that a program needs to include for it.
pub fn alone(compiler: &Compiler) -> Outcome {
    let folder = own()?;
    let headers = headers()?;
    for header in [
        "zircon/types.h",
        "zircon/syscalls.h",
        "zircon/syscalls/port.h",
    ] {
        if !headers.iter().any(|name| name == header) {
            return Err(format!("{header} is not among {headers:?}").into());
        }
    }
    for header in headers {
        // Twice, for the guards; and something, as an empty program is not C.
        let source = format!("#include <{header}>\n#include <{header}>\nint something;\n");
        if let Some(complaint) = compiler.complaint(&folder, &source)? {
            return Err(format!("<{header}>: {complaint}").into());
        }
    }
    Ok(())
}
