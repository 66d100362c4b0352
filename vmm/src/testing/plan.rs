//! What is run: filters, shards, repetitions.

use super::protocol::Selection;
use super::results::TestName;
use super::session::CaseList;
use super::test::Test;
use regex::Regex;
use std::fmt;
use std::str::FromStr;

/// Which cases are wanted, by their full names.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Any of them will do; without any, everything is wanted.
    pub expressions: Vec<Regex>,
}

impl Filter {
    /// Whether the name of a test or the full name of a case is wanted.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        self.expressions.is_empty() || self.expressions.iter().any(|e| e.is_match(name))
    }
}

/// One of several equal parts of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which one, counted from 1.
    pub index: usize,
    /// How many there are.
    pub count: usize,
}

impl Shard {
    /// Whether a test is in it, by its place among all tests.
    #[must_use]
    pub const fn has(&self, place: usize) -> bool {
        place % self.count == self.index - 1
    }
}

impl FromStr for Shard {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once('/');
        let parts = parts.and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
        match parts {
            Some((index, count)) if (1..=count).contains(&index) => Ok(Self { index, count }),
            _ => Err("write K/N with K from 1 to N, such as 2/3"),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

/// One test to run.
#[derive(Clone, Debug)]
pub struct Item {
    /// The test.
    pub test: Test,
    /// Its name, with the repetition.
    pub name: TestName,
    /// Which of its cases.
    pub selection: Selection,
    /// Why it cannot be run: it was asked for its cases and did not say.
    pub broken: Option<String>,
}

/// What there is to run. `list` asks programs for their cases; it is called only if the
/// filter cannot be decided by the names of the tests alone.
///
/// Shards take turns in all tests, before the filter, so that which shard has a test does
/// not depend on the filter, and no shard asks another's programs.
pub fn plan(
    tests: Vec<Test>,
    filter: &Filter,
    shard: Option<Shard>,
    repeat: u32,
    list: impl FnOnce(&[Test]) -> Vec<Result<CaseList, String>>,
) -> Vec<Item> {
    let shard = shard.unwrap_or(Shard { index: 1, count: 1 });
    let own = tests.into_iter().enumerate();
    let own = own.filter(|(place, _)| shard.has(*place));
    let own: Vec<(bool, Test)> = own
        .map(|(_, test)| (filter.matches(&test.name.base()), test))
        .collect();
    // Without a match of its name, a test may still have cases that match.
    let asked: Vec<Test> = own
        .iter()
        .filter(|(whole, _)| !whole)
        .map(|(_, test)| test.clone())
        .collect();
    let lists = if asked.is_empty() {
        Vec::new()
    } else {
        list(&asked)
    };
    let mut lists = lists.into_iter();
    let mut items = Vec::new();
    for (whole, test) in own {
        let (selection, broken) = if whole {
            (Selection::all(), None)
        } else {
            match lists.next() {
                Some(Ok(list)) => match select(&test, filter, &list) {
                    Some(selection) => (selection, None),
                    None => continue,
                },
                Some(Err(message)) => (Selection::all(), Some(message)),
                None => continue,
            }
        };
        for repetition in 1..=repeat {
            let mut name = test.name.clone();
            name.repetition = (repeat > 1).then_some(repetition);
            items.push(Item {
                test: test.clone(),
                name,
                selection: selection.clone(),
                broken: broken.clone(),
            });
        }
    }
    items
}

/// The cases that the filter wants, if there are any.
fn select(test: &Test, filter: &Filter, list: &CaseList) -> Option<Selection> {
    let wanted = |name: &str| filter.matches(&test.name.of_case(Some(name)));
    let numbers: Vec<u32> = list
        .cases
        .iter()
        .filter(|(_, name)| wanted(name))
        .map(|(number, _)| *number)
        .collect();
    match numbers.len() {
        0 => None,
        all if all == list.cases.len() => Some(Selection::all()),
        _ => Some(Selection::of(numbers)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::test::{Source, TestProgram};
    use super::*;
    use proptest::prelude::*;

    fn tests(names: &[&str]) -> Vec<Test> {
        let program = TestProgram {
            name: "p".to_owned(),
            source: Source::Builtin(b""),
        };
        let test = |name: &&str| Test::new((*name).to_owned(), program.clone());
        names.iter().map(test).collect()
    }

    fn filter(text: &str) -> Filter {
        Filter {
            expressions: vec![Regex::new(text).unwrap()],
        }
    }

    fn names(items: &[Item]) -> Vec<String> {
        items.iter().map(|item| item.name.to_string()).collect()
    }

    #[test]
    fn a_filter_that_names_a_test_asks_nobody() {
        let items = plan(tests(&["a", "b"]), &filter("^a"), None, 1, |asked| {
            assert_eq!(asked.len(), 1);
            vec![Ok(CaseList::default())]
        });
        assert_eq!(names(&items), ["a"]);
        assert!(items[0].selection.is_all());
    }

    #[test]
    fn a_filter_that_names_cases_selects_them() {
        let list = CaseList {
            cases: vec![(1, "reads".into()), (2, "writes".into()), (3, "x".into())],
        };
        let items = plan(tests(&["a", "b"]), &filter("::(reads|x)$"), None, 1, |_| {
            vec![Ok(list), Ok(CaseList::default())]
        });
        assert_eq!(names(&items), ["a"]);
        assert_eq!(items[0].selection, Selection::of([1, 3]));
    }

    #[test]
    fn a_test_that_does_not_answer_stays_as_broken() {
        let items = plan(tests(&["a"]), &filter("::x"), None, 1, |_| {
            vec![Err("no answer within 60s".into())]
        });
        assert_eq!(items[0].broken.as_deref(), Some("no answer within 60s"));
    }

    #[test]
    fn repetitions_have_names_of_their_own() {
        let items = plan(tests(&["a", "b"]), &Filter::default(), None, 2, |_| vec![]);
        assert_eq!(names(&items), ["a#1", "a#2", "b#1", "b#2"]);
    }

    #[test]
    fn shards_are_written_as_one_of_many() {
        assert_eq!("2/3".parse(), Ok(Shard { index: 2, count: 3 }));
        for bad in ["", "0/3", "4/3", "1/0", "1", "a/b", "-1/2"] {
            assert!(bad.parse::<Shard>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn every_test_is_in_exactly_one_shard(count in 1_usize..9, total in 0_usize..40) {
            let all: Vec<String> = (0..total).map(|n| format!("t{n:02}")).collect();
            let all: Vec<&str> = all.iter().map(String::as_str).collect();
            let mut found = Vec::new();
            for index in 1..=count {
                let shard = Some(Shard { index, count });
                let items = plan(tests(&all), &Filter::default(), shard, 1, |_| vec![]);
                prop_assert!(items.len().abs_diff(total / count) <= 1);
                found.extend(names(&items));
            }
            found.sort();
            prop_assert_eq!(found, all);
        }
    }
}
