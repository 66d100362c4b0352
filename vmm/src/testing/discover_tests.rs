//! Folders of files that look like programs.

use super::*;
use crate::boot::PROGRAMS;

/// A folder of the test's own, removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &[u8])]) -> Self {
        let name = format!("vmm-discover-{}-{name}", std::process::id());
        let folder = Self(std::env::temp_dir().join(name));
        for (name, bytes) in files {
            let path = folder.0.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        folder
    }

    fn discover(&self, path: &str) -> Result<Vec<String>, DiscoverError> {
        let suite = discover(&[self.0.join(path)])?;
        Ok(suite
            .tests
            .iter()
            .map(|test| test.name.to_string())
            .collect())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

/// A real program.
fn elf() -> &'static [u8] {
    builtin_program("hello").unwrap()
}

/// The same with another type and entry.
fn changed(kind: u16, entry: u64) -> Vec<u8> {
    let mut bytes = elf().to_vec();
    bytes[16..18].copy_from_slice(&kind.to_le_bytes());
    bytes[24..32].copy_from_slice(&entry.to_le_bytes());
    bytes
}

#[test]
fn every_executable_of_a_folder_is_a_test_in_the_order_of_the_names() {
    let folder = Folder::new(
        "all",
        &[
            ("b", elf()),
            ("a", elf()),
            ("sub/c", elf()),
            (".hidden/d", elf()),
            (".e", elf()),
            ("readme", b"words"),
            ("empty", b""),
            ("f.o", elf()),
            ("libg.so", elf()),
            ("libg.so.1", elf()),
            ("object", &changed(1, 0)),
            ("library", &changed(3, 0)),
            ("pie", &changed(3, 0x1000)),
        ],
    );
    assert_eq!(folder.discover("").unwrap(), ["a", "b", "pie", "sub/c"]);
}

#[test]
fn a_manifest_names_what_its_programs_need() {
    let manifest = "[[test]]\nprogram = 'b'\nname = 'zz'\nwith = ['sub/target']\n";
    let folder = Folder::new(
        "manifest",
        &[
            ("a", elf()),
            ("b", elf()),
            ("sub/target", elf()),
            ("sub/c", elf()),
            (MANIFEST, manifest.as_bytes()),
        ],
    );
    assert_eq!(folder.discover("").unwrap(), ["a", "zz", "sub/c"]);
    assert_eq!(folder.discover(MANIFEST).unwrap(), ["zz"]);
    assert_eq!(folder.discover("b").unwrap(), ["zz"]);
    assert_eq!(folder.discover("a").unwrap(), ["a"]);
    let files = discover(std::slice::from_ref(&folder.0)).unwrap().files;
    assert!(files.contains(&folder.0.join("sub/target")), "{files:?}");
}

#[test]
fn what_cannot_be_a_test_is_told_with_the_way_out() {
    let folder = Folder::new("bad", &[("words", b"words"), ("in/readme", b"x")]);
    let say = |path: &str| folder.discover(path).unwrap_err().to_string();
    assert!(say("words").contains("neither an ELF executable nor a manifest"));
    assert!(say("in").contains("no ELF executable in the folder"));
    assert!(say("none").contains("cannot read"));
    let error = discover(&[PathBuf::from("no-such")])
        .unwrap_err()
        .to_string();
    assert!(error.contains("`vmm test --list`"), "{error}");
}

#[test]
fn two_tests_of_one_name_are_refused() {
    let folder = Folder::new("twice", &[("x/a", elf()), ("y/a", elf())]);
    let error = discover(&[folder.0.join("x"), folder.0.join("y")]).unwrap_err();
    assert!(matches!(error, DiscoverError::Twice { name } if name == "a"));
}

#[test]
fn the_built_in_suite_is_there_and_every_program_of_it() {
    let suite = builtin_suite().unwrap();
    assert!(!suite.tests.is_empty());
    let one = &suite.tests[0].name;
    let found = discover(&[PathBuf::from(one.base())]).unwrap();
    assert_eq!(&found.tests[0].name, one);
    // Any other built-in program can be run as a test, too.
    for (name, _) in PROGRAMS {
        assert!(!discover(&[PathBuf::from(name)]).unwrap().tests.is_empty());
    }
}

#[test]
fn of_what_cargo_has_built_only_the_programs_themselves_are_tests() {
    let folder = Folder::new(
        "cargo",
        &[
            ("debug/.cargo-lock", b""),
            ("debug/suite", elf()),
            ("debug/deps/suite-0123456789abcdef", elf()),
            (
                "debug/build/part-0123456789abcdef/build-script-build",
                elf(),
            ),
        ],
    );
    assert_eq!(folder.discover("debug").unwrap(), ["suite"]);
    assert_eq!(folder.discover("").unwrap(), ["debug/suite"]);
}

#[test]
fn what_cmake_tries_its_compilers_with_is_no_test() {
    let trial = "CMakeFiles/3.25.1/CMakeDetermineCompilerABI_C.bin";
    let folder = Folder::new("cmake", &[("suite", elf()), (trial, elf())]);
    assert_eq!(folder.discover("").unwrap(), ["suite"]);
}
