//! What is particular to x86-64.

pub mod cpu;
pub mod descriptors;
mod entry;
mod head;
pub mod paging;
mod trap;

pub use entry::{SERVED_VECTOR, expect_calls_from, return_address};
