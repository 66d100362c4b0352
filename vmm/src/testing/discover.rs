//! From what the user names to tests: programs, folders, manifests, built-in tests.

use super::manifest::{MANIFEST, MAX_SIZE, Manifest, ManifestError};
use super::test::{Source, Test, TestProgram};
use crate::boot::builtin_program;
use object::LittleEndian as LE;
use object::elf::{ET_DYN, ET_REL, FileHeader64};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// What the built-in suite needs.
const BUILTIN_MANIFEST: &str = include_str!("../../../guest/programs/vmm-test.toml");
/// What it is called in messages.
const BUILTIN_MANIFEST_PATH: &str = "guest/programs/vmm-test.toml";
/// What cargo keeps in the folder that it puts programs into. The folders below are its own.
const CARGO_LOCK: &str = ".cargo-lock";
/// Where CMake tries its compilers out.
const CMAKE_FILES: &str = "CMakeFiles";
/// The deepest folder that is looked into.
const MAX_DEPTH: usize = 32;

/// Why there is nothing to run.
#[derive(Debug, thiserror::Error)]
pub enum DiscoverError {
    /// A manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A file or folder.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// Which.
        path: String,
        /// What the host says.
        source: io::Error,
    },
    /// A name that nothing has.
    #[error(
        "there is no built-in test, no built-in program and no file called `{name}`; \
         `vmm test --list` shows the built-in tests"
    )]
    NoSuchTest {
        /// The name.
        name: String,
    },
    /// A file that is no program.
    #[error("`{path}` is neither an ELF executable nor a manifest (`*.toml`)")]
    NoProgram {
        /// The file.
        path: String,
    },
    /// A folder without a program.
    #[error("there is no ELF executable in the folder `{path}`")]
    EmptyFolder {
        /// The folder.
        path: String,
    },
    /// Two tests of one name.
    #[error("there are two tests called `{name}`: run them by the folder that has both")]
    Twice {
        /// The name.
        name: String,
    },
}

/// What was found.
#[derive(Debug, Default)]
pub struct Suite {
    /// The tests, in the order in which they were named, those of a folder in the order of
    /// their names.
    pub tests: Vec<Test>,
    /// Every file that was read or will be.
    pub files: Vec<PathBuf>,
}

/// The built-in tests.
///
/// # Errors
/// [`ManifestError`] if their manifest is wrong, which a test rules out.
pub fn builtin_suite() -> Result<Suite, ManifestError> {
    let path = Path::new(BUILTIN_MANIFEST_PATH);
    let manifest = Manifest::parse(path, BUILTIN_MANIFEST, None, "")?;
    Ok(Suite {
        tests: manifest.tests,
        files: Vec::new(),
    })
}

/// The tests that `paths` name; without any, the built-in ones.
///
/// # Errors
/// [`DiscoverError`] for the first thing that cannot be used.
pub fn discover(paths: &[PathBuf]) -> Result<Suite, DiscoverError> {
    let builtin = builtin_suite()?;
    if paths.is_empty() {
        return Ok(builtin);
    }
    let mut suite = Suite::default();
    for path in paths {
        suite.add(path, &builtin)?;
    }
    let mut names = BTreeSet::new();
    for test in &suite.tests {
        if !names.insert(&test.name) {
            let name = test.name.to_string();
            return Err(DiscoverError::Twice { name });
        }
    }
    Ok(suite)
}

impl Suite {
    fn add(&mut self, path: &Path, builtin: &Self) -> Result<(), DiscoverError> {
        let bare = path.file_name() == Some(path.as_os_str());
        if let Some(name) = path.to_str().filter(|_| bare) {
            let before = self.tests.len();
            let named = |test: &&Test| test.name.test == name || test.name.base() == name;
            self.tests
                .extend(builtin.tests.iter().filter(named).cloned());
            if self.tests.len() > before {
                return Ok(());
            }
            if let Some(elf) = builtin_program(name) {
                let program = TestProgram {
                    name: name.to_owned(),
                    source: Source::Builtin(elf),
                };
                self.tests.push(Test::new(name.to_owned(), program));
                return Ok(());
            }
        }
        let metadata = fs::metadata(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound if bare => DiscoverError::NoSuchTest {
                name: path.display().to_string(),
            },
            _ => unreadable(path)(source),
        })?;
        if metadata.is_dir() {
            let before = self.tests.len();
            self.folder(path, "", &mut BTreeSet::new(), 0)?;
            if self.tests.len() == before {
                let path = path.display().to_string();
                return Err(DiscoverError::EmptyFolder { path });
            }
            Ok(())
        } else if path.extension() == Some(OsStr::new("toml")) {
            let manifest = self.manifest(path, "")?;
            self.tests.extend(manifest.tests);
            Ok(())
        } else {
            self.program(path)
        }
    }

    /// A program that is named by itself: as the manifest beside it says, if that names it.
    fn program(&mut self, path: &Path) -> Result<(), DiscoverError> {
        if !is_program(path).map_err(unreadable(path))? {
            let path = path.display().to_string();
            return Err(DiscoverError::NoProgram { path });
        }
        let beside = path.with_file_name(MANIFEST);
        let mut tests = Vec::new();
        if beside.is_file() {
            let manifest = self.manifest(&beside, "")?;
            let same = |test: &Test| matches!(test.programs.first().map(|p| &p.source), Some(Source::File(file)) if same_file(file, path));
            tests.extend(manifest.tests.into_iter().filter(same));
        }
        if tests.is_empty() {
            tests.push(simple(path, ""));
            self.files.push(path.to_owned());
        }
        self.tests.append(&mut tests);
        Ok(())
    }

    /// A folder and all below it. `claimed` are files that manifests have named.
    fn folder(
        &mut self,
        folder: &Path,
        prefix: &str,
        claimed: &mut BTreeSet<PathBuf>,
        depth: usize,
    ) -> Result<(), DiscoverError> {
        let mut tests = Vec::new();
        let own = folder.join(MANIFEST);
        if own.is_file() {
            let manifest = self.manifest(&own, prefix)?;
            claimed.extend(manifest.files.iter().map(|file| canonical(file)));
            tests = manifest.tests;
        }
        let mut folders = Vec::new();
        for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
            let entry = entry.map_err(unreadable(folder))?;
            let (name, path) = (entry.file_name(), entry.path());
            if name.as_encoded_bytes().starts_with(b".") || name == CMAKE_FILES {
                continue;
            }
            // A link to a folder may lead to where we are.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            } else if path.is_file()
                && !is_library(&name)
                && !claimed.contains(&canonical(&path))
                && is_program(&path).map_err(unreadable(&path))?
            {
                tests.push(simple(&path, prefix));
                self.files.push(path);
            }
        }
        tests.sort_by(|a, b| a.name.test.cmp(&b.name.test));
        self.tests.append(&mut tests);
        if folder.join(CARGO_LOCK).exists() {
            // Copies under other names, and programs of the build that run on the host.
            folders.clear();
        }
        folders.sort();
        for inner in folders.iter().filter(|_| depth < MAX_DEPTH) {
            let name = inner.file_name().unwrap_or_default().to_string_lossy();
            let prefix = format!("{prefix}{name}/");
            self.folder(inner, &prefix, claimed, depth + 1)?;
        }
        Ok(())
    }

    fn manifest(&mut self, path: &Path, prefix: &str) -> Result<Manifest, DiscoverError> {
        let mut text = String::new();
        File::open(path)
            .and_then(|file| file.take(MAX_SIZE).read_to_string(&mut text))
            .map_err(unreadable(path))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let manifest = Manifest::parse(path, &text, Some(folder), prefix)?;
        self.files.push(path.to_owned());
        self.files.extend(manifest.files.iter().cloned());
        Ok(manifest)
    }
}

/// A test of a file with nothing special.
fn simple(path: &Path, prefix: &str) -> Test {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let program = TestProgram {
        name: name.clone().into_owned(),
        source: Source::File(path.to_owned()),
    };
    Test::new(format!("{prefix}{name}"), program)
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> DiscoverError {
    let path = path.display().to_string();
    move |source| DiscoverError::Read { path, source }
}

fn canonical(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn same_file(a: &Path, b: &Path) -> bool {
    canonical(a) == canonical(b)
}

/// Whether a file is called like an object or a shared library.
fn is_library(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.ends_with(".o") || name.ends_with(".so") || name.contains(".so.")
}

/// Whether a file is an ELF executable, by its header.
fn is_program(path: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    let length = size_of::<FileHeader64<LE>>();
    File::open(path)?
        .take(length as u64)
        .read_to_end(&mut start)?;
    if !start.starts_with(b"\x7FELF") {
        return Ok(false);
    }
    Ok(match object::pod::from_bytes::<FileHeader64<LE>>(&start) {
        // A library has no entry. What else is wrong is told when it is run.
        Ok((header, _)) => {
            let kind = header.e_type.get(LE);
            kind != ET_REL && (kind != ET_DYN || header.e_entry.get(LE) != 0)
        }
        Err(()) => true,
    })
}

#[cfg(test)]
#[path = "discover_tests.rs"]
mod tests;
