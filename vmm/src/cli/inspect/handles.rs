//! `vmm handles`.

use super::target::Target;
use clap::Args;

#[derive(Debug, Args)]
pub struct HandlesArgs {
    #[command(flatten)]
    target: Target,
}

pub fn run(args: &HandlesArgs) -> anyhow::Result<u8> {
    let _ = args.target.open()?;
    anyhow::bail!("`vmm handles` is not there yet")
}
