//! The seed of a run.

use std::hash::{BuildHasher, RandomState};
use std::str::FromStr;

/// What `--seed` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seed {
    /// This one.
    Number(u64),
    /// Another one each time.
    Random,
}

impl Seed {
    /// The seed to use now.
    pub fn choose(self) -> u64 {
        match self {
            Self::Number(number) => number,
            // The standard library keys its hash maps from the host's random source.
            Self::Random => RandomState::new().hash_one(std::process::id()),
        }
    }
}

impl FromStr for Seed {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "random" {
            return Ok(Self::Random);
        }
        let number = match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => text.parse(),
        };
        number
            .map(Self::Number)
            .map_err(|_| "write a number below 2^64, in decimal or 0x hexadecimal, or `random`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_numbers_or_random() {
        assert_eq!("12".parse(), Ok(Seed::Number(12)));
        assert_eq!("0xff".parse(), Ok(Seed::Number(255)));
        assert_eq!("random".parse(), Ok(Seed::Random));
        assert!("".parse::<Seed>().is_err());
        assert!("-1".parse::<Seed>().is_err());
        assert!("18446744073709551616".parse::<Seed>().is_err());
    }

    #[test]
    fn random_seeds_differ() {
        assert_ne!(Seed::Random.choose(), Seed::Random.choose());
        assert_eq!(Seed::Number(5).choose(), 5);
    }
}
