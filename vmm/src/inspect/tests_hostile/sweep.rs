//! Every word of every structure, made wrong in every way, one at a time.

use super::guest::{Rich, SIZE};
use super::looks::at_everything;
use abi::entry::{PRESENT, USER, WRITABLE};
use abi::layout::PAGE_SIZE;

/// What a word becomes: nothing, one, all ones, itself, other objects, what is no RAM, the
/// last page, a table's entry that leads to the table itself or to another object's page.
fn lies(rich: &Rich, at: u64) -> [u64; 11] {
    let entry = PRESENT | WRITABLE | USER;
    [
        0,
        1,
        u64::MAX,
        at,
        rich.process.0,
        rich.data.0,
        SIZE,
        u64::MAX - 0xFFF,
        SIZE - PAGE_SIZE,
        at & !(PAGE_SIZE - 1) | entry,
        rich.twin.0 & !(PAGE_SIZE - 1) | entry,
    ]
}

/// Words that say something: all that are not zero, and the zeros among them.
fn words(rich: &Rich) -> Vec<u64> {
    let all: Vec<u64> = (0x1000..rich.end()).step_by(8).collect();
    let near = |at: u64| {
        let from = at.saturating_sub(64);
        (from..at + 64)
            .step_by(8)
            .any(|at| at + 8 <= SIZE && rich.word(at) != 0)
    };
    all.into_iter().filter(|at| near(*at)).collect()
}

/// Every word whose place in the list is `part` of `parts`.
fn sweep(part: usize, parts: usize) {
    let rich = Rich::new();
    let words = words(&rich);
    assert!(words.len() > 1000);
    let mut most = (0, "", 0, 0);
    for at in words.into_iter().skip(part).step_by(parts) {
        let before = rich.word(at);
        for lie in lies(&rich, at) {
            rich.set(at, lie);
            let seen = at_everything(&rich);
            most = most.max((seen.most.0, seen.most.1, at, lie));
        }
        rich.set(at, before);
    }
    println!(
        "most looks: {} for {} with {:#x} at {:#x}",
        most.0, most.1, most.3, most.2
    );
}

#[test]
fn no_word_of_any_structure_is_trusted() {
    // All of them take minutes: `VMM_SWEEP=1` looks at each word, 2 at every other.
    let step = std::env::var("VMM_SWEEP").ok();
    let step = step.and_then(|step| step.parse().ok());
    sweep(0, step.unwrap_or(61));
}
