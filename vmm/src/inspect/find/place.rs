//! Where bytes are read, written or searched.

use super::super::{ProcessSelector, VmoSelector};
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// A space of bytes: a process's addresses, a VMO's offsets, or guest-physical addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpaceSelector {
    /// `phys`: all of RAM.
    Physical,
    /// `vmo:KOID` or `vmo:NAME`: a VMO, by offsets.
    Vmo(VmoSelector),
    /// A koid or a name: a process, by its addresses.
    Process(ProcessSelector),
}

impl FromStr for SpaceSelector {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        if text == "phys" {
            return Ok(Self::Physical);
        }
        match text.strip_prefix("vmo:") {
            Some(vmo) => vmo.parse().map(Self::Vmo),
            None => text.parse().map(Self::Process),
        }
    }
}

impl fmt::Display for SpaceSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Physical => f.write_str("phys"),
            Self::Vmo(vmo) => write!(f, "vmo:{vmo}"),
            Self::Process(process) => process.fmt(f),
        }
    }
}
