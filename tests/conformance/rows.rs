//! The rows: what there is to show, and which of them are known not to be shown.

use std::collections::BTreeMap;

/// Where `rows.txt` says a row belongs and what it says.
#[derive(Debug)]
pub(crate) struct Row {
    /// Section, a slash, and the number in it.
    pub(crate) id: String,
    /// What has to hold.
    pub(crate) what: String,
}

/// A section of rows.
#[derive(Debug)]
pub(crate) struct Section {
    /// The number and the words of the heading.
    pub(crate) title: String,
    /// Its rows, in order.
    pub(crate) rows: Vec<Row>,
}

/// The sections of `rows.txt`.
///
/// # Errors
/// A line that is neither a heading, nor a row of the heading's section, nor empty; an id
/// that is there twice.
pub(crate) fn sections(text: &str) -> Result<Vec<Section>, String> {
    let mut sections: Vec<Section> = Vec::new();
    let mut seen = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let heading = line.strip_prefix("# ");
        if let Some(title) = heading.filter(|title| starts_with_a_number(title)) {
            let title = title.to_owned();
            let rows = Vec::new();
            sections.push(Section { title, rows });
        } else if !line.is_empty() && !line.starts_with('#') {
            let wrong = |why: &str| format!("rows.txt, line {}: {why}", number + 1);
            let row = row(line).ok_or_else(|| wrong("no `id | text`"))?;
            let section = sections
                .last_mut()
                .ok_or_else(|| wrong("no heading before"))?;
            let of = section.title.split(' ').next().unwrap_or_default();
            if row.id.split('/').next() != Some(of) {
                return Err(wrong("of another section than its heading"));
            }
            if seen.insert(row.id.clone(), number).is_some() {
                return Err(wrong("the id is there twice"));
            }
            section.rows.push(row);
        }
    }
    Ok(sections)
}

fn starts_with_a_number(title: &str) -> bool {
    title.starts_with(|first: char| first.is_ascii_digit())
}

fn row(line: &str) -> Option<Row> {
    let (id, what) = line.split_once(" | ")?;
    let row = Row {
        id: id.to_owned(),
        what: what.to_owned(),
    };
    (is_id(id) && !what.is_empty() && line.len() <= 120).then_some(row)
}

/// Whether a word has the form of an id: `4.1/3`, `14/2`, `22/3b`.
pub(crate) fn is_id(word: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let Some((section, number)) = word.split_once('/') else {
        return false;
    };
    let number = number
        .strip_suffix(|last: char| last.is_ascii_lowercase())
        .unwrap_or(number);
    section.split('.').all(digits) && digits(number)
}

/// The rows that no test shows and why, by id.
///
/// # Errors
/// A line that is not `id | reason`, and more than ten of them.
pub(crate) fn limits(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut limits = BTreeMap::new();
    for line in text.lines() {
        if !line.is_empty() && !line.starts_with('#') {
            let limit = row(line).ok_or_else(|| format!("limits.txt: {line}"))?;
            limits.insert(limit.id, limit.what);
        }
    }
    match limits.len() {
        0..=10 => Ok(limits),
        many => Err(format!("limits.txt excuses {many} rows, more than ten")),
    }
}

#[test]
fn ids_have_one_form() {
    for id in ["4.1/3", "14/2", "22/3b", "10.3/12"] {
        assert!(is_id(id), "{id}");
    }
    for word in [
        "4.1", "4.1/", "/3", "4./3", "4.1/3,", "4.1/3B", "R/W", "a/1",
    ] {
        assert!(!is_id(word), "{word}");
    }
}

#[test]
fn a_row_belongs_to_its_heading_and_is_there_once() {
    let parsed = sections("# words\n# 4.1 Checks\n4.1/1 | one\n\n# 4.2 More\n4.2/1 | two\n");
    let titles: Vec<_> = parsed
        .unwrap()
        .iter()
        .map(|s| (s.title.clone(), s.rows.len()))
        .collect();
    assert_eq!(
        titles,
        [("4.1 Checks".to_owned(), 1), ("4.2 More".to_owned(), 1)]
    );
    for wrong in [
        "4.1/1 | no heading",
        "# 4.1 Checks\n4.2/1 | other section",
        "# 4.1 Checks\n4.1/1 | one\n4.1/1 | two",
        "# 4.1 Checks\n4.1/1 no bar",
    ] {
        assert!(sections(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn at_most_ten_rows_are_excused() {
    let lines =
        |count: usize| -> String { (1..=count).map(|n| format!("7/{n} | why\n")).collect() };
    assert_eq!(limits(&lines(10)).unwrap().len(), 10);
    assert!(limits(&lines(11)).is_err());
}
