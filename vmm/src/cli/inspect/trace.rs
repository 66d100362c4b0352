//! `vmm trace`.

use super::target::Target;
use clap::Args;

#[derive(Debug, Args)]
pub struct TraceArgs {
    #[command(flatten)]
    target: Target,
}

pub fn run(args: &TraceArgs) -> anyhow::Result<u8> {
    let _ = args.target.open()?;
    anyhow::bail!("`vmm trace` is not there yet")
}
