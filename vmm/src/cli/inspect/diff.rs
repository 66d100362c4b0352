//! `vmm diff`.

use super::target::Target;
use clap::Args;

#[derive(Debug, Args)]
pub struct DiffArgs {
    #[command(flatten)]
    target: Target,
}

pub fn run(args: &DiffArgs) -> anyhow::Result<u8> {
    let _ = args.target.open()?;
    anyhow::bail!("`vmm diff` is not there yet")
}
