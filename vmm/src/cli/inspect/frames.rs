//! `vmm frames`.

use super::target::Target;
use clap::Args;

#[derive(Debug, Args)]
pub struct FramesArgs {
    #[command(flatten)]
    target: Target,
}

pub fn run(args: &FramesArgs) -> anyhow::Result<u8> {
    let _ = args.target.open()?;
    anyhow::bail!("`vmm frames` is not there yet")
}
