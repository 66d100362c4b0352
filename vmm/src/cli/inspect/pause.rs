//! `vmm pause` and `vmm resume`.

use super::target::Target;
use clap::Args;

#[derive(Debug, Args)]
pub struct PauseArgs {
    #[command(flatten)]
    target: Target,
}

pub fn pause(args: &PauseArgs) -> anyhow::Result<u8> {
    let _ = args.target.open()?;
    anyhow::bail!("`vmm pause` is not there yet")
}

pub fn resume(args: &PauseArgs) -> anyhow::Result<u8> {
    let _ = args.target.open()?;
    anyhow::bail!("`vmm resume` is not there yet")
}
