//! The report protocol of test programs: docs/test-protocol.md.

mod lines;
mod record;
mod selection;

pub(in crate::testing) use lines::{Lines, Part};
pub use record::MAX_CASES;
pub(in crate::testing) use record::Record;
pub use selection::Selection;

/// Tells a program to report: `VMOSCOPE_TEST=1`.
pub const VARIABLE: &str = "VMOSCOPE_TEST";
/// Tells it to report its cases and run nothing.
pub const LIST_VARIABLE: &str = "VMOSCOPE_TEST_LIST";
/// Tells it which cases to run.
pub const CASES_VARIABLE: &str = "VMOSCOPE_TEST_CASES";
