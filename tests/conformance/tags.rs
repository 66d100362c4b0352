//! The tags in the sources: which test says that it shows which row.
//!
//! A case with a name has them at the name's end: `"reads what is there [5.1/7 5.1/8]"`. A
//! test function has them in a comment above its attributes: `// covers: 5.1/7 5.1/8`.

use crate::lexer::{Piece, pieces};
use crate::rows::is_id;

/// A test and the rows that it shows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tagged {
    /// The test's name in its file.
    pub(crate) name: String,
    /// The ids, in the order given.
    pub(crate) ids: Vec<String>,
}

/// The named cases in a source that have tags.
///
/// # Errors
/// A tag with something in it that is no id.
pub(crate) fn of_names(source: &str) -> Result<Vec<Tagged>, String> {
    let mut tagged = Vec::new();
    for piece in pieces(source) {
        let Piece::Literal(text) = piece else {
            continue;
        };
        let Some((name, tag)) = text
            .strip_suffix(']')
            .and_then(|text| text.rsplit_once('['))
        else {
            continue;
        };
        if !tag.split(' ').any(looks_like_an_id) {
            continue;
        }
        let name = name.trim_end().to_owned();
        let ids = ids(tag).ok_or_else(|| format!("a tag that is not ids: {text:?}"))?;
        tagged.push(Tagged { name, ids });
    }
    Ok(tagged)
}

/// The test functions in a source that have tags.
///
/// # Errors
/// A tag with something in it that is no id, and one that is not above a test.
pub(crate) fn of_functions(source: &str) -> Result<Vec<Tagged>, String> {
    let mut tagged = Vec::new();
    let mut open: Vec<String> = Vec::new();
    for piece in pieces(source) {
        match piece {
            Piece::Comment(text) => {
                if let Some(tag) = text.strip_prefix("covers:") {
                    open.extend(ids(tag.trim()).ok_or_else(|| format!("not ids: {text:?}"))?);
                }
            }
            Piece::Code(code) if !open.is_empty() => {
                let name = test_function(&code)
                    .ok_or_else(|| format!("`covers: {}` is not above a test", open.join(" ")))?;
                let ids = std::mem::take(&mut open);
                tagged.push(Tagged { name, ids });
            }
            _ => {}
        }
    }
    Ok(tagged)
}

fn looks_like_an_id(word: &str) -> bool {
    word.contains('/') && word.starts_with(|first: char| first.is_ascii_digit())
}

fn ids(tag: &str) -> Option<Vec<String>> {
    let ids = tag
        .split(' ')
        .map(|word| is_id(word).then(|| word.to_owned()));
    ids.collect()
}

/// The name of the test function that code begins with, unless the test is ignored.
fn test_function(code: &str) -> Option<String> {
    let mut rest = code;
    let (mut test, mut ignored) = (false, false);
    while let Some(attribute) = rest.strip_prefix("#[") {
        let (inside, after) = attribute.split_once(']')?;
        test |= inside == "test";
        ignored |= inside.starts_with("ignore");
        rest = after.trim_start();
    }
    let name = rest.strip_prefix("fn ")?.split(['(', '<']).next()?;
    (test && !ignored).then(|| name.to_owned())
}

#[cfg(test)]
fn tagged(name: &str, ids: &[&str]) -> Tagged {
    Tagged {
        name: name.to_owned(),
        ids: ids.iter().map(|&id| id.to_owned()).collect(),
    }
}

#[test]
fn names_end_in_their_tags() {
    let source = r#"case("one [4.1/3 22/2z]"); case("two"); f("[5.2/1]"); g("a[1]"); h("x [a]")"#;
    let wanted = [tagged("one", &["4.1/3", "22/2z"]), tagged("", &["5.2/1"])];
    assert_eq!(of_names(source).unwrap(), wanted);
    assert!(of_names(r#"case("one [4.1/3, 4.1/4]")"#).is_err());
    assert!(of_names(r#"case("one [4.1/x]")"#).is_err());
}

#[test]
fn functions_have_their_tags_above() {
    let source = "
        // covers: 4.1/3
        // covers: 4.1/4
        /// What it shows.
        #[test]
        fn shows() { f(\"[4.1/5]\") }
        #[test]
        fn other() {}";
    let wanted = [tagged("shows", &["4.1/3", "4.1/4"])];
    assert_eq!(of_functions(source).unwrap(), wanted);
    assert!(of_functions("// covers: 4.1/3\nfn helper() {}").is_err());
    assert!(of_functions("// covers: 4.1/3\n#[test]\n#[ignore]\nfn other() {}").is_err());
    assert!(of_functions("// covers: all\n#[test]\nfn other() {}").is_err());
}
