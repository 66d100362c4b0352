//! `vmm explain`.

use super::target::Target;
use clap::Args;

#[derive(Debug, Args)]
pub struct ExplainArgs {
    #[command(flatten)]
    target: Target,
}

pub fn run(args: &ExplainArgs) -> anyhow::Result<u8> {
    let _ = args.target.open()?;
    anyhow::bail!("`vmm explain` is not there yet")
}
