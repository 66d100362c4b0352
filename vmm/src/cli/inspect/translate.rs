//! `vmm translate`.

use super::target::Target;
use clap::Args;

#[derive(Debug, Args)]
pub struct TranslateArgs {
    #[command(flatten)]
    target: Target,
}

pub fn run(args: &TranslateArgs) -> anyhow::Result<u8> {
    let _ = args.target.open()?;
    anyhow::bail!("`vmm translate` is not there yet")
}
