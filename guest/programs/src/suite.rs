//! The frame of a test guest: libzx's, under the names that the cases use.

pub use libzx::test::{Failure, Outcome, Suite};
