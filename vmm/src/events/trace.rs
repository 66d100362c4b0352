//! Calls as lines for a person, in the manner of strace.

use super::{CallEvent, Event, EventSink};
use abi::calls::{ArgKind, Returns};
use abi::{Rights, Status};
use std::fmt::Write as _;
use std::io::Write;
use std::time::Duration;

/// Writes a line for each call.
#[derive(Debug)]
pub struct TraceSink<W> {
    stream: W,
}

impl<W: Write> TraceSink<W> {
    /// A sink over a stream.
    pub const fn new(stream: W) -> Self {
        Self { stream }
    }
}

impl<W: Write> EventSink for TraceSink<W> {
    fn wants_calls(&self) -> bool {
        true
    }

    fn take(&mut self, event: &Event<'_>) {
        if let Event::Call(call) = event {
            // A reader that went away is no reason to stop the guest.
            let _ = writeln!(self.stream, "{}", format_call(call));
        }
    }
}

/// The line for a call.
#[must_use]
pub fn format_call(call: &CallEvent<'_>) -> String {
    let mut line = format!(
        "[{} {}] {}(",
        call.process.koid, call.process.name, call.call
    );
    let kinds = call.signature.arguments.iter().map(|(_, kind)| *kind);
    for (index, ((name, value), kind)) in call.args.iter().zip(kinds).enumerate() {
        if index > 0 {
            line.push_str(", ");
        }
        let _ = write!(line, "{name}={}", argument(*value, kind));
    }
    line.push(')');
    match call.signature.returns {
        Returns::Never => line.push_str(" = ?"),
        Returns::Time => {
            let _ = write!(line, " = {} ns", call.result);
        }
        Returns::Status => {
            let _ = match call.status {
                Some(name) => write!(line, " = {name}"),
                None => write!(line, " = {}", call.result),
            };
        }
    }
    if let Some(actual) = call.actual {
        let _ = write!(line, " actual={actual}");
    }
    if call.server == "host" {
        let time = Duration::from_nanos(call.ns);
        let _ = write!(line, " exits={} {time:.1?}", call.exits);
    } else {
        line.push_str(" (kernel)");
    }
    line
}

fn argument(value: u64, kind: ArgKind) -> String {
    // Of 32-bit arguments the upper half is ignored, by the calls as by us.
    let low = value & 0xFFFF_FFFF;
    match kind {
        ArgKind::Handle | ArgKind::Options => format!("{low:#x}"),
        ArgKind::Pointer if value == 0 => "NULL".to_owned(),
        ArgKind::Pointer | ArgKind::Address => format!("{value:#x}"),
        ArgKind::Size => value.to_string(),
        ArgKind::Number => low.to_string(),
        ArgKind::Time | ArgKind::Signed => value.cast_signed().to_string(),
        ArgKind::Rights => rights(low),
    }
}

fn rights(value: u64) -> String {
    let value = u32::try_from(value).unwrap_or(u32::MAX);
    if value == Rights::SAME_RIGHTS {
        return "SAME_RIGHTS".to_owned();
    }
    match Rights::from_bits(value) {
        Some(rights) if rights.is_empty() => "NONE".to_owned(),
        Some(rights) => rights
            .iter_names()
            .map(|(name, _)| name)
            .collect::<Vec<_>>()
            .join("|"),
        None => format!("{value:#x}"),
    }
}

/// The name of what a call returned, if it is a status.
#[must_use]
pub(super) fn status_name(returns: Returns, result: i64) -> Option<&'static str> {
    match returns {
        Returns::Status => i32::try_from(result).ok().and_then(|n| Status(n).name()),
        Returns::Time | Returns::Never => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::ProcessId;
    use abi::Call;

    fn event<'a>(process: &'a ProcessId, call: Call, args: &[u64], result: i64) -> CallEvent<'a> {
        CallEvent {
            actual: (call == Call::ProcessWriteMemory && result == 0).then_some(12),
            bytes: 12,
            exits: 2,
            ns: 3_200,
            ..CallEvent::new(process, call, args, result)
        }
    }

    #[test]
    fn a_served_call_shows_arguments_status_actual_exits_and_time() {
        let process = ProcessId {
            koid: 1030,
            name: "debugger".into(),
        };
        let args = [0x3A7, 0x100_3000, 0, 12, 0x7F00];
        let line = format_call(&event(&process, Call::ProcessWriteMemory, &args, 0));
        assert_eq!(
            line,
            "[1030 debugger] zx_process_write_memory(handle=0x3a7, vaddr=0x1003000, \
             buffer=NULL, buffer_size=12, actual=0x7f00) = ZX_OK actual=12 exits=2 3.2µs"
        );
    }

    #[test]
    fn a_kernels_call_shows_rights_by_name() {
        let process = ProcessId {
            koid: 1,
            name: "p".into(),
        };
        let args = [0xFFFF_FFFF_0000_0007, 0xC, 0x10];
        let line = format_call(&event(&process, Call::HandleDuplicate, &args, -30));
        assert_eq!(
            line,
            "[1 p] zx_handle_duplicate(handle=0x7, rights=READ|WRITE, out=0x10) = \
             ZX_ERR_ACCESS_DENIED (kernel)"
        );
    }
}
