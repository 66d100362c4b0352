//! Where tagged tests are: which files are searched, and which program runs which case.

use crate::lexer::{Piece, pieces};
use crate::tags::{Tagged, of_functions, of_names};
use std::collections::BTreeSet;
use std::fs::read_to_string;
use std::path::{Path, PathBuf};

/// The tagged tests of one program or file.
#[derive(Debug)]
pub(crate) struct Group {
    /// What runs them: a guest program, a test target, or the file of unit tests.
    pub(crate) by: String,
    /// They themselves.
    pub(crate) tests: Vec<Tagged>,
}

/// What the search finds.
#[derive(Debug)]
pub(crate) struct Found {
    /// Every tagged test of the project that is run.
    pub(crate) groups: Vec<Group>,
    /// Files with guest cases that no end-to-end test runs: what they show does not count.
    pub(crate) not_run: Vec<String>,
}

/// Every tagged test of the project.
///
/// # Errors
/// A file that cannot be read and a tag that is wrong.
pub(crate) fn tagged(root: &Path) -> Result<Found, String> {
    let mut groups = Vec::new();
    let mut not_run = Vec::new();
    for (file, program) in guest_files(root)? {
        match program {
            Some(program) => groups.push(group(&file, program, of_names)?),
            None => not_run.push(relative(&file, root)),
        }
    }
    for file in files_below(&root.join("tests"))? {
        let folder = relative(&file, &root.join("tests"));
        let target = folder.split('/').next().unwrap_or_default().to_owned();
        if target != "conformance" {
            groups.push(group(&file, target, of_names)?);
        }
    }
    for folder in ["abi/src", "vmm/src", "vmm/tests"] {
        for file in files_below(&root.join(folder))? {
            let name = relative(&file, root);
            groups.push(group(&file, name, of_functions)?);
        }
    }
    // Machines without an operating system name their tests in strings.
    for file in files_below(&root.join("vmm/tests"))? {
        groups.push(group(&file, relative(&file, root), of_names)?);
    }
    groups.retain(|group| !group.tests.is_empty());
    Ok(Found { groups, not_run })
}

fn group(
    file: &Path,
    by: String,
    tags: fn(&str) -> Result<Vec<Tagged>, String>,
) -> Result<Group, String> {
    let tests = tags(&read(file)?).map_err(|why| format!("{}: {why}", file.display()))?;
    Ok(Group { by, tests })
}

/// The files with guest cases, each with the program that runs them; none if no end-to-end
/// test runs such a program.
fn guest_files(root: &Path) -> Result<Vec<(PathBuf, Option<String>)>, String> {
    let source = root.join("guest/programs/src");
    let run = run_end_to_end(root)?;
    let mut found = Vec::new();
    let mut modules = Vec::new();
    for program in files_below(&source.join("bin"))? {
        let name = stem(&program);
        let text = read(&program)?;
        if run.contains(&name) {
            modules.extend(modules_of_cases(&text).map(|module| (module, name.clone())));
            found.push((program, Some(name)));
        } else if !of_names(&text)?.is_empty() {
            found.push((program, None));
        }
    }
    let cases = source.join("cases");
    for file in files_below(&cases)? {
        let path = relative(&file, &cases);
        let module = path.split('/').next().unwrap_or_default();
        let module = module.trim_end_matches(".rs");
        let by = modules.iter().find(|(name, _)| name == module);
        if module != "mod" {
            found.push((file, by.map(|(_, program)| program.clone())));
        }
    }
    Ok(found)
}

/// The programs of the built-in suite, and the names in string literals of the end-to-end
/// tests: the programs that these run among them.
fn run_end_to_end(root: &Path) -> Result<BTreeSet<String>, String> {
    let mut names = programs(&read(&root.join("guest/programs/vmm-test.toml"))?)?;
    for file in files_below(&root.join("tests/end_to_end"))? {
        for piece in pieces(&read(&file)?) {
            if let Piece::Literal(text) = piece {
                names.insert(text);
            }
        }
    }
    Ok(names)
}

/// The first program of each test of a manifest, which is the one with cases.
fn programs(manifest: &str) -> Result<BTreeSet<String>, String> {
    let manifest: toml::Table = manifest.parse().map_err(|why| format!("{why}"))?;
    let tests = manifest.get("test").and_then(|tests| tests.as_array());
    let names = tests.into_iter().flatten().map(|test| {
        let name = test.get("program").and_then(|name| name.as_str());
        let name = name.ok_or_else(|| format!("a test without a program: {test}"))?;
        Ok(name.to_owned())
    });
    names.collect()
}

/// The modules of `guest_programs::cases` that a program names.
fn modules_of_cases(source: &str) -> impl Iterator<Item = String> {
    let uses = source.split("cases::").skip(1);
    uses.flat_map(|rest| {
        let list = match rest.strip_prefix('{') {
            Some(inside) => inside.split('}').next().unwrap_or_default(),
            None => rest
                .split(|after: char| !after.is_alphanumeric() && after != '_')
                .next()
                .unwrap_or_default(),
        };
        let names = list.split(',').map(|name| {
            let name = name.trim();
            name.split("::").next().unwrap_or(name).to_owned()
        });
        names.filter(|name| !name.is_empty()).collect::<Vec<_>>()
    })
}

/// The Rust files below a folder, in order of their names.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let cannot = |why: std::io::Error| format!("{}: {why}", folder.display());
    let mut files = Vec::new();
    for entry in folder.read_dir().map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

pub(crate) fn read(file: &Path) -> Result<String, String> {
    read_to_string(file).map_err(|why| format!("{}: {why}", file.display()))
}

fn relative(file: &Path, folder: &Path) -> String {
    let path = file.strip_prefix(folder).unwrap_or(file);
    path.to_string_lossy().into_owned()
}

fn stem(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

#[test]
fn a_manifest_names_its_programs() {
    let manifest = "[[test]]\nprogram = 'b'\nwith = ['c']\n[[test]]\nprogram = 'a'\nname = 'd'";
    let names = programs(manifest).unwrap();
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["a", "b"]);
    assert!(programs("[[test]]\nname = 'd'").is_err());
}

#[test]
fn programs_name_their_modules_of_cases() {
    let of = |source| modules_of_cases(source).collect::<Vec<_>>();
    assert_eq!(of("use guest_programs::cases::vmo;"), ["vmo"]);
    assert_eq!(
        of("use guest_programs::cases::{clones, sizes};"),
        ["clones", "sizes"]
    );
    assert_eq!(of("guest_programs::cases::pager::run(suite)"), ["pager"]);
    assert!(of("use guest_programs::suite;").is_empty());
}
