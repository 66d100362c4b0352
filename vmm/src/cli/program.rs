//! From what the user names to programs: files, or parts of this binary.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use vmm::boot::{MAX_MODULE_SIZE, Program, builtin_program};

/// The most bytes of an ELF file that are read: what it may load, and as much again for
/// symbols and debug information.
const MAX_FILE_SIZE: u64 = 2 * MAX_MODULE_SIZE;

/// A file that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The host says why.
    #[error("cannot read the {what} `{path}`: {source}")]
    File {
        /// What it should be.
        what: &'static str,
        /// Its path.
        path: String,
        /// What the host said.
        source: std::io::Error,
    },
    /// There is no such file, and the name could have been a built-in program's.
    #[error(
        "there is neither a built-in program nor a file called `{name}`; `vmm list` shows \
         the built-in programs"
    )]
    NoSuchProgram {
        /// The name.
        name: String,
    },
    /// It does not end in time.
    #[error("the {what} `{path}` is larger than {} MiB, the most that is read", MAX_FILE_SIZE >> 20)]
    TooLarge {
        /// What it should be.
        what: &'static str,
        /// Its path.
        path: String,
    },
}

/// The program that the user calls `name`, without arguments or environment.
///
/// # Errors
/// [`ReadError`] if it is not built in and not a file that can be read.
pub fn resolve(name: &OsStr) -> Result<Program, ReadError> {
    let path = Path::new(name);
    let bare = path.file_name() == Some(name);
    if let Some(builtin) = name.to_str().filter(|_| bare).and_then(builtin_program) {
        return Ok(Program {
            name: name.to_string_lossy().into_owned(),
            elf: builtin.to_vec(),
            args: Vec::new(),
            env: Vec::new(),
        });
    }
    let elf = read("program", path).map_err(|error| match error {
        ReadError::File { ref source, .. }
            if bare && source.kind() == std::io::ErrorKind::NotFound =>
        {
            let name = name.to_string_lossy().into_owned();
            ReadError::NoSuchProgram { name }
        }
        other => other,
    })?;
    let file_name = path.file_name().unwrap_or(name);
    Ok(Program {
        name: file_name.to_string_lossy().into_owned(),
        elf,
        args: Vec::new(),
        env: Vec::new(),
    })
}

/// What to tell somebody who has just built `hello` and then names the built-in `hello`.
pub fn hidden_file(name: &OsStr) -> Option<String> {
    let path = Path::new(name);
    let bare = path.file_name() == Some(name);
    let shown = name.to_str().filter(|_| bare)?;
    builtin_program(shown)?;
    path.is_file()
        .then(|| format!("`{shown}` is the built-in program; the file is `./{shown}`"))
}

/// The bytes of a file; `what` it should be is for the message.
///
/// # Errors
/// [`ReadError`] if it cannot be read or is too large.
pub fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, ReadError> {
    let shown = path.display().to_string();
    let mut bytes = Vec::new();
    // A bound, for a path can lead to something that never ends.
    let outcome =
        File::open(path).and_then(|file| file.take(MAX_FILE_SIZE + 1).read_to_end(&mut bytes));
    match outcome {
        Err(source) => Err(ReadError::File {
            what,
            path: shown,
            source,
        }),
        Ok(length) if length as u64 > MAX_FILE_SIZE => {
            Err(ReadError::TooLarge { what, path: shown })
        }
        Ok(_) => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_is_a_built_in_program_first() {
        let program = resolve(OsStr::new("hello")).unwrap();
        assert_eq!(program.name, "hello");
        assert_eq!(program.elf, builtin_program("hello").unwrap());
        assert!(program.args.is_empty() && program.env.is_empty());
    }

    #[test]
    fn only_a_bare_name_of_a_built_in_program_hides_a_file() {
        // The folder of the tests has this file, and there is no program of that name.
        assert!(Path::new("Cargo.toml").is_file());
        for name in ["Cargo.toml", "hello", "./hello", "/"] {
            assert_eq!(hidden_file(OsStr::new(name)), None, "{name}");
        }
    }

    #[test]
    fn a_path_is_a_file_and_names_the_process() {
        let folder = std::env::temp_dir().join(format!("vmm-program-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("hello");
        std::fs::write(&path, b"not the built-in one").unwrap();
        let program = resolve(path.as_os_str());
        std::fs::remove_dir_all(&folder).unwrap();
        let program = program.unwrap();
        assert_eq!(program.name, "hello");
        assert_eq!(program.elf, b"not the built-in one");
    }

    #[test]
    fn what_is_not_there_is_named_with_the_way_out() {
        let error = resolve(OsStr::new("no-such-program")).unwrap_err();
        assert!(error.to_string().contains("`vmm list`"), "{error}");
        let error = resolve(OsStr::new("./no-such-program")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot read the program `./no-such-program`: No such file or directory (os error 2)"
        );
        assert!(matches!(
            resolve(OsStr::new("/")),
            Err(ReadError::File { .. })
        ));
    }
}
