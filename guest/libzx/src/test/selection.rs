//! Which cases are asked for (`VMOSCOPE_TEST_CASES`).

/// Numbers of cases: `2-4,9,12-`. All of them if nothing was said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Selection<'a>(pub(super) Option<&'a str>);

impl Selection<'_> {
    /// Whether the case with that number is among them. A part that makes no sense
    /// names no case.
    pub(super) fn contains(self, number: u32) -> bool {
        let Some(text) = self.0 else { return true };
        text.split(',').any(|part| {
            let (first, last) = match part.split_once('-') {
                Some((first, "")) => (first.parse(), Ok(u32::MAX)),
                Some((first, last)) => (first.parse(), last.parse()),
                None => (part.parse(), part.parse()),
            };
            matches!((first, last), (Ok(first), Ok(last)) if (first..=last).contains(&number))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &str) -> Vec<u32> {
        let selection = Selection(Some(text));
        (1..=14).filter(|&n| selection.contains(n)).collect()
    }

    #[test]
    fn parts_are_numbers_ranges_and_an_open_end() {
        assert_eq!(numbers("2-4,9,12-"), [2, 3, 4, 9, 12, 13, 14]);
        assert_eq!(numbers("1"), [1]);
        assert!(numbers("").is_empty() && numbers("x,4-2,-3").is_empty());
        assert!(Selection(None).contains(7));
    }
}
