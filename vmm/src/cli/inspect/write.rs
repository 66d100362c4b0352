//! `vmm write`.

use super::target::Target;
use clap::Args;

#[derive(Debug, Args)]
pub struct WriteArgs {
    #[command(flatten)]
    target: Target,
}

pub fn run(args: &WriteArgs) -> anyhow::Result<u8> {
    let _ = args.target.open()?;
    anyhow::bail!("`vmm write` is not there yet")
}
