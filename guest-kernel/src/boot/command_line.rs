//! The kernel command line (`abi::cmdline`).

use abi::cmdline;
use abi::root::BootOptions;

use crate::state::Ptr;

/// What it says.
#[derive(Clone, Copy)]
pub struct Options {
    /// For the root block.
    pub boot: BootOptions,
    /// For the random numbers.
    pub seed: u64,
}

/// Reads the command line.
pub fn read(text: Option<Ptr<u8>>) -> Options {
    let mut options = Options {
        boot: BootOptions::empty(),
        seed: 0,
    };
    let Some(text) = text else {
        return options;
    };
    let mut length = 0;
    // SAFETY: the host ends the command line with NUL within its bound.
    while length < cmdline::MAX_LENGTH && unsafe { text.raw().add(length).read() } != 0 {
        length += 1;
    }
    // SAFETY: `length` bytes that were just read.
    let bytes = unsafe { core::slice::from_raw_parts(text.raw(), length) };
    for word in bytes.split(|byte| *byte == b' ') {
        let mut parts = word.splitn(2, |byte| *byte == b'=');
        let key = parts.next().unwrap_or(&[]);
        let value = parts.next().unwrap_or(&[]);
        if key == cmdline::DEBUGGING_SYSCALLS.as_bytes() {
            let on = !matches!(value, b"false" | b"0" | b"off");
            options.boot.set(BootOptions::DEBUGGING_SYSCALLS, on);
        } else if key == cmdline::ERRORS.as_bytes() {
            options
                .boot
                .set(BootOptions::ZIRCON_ERRORS, value == b"zircon");
        } else if key == cmdline::SEED.as_bytes() {
            options.seed = number(value);
        }
    }
    options
}

fn number(text: &[u8]) -> u64 {
    let (digits, radix) = match text.strip_prefix(b"0x") {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    digits.iter().fold(0u64, |value, byte| {
        let digit = char::from(*byte).to_digit(radix).unwrap_or(0);
        value
            .wrapping_mul(u64::from(radix))
            .wrapping_add(u64::from(digit))
    })
}
