//! `vmm vmos`.

use super::target::Target;
use clap::Args;

#[derive(Debug, Args)]
pub struct VmosArgs {
    #[command(flatten)]
    target: Target,
}

pub fn run(args: &VmosArgs) -> anyhow::Result<u8> {
    let _ = args.target.open()?;
    anyhow::bail!("`vmm vmos` is not there yet")
}
