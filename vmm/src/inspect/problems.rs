//! What could not be read.

use serde::Serialize;
use std::fmt::{self, Display};

/// Problems that are told one by one; of the rest only the number is.
const MAX_TOLD: usize = 20;

/// What an answer lacks, and why: a bounded list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Problems {
    count: u64,
    told: Vec<String>,
}

impl Problems {
    /// Whether nothing is lacking.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many there are, told or not.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The first of them, a line each.
    #[must_use]
    pub fn told(&self) -> &[String] {
        &self.told
    }

    /// Notes one. The same line twice counts, and is told once.
    pub fn note(&mut self, problem: impl Display) {
        self.count += 1;
        if self.told.len() < MAX_TOLD {
            let line = problem.to_string();
            if !self.told.contains(&line) {
                self.told.push(line);
            }
        }
    }

    /// What there is; notes the error otherwise.
    pub fn sound<T, E: Display>(&mut self, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.note(error)).ok()
    }

    /// Notes all of another list.
    pub fn add(&mut self, other: &Self) {
        for line in &other.told {
            self.note(line);
        }
        self.count += other.count.saturating_sub(other.told.len() as u64);
    }
}

impl Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.told {
            writeln!(f, "  {line}")?;
        }
        match self.count.saturating_sub(self.told.len() as u64) {
            0 => Ok(()),
            more => writeln!(f, "  and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_counted_and_the_first_are_told() {
        let mut problems = Problems::default();
        assert!(problems.is_empty());
        for number in 0..100 {
            problems.note(number);
            problems.note(number);
        }
        assert_eq!((problems.count(), problems.told().len()), (200, MAX_TOLD));
        let mut sum = Problems::default();
        sum.add(&problems);
        assert_eq!(sum.count(), 200);
        assert!(sum.to_string().ends_with("and 180 more\n"));
    }
}
