//! `vmm diff`.

use super::output::{Head, OutputArgs};
use super::progress::Progress;
use super::table::{Column, Table, address, counted, printable, size};
use super::target::Target;
use crate::cli::exit_code;
use clap::Args;
use std::io::{self, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use vmm::inspect::{
    ChangedRange, DiffHandle, DiffObject, DiffOptions, Difference, HexDump, InspectError,
    Inspector, ObjectChanges, Origin, Standstill, diff,
};

pub const EXAMPLES: &str = "\
Examples:
  vmm diff before.elf after.elf      two images
  vmm diff before.elf live           an image and the VM that runs
  vmm diff before.elf live:web       the VM of that name
  vmm diff a b --ranges              with the addresses of the bytes that changed
  vmm diff a b --bytes --limit 20    with the bytes themselves, before and after

Pages of VMOs are compared by VMO and offset: a page that moved to another frame and holds the
same has not changed. All other frames are compared where they are, and are told by their use in
the second guest.";

#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The first guest: an image, a control socket, `live` (the only VM that runs), or
    /// `live:NAME`
    #[arg(value_name = "A")]
    before: String,

    /// The second guest
    #[arg(value_name = "B")]
    after: String,

    /// Shows the ranges of bytes that changed
    #[arg(long, help_heading = "Format")]
    ranges: bool,

    /// Shows the bytes of each range before and after, at most 64
    #[arg(long, help_heading = "Format")]
    bytes: bool,

    /// Ranges that are told
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1000,
        help_heading = "Format"
    )]
    limit: usize,

    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(args: &DiffArgs) -> anyhow::Result<u8> {
    let mut before = open(&args.before)?;
    let mut after = open(&args.after)?;
    let options = DiffOptions {
        limit: args.limit,
        bytes: args.bytes,
    };
    let (difference, standstill) = {
        let first = before.pause()?;
        let second = after.pause()?;
        let progress = Progress::new("comparing");
        let difference = diff(&first, &second, &options, &mut |done, all| {
            progress.at(done, all);
        });
        let second = second.resume()?;
        (difference, longer(first.resume()?, second))
    };
    let head = Head {
        command: "diff",
        origin: after.origin(),
        standstill,
        problems: &difference.problems,
    };
    let code = args
        .output
        .print(&head, &difference, |out| text(out, args, &difference))?;
    Ok(match code {
        exit_code::SUCCESS if !difference.is_empty() => exit_code::NOTHING_FOUND,
        code => code,
    })
}

/// A guest as an argument names it.
fn open(text: &str) -> Result<Inspector, InspectError> {
    let path = Path::new(text);
    let socket = std::fs::metadata(path).is_ok_and(|found| found.file_type().is_socket());
    let mut target = Target::default();
    match text.strip_prefix("live") {
        Some("") => {}
        Some(rest) if rest.starts_with(':') => target.vm = Some(rest.replacen(':', "", 1).into()),
        _ if socket => target.vm = Some(path.to_owned()),
        _ => target.image = Some(path.to_owned()),
    }
    let inspector = target.open()?;
    // Any file at all can be raw memory, and would be compared with zeros.
    match (inspector.origin(), inspector.no_guest()) {
        (
            Origin::Image {
                format: "raw",
                path,
            },
            Some(reason),
        ) => Err(InspectError::NotAnImage {
            path: path.clone(),
            reason: reason.to_owned(),
        }),
        _ => Ok(inspector),
    }
}

/// Of two guests that stood still: the longer time.
fn longer(one: Option<Standstill>, other: Option<Standstill>) -> Option<Standstill> {
    [one, other]
        .into_iter()
        .flatten()
        .max_by_key(|still| still.ns)
}

fn text(out: &mut dyn Write, args: &DiffArgs, difference: &Difference) -> io::Result<()> {
    if difference.is_empty() {
        return writeln!(out, "no difference");
    }
    let (before, after) = difference.ram;
    if before != after {
        writeln!(out, "RAM: {} before, {} after", size(before), size(after))?;
    }
    objects(out, "process", difference.processes.as_ref(), object)?;
    objects(out, "VMO", difference.vmos.as_ref(), object)?;
    objects(out, "handle", difference.handles.as_ref(), handle)?;
    writeln!(
        out,
        "{} {} in {}",
        counted(difference.bytes, "byte"),
        if difference.bytes == 1 {
            "differs"
        } else {
            "differ"
        },
        counted(difference.pages, "page")
    )?;
    if !difference.groups.is_empty() {
        let mut table = Table::new(&[
            Column::Number("PAGES"),
            Column::Number("NEW"),
            Column::Number("GONE"),
            Column::Number("BYTES"),
            Column::Text("OWNER"),
            Column::Text("PROCESSES"),
        ]);
        for group in &difference.groups {
            let processes: Vec<_> = group.processes.iter().map(object).collect();
            table.row([
                group.pages.to_string(),
                group.pages_new.to_string(),
                group.pages_gone.to_string(),
                group.bytes.to_string(),
                group.description.clone(),
                processes.join(", "),
            ]);
        }
        table.print(out)?;
    }
    if args.ranges || args.bytes {
        ranges(out, difference)?;
    }
    Ok(())
}

fn objects<T>(
    out: &mut dyn Write,
    what: &str,
    changes: Option<&ObjectChanges<T>>,
    show: fn(&T) -> String,
) -> io::Result<()> {
    let Some(changes) = changes else {
        return Ok(());
    };
    for (sign, list, count) in [
        ('+', &changes.new, changes.new_count),
        ('-', &changes.gone, changes.gone_count),
    ] {
        for one in list {
            writeln!(out, "{sign} {what} {}", printable(&show(one)))?;
        }
        match count.saturating_sub(list.len() as u64) {
            0 => {}
            more => writeln!(out, "{sign} {more} more of kind {what}")?,
        }
    }
    Ok(())
}

fn object(object: &DiffObject) -> String {
    format!("{} {}", object.koid, object.name)
        .trim_end()
        .to_owned()
}

fn handle(handle: &DiffHandle) -> String {
    format!(
        "{} of process {}, to {}, rights {}",
        handle.value, handle.process, handle.koid, handle.rights
    )
}

fn ranges(out: &mut dyn Write, difference: &Difference) -> io::Result<()> {
    for (index, group) in difference.groups.iter().enumerate() {
        let mut of_group = difference
            .ranges
            .iter()
            .filter(|range| range.group == index);
        let Some(first) = of_group.next() else {
            continue;
        };
        writeln!(out, "\n{}", printable(&group.description))?;
        for range in std::iter::once(first).chain(of_group) {
            writeln!(
                out,
                "{}  {}",
                address(range.address),
                counted(range.length, "byte")
            )?;
            sides(out, range)?;
        }
    }
    if difference.more_ranges {
        writeln!(out, "\nthere are more ranges: --limit N shows them")?;
    }
    Ok(())
}

fn sides(out: &mut dyn Write, range: &ChangedRange) -> io::Result<()> {
    for (sign, bytes) in [("-", &range.before), ("+", &range.after)] {
        let Some(bytes) = bytes else { continue };
        let mut lines = Vec::new();
        let start = range.address.0;
        let mut dump = HexDump::new(start.saturating_add(bytes.0.len() as u64));
        dump.bytes(&mut lines, start, &bytes.0)?;
        dump.finish(&mut lines)?;
        let lines = String::from_utf8_lossy(&lines);
        let count = lines.lines().count();
        // The last line only says where it ends.
        for line in lines.lines().take(count.saturating_sub(1)) {
            writeln!(out, "{sign} {line}")?;
        }
    }
    Ok(())
}
