//! `vmm write`.

use super::UsageError;
use super::number::{self, Address};
use super::output::{Head, OutputArgs};
use super::table::counted;
use super::target::Target;
use clap::Args;
use std::path::{Path, PathBuf};
use vmm::inspect::{InspectError, MAX_WRITE, Problems, SpaceSelector, WriteRequest, digits};

pub const EXAMPLES: &str = "\
Examples:
  vmm write 1027 0x1000000 '01 00 00 00'     four bytes of a process
  vmm write hello 0x1000040 --text 'Hi there' a text, without a zero at its end
  vmm write vmo:1031 0 --file table.bin      what a file holds
  vmm write phys 0x5000 ff --force           past all rules

The rules are the guest's: what the program itself may not write, a page that others share, one
that its pager believes to be clean, and whatever is no data of a program are refused, with the
rule; --force stores it all the same. What has no frame cannot be written. All bytes are checked
before the first is stored. The VM notes each write in its log.";

#[derive(Debug, Args)]
pub struct WriteArgs {
    #[command(flatten)]
    target: Target,

    /// Where: a process (koid or name), `vmo:KOID`, `vmo:NAME`, or `phys`
    #[arg(value_name = "WHERE")]
    space: SpaceSelector,

    /// First address, or offset in the VMO
    #[arg(value_parser = number::address, allow_hyphen_values = true)]
    address: Address,

    /// The bytes: two hexadecimal digits each
    #[arg(required_unless_present_any = ["text", "file"], conflicts_with_all = ["text", "file"])]
    bytes: Option<String>,

    /// Stores this text, in UTF-8
    #[arg(long, conflicts_with = "file", allow_hyphen_values = true)]
    text: Option<String>,

    /// Stores what this file holds
    #[arg(long)]
    file: Option<PathBuf>,

    /// Stores it even where a rule forbids it
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(args: &WriteArgs) -> anyhow::Result<u8> {
    if args.target.image.is_some() {
        let reason = "only a live VM can be written to: an image is what it was";
        return Err(InspectError::Refused(reason.to_owned()).into());
    }
    let Address::Number(address) = args.address else {
        let reason = "a write needs the address as a number: `vmm threads` shows the registers";
        return Err(UsageError(reason.to_owned()).into());
    };
    let bytes = match (&args.text, &args.file, &args.bytes) {
        (Some(text), ..) => text.as_bytes().to_vec(),
        (_, Some(file), _) => contents(file)?,
        (.., Some(digits)) => number::hex_bytes(digits).map_err(UsageError)?,
        (None, None, None) => Vec::new(),
    };
    if bytes.is_empty() {
        let what = match &args.file {
            Some(file) => format!("{} is empty", file.display()),
            None => "the text is empty".to_owned(),
        };
        return Err(UsageError(format!("there is nothing to write: {what}")).into());
    }
    let request = WriteRequest {
        space: args.space.clone(),
        address,
        bytes,
        force: args.force,
    };
    let mut inspector = args.target.open()?;
    let mut paused = inspector.pause()?;
    let survey = paused.survey()?;
    let written = paused.write(&survey, &request)?;
    let standstill = paused.resume()?;
    let head = Head {
        command: "write",
        origin: inspector.origin(),
        standstill,
        problems: &Problems::default(),
    };
    args.output.print(&head, &written, |out| {
        writeln!(
            out,
            "{} written at {} of {}",
            counted(written.length, "byte"),
            written.address,
            written.space
        )?;
        for piece in &written.pieces {
            writeln!(
                out,
                "  {} at guest-physical {}, {:#x} bytes",
                piece.address, piece.physical, piece.length
            )?;
        }
        if let Some(before) = written.before.0.get(..32).or(Some(&written.before.0)) {
            let rest = if written.length > before.len() as u64 {
                "..."
            } else {
                ""
            };
            writeln!(out, "  before: {}{rest}", digits(before))?;
        }
        written.broken.iter().try_for_each(|broken| {
            writeln!(
                out,
                "  forced at {} ({:#x} bytes): {}",
                broken.address, broken.length, broken.rule
            )
        })
    })
}

/// What a file holds, if that is not too much.
fn contents(file: &Path) -> Result<Vec<u8>, InspectError> {
    let failed = |source| InspectError::File {
        path: file.to_owned(),
        source,
    };
    let length = std::fs::metadata(file).map_err(failed)?.len();
    if length > MAX_WRITE {
        return Err(InspectError::Refused(format!(
            "{}: {length} bytes are more than can be stored at once: {MAX_WRITE}",
            file.display()
        )));
    }
    std::fs::read(file).map_err(failed)
}
