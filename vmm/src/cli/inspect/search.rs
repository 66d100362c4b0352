//! `vmm search`.

use super::target::Target;
use clap::Args;

#[derive(Debug, Args)]
pub struct SearchArgs {
    #[command(flatten)]
    target: Target,
}

pub fn run(args: &SearchArgs) -> anyhow::Result<u8> {
    let _ = args.target.open()?;
    anyhow::bail!("`vmm search` is not there yet")
}
