//! `vmm trace`.

use super::super::{complain, exit_code};
use super::number;
use super::output::written;
use super::table::printable;
use clap::Args;
use serde_json::Value;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use vmm::control::{
    self, AddressRange, Connection, MAX_FOLLOWED, StatusFilter, TraceFilter, call_named,
    format_call_event,
};
use vmm::inspect::{InspectError, Inspector, ProcessSelector};
use vmm::machine;

/// How often Ctrl-C is looked for.
const LOOK: Duration = Duration::from_millis(100);
/// Bytes on a line of a hexdump.
const ROW: usize = 16;

/// Shown by `--help`.
pub const EXAMPLES: &str = "\
A line: the time since the machine's start in seconds, the thread's koid, the process's koid
and name, the call, what it was answered, what it took.

Examples:
  vmm trace --process debugger --status error
  vmm trace --call vmo_read,vmo_write --follow-data 32
  vmm trace --range 1031:0x1000000-0x1004000 --count 10
  vmm trace --json | jq -c 'select(.ns > 100000)'";

#[derive(Debug, Args)]
pub struct TraceArgs {
    /// A running VM: its control socket, or its name (the process ID of its `vmm run`, or
    /// what `--name` gave it) [default: the only one that runs]
    #[arg(long, value_name = "PATH|NAME", help_heading = "Guest")]
    vm: Option<PathBuf>,

    /// Only calls of this process: its koid or its name
    #[arg(long, value_name = "PID|NAME", help_heading = "Which calls")]
    process: Option<String>,

    /// Only these calls, with or without `zx_`
    #[arg(
        long = "call",
        value_name = "NAME",
        value_delimiter = ',',
        value_parser = call,
        help_heading = "Which calls"
    )]
    calls: Vec<String>,

    /// Only calls that are answered so: `ok`, `error`, or a status such as
    /// ZX_ERR_OUT_OF_RANGE
    #[arg(long, value_name = "STATUS", help_heading = "Which calls")]
    status: Option<StatusFilter>,

    /// Only calls with a buffer or an address, and the length that follows it, in this range
    /// of a program's addresses: START-END (END is not in it) or START+LENGTH; with PID,
    /// calls of that process
    #[arg(
        long,
        value_name = "[PID:]RANGE",
        value_parser = range,
        help_heading = "Which calls"
    )]
    range: Option<Range>,

    /// Shows the first N bytes that each served call moved, 4096 at most
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        hide_default_value = true,
        value_parser = clap::value_parser!(u64).range(..=MAX_FOLLOWED),
        help_heading = "Output"
    )]
    follow_data: u64,

    /// Stops after so many calls
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u64).range(1..),
        help_heading = "Output"
    )]
    count: Option<u64>,

    /// Writes events as `vmm run --json` does, one JSON object a line
    #[arg(long, help_heading = "Output")]
    json: bool,
}

#[derive(Clone, Debug)]
struct Range {
    process: Option<String>,
    addresses: AddressRange,
}

fn call(text: &str) -> Result<String, String> {
    let call = call_named(text)?;
    Ok(call.signature().name.to_owned())
}

fn range(text: &str) -> Result<Range, String> {
    let (process, range) = match text.rsplit_once(':') {
        Some((process, range)) => (Some(process.to_owned()), range),
        None => (None, text),
    };
    let (start, end) = number::range(range)?;
    let addresses = AddressRange { start, end };
    Ok(Range { process, addresses })
}

/// Prints calls until there is an end to them, or enough of them.
pub fn run(args: &TraceArgs) -> anyhow::Result<u8> {
    let path = control::find(args.vm.as_deref())?;
    let filter = filter(args)?;
    if let Some(process) = &filter.process {
        is_there(&path, process)?;
    }
    let (connection, _) = Connection::open(&path)?;
    let mut events = connection.trace(filter)?;
    machine::install_signal_handlers()?;
    let mut calls = 0;
    let mut ended = false;
    while !machine::interrupted() && args.count.is_none_or(|count| calls < count) {
        let line = match events.next(LOOK) {
            Ok(Some(line)) => line,
            Ok(None) => continue,
            Err(InspectError::Ended) if ended => break,
            Err(error) => return Err(error.into()),
        };
        let event: Value = serde_json::from_slice(&line)?;
        let name = event.get("event").and_then(Value::as_str);
        calls += u64::from(name == Some("call"));
        ended |= name == Some("exit");
        let printed = if args.json { json(&line) } else { text(&event) };
        match printed {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
            other => written(other)?,
        }
    }
    Ok(exit_code::SUCCESS)
}

/// Refuses a process of which no call would ever come. That there is more than one of a name
/// is no reason: all of them are followed.
fn is_there(path: &Path, process: &str) -> Result<(), InspectError> {
    let (survey, _) = Inspector::live(path)?.survey()?;
    let Ok(wanted) = process.parse::<ProcessSelector>();
    if survey.processes.iter().any(|process| wanted.is(process)) {
        return Ok(());
    }
    survey.process(&wanted).map(|_| ())
}

fn filter(args: &TraceArgs) -> Result<TraceFilter, InspectError> {
    let process = match (&args.process, args.range.as_ref()) {
        (
            Some(process),
            Some(Range {
                process: Some(other),
                ..
            }),
        ) if process != other => {
            return Err(InspectError::Refused(format!(
                "--process {process} and --range of process {other}: no call is of both"
            )));
        }
        (Some(process), _) => Some(process.clone()),
        (None, range) => range.and_then(|range| range.process.clone()),
    };
    Ok(TraceFilter {
        process,
        calls: args.calls.clone(),
        status: args.status.clone(),
        range: args.range.as_ref().map(|range| range.addresses),
        follow_data: args.follow_data,
    })
}

fn json(line: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(line)?;
    stdout.write_all(b"\n")
}

/// A line for a call, with what it moved below; what else happened goes to standard error.
fn text(event: &Value) -> io::Result<()> {
    if let Some(line) = format_call_event(event) {
        let mut stdout = io::stdout().lock();
        write!(stdout, "{}", when_and_who(event))?;
        writeln!(stdout, "{}", printable(&line))?;
        return match event.get("data").and_then(Value::as_str) {
            Some(digits) => hexdump(&mut stdout, digits),
            None => Ok(()),
        };
    }
    let field = |name| event.get(name).map(Value::to_string).unwrap_or_default();
    match event.get("event").and_then(Value::as_str) {
        Some("lost") => complain(&format!(
            "{} events were lost: nobody took them in time",
            field("count")
        )),
        Some("exit") => {
            let reason = event.get("reason").and_then(Value::as_str);
            complain(&format!(
                "the machine has stopped: {}",
                printable(reason.unwrap_or("?"))
            ));
        }
        _ => {}
    }
    Ok(())
}

/// The time since the machine's start in seconds, and the thread, as far as they are told.
fn when_and_who(event: &Value) -> String {
    let number = |name| event.get(name).and_then(Value::as_u64);
    let time = number("time_ns").map(Duration::from_nanos);
    let time = time.map(|time| format!("{:>5}.{:06} ", time.as_secs(), time.subsec_micros()));
    let thread = number("thread").map(|koid| format!("t:{koid} "));
    time.unwrap_or_default() + &thread.unwrap_or_default()
}

fn hexdump(stream: &mut impl Write, digits: &str) -> io::Result<()> {
    let bytes = vmm::inspect::undigits(digits).unwrap_or_default();
    for (offset, row) in (0..).step_by(ROW).zip(bytes.chunks(ROW)) {
        write!(stream, "    {offset:04x} ")?;
        for byte in row {
            write!(stream, " {byte:02x}")?;
        }
        let missing = ROW - row.len();
        write!(stream, "{:width$}  |", "", width = missing * 3)?;
        for byte in row {
            let shown = if matches!(byte, b' '..=b'~') {
                *byte
            } else {
                b'.'
            };
            write!(stream, "{}", char::from(shown))?;
        }
        writeln!(stream, "|")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_may_name_its_process() {
        let plain = range("0x1000-0x2000").unwrap();
        assert_eq!(plain.process, None);
        assert_eq!(plain.addresses.end.0, 0x2000);
        assert_eq!(range("7:0x1-0x2").unwrap().process.unwrap(), "7");
        let length = range("web:4K+16").unwrap();
        assert_eq!(length.process.unwrap(), "web");
        assert_eq!(length.addresses.end.0, 0x1010);
        for bad in ["", "0x1000", "0x2-0x1", "2-2", "0x1-0x2-0x3"] {
            assert!(range(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn data_is_shown_as_hexadecimal_and_text() {
        let mut shown = Vec::new();
        let digits = "48656c6c6f1b".to_owned() + &"00".repeat(11);
        hexdump(&mut shown, &digits).unwrap();
        let text = String::from_utf8(shown).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "    0000  48 65 6c 6c 6f 1b 00 00 00 00 00 00 00 00 00 00  |Hello...........|",
                "    0010  00                                               |.|",
            ]
        );
    }
}
