//! Events as JSON Lines.

use super::{Event, EventSink};
use std::io::Write;

/// Writes one JSON object a line.
#[derive(Debug)]
pub struct JsonSink<W> {
    stream: W,
    checksums: bool,
}

impl<W: Write> JsonSink<W> {
    /// A sink over a stream.
    pub const fn new(stream: W) -> Self {
        Self {
            stream,
            checksums: false,
        }
    }

    /// The same sink, with a checksum of the bytes that each call moved.
    #[must_use]
    pub fn with_checksums(mut self, wanted: bool) -> Self {
        self.checksums = wanted;
        self
    }
}

impl<W: Write> EventSink for JsonSink<W> {
    fn wants_calls(&self) -> bool {
        true
    }

    fn wants_checksums(&self) -> bool {
        self.checksums
    }

    fn take(&mut self, event: &Event<'_>) {
        if let Ok(mut line) = serde_json::to_vec(event) {
            line.push(b'\n');
            // A reader that went away is no reason to stop the guest.
            let _ = self
                .stream
                .write_all(&line)
                .and_then(|()| self.stream.flush());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{CallEvent, ProcessId};

    fn line(event: &Event<'_>) -> serde_json::Value {
        let mut bytes = Vec::new();
        JsonSink::new(&mut bytes).take(event);
        assert_eq!(bytes.iter().filter(|b| **b == b'\n').count(), 1);
        serde_json::from_slice(&bytes).unwrap()
    }

    #[test]
    fn console_bytes_become_one_line_whatever_they_are() {
        let process = ProcessId {
            koid: 1025,
            name: "a\"b".into(),
        };
        let value = line(&Event::Console {
            process: Some(&process),
            text: b"two\nlines \xFF",
        });
        assert_eq!(value["event"], "console");
        assert_eq!(value["process"]["name"], "a\"b");
        assert_eq!(value["text"], "two\nlines \u{FFFD}");
    }

    #[test]
    fn a_call_has_its_arguments_by_name() {
        let process = ProcessId {
            koid: 7,
            name: "p".into(),
        };
        let value = line(&Event::Call(&CallEvent {
            process: &process,
            thread: None,
            call: "zx_vmo_read",
            server: "host",
            args: vec![("handle", 3), ("offset", u64::MAX)],
            signature: abi::Call::VmoRead.signature(),
            result: -14,
            status: Some("ZX_ERR_OUT_OF_RANGE"),
            actual: None,
            bytes: 0,
            checksum: None,
            data: None,
            exits: 1,
            ns: 10,
        }));
        assert_eq!(value["event"], "call");
        assert_eq!(value["args"]["offset"], u64::MAX);
        assert_eq!(value["status"], "ZX_ERR_OUT_OF_RANGE");
        assert_eq!(value["actual"], serde_json::Value::Null);
    }
}
