//! Which calls a client of `vmm trace` wants to see.

use crate::events::{CallEvent, Event, ProcessId};
use crate::inspect::Hex;
use abi::calls::ArgKind;
use abi::{Call, Status};
use serde::{Deserialize, Serialize};

/// The most bytes of data that are sent with a call.
pub const MAX_FOLLOWED: u64 = 4096;
/// The most calls that a filter names.
const MAX_CALLS: usize = 128;

/// What is to be told. Everything that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TraceFilter {
    /// The caller: its koid, or its name.
    pub process: Option<String>,
    /// Names of calls; empty for all of them.
    pub calls: Vec<String>,
    /// What they are answered.
    pub status: Option<StatusFilter>,
    /// Where their arguments point: a buffer or an address with the length that follows it
    /// touches this range.
    pub range: Option<AddressRange>,
    /// Send so many of the first bytes that a served call moved.
    pub follow_data: u64,
}

/// Addresses of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressRange {
    /// The first one.
    pub start: Hex,
    /// The first one beyond.
    pub end: Hex,
}

/// What a call is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum StatusFilter {
    /// `ZX_OK`.
    Ok,
    /// Any other status.
    Error,
    /// A status of this name.
    Named(String),
}

impl std::str::FromStr for StatusFilter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "ok" => Ok(Self::Ok),
            "error" => Ok(Self::Error),
            _ => {
                let upper = text.to_ascii_uppercase();
                let name = match upper.strip_prefix("ZX_") {
                    Some(_) => upper,
                    None => format!("ZX_ERR_{upper}"),
                };
                let known = (-1023..=0).any(|number| Status(number).name() == Some(&name));
                if known {
                    Ok(Self::Named(name))
                } else {
                    Err(format!(
                        "`{text}` is no status: write `ok`, `error` or a name such as \
                         ZX_ERR_OUT_OF_RANGE"
                    ))
                }
            }
        }
    }
}

impl TryFrom<String> for StatusFilter {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<StatusFilter> for String {
    fn from(filter: StatusFilter) -> Self {
        match filter {
            StatusFilter::Ok => "ok".to_owned(),
            StatusFilter::Error => "error".to_owned(),
            StatusFilter::Named(name) => name,
        }
    }
}

/// The call of that name, with or without `zx_`.
///
/// # Errors
/// A message if there is none.
pub fn call_named(name: &str) -> Result<Call, String> {
    let matches = |call: &&Call| {
        let known = call.signature().name;
        known == name || known.strip_prefix("zx_") == Some(name)
    };
    let mut all = Call::ALL.iter();
    let found = all.find(matches).copied();
    found.ok_or_else(|| format!("there is no call `{name}`"))
}

impl TraceFilter {
    /// The same filter with calls by their full names; an error says what is wrong.
    pub(super) fn checked(mut self) -> Result<Self, String> {
        if self.calls.len() > MAX_CALLS {
            return Err(format!("calls: {MAX_CALLS} are the most"));
        }
        for name in &mut self.calls {
            *name = call_named(name)?.signature().name.to_owned();
        }
        if self.follow_data > MAX_FOLLOWED {
            return Err(format!("follow_data: {MAX_FOLLOWED} is the most"));
        }
        if self.range.is_some_and(|range| range.start >= range.end) {
            return Err("range: its end is not above its start".to_owned());
        }
        Ok(self)
    }

    /// Whether the event is to be told. Those that are no calls are, unless calls of a kind
    /// are asked for; the machine's end always is, the console never.
    pub(super) fn wants(&self, event: &Event<'_>) -> bool {
        let any_call = self.calls.is_empty() && self.status.is_none() && self.range.is_none();
        match event {
            Event::Call(call) => self.wants_call(call),
            Event::ProcessStart { process }
            | Event::ProcessFault { process, .. }
            | Event::ProcessExit { process, .. } => any_call && self.is_of(process),
            Event::Inconsistent { .. } => any_call,
            Event::Exit { .. } => true,
            Event::Boot { .. } | Event::Console { .. } => false,
        }
    }

    fn wants_call(&self, call: &CallEvent<'_>) -> bool {
        let status = || match &self.status {
            None => true,
            Some(StatusFilter::Ok) => call.status == Some("ZX_OK"),
            Some(StatusFilter::Error) => call.status.is_some_and(|status| status != "ZX_OK"),
            Some(StatusFilter::Named(name)) => call.status == Some(name),
        };
        let named = self.calls.is_empty() || self.calls.iter().any(|name| name == call.call);
        let touched = || self.range.is_none_or(|range| range.touched_by(call));
        named && self.is_of(call.process) && status() && touched()
    }

    fn is_of(&self, process: &ProcessId) -> bool {
        self.process
            .as_ref()
            .is_none_or(|wanted| *wanted == process.name || wanted.parse() == Ok(process.koid))
    }
}

impl AddressRange {
    /// Whether an argument of the call points into it.
    fn touched_by(self, call: &CallEvent<'_>) -> bool {
        let kinds = call.signature.arguments.iter().map(|(_, kind)| *kind);
        let arguments: Vec<_> = call.args.iter().zip(kinds).collect();
        let mut following = arguments.iter().skip(1);
        arguments.iter().any(|((name, start), kind)| {
            let length = match following.next() {
                Some(((_, length), ArgKind::Size)) => *length,
                _ => 1,
            };
            let points = match kind {
                ArgKind::Pointer => true,
                // The others are offsets, keys and the like.
                ArgKind::Address => matches!(*name, "addr" | "vaddr" | "address"),
                _ => false,
            };
            let end = start.saturating_add(length);
            points && *start < self.end.0 && self.start.0 < end
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(text: &str) -> Result<TraceFilter, String> {
        let filter: TraceFilter = serde_json::from_str(text).map_err(|e| e.to_string())?;
        filter.checked()
    }

    fn wants(text: &str, koid: u64, call: Call, args: &[u64], result: i64) -> bool {
        let process = ProcessId {
            koid,
            name: "p".to_owned(),
        };
        let event = CallEvent::new(&process, call, args, result);
        filter(text).unwrap().wants(&Event::Call(&event))
    }

    #[test]
    fn everything_that_is_given_must_hold() {
        // handle, buffer, offset, buffer_size
        let args = [3, 0x1000, 0x50_0000, 0x20];
        for (text, wanted) in [
            ("{}", true),
            (r#"{"process":"7"}"#, true),
            (r#"{"process":"p"}"#, true),
            (r#"{"process":"8"}"#, false),
            (r#"{"calls":["vmo_read","zx_vmo_write"]}"#, true),
            (r#"{"calls":["zx_vmo_write"]}"#, false),
            (r#"{"status":"error"}"#, true),
            (r#"{"status":"out_of_range"}"#, true),
            (r#"{"status":"ZX_ERR_BAD_HANDLE"}"#, false),
            (r#"{"status":"ok"}"#, false),
            (r#"{"range":{"start":"0x1000","end":"0x1001"}}"#, true),
            (r#"{"range":{"start":"0x1001","end":"0x2000"}}"#, false),
            // An offset in a VMO is no address.
            (r#"{"range":{"start":"0x500000","end":"0x500001"}}"#, false),
            (r#"{"process":"7","status":"ok"}"#, false),
        ] {
            assert_eq!(wants(text, 7, Call::VmoRead, &args, -14), wanted, "{text}");
        }
    }

    #[test]
    fn an_address_reaches_as_far_as_the_length_that_follows_it() {
        // handle, vaddr, buffer, buffer_size, actual
        let args = [3, 0x7000, 0x1000, 0x1000, 0x9000];
        let near = r#"{"range":{"start":"0x1fff","end":"0x2000"}}"#;
        let beyond = r#"{"range":{"start":"0x2000","end":"0x3000"}}"#;
        let other = r#"{"range":{"start":"0x7000","end":"0x7001"}}"#;
        for (text, wanted) in [(near, true), (beyond, false), (other, true)] {
            let call = Call::ProcessReadMemory;
            assert_eq!(wants(text, 1, call, &args, 0), wanted, "{text}");
        }
    }

    #[test]
    fn a_filter_that_makes_no_sense_is_refused() {
        for text in [
            r#"{"calls":["zx_vmo_explode"]}"#,
            r#"{"status":"great"}"#,
            r#"{"range":{"start":"0x2000","end":"0x2000"}}"#,
            r#"{"range":{"start":"0x2000"}}"#,
            r#"{"follow_data":5000}"#,
            r#"{"colour":"red"}"#,
        ] {
            assert!(filter(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_end_of_the_machine_is_always_told() {
        let stats = crate::events::Stats::default();
        let exit = Event::Exit {
            reason: "ended",
            exit_code: 0,
            total_ns: 1,
            stats: &stats,
        };
        let narrow = filter(r#"{"calls":["zx_vmo_read"],"status":"error"}"#).unwrap();
        assert!(narrow.wants(&exit));
        let process = ProcessId {
            koid: 1,
            name: String::new(),
        };
        let start = Event::ProcessStart { process: &process };
        assert!(!narrow.wants(&start));
        assert!(TraceFilter::default().wants(&start));
    }
}
