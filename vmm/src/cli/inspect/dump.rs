//! `vmm dump`.

use super::target::Target;
use clap::Args;

#[derive(Debug, Args)]
pub struct DumpArgs {
    #[command(flatten)]
    target: Target,
}

pub fn run(args: &DumpArgs) -> anyhow::Result<u8> {
    let _ = args.target.open()?;
    anyhow::bail!("`vmm dump` is not there yet")
}
