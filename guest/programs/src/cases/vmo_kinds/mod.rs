//! The cases of `test-vmo-kinds`.

use crate::modes::Modes;
use crate::suite::Suite;

/// Runs them all.
pub fn run(_suite: &mut Suite, _modes: Modes) {}
