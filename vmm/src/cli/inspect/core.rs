//! `vmm core`.

use super::target::Target;
use clap::Args;

#[derive(Debug, Args)]
pub struct CoreArgs {
    #[command(flatten)]
    target: Target,
}

pub fn run(args: &CoreArgs) -> anyhow::Result<u8> {
    let _ = args.target.open()?;
    anyhow::bail!("`vmm core` is not there yet")
}
