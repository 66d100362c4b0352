//! A call event that came over a socket, as a line for a person.

use super::trace_filter::call_named;
use crate::events::{CallEvent, ProcessId, format_call};
use serde_json::Value;

/// The line of `vmm run --trace` for a call event of `vmm run --json`; `None` if it is none.
#[must_use]
pub fn format_call_event(event: &Value) -> Option<String> {
    if event.get("event")?.as_str()? != "call" {
        return None;
    }
    let number = |value: Option<&Value>| value.and_then(Value::as_u64);
    let process = event.get("process")?;
    let process = ProcessId {
        koid: number(process.get("koid"))?,
        name: process.get("name")?.as_str()?.to_owned(),
    };
    let call = call_named(event.get("call")?.as_str()?).ok()?;
    let arguments = event.get("args")?;
    let arguments: Option<Vec<_>> = call
        .signature()
        .arguments
        .iter()
        .map(|(name, _)| number(arguments.get(name)))
        .collect();
    let result = event.get("result")?.as_i64()?;
    Some(format_call(&CallEvent {
        actual: number(event.get("actual")),
        bytes: number(event.get("bytes"))?,
        exits: u32::try_from(number(event.get("exits"))?).ok()?,
        ns: number(event.get("ns"))?,
        ..CallEvent::new(&process, call, &arguments?, result)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::Event;
    use abi::Call;

    #[test]
    fn a_call_reads_as_where_it_came_from() {
        let process = ProcessId {
            koid: 1030,
            name: "debugger".to_owned(),
        };
        for (call, args, result) in [
            (Call::ProcessWriteMemory, &[7, u64::MAX, 0, 12, 8][..], 0),
            (Call::HandleDuplicate, &[7, 12, 16], -30),
            (Call::ClockGetMonotonic, &[], 17),
        ] {
            let event = CallEvent {
                actual: Some(12),
                exits: 2,
                ns: 3_200,
                ..CallEvent::new(&process, call, args, result)
            };
            let json = serde_json::to_value(Event::Call(&event)).unwrap();
            assert_eq!(format_call_event(&json).unwrap(), format_call(&event));
        }
        for other in [r#"{"event":"exit"}"#, r#"{"event":"call"}"#, "7"] {
            let value = serde_json::from_str(other).unwrap();
            assert_eq!(format_call_event(&value), None);
        }
    }
}
