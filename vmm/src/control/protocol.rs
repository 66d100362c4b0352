//! What is said over a control socket: JSON, an object a line (docs/control-protocol.md).

use super::trace_filter::TraceFilter;
use crate::inspect::{Hex, MachineState, undigits};
use serde::{Deserialize, Serialize};

/// The version of the protocol.
pub const PROTOCOL: u32 = 1;
/// The most bytes of a request's line.
pub(super) const MAX_REQUEST: usize = 64 << 10;
/// The most bytes of an answer's line.
pub(super) const MAX_ANSWER: usize = 1 << 20;
/// The most bytes of one [`Request::Write`]: two digits each, so that the line has room.
pub(super) const MAX_WRITE: usize = 16 << 10;
/// How long a pause waits for the guest to come to rest, unless the client says else.
pub(super) const DEFAULT_WAIT_MS: u64 = 2_000;
/// The longest such wait.
pub(super) const MAX_WAIT_MS: u64 = 10_000;
/// How long a pause lasts at most, unless the client says else.
pub(super) const DEFAULT_LEASE_MS: u64 = 10_000;
/// The longest pause.
pub(super) const MAX_LEASE_MS: u64 = 60_000;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Who is there; the memory file comes with the answer.
    Attach {},
    /// Make the guest stand still for this client.
    Pause {
        /// How long to wait for it to come to rest, in milliseconds.
        #[serde(default = "default_wait")]
        wait_ms: u64,
        /// How long it stands still at most, in milliseconds.
        #[serde(default = "default_lease")]
        lease_ms: u64,
    },
    /// Let it go on.
    Resume {},
    /// Store bytes in its RAM, during a pause of this client's.
    Write {
        /// Guest-physical address.
        at: Hex,
        /// Two hexadecimal digits for each byte.
        bytes: String,
    },
    /// Make it stand still until [`Request::Release`], whoever sends that.
    Hold {
        /// How long to wait for it to come to rest, in milliseconds.
        #[serde(default = "default_wait")]
        wait_ms: u64,
    },
    /// Let a guest go on that is held.
    Release {},
    /// How it is.
    Status {},
    /// Send events from now on, and answer nothing more.
    Trace(TraceFilter),
}

const fn default_wait() -> u64 {
    DEFAULT_WAIT_MS
}

const fn default_lease() -> u64 {
    DEFAULT_LEASE_MS
}

/// What the VM says to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// To [`Request::Attach`].
    Attached(Attached),
    /// The guest stands still.
    Paused {
        /// Its vCPUs and totals.
        machine: Box<MachineState>,
        /// How long it took to come to rest, in nanoseconds.
        waited_ns: u64,
    },
    /// The guest did not come to rest in time, and runs on.
    Busy {},
    /// The guest runs as far as this client is concerned.
    Resumed {
        /// How long it stood still, in nanoseconds.
        ns: u64,
        /// How long it took to come to rest, in nanoseconds.
        waited_ns: u64,
    },
    /// The bytes are stored.
    Written {
        /// How many.
        bytes: u64,
    },
    /// The guest is held.
    Held {
        /// How long it took to come to rest, in nanoseconds; 0 if it was held before.
        waited_ns: u64,
        /// Whether it was held before.
        #[serde(default)]
        already: bool,
    },
    /// The guest is not held any more.
    Released {
        /// How long it stood still, in nanoseconds.
        ns: u64,
    },
    /// To [`Request::Status`].
    Status(Status),
    /// Events follow.
    Tracing {},
    /// The machine has ended.
    Ended {},
}

/// Who answers at a control socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// [`PROTOCOL`].
    pub protocol: u32,
    /// The process ID of the monitor.
    pub monitor: u32,
    /// The VM's name.
    pub name: String,
    /// [`abi::ABI_VERSION`] of the monitor.
    pub abi_version: u32,
    /// Where the RAM stands in the memory file.
    pub ram: Vec<Piece>,
}

/// A piece of RAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// Guest-physical address of its first byte.
    pub base: Hex,
    /// Bytes.
    pub length: u64,
    /// Offset of its first byte in the memory file.
    pub file_offset: u64,
}

/// How a VM is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The process ID of the monitor.
    pub monitor: u32,
    /// The VM's name.
    pub name: String,
    /// Whether it stands still at this moment, for whomever.
    pub stands_still: bool,
    /// Whether it is held (`vmm pause`).
    pub held: bool,
    /// How long it has stood still, in nanoseconds, if it is held.
    pub held_ns: Option<u64>,
    /// Clients, the asking one included.
    pub clients: usize,
    /// Those of them that follow its calls.
    pub traces: usize,
}

/// One line of a refusal.
#[derive(Debug, Serialize)]
pub(super) struct Refusal<'a> {
    pub(super) error: &'a str,
}

/// The bytes that two hexadecimal digits each stand for.
pub(super) fn bytes_of(digits: &str) -> Result<Vec<u8>, String> {
    if !digits.len().is_multiple_of(2) {
        return Err("bytes: an odd number of hexadecimal digits".to_owned());
    }
    undigits(digits).ok_or_else(|| "bytes: not hexadecimal digits".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::digits;

    fn request(line: &str) -> Result<Request, serde_json::Error> {
        serde_json::from_str(line)
    }

    #[test]
    fn requests_are_what_the_documentation_shows() {
        assert_eq!(
            request(r#"{"request":"attach"}"#).unwrap(),
            Request::Attach {}
        );
        assert_eq!(
            request(r#"{"request":"pause"}"#).unwrap(),
            Request::Pause {
                wait_ms: 2000,
                lease_ms: 10_000
            }
        );
        assert_eq!(
            request(r#"{"request":"write","at":"0x1000","bytes":"00ff"}"#).unwrap(),
            Request::Write {
                at: Hex(0x1000),
                bytes: "00ff".to_owned()
            }
        );
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for line in [
            "",
            "{}",
            "[]",
            "7",
            r#"{"request":"explode"}"#,
            r#"{"request":"attach","more":1}"#,
            r#"{"request":"pause","wait_ms":-1}"#,
            r#"{"request":"pause","wait_ms":"2"}"#,
            r#"{"request":"write","at":4096,"bytes":""}"#,
            r#"{"request":"write","at":"0x1000"}"#,
            &"[".repeat(10_000),
        ] {
            assert!(request(line).is_err(), "{line}");
        }
    }

    #[test]
    fn bytes_survive_as_digits_and_nothing_else_does() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(bytes_of(&digits(&all)).unwrap(), all);
        assert_eq!(bytes_of("FFaa").unwrap(), [0xFF, 0xAA]);
        for bad in ["f", "+1", "0x", "éé", "1é2", " 1"] {
            assert!(bytes_of(bad).is_err(), "{bad}");
        }
    }
}
