//! `vmm top`.

use super::target::Target;
use clap::Args;

#[derive(Debug, Args)]
pub struct TopArgs {
    #[command(flatten)]
    target: Target,
}

pub fn run(args: &TopArgs) -> anyhow::Result<u8> {
    let _ = args.target.open()?;
    anyhow::bail!("`vmm top` is not there yet")
}
