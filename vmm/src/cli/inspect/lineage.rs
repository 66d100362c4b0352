//! `vmm lineage`.

use super::target::Target;
use clap::Args;

#[derive(Debug, Args)]
pub struct LineageArgs {
    #[command(flatten)]
    target: Target,
}

pub fn run(args: &LineageArgs) -> anyhow::Result<u8> {
    let _ = args.target.open()?;
    anyhow::bail!("`vmm lineage` is not there yet")
}
