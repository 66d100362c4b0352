//! Saving a guest, or a part of it, to a file: what `vmm dump` and `vmm core` have in common.

use super::progress::Progress;
use super::target::Target;
use clap::Args;
use std::path::{Path, PathBuf};
use vmm::inspect::{InspectError, Inspector, Output, Paused, Standstill};

#[derive(Debug, Args)]
pub struct SavingArgs {
    /// Where to; it appears when it is whole
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub to: PathBuf,

    /// Replaces the file if it is there
    #[arg(long)]
    pub force: bool,
}

impl SavingArgs {
    /// Lets `save` write the file while the guest stands still. Returns what it says, and how
    /// long that was.
    pub fn save<A>(
        &self,
        target: &Target,
        save: impl FnOnce(&Paused<'_>, &mut Output, &mut dyn FnMut(u64, u64)) -> Result<A, InspectError>,
    ) -> Result<(Inspector, A, Option<Standstill>), InspectError> {
        if self.to == Path::new("-") {
            return Err(InspectError::Refused(
                "`-` is no file: standard output is for what was saved; name a file, or \
                 /dev/stdout"
                    .to_owned(),
            ));
        }
        let mut inspector = target.open()?;
        let mut output = Output::create(&self.to, self.force)?;
        let progress = Progress::new("saving");
        let paused = inspector.pause()?;
        let saved = save(&paused, &mut output, &mut |done, all| {
            progress.at(done, all)
        })?;
        let standstill = paused.resume()?;
        output.finish()?;
        Ok((inspector, saved, standstill))
    }
}
