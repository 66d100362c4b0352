//! The kernel's command line (`abi::cmdline`), checked before the guest sees it.

use abi::cmdline::{DEBUGGING_SYSCALLS, ERRORS, MAX_LENGTH, SEED};
use std::fmt;

/// Words that switch [`DEBUGGING_SYSCALLS`] on or off. The kernel takes everything that is
/// not one of `false`, `0` and `off` for "on", as Zircon does; a host that refuses the
/// rest catches typing errors that would open the gate.
const SWITCHES: [&str; 6] = ["true", "1", "on", "false", "0", "off"];
/// Values of [`ERRORS`].
const ERROR_MODES: [&str; 2] = ["documented", "zircon"];

/// A command line that the kernel understands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandLine(String);

/// What is wrong with a command line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandLineError {
    /// A byte that the kernel has no use for.
    #[error(
        "character {position} is {character:?}: only printable ASCII characters and \
         spaces are allowed"
    )]
    NotPrintable {
        /// Which character, counted from 1.
        position: usize,
        /// The character.
        character: char,
    },
    /// More bytes than the kernel reads.
    #[error("it has {length} bytes, and {MAX_LENGTH} is the most that the kernel reads")]
    TooLong {
        /// Its bytes.
        length: usize,
    },
    /// A word without a key.
    #[error("`{word}` has no key: write key=value")]
    NoKey {
        /// The word.
        word: String,
    },
    /// A known key with a value that it cannot have.
    #[error("`{key}={value}`: the value must be {expected}")]
    BadValue {
        /// The key.
        key: &'static str,
        /// The value it was given.
        value: String,
        /// What it can be given.
        expected: &'static str,
    },
}

impl CommandLine {
    /// Checks a command line. Keys that are not known pass; the kernel ignores them.
    ///
    /// # Errors
    /// [`CommandLineError`] for the first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, CommandLineError> {
        if let Some((index, character)) = text
            .chars()
            .enumerate()
            .find(|(_, character)| !matches!(character, ' '..='~'))
        {
            return Err(CommandLineError::NotPrintable {
                position: index + 1,
                character,
            });
        }
        if text.len() > MAX_LENGTH {
            let length = text.len();
            return Err(CommandLineError::TooLong { length });
        }
        text.split(' ')
            .filter(|word| !word.is_empty())
            .try_for_each(check_word)?;
        Ok(Self(text.to_owned()))
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn check_word(word: &str) -> Result<(), CommandLineError> {
    let (key, value) = match word.split_once('=') {
        Some((key, value)) => (key, Some(value)),
        None => (word, None),
    };
    if key.is_empty() {
        let word = word.to_owned();
        return Err(CommandLineError::NoKey { word });
    }
    let text = value.unwrap_or_default();
    let check = |key, holds, expected| {
        if holds {
            return Ok(());
        }
        Err(CommandLineError::BadValue {
            key,
            value: text.to_owned(),
            expected,
        })
    };
    match key {
        DEBUGGING_SYSCALLS => check(
            DEBUGGING_SYSCALLS,
            SWITCHES.contains(&text),
            "true, 1, on, false, 0 or off",
        ),
        ERRORS => check(ERRORS, ERROR_MODES.contains(&text), "documented or zircon"),
        SEED => check(
            SEED,
            is_number(text),
            "a decimal or 0x hexadecimal number below 2^64",
        ),
        _ => Ok(()),
    }
}

/// Whether the kernel would read the whole of `text` as a number.
fn is_number(text: &str) -> bool {
    let (digits, radix) = match text.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    // `from_str_radix` takes a leading plus sign, the kernel does not.
    !digits.starts_with('+') && u64::from_str_radix(digits, radix).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_keys_take_their_values_and_unknown_keys_any() {
        for good in [
            "",
            "   ",
            "kernel.enable-debugging-syscalls=true  vmoscope.errors=zircon",
            "kernel.enable-debugging-syscalls=off vmoscope.seed=0xfFff",
            "vmoscope.seed=18446744073709551615",
            "console=ttyS0 quiet kernel.other=maybe",
        ] {
            assert_eq!(CommandLine::parse(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn a_value_that_a_known_key_cannot_have_is_named() {
        for bad in [
            "kernel.enable-debugging-syscalls=yes",
            "kernel.enable-debugging-syscalls",
            "vmoscope.errors=Zircon",
            "a=b vmoscope.seed=",
            "vmoscope.seed=0x",
            "vmoscope.seed=+1",
            "vmoscope.seed=12q",
            "vmoscope.seed=18446744073709551616",
        ] {
            let error = CommandLine::parse(bad).unwrap_err();
            assert!(
                matches!(error, CommandLineError::BadValue { .. }),
                "{bad}: {error}"
            );
        }
        let error = CommandLine::parse("vmoscope.errors=strict").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`vmoscope.errors=strict`: the value must be documented or zircon"
        );
    }

    #[test]
    fn characters_that_the_kernel_has_no_use_for_are_refused() {
        for (text, position) in [("a\n", 2), ("\0", 1), ("xy=ä", 4), ("a\tb", 2)] {
            assert!(matches!(
                CommandLine::parse(text),
                Err(CommandLineError::NotPrintable { position: at, .. }) if at == position
            ));
        }
        let word = "=true".to_owned();
        assert_eq!(
            CommandLine::parse("a =true"),
            Err(CommandLineError::NoKey { word })
        );
    }

    #[test]
    fn the_longest_command_line_fits_and_one_byte_more_does_not() {
        assert!(CommandLine::parse(&"x".repeat(MAX_LENGTH)).is_ok());
        let length = MAX_LENGTH + 1;
        assert_eq!(
            CommandLine::parse(&"x".repeat(length)),
            Err(CommandLineError::TooLong { length })
        );
    }
}
