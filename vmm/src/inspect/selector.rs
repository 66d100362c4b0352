//! Naming a process or a VMO on the command line.

use super::{InspectError, ProcessRecord, Survey};
use crate::objects::VmoView;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// A process by koid or by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProcessSelector {
    /// By koid.
    Koid(u64),
    /// By name.
    Name(String),
}

/// A VMO by koid or by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VmoSelector {
    /// By koid.
    Koid(u64),
    /// By name.
    Name(String),
}

impl FromStr for ProcessSelector {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(text
            .parse()
            .map_or_else(|_| Self::Name(text.to_owned()), Self::Koid))
    }
}

impl FromStr for VmoSelector {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(text
            .parse()
            .map_or_else(|_| Self::Name(text.to_owned()), Self::Koid))
    }
}

impl fmt::Display for ProcessSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Koid(koid) => write!(f, "{koid}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for VmoSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Koid(koid) => write!(f, "{koid}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl ProcessSelector {
    /// Whether it means that process.
    #[must_use]
    pub fn is(&self, process: &ProcessRecord) -> bool {
        match self {
            Self::Koid(koid) => process.koid() == *koid,
            Self::Name(name) => process.view.name() == name.as_str(),
        }
    }
}

impl Survey {
    /// The one process that is meant.
    ///
    /// # Errors
    /// [`InspectError::NotFound`] if there is none, or more than one of that name; it names
    /// those that there are.
    pub fn process(&self, selector: &ProcessSelector) -> Result<&ProcessRecord, InspectError> {
        let matches: Vec<_> = self
            .processes
            .iter()
            .filter(|process| selector.is(process))
            .collect();
        let names = |processes: &mut dyn Iterator<Item = &ProcessRecord>| {
            let names: Vec<_> = processes
                .take(10)
                .map(|process| format!("{} {}", process.koid(), process.view.name()))
                .collect();
            names.join(", ")
        };
        match *matches {
            [one] => Ok(one),
            [] if self.processes.is_empty() => Err(InspectError::NotFound(format!(
                "no process `{selector}`: the guest has none"
            ))),
            [] => Err(InspectError::NotFound(format!(
                "no process `{selector}`: there is {}",
                names(&mut self.processes.iter())
            ))),
            _ => Err(InspectError::NotFound(format!(
                "more than one process `{selector}`, use the koid: {}",
                names(&mut matches.iter().copied())
            ))),
        }
    }

    /// The one VMO that is meant.
    ///
    /// # Errors
    /// [`InspectError::NotFound`] if there is none, or more than one of that name.
    pub fn vmo(&self, selector: &VmoSelector) -> Result<&VmoView, InspectError> {
        let matches: Vec<_> = self
            .vmos
            .iter()
            .filter(|vmo| match selector {
                VmoSelector::Koid(koid) => *koid != 0 && vmo.koid() == *koid,
                VmoSelector::Name(name) => vmo.name() == name.as_str(),
            })
            .collect();
        match *matches {
            [one] => Ok(one),
            [] => Err(InspectError::NotFound(format!(
                "no VMO `{selector}`: `vmm vmos` lists those that there are"
            ))),
            _ => {
                let koids: Vec<_> = matches
                    .iter()
                    .take(10)
                    .map(|vmo| vmo.koid().to_string())
                    .collect();
                Err(InspectError::NotFound(format!(
                    "more than one VMO `{selector}`, use the koid: {}",
                    koids.join(", ")
                )))
            }
        }
    }
}
