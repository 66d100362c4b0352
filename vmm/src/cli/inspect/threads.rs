//! `vmm threads`.

use super::target::Target;
use clap::Args;

#[derive(Debug, Args)]
pub struct ThreadsArgs {
    #[command(flatten)]
    target: Target,
}

pub fn run(args: &ThreadsArgs) -> anyhow::Result<u8> {
    let _ = args.target.open()?;
    anyhow::bail!("`vmm threads` is not there yet")
}
