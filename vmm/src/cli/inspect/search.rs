//! `vmm search`.

use super::UsageError;
use super::number;
use super::output::{Head, OutputArgs};
use super::progress::Progress;
use super::table::{Column, Table, address, counted};
use super::target::Target;
use crate::cli::exit_code;
use clap::Args;
use vmm::inspect::{
    Hex, InspectError, Inspector, Match, Matches, Pattern, ProcessSelector, Search, SpaceSelector,
    Standstill, Survey, VmoSelector,
};

pub const EXAMPLES: &str = "\
Examples:
  vmm search hello                          a text, in all of RAM
  vmm search hello --process 1027           the same in what one process can see
  vmm search --hex 'de ad ?? ef'            bytes; ?? stands for any
  vmm search --utf16 Grüße --vmo 1031       UTF-16, the low byte first
  vmm search --regex 'zx_[a-z_]+\\x00'       a regular expression over bytes
  vmm search --pointer 0x1000000-0x1004000  words that lead into a range

A process and a VMO are searched in their own order, wherever their pages are in RAM: a match may
go across pages that follow each other there. What was never written, or has no page, is zero and
is not searched. Each match comes with the owner of its frame, and where that is mapped.";

#[derive(Debug, Args)]
pub struct SearchArgs {
    #[command(flatten)]
    target: Target,

    /// What to find: a text, or what one of --hex, --utf16, --regex, --pointer makes of it
    #[arg(allow_hyphen_values = true)]
    pattern: String,

    /// The pattern is bytes: two hexadecimal digits each, or ?? for any
    #[arg(long, help_heading = "Pattern", group = "kind")]
    hex: bool,

    /// The pattern is a text, in UTF-8 (the default)
    #[arg(long, help_heading = "Pattern", group = "kind")]
    text: bool,

    /// The pattern is a text, in UTF-16 with the low byte first
    #[arg(long, help_heading = "Pattern", group = "kind")]
    utf16: bool,

    /// The pattern is a regular expression over bytes (syntax: docs.rs/regex; \xFF is that
    /// byte); a match of more than 4 KiB may be told in part
    #[arg(long, help_heading = "Pattern", group = "kind")]
    regex: bool,

    /// The pattern is a range START-END or START+LENGTH: finds words of 8 bytes, at multiples
    /// of 8, whose value is in it
    #[arg(long, help_heading = "Pattern", group = "kind")]
    pointer: bool,

    /// Finds pointers at any address
    #[arg(long, help_heading = "Pattern", requires = "pointer")]
    unaligned: bool,

    /// Searches what this process can see (koid or name)
    #[arg(
        long,
        value_name = "PID",
        help_heading = "Where",
        conflicts_with = "vmo"
    )]
    process: Option<ProcessSelector>,

    /// Searches this VMO (koid or name)
    #[arg(long, value_name = "VMO", help_heading = "Where")]
    vmo: Option<VmoSelector>,

    /// Searches only these addresses or offsets: START-END (END is not in it) or START+LENGTH
    #[arg(long, value_name = "RANGE", value_parser = number::range, help_heading = "Where")]
    range: Option<(Hex, Hex)>,

    /// Stops after so many matches, and says so if there are more
    #[arg(long, default_value_t = 1000, value_name = "N")]
    limit: usize,

    /// Lets a live guest run meanwhile: matches may be torn or missed
    #[arg(long)]
    running: bool,

    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(args: &SearchArgs) -> anyhow::Result<u8> {
    let search = Search {
        pattern: pattern(args)?,
        space: match (&args.process, &args.vmo) {
            (Some(process), _) => SpaceSelector::Process(process.clone()),
            (None, Some(vmo)) => SpaceSelector::Vmo(vmo.clone()),
            (None, None) => SpaceSelector::Physical,
        },
        range: args.range.map(|(start, end)| (start.0, end.0)),
        limit: args.limit,
    };
    let mut inspector = args.target.open()?;
    let (found, standstill) = if args.running {
        while_running(&mut inspector, &search)?
    } else {
        while_still(&mut inspector, &search)?
    };
    let head = Head {
        command: "search",
        origin: inspector.origin(),
        standstill,
        problems: &found.problems,
    };
    let code = args.output.print(&head, &found, |stream| {
        if found.matches.is_empty() {
            return Ok(());
        }
        let mut table = Table::new(&[
            Column::Text("ADDRESS"),
            Column::Text("CONTENT"),
            Column::Text("OWNER"),
        ]);
        for one in &found.matches {
            table.row([address(one.address), content(one), owner(one)]);
        }
        table.print(stream)
    })?;
    if args.output.json {
        // Standard error says nothing that the answer does not.
    } else if found.more {
        super::super::complain(&format!(
            "only the first {}: --limit N shows more, --range others",
            counted(args.limit as u64, "match")
        ));
    } else if found.matches.is_empty() {
        super::super::complain(&format!(
            "nothing found in {} of {}",
            counted(found.searched, "byte"),
            found.space
        ));
    }
    if args.running && !args.output.json && !args.output.quiet {
        super::super::complain("the guest ran meanwhile: matches may be torn or missed");
    }
    Ok(match code {
        exit_code::SUCCESS if found.matches.is_empty() && !found.more => exit_code::NOTHING_FOUND,
        code => code,
    })
}

fn pattern(args: &SearchArgs) -> Result<Pattern, UsageError> {
    let text = args.pattern.as_str();
    let pattern = if args.hex {
        Pattern::masked(&number::hex_pattern(text).map_err(UsageError)?)
    } else if args.utf16 {
        Pattern::utf16(text)
    } else if args.regex {
        Pattern::regex(text)
    } else if args.pointer {
        let (start, end) = number::range(text).map_err(UsageError)?;
        Pattern::pointers(start.0, end.0, !args.unaligned)
    } else {
        Pattern::bytes(text.as_bytes())
    };
    pattern.map_err(|error| UsageError(error.to_string()))
}

fn survey_for(
    search: &Search,
    survey: impl FnOnce() -> Result<Survey, InspectError>,
) -> Result<Option<Survey>, InspectError> {
    match search.space {
        // RAM can be searched whatever the kernel is; then nobody owns anything.
        SpaceSelector::Physical => Ok(survey().ok()),
        _ => survey().map(Some),
    }
}

/// The guest stands still from the first byte to the last owner.
fn while_still(
    inspector: &mut Inspector,
    search: &Search,
) -> Result<(Matches, Option<Standstill>), InspectError> {
    let paused = inspector.pause()?;
    let survey = survey_for(search, || paused.survey())?;
    let mut found = with_progress(search, paused.memory(), survey.as_ref())?;
    match &survey {
        Some(survey) => found.find_owners(&paused, survey),
        None => found.problems.add(paused.problems()),
    }
    let standstill = paused.resume()?;
    Ok((found, standstill))
}

/// The guest stands still for the objects and for the owners only.
fn while_running(
    inspector: &mut Inspector,
    search: &Search,
) -> Result<(Matches, Option<Standstill>), InspectError> {
    let paused = inspector.pause()?;
    let survey = survey_for(search, || paused.survey())?;
    let before = paused.resume()?;
    let mut found = with_progress(search, inspector.memory(), survey.as_ref())?;
    let paused = inspector.pause()?;
    if let Ok(survey) = paused.survey() {
        found.find_owners(&paused, &survey);
    }
    let after = paused.resume()?;
    let sum = before.zip(after).map(|(before, after)| Standstill {
        ns: before.ns.saturating_add(after.ns),
        waited_ns: before.waited_ns.saturating_add(after.waited_ns),
    });
    Ok((found, sum))
}

fn with_progress(
    search: &Search,
    memory: &vmm::inspect::InspectedRam,
    survey: Option<&Survey>,
) -> Result<Matches, InspectError> {
    let progress = Progress::new("searching");
    search.run(memory, survey, &mut |at| progress.at(at.searched, at.total))
}

/// The bytes of a match as text, or as digits if most of them are none.
fn content(one: &Match) -> String {
    let bytes = &one.bytes.0;
    let printable = |byte: &&u8| matches!(byte, b' '..=b'~');
    let mut text: String = if bytes.iter().filter(printable).count() * 2 > bytes.len() {
        let shown = bytes.iter().map(|byte| match byte {
            b' '..=b'~' => char::from(*byte),
            _ => '.',
        });
        shown.collect()
    } else {
        vmm::inspect::digits(bytes)
    };
    if one.length > bytes.len() as u64 {
        text.push_str("...");
    }
    text
}

fn owner(one: &Match) -> String {
    let Some(owner) = &one.owner else {
        return String::new();
    };
    let mut text = match owner.vmo_offset {
        Some(offset) => format!("{} (byte {})", owner.description, Hex(offset)),
        None => owner.description.clone(),
    };
    // The description names the first.
    for vmo in owner.vmos.iter().skip(1) {
        let name = match (vmo.koid, vmo.name.as_str()) {
            (0, name) => format!("(private) {name}"),
            (koid, name) => format!("{koid} {name}"),
        };
        text.push_str(&format!(
            "; also VMO {} (byte {})",
            name.trim_end(),
            Hex(vmo.offset)
        ));
    }
    if owner.more_vmos > 0 {
        text.push_str(&format!("; and {} more VMOs", owner.more_vmos));
    }
    for place in &owner.mapped {
        text.push_str(&format!(
            "; {} {} at {}",
            place.process, place.name, place.address
        ));
    }
    if owner.more_mapped > 0 {
        text.push_str(&format!("; and at {} more places", owner.more_mapped));
    }
    text
}
