//! `vmm-test.toml`: what the tests of a folder need.

use super::results::TestName;
use super::test::{Source, Test, TestProgram};
use crate::boot::builtin_program;
use crate::machine::Until;
use crate::size;
use serde::{Deserialize, Deserializer, de};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::Spanned;

/// What a manifest is called.
pub const MANIFEST: &str = "vmm-test.toml";
/// The most bytes of a manifest that are read.
pub(super) const MAX_SIZE: u64 = 1 << 20;

/// What is wrong with a manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// It cannot be read as TOML, or has keys or values that it must not have.
    #[error("`{path}`: {message}")]
    Syntax {
        /// The manifest.
        path: String,
        /// What the reader says, with the place.
        message: String,
    },
    /// A table says something that cannot be.
    #[error("`{path}`, line {line}: {message}")]
    Table {
        /// The manifest.
        path: String,
        /// Where, counted from 1.
        line: usize,
        /// What, and the way out.
        message: String,
    },
}

/// What a manifest says.
#[derive(Debug, Default)]
pub(super) struct Manifest {
    /// Its tests, in its order.
    pub(super) tests: Vec<Test>,
    /// Files that it names: they are no tests of their own.
    pub(super) files: Vec<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    test: Vec<Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    program: Spanned<String>,
    name: Option<Spanned<String>>,
    #[serde(default)]
    with: Vec<Spanned<String>>,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    env: Vec<Variable>,
    mem: Option<Size>,
    #[serde(default)]
    cmdline: String,
    timeout: Option<Seconds>,
    until: Option<Ending>,
    #[serde(default)]
    variant: Vec<Variant>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Variant {
    name: Spanned<String>,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    env: Vec<Variable>,
    mem: Option<Size>,
    #[serde(default)]
    cmdline: String,
    timeout: Option<Seconds>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Ending {
    First,
    All,
}

/// Bytes, as `--mem` takes them.
#[derive(Clone, Copy)]
struct Size(u64);

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        size::parse(&text).map(Self).map_err(de::Error::custom)
    }
}

/// Seconds, as `--timeout` takes them.
#[derive(Clone, Copy)]
struct Seconds(Duration);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wanted = || de::Error::custom("write a number of seconds above 0, such as 2.5");
        match Duration::try_from_secs_f64(f64::deserialize(deserializer)?) {
            Ok(limit) if !limit.is_zero() => Ok(Self(limit)),
            _ => Err(wanted()),
        }
    }
}

/// A `NAME=value`.
#[derive(Clone)]
struct Variable(String);

impl<'de> Deserialize<'de> for Variable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.split_once('=') {
            Some((name, _)) if !name.is_empty() => Ok(Self(text)),
            _ => Err(de::Error::custom("write NAME=value")),
        }
    }
}

/// Finds programs by the names that a manifest gives them.
struct Finder<'a> {
    path: String,
    text: &'a str,
    /// The folder of the manifest; none for the built-in one.
    folder: Option<&'a Path>,
    files: Vec<PathBuf>,
}

impl Manifest {
    /// Reads a manifest's text. `folder` is where its files are; without one they are
    /// built-in programs only. Test names get `prefix` in front.
    ///
    /// # Errors
    /// [`ManifestError`] for the first thing that is wrong.
    pub(super) fn parse(
        path: &Path,
        text: &str,
        folder: Option<&Path>,
        prefix: &str,
    ) -> Result<Self, ManifestError> {
        let path = path.display().to_string();
        let file: File = toml::from_str(text).map_err(|error| ManifestError::Syntax {
            path: path.clone(),
            message: error.to_string().trim_end().to_owned(),
        })?;
        let mut finder = Finder {
            path,
            text,
            folder,
            files: Vec::new(),
        };
        let mut names = BTreeSet::new();
        let mut tests = Vec::new();
        for table in file.test {
            let place = table.name.as_ref().unwrap_or(&table.program).span().start;
            for test in finder.tests(table, prefix)? {
                if !names.insert(test.name.clone()) {
                    let name = &test.name;
                    let message = format!("`{name}` is there twice: give one a `name` of its own");
                    return Err(finder.error(place, message));
                }
                tests.push(test);
            }
        }
        Ok(Self {
            tests,
            files: finder.files,
        })
    }
}

impl Finder<'_> {
    /// The tests of a table: one, or one for each variant.
    fn tests(&mut self, table: Table, prefix: &str) -> Result<Vec<Test>, ManifestError> {
        let program = self.find(&table.program)?;
        let name = match &table.name {
            Some(name) => self.name(name)?,
            None => program.name.clone(),
        };
        let mut test = Test::new(format!("{prefix}{name}"), program);
        for other in &table.with {
            let other = self.find(other)?;
            test.programs.push(other);
        }
        test.until = match table.until {
            Some(Ending::First) => Until::First,
            Some(Ending::All) => Until::All,
            None if table.with.is_empty() => Until::All,
            None => Until::First,
        };
        test.args = table.args;
        test.env = table.env.into_iter().map(|variable| variable.0).collect();
        test.ram = table.mem.map(|size| size.0);
        test.command_line = table.cmdline;
        test.timeout = table.timeout.map(|limit| limit.0);
        if table.variant.is_empty() {
            return Ok(vec![test]);
        }
        let variants = table.variant.into_iter();
        variants.map(|own| self.variant(&test, own)).collect()
    }

    fn variant(&self, test: &Test, own: Variant) -> Result<Test, ManifestError> {
        let mut test = test.clone();
        test.name = TestName {
            variant: Some(self.name(&own.name)?),
            ..test.name
        };
        test.args.extend(own.args);
        test.env
            .extend(own.env.into_iter().map(|variable| variable.0));
        let words = [test.command_line.as_str(), own.cmdline.as_str()];
        test.command_line = words.join(" ").trim().to_owned();
        test.ram = own.mem.map(|size| size.0).or(test.ram);
        test.timeout = own.timeout.map(|limit| limit.0).or(test.timeout);
        Ok(test)
    }

    /// A program: a file of the folder, or a built-in one.
    fn find(&mut self, name: &Spanned<String>) -> Result<TestProgram, ManifestError> {
        let text = name.get_ref();
        if let Some(path) = self.folder.map(|folder| folder.join(text))
            && path.is_file()
        {
            self.files.push(path.clone());
            let name = path.file_name().unwrap_or_default();
            return Ok(TestProgram {
                name: name.to_string_lossy().into_owned(),
                source: Source::File(path),
            });
        }
        let Some(elf) = builtin_program(text) else {
            let message = match self.folder {
                Some(_) => format!(
                    "there is neither a file nor a built-in program called `{text}`; files are \
                     looked for beside the manifest, and `vmm list` shows the built-in programs"
                ),
                None => format!("there is no built-in program called `{text}`"),
            };
            return Err(self.error(name.span().start, message));
        };
        Ok(TestProgram {
            name: text.clone(),
            source: Source::Builtin(elf),
        })
    }

    /// A name that a full name can be made of.
    fn name(&self, name: &Spanned<String>) -> Result<String, ManifestError> {
        let text = name.get_ref();
        let bad = text.is_empty() || text.contains("::") || text.contains(['@', '#', '\n']);
        if bad {
            let message = format!("the name {text:?} is empty or has `::`, `@`, `#` or a newline");
            return Err(self.error(name.span().start, message));
        }
        Ok(text.clone())
    }

    fn error(&self, at: usize, message: String) -> ManifestError {
        let before = self.text.get(..at).unwrap_or_default();
        ManifestError::Table {
            path: self.path.clone(),
            line: before.matches('\n').count() + 1,
            message,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<Test>, ManifestError> {
        Manifest::parse(Path::new("vmm-test.toml"), text, None, "").map(|manifest| manifest.tests)
    }

    #[test]
    fn a_table_says_what_a_machine_needs() {
        let tests = parse(
            "[[test]]\nprogram = 'hello'\nname = 'patching'\nwith = ['spin']\n\
             args = ['--gate', 'on']\nenv = ['COLOUR=no']\nmem = '48M'\ncmdline = 'a=b'\n\
             timeout = 20\n",
        )
        .unwrap();
        let [test] = &*tests else { panic!("{tests:?}") };
        assert_eq!(test.name.to_string(), "patching");
        let names: Vec<_> = test.programs.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["hello", "spin"]);
        assert_eq!(test.args, ["--gate", "on"]);
        assert_eq!(test.env, ["COLOUR=no"]);
        assert_eq!(test.ram, Some(48 << 20));
        assert_eq!(test.command_line, "a=b");
        assert_eq!(test.timeout, Some(Duration::from_secs(20)));
        assert_eq!(test.until, Until::First);
    }

    #[test]
    fn a_variant_adds_to_its_test_or_stands_in_its_place() {
        let tests = parse(
            "[[test]]\nprogram = 'hello'\nargs = ['1']\ncmdline = 'a=b'\nmem = '32M'\n\
             [[test.variant]]\nname = 'x'\nargs = ['2']\ncmdline = 'c=d'\ntimeout = 1.5\n\
             [[test.variant]]\nname = 'y'\nmem = '64M'\n",
        )
        .unwrap();
        let [x, y] = &*tests else { panic!("{tests:?}") };
        assert_eq!(x.name.to_string(), "hello@x");
        assert_eq!((&*x.args[0], &*x.args[1]), ("1", "2"));
        assert_eq!(x.command_line, "a=b c=d");
        assert_eq!(x.ram, Some(32 << 20));
        assert_eq!(x.timeout, Some(Duration::from_millis(1500)));
        assert_eq!(y.name.to_string(), "hello@y");
        assert_eq!((y.ram, y.until), (Some(64 << 20), Until::All));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, line, part) in [
            ("[[test]]\nprogram = 'no-such'\n", "line 2", "`no-such`"),
            (
                "[[test]]\nprogram = 'hello'\nwith = ['?']\n",
                "line 3",
                "`?`",
            ),
            (
                "[[test]]\nprogram = 'hello'\n[[test]]\nprogram = 'hello'\n",
                "line 4",
                "twice",
            ),
            (
                "[[test]]\nprogram = 'hello'\nname = 'a::b'\n",
                "line 3",
                "::",
            ),
            (
                "[[test]]\nprogram = 'hello'\nmen = '1M'\n",
                "line 3",
                "`men`",
            ),
            ("[[test]]\nprogram = 'hello'\nmem = '1Q'\n", "line 3", "64M"),
            (
                "[[test]]\nprogram = 'hello'\ntimeout = 0\n",
                "line 3",
                "above 0",
            ),
            (
                "[[test]]\nprogram = 'hello'\nenv = ['x']\n",
                "line 3",
                "NAME=value",
            ),
            (
                "[[test]]\nprogram = 'hello'\nuntil = 'x'\n",
                "line 3",
                "first",
            ),
            ("[[test]]\n", "line 1", "program"),
            ("[[test]\n", "line 1", ""),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(line), "{text}: {error}");
            assert!(error.contains(part), "{text}: {error}");
            assert!(error.contains("`vmm-test.toml`"), "{text}: {error}");
        }
    }
}
