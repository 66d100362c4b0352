//! Which guest a command looks at.

use clap::Args;
use std::path::PathBuf;
use vmm::inspect::{InspectError, Inspector};

#[derive(Clone, Debug, Default, Args)]
pub struct Target {
    /// A running VM: its control socket, or its name (the process ID of its `vmm run`, or
    /// what `--name` gave it) [default: the only one that runs]
    #[arg(long, value_name = "PATH|NAME", help_heading = "Guest")]
    pub vm: Option<PathBuf>,

    /// A saved image: an ELF core or raw memory
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "vm",
        help_heading = "Guest"
    )]
    pub image: Option<PathBuf>,
}

impl Target {
    /// Opens it.
    pub fn open(&self) -> Result<Inspector, InspectError> {
        if let Some(image) = &self.image {
            return Inspector::image(image);
        }
        Inspector::live(&vmm::control::find(self.vm.as_deref())?)
    }
}
