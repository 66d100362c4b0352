//! Printing to the machine's console.

use crate::raw;
use core::fmt::{self, Write};

/// Bytes that go out in one `zx_debug_write`; a longer line goes out in pieces.
const LINE: usize = 256;

/// What one `print!` says, collected so that it goes out in one piece and lines of
/// several processes do not mix.
struct Line {
    bytes: [u8; LINE],
    used: usize,
}

impl Line {
    fn flush(&mut self) {
        if let Some(text) = self.bytes.get(..self.used) {
            // SAFETY: `text` is readable for its length. There is nobody to tell if the
            // console does not take it.
            unsafe { raw::zx_debug_write(text.as_ptr(), text.len()) };
        }
        self.used = 0;
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            if self.used == LINE {
                self.flush();
            }
            if let Some(slot) = self.bytes.get_mut(self.used) {
                *slot = byte;
                self.used += 1;
            }
        }
        Ok(())
    }
}

/// Writes formatted text to the console; [`print!`](crate::print) and
/// [`println!`](crate::println) are the way to call it.
pub fn write_fmt(text: fmt::Arguments<'_>) {
    let mut line = Line {
        bytes: [0; LINE],
        used: 0,
    };
    // A value whose own formatting fails is printed as far as it went.
    let _ = line.write_fmt(text);
    line.flush();
}

/// Prints to the machine's console.
#[macro_export]
macro_rules! print {
    ($($text:tt)*) => { $crate::write_fmt(::core::format_args!($($text)*)) };
}

/// Prints a line to the machine's console.
#[macro_export]
macro_rules! println {
    () => { $crate::write_fmt(::core::format_args!("\n")) };
    ($($text:tt)+) => {
        $crate::write_fmt(::core::format_args!("{}\n", ::core::format_args!($($text)+)))
    };
}
