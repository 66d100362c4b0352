//! Says a text and where it stands, and says it again whenever it has become another: what
//! an inspector finds, and writes, can be compared with what the program sees. `stop` ends it
//! with code 7.
//!
//! The text goes across a page boundary. A second text is a constant, which the program may
//! not write.

#![cfg_attr(target_os = "none", no_std, no_main)]

use core::cell::UnsafeCell;
use libzx::{println, sleep_for};

/// Between two looks: 2 ms.
const PAUSE: i64 = 2_000_000;
const LENGTH: usize = 24;
/// Where the text starts: a few bytes before the second page.
const START: usize = 4090;

#[repr(C, align(4096))]
struct Text(UnsafeCell<[u8; 8192]>);

// SAFETY: one thread uses it, by volatile reads.
unsafe impl Sync for Text {}

#[expect(
    clippy::indexing_slicing,
    reason = "a constant: the compiler itself checks it"
)]
static TEXT: Text = {
    let mut bytes = [0; 8192];
    let text = b"the speaker's first text";
    let mut index = 0;
    while index < LENGTH {
        bytes[START + index] = text[index];
        index += 1;
    }
    Text(UnsafeCell::new(bytes))
};

static CONSTANT: [u8; LENGTH] = *b"the speaker's constant t";

/// The text as it is in memory now.
fn look() -> [u8; LENGTH] {
    // SAFETY: within the static; volatile, for somebody else changes it.
    unsafe { text().read_volatile() }
}

fn text() -> *const [u8; LENGTH] {
    TEXT.0.get().cast::<u8>().wrapping_add(START).cast()
}

fn say(bytes: &[u8; LENGTH]) {
    let used = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    let shown = core::str::from_utf8(used).unwrap_or("(not text)");
    println!("speaker: {shown}");
}

fn program() -> i64 {
    let mut said = look();
    say(&said);
    let constant = core::hint::black_box(&raw const CONSTANT);
    println!(
        "speaker: text {:#x} constant {:#x}",
        text().expose_provenance(),
        constant.expose_provenance()
    );
    loop {
        sleep_for(PAUSE);
        let now = look();
        if now != said {
            said = now;
            say(&said);
        }
        if said.starts_with(b"stop\0") {
            return 7;
        }
    }
}

libzx::main!(program);
