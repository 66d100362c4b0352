//! Saving: the whole machine ([`Paused::dump`]), one process ([`Paused::core`]).

mod elf;
pub(in crate::inspect) mod layout;
mod machine;
mod output;
mod page_tables;
#[cfg(test)]
mod tests;

pub(in crate::inspect) use elf::NO_PHYSICAL;
pub use machine::{Dump, DumpFormat, SavedPiece};
pub use output::Output;

#[cfg(doc)]
use super::Paused;

/// Bytes from hexadecimal digits; `None` if they are none.
pub(in crate::inspect) fn unhex(digits: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<_>> = pairs.iter().map(byte).collect();
    bytes.filter(|_| rest.is_empty())
}
