//! What `docs/conformance.md` says.

use crate::rows::Section;
use crate::sources::Group;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

const HEAD: &str = "\
# Which tests show what

Every fact that the system calls promise, and the tests that show it. `cargo test -p vmm --test
conformance` compares this page with the tags of the tests; `UPDATE_CONFORMANCE=1` before it
writes the page anew. [testing.md](testing.md) says how a test is tagged. The facts are in
`tests/conformance/rows.txt`; the numbers are those of the reference that the calls follow.
";

/// The page.
///
/// # Errors
/// Tags of rows that there are not; reasons for rows that there are not or that are shown.
pub(crate) fn write(
    sections: &[Section],
    groups: &[Group],
    limits: &BTreeMap<String, String>,
) -> Result<String, String> {
    let shown = shown(groups);
    check(sections, &shown, limits)?;
    let mut page = HEAD.to_owned();
    let total: usize = sections.iter().map(|section| section.rows.len()).sum();
    let missing = missing(sections, &shown);
    let covered = total - missing.iter().map(|(_, ids)| ids.len()).sum::<usize>();
    line(
        &mut page,
        format_args!("\n{covered} of {total} rows are shown.\n"),
    );
    line(&mut page, "| section | rows | shown |\n|---|---|---|");
    for (section, (title, open)) in sections.iter().zip(&missing) {
        let rows = section.rows.len();
        line(
            &mut page,
            format_args!("| {title} | {rows} | {} |", rows - open.len()),
        );
    }
    for section in sections {
        line(&mut page, format_args!("\n## {}\n", section.title));
        line(&mut page, "| row | what | shown by |\n|---|---|---|");
        for row in &section.rows {
            let tests = shown
                .get(row.id.as_str())
                .map(by_program)
                .unwrap_or_default();
            line(
                &mut page,
                format_args!("| {} | {} | {tests} |", row.id, escaped(&row.what)),
            );
        }
    }
    line(&mut page, "\n## Rows that no test shows\n");
    line(&mut page, format_args!("{} rows.", total - covered));
    for (title, ids) in missing.iter().filter(|(_, ids)| !ids.is_empty()) {
        line(&mut page, format_args!("\n{title}: {}", ids.join(", ")));
    }
    if !limits.is_empty() {
        line(&mut page, "\nWhy:\n\n| row | why |\n|---|---|");
        for (id, reason) in limits {
            line(&mut page, format_args!("| {id} | {} |", escaped(reason)));
        }
    }
    Ok(page)
}

/// The tests that show a row, in order: what runs it, and its name.
type Tests<'a> = BTreeSet<(&'a str, &'a str)>;

fn shown(groups: &[Group]) -> BTreeMap<&str, Tests<'_>> {
    let mut shown: BTreeMap<&str, Tests<'_>> = BTreeMap::new();
    for group in groups {
        for test in &group.tests {
            for id in &test.ids {
                let place = (group.by.as_str(), test.name.as_str());
                shown.entry(id).or_default().insert(place);
            }
        }
    }
    shown
}

fn check(
    sections: &[Section],
    shown: &BTreeMap<&str, Tests<'_>>,
    limits: &BTreeMap<String, String>,
) -> Result<(), String> {
    let rows = sections.iter().flat_map(|section| &section.rows);
    let ids: BTreeSet<_> = rows.map(|row| row.id.as_str()).collect();
    let mut wrong = String::new();
    for (id, tests) in shown.iter().filter(|(id, _)| !ids.contains(*id)) {
        line(&mut wrong, format_args!("there is no row {id}: {tests:?}"));
    }
    for id in limits.keys() {
        if !ids.contains(id.as_str()) {
            line(&mut wrong, format_args!("limits.txt: there is no row {id}"));
        } else if shown.contains_key(id.as_str()) {
            line(&mut wrong, format_args!("limits.txt: row {id} is shown"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

/// The rows that nothing shows, section by section.
fn missing<'a>(
    sections: &'a [Section],
    shown: &BTreeMap<&str, Tests<'_>>,
) -> Vec<(&'a str, Vec<&'a str>)> {
    let open = |section: &'a Section| {
        let ids = section.rows.iter().map(|row| row.id.as_str());
        ids.filter(|id| !shown.contains_key(id)).collect()
    };
    let each = sections
        .iter()
        .map(|section| (section.title.as_str(), open(section)));
    each.collect()
}

fn by_program(tests: &Tests<'_>) -> String {
    let mut programs: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for &(program, name) in tests {
        programs.entry(program).or_default().push(escaped(name));
    }
    let each = programs
        .iter()
        .map(|(program, names)| format!("`{program}`: {}", names.join("; ")));
    each.collect::<Vec<_>>().join("<br>")
}

fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "\\<")
}

fn line(page: &mut String, text: impl std::fmt::Display) {
    // Writing to a string does not fail.
    let _ = writeln!(page, "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows;
    use crate::tags::Tagged;

    fn group(ids: &[&str]) -> Vec<Group> {
        let name = "a case".to_owned();
        let ids = ids.iter().map(|&id| id.to_owned()).collect();
        let (by, tests) = ("test-vmo".to_owned(), vec![Tagged { name, ids }]);
        vec![Group { by, tests }]
    }

    fn page(ids: &[&str], limits: &str) -> Result<String, String> {
        let sections = rows::sections("# 4.1 Checks\n4.1/1 | one\n4.1/2 | two\n")?;
        write(&sections, &group(ids), &rows::limits(limits)?)
    }

    #[test]
    fn rows_are_shown_or_counted_as_missing() {
        let page = page(&["4.1/1"], "4.1/2 | cannot be\n").unwrap();
        for part in [
            "1 of 2 rows are shown.",
            "| 4.1/1 | one | `test-vmo`: a case |",
            "| 4.1/2 | two |  |",
            "4.1 Checks: 4.1/2",
            "| 4.1/2 | cannot be |",
        ] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
    }

    #[test]
    fn tags_and_reasons_name_rows() {
        assert!(page(&["4.1/3"], "").is_err());
        assert!(page(&["4.1/1"], "4.1/1 | but it is shown\n").is_err());
        assert!(page(&["4.1/1"], "4.1/9 | no such row\n").is_err());
    }
}
