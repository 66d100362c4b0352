//! What happens in a machine, as data: the run loop tells it, sinks show it.
//!
//! One [`Event`] is one line of `vmm run --json`; the field names here are that output's
//! schema.

mod console;
mod json;
mod many;
mod stats;
mod trace;

pub use console::ConsoleSink;
pub use json::JsonSink;
pub use many::Sinks;
pub use stats::{CallCount, Stats};
pub use trace::{TraceSink, format_call};

use abi::calls::Server;
use abi::{Call, Status};
use serde::{Serialize, Serializer};

/// A process, as events name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProcessId {
    /// Its koid; 0 for the kernel itself.
    pub koid: u64,
    /// Its name.
    pub name: String,
}

/// Something that happened.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event<'a> {
    /// The kernel is up.
    Boot {
        /// Bytes of RAM.
        ram: u64,
        /// The kernel command line.
        command_line: &'a str,
        /// Names of the programs.
        programs: &'a [String],
        /// From the start of the machine's making to its first instruction, in
        /// nanoseconds.
        first_instruction_ns: u64,
        /// From there to the kernel's root block, in nanoseconds.
        kernel_ns: u64,
    },
    /// Bytes for the guest's console.
    Console {
        /// Who printed them; none for the kernel.
        process: Option<&'a ProcessId>,
        /// The bytes; in JSON a string, with what is not UTF-8 replaced.
        #[serde(serialize_with = "lossy")]
        text: &'a [u8],
    },
    /// A process runs.
    ProcessStart {
        /// Which one.
        process: &'a ProcessId,
    },
    /// A system call was answered.
    Call(&'a CallEvent<'a>),
    /// A thread has faulted for good.
    ProcessFault {
        /// Its process.
        process: &'a ProcessId,
        /// Its koid.
        thread: u64,
        /// The exception's vector, 256 for a system call that was refused.
        vector: u64,
        /// What happened, for a person.
        what: &'a str,
        /// The address of a page fault.
        address: Option<u64>,
        /// The status that belongs to it.
        #[serde(serialize_with = "status_text")]
        status: Status,
        /// Where the thread was.
        rip: u64,
    },
    /// A process has ended.
    ProcessExit {
        /// Which one.
        process: &'a ProcessId,
        /// What it gave to `zx_process_exit`, or one of `abi::objects::EndReason`.
        return_code: i64,
    },
    /// The kernel's structures do not agree with each other.
    Inconsistent {
        /// How many things are wrong.
        count: usize,
        /// The first of them.
        findings: &'a [String],
    },
    /// The machine has stopped.
    Exit {
        /// Why, as a word.
        reason: &'a str,
        /// The exit code of `vmm run`.
        exit_code: u8,
        /// Time since the machine's making began, in nanoseconds.
        total_ns: u64,
        /// Totals.
        stats: &'a Stats,
    },
}

/// One answered call.
#[derive(Clone, Debug, Serialize)]
pub struct CallEvent<'a> {
    /// Who made it.
    pub process: &'a ProcessId,
    /// Its name.
    pub call: &'static str,
    /// `host` or `kernel`.
    pub server: &'static str,
    /// The koid of the thread that made it, if it is known; `vmm trace` tells it.
    #[serde(skip)]
    pub thread: Option<u64>,
    /// Its arguments by name, as numbers.
    #[serde(serialize_with = "as_map")]
    pub args: Vec<(&'static str, u64)>,
    /// How to print each of them.
    #[serde(skip)]
    pub signature: abi::calls::Signature,
    /// What went into `rax`.
    pub result: i64,
    /// The name of a status.
    pub status: Option<&'static str>,
    /// What was stored in `*actual`.
    pub actual: Option<u64>,
    /// Bytes moved.
    pub bytes: u64,
    /// CRC-32 of them, if a sink wants it and there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum: Option<u32>,
    /// The first of them, if a sink wants them and there are any; in JSON two hexadecimal
    /// digits for each.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "digits")]
    pub data: Option<&'a [u8]>,
    /// Exits from the guest that it took; 0 for the kernel's calls.
    pub exits: u32,
    /// Time in the host from its first exit to its answer, in nanoseconds; 0 for the
    /// kernel's calls, whose time is not known.
    pub ns: u64,
}

impl<'a> CallEvent<'a> {
    /// A call of which nothing more is known than its arguments and its result.
    #[must_use]
    pub fn new(process: &'a ProcessId, call: Call, args: &[u64], result: i64) -> Self {
        let signature = call.signature();
        Self {
            process,
            thread: None,
            call: signature.name,
            server: match call.server() {
                Server::Host => "host",
                Server::Kernel => "kernel",
            },
            args: signature
                .arguments
                .iter()
                .map(|(name, _)| *name)
                .zip(args.iter().copied())
                .collect(),
            signature,
            result,
            status: trace::status_name(signature.returns, result),
            actual: None,
            bytes: 0,
            checksum: None,
            data: None,
            exits: 0,
            ns: 0,
        }
    }
}

fn lossy<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&String::from_utf8_lossy(bytes))
}

fn digits<S: Serializer>(bytes: &Option<&[u8]>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&crate::inspect::digits(bytes.unwrap_or_default()))
}

fn as_map<S: Serializer>(pairs: &[(&str, u64)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().copied())
}

fn status_text<S: Serializer>(status: &Status, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(status)
}

/// Takes events.
pub trait EventSink {
    /// Whether [`Event::Call`] is wanted: making them takes time.
    fn wants_calls(&self) -> bool {
        false
    }

    /// Whether [`CallEvent::checksum`] is wanted: making it takes still more.
    fn wants_checksums(&self) -> bool {
        false
    }

    /// How many of the first bytes that a call moved are wanted ([`CallEvent::data`]).
    fn wants_data(&self) -> u64 {
        0
    }

    /// Takes one event.
    fn take(&mut self, event: &Event<'_>);
}

/// A sink that forgets everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoEvents;

impl EventSink for NoEvents {
    fn take(&mut self, _event: &Event<'_>) {}
}
