//! `vmm read`.

use super::target::Target;
use clap::Args;

#[derive(Debug, Args)]
pub struct ReadArgs {
    #[command(flatten)]
    target: Target,
}

pub fn run(args: &ReadArgs) -> anyhow::Result<u8> {
    let _ = args.target.open()?;
    anyhow::bail!("`vmm read` is not there yet")
}
