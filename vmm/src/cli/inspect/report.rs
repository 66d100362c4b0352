//! `vmm report`.

use super::target::Target;
use clap::Args;

#[derive(Debug, Args)]
pub struct ReportArgs {
    #[command(flatten)]
    target: Target,
}

pub fn run(args: &ReportArgs) -> anyhow::Result<u8> {
    let _ = args.target.open()?;
    anyhow::bail!("`vmm report` is not there yet")
}
