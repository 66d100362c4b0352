//! Which cases a program is asked to run: `VMOSCOPE_TEST_CASES`.

use std::fmt;

/// A set of case numbers in ascending ranges; the last may be open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// First and last number, both in the range; no two touch.
    ranges: Vec<(u32, u32)>,
}

/// The last number of an open range.
const OPEN: u32 = u32::MAX;

impl Selection {
    /// Every case.
    #[must_use]
    pub fn all() -> Self {
        Self {
            ranges: vec![(1, OPEN)],
        }
    }

    /// These cases.
    #[must_use]
    pub fn of(numbers: impl IntoIterator<Item = u32>) -> Self {
        let mut numbers: Vec<u32> = numbers.into_iter().collect();
        numbers.sort_unstable();
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for number in numbers {
            match ranges.last_mut() {
                Some((_, last)) if number <= last.saturating_add(1) => *last = number,
                _ => ranges.push((number, number)),
            }
        }
        Self { ranges }
    }

    /// Those of its cases that come behind case `number`.
    #[must_use]
    pub fn behind(&self, number: u32) -> Self {
        let first = number.saturating_add(1);
        let ranges = self.ranges.iter().filter(|(_, last)| *last >= first);
        Self {
            ranges: ranges.map(|&(from, to)| (from.max(first), to)).collect(),
        }
    }

    /// Whether it has every case.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.ranges == [(1, OPEN)]
    }

    /// Whether it has that case.
    #[must_use]
    pub fn contains(&self, number: u32) -> bool {
        let mut ranges = self.ranges.iter();
        ranges.any(|(first, last)| (*first..=*last).contains(&number))
    }

    /// Whether it has a case at all; in a program of `plan` cases, if that is known.
    #[must_use]
    pub fn is_empty(&self, plan: Option<u32>) -> bool {
        let first = self.ranges.first().map(|(first, _)| *first);
        match (first, plan) {
            (None, _) => true,
            (Some(first), Some(plan)) => first > plan,
            (Some(_), None) => false,
        }
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (first, last)) in self.ranges.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            match *last {
                OPEN => write!(f, "{first}-")?,
                last if last == *first => write!(f, "{first}")?,
                last => write!(f, "{first}-{last}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn it_is_written_as_the_protocol_has_it() {
        assert_eq!(Selection::of([9, 2, 4, 3]).to_string(), "2-4,9");
        assert_eq!(Selection::all().behind(11).to_string(), "12-");
        assert_eq!(Selection::of([2, 3, 4, 9]).behind(3).to_string(), "4,9");
        assert!(Selection::all().is_all() && !Selection::all().behind(1).is_all());
    }

    #[test]
    fn nothing_is_left_behind_the_last_case() {
        assert!(Selection::of([1, 7]).behind(7).is_empty(None));
        assert!(Selection::all().behind(7).is_empty(Some(7)));
        assert!(!Selection::all().behind(7).is_empty(Some(8)));
        assert!(!Selection::all().behind(7).is_empty(None));
    }

    proptest! {
        #[test]
        fn it_has_exactly_its_numbers(
            numbers in proptest::collection::btree_set(1_u32..60, 0..30),
            behind in 0_u32..60,
        ) {
            let selection = Selection::of(numbers.iter().copied()).behind(behind);
            let found: BTreeSet<u32> = (0..70).filter(|n| selection.contains(*n)).collect();
            let wanted: BTreeSet<u32> = numbers.into_iter().filter(|n| *n > behind).collect();
            prop_assert_eq!(found, wanted);
        }
    }
}
