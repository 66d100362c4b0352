//! `vmm maps`.

use super::target::Target;
use clap::Args;

#[derive(Debug, Args)]
pub struct MapsArgs {
    #[command(flatten)]
    target: Target,
}

pub fn run(args: &MapsArgs) -> anyhow::Result<u8> {
    let _ = args.target.open()?;
    anyhow::bail!("`vmm maps` is not there yet")
}
