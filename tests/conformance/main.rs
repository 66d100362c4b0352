//! `docs/conformance.md` says which tests show which of the facts that the calls promise.
//! It is written from the tags of the tests, and a test here fails when it is stale, when a
//! tag names no row, and when a tagged guest case is in no suite that is run.

mod document;
mod lexer;
mod rows;
mod sources;
mod tags;

use std::path::Path;

#[test]
fn the_page_is_what_the_tags_say() -> Result<(), String> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let folder = root.join("tests/conformance");
    let rows = rows::sections(&sources::read(&folder.join("rows.txt"))?)?;
    let limits = rows::limits(&sources::read(&folder.join("limits.txt"))?)?;
    let sources = sources::tagged(root)?;
    let wanted = document::write(&rows, &sources.groups, &limits)?;
    let file = root.join("docs/conformance.md");
    if std::env::var_os("UPDATE_CONFORMANCE").is_some() {
        std::fs::write(&file, &wanted).map_err(|why| why.to_string())?;
    }
    let found = sources::read(&file)?;
    let lines = found.lines().zip(wanted.lines()).zip(1..);
    let differing = lines.filter(|((found, wanted), _)| found != wanted);
    for ((found, wanted), number) in differing.take(5) {
        println!("line {number}:\n  {found}\nshould be\n  {wanted}");
    }
    let how = "UPDATE_CONFORMANCE=1 cargo test -p vmm --test conformance";
    assert!(found == wanted, "docs/conformance.md is stale: {how}");
    let not_run = sources.not_run.join("\n");
    assert!(not_run.is_empty(), "no end-to-end test runs:\n{not_run}");
    Ok(())
}
