//! Watches one machine: its console becomes a transcript, its calls are remembered, and
//! its deadline follows its cases.

use super::calls::LastCalls;
use super::ends::Fault;
use super::protocol::{Lines, Part, Selection};
use super::results::Outcome;
use super::transcript::{Step, Transcript};
use crate::events::{Event, EventSink};
use crate::machine::Deadline;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The most processes whose unfinished lines are kept apart.
const MAX_PROCESSES: usize = 1024;

/// Takes console bytes as they come.
pub(super) type Live<'a> = &'a (dyn Fn(&[u8]) + Sync);

/// What watches are told to do, and whom they tell.
pub(super) struct Orders<'a> {
    /// The most time between two signs of progress.
    pub(super) limit: Duration,
    /// How many last calls to remember.
    pub(super) calls: usize,
    /// Whether the first failure ends everything.
    pub(super) fail_fast: bool,
    /// Set when no test should begin another case.
    pub(super) stop: &'a AtomicBool,
    /// Takes ordinary output as it comes.
    pub(super) live: Option<Live<'a>>,
    /// Takes the outcome of each case that ends.
    pub(super) progress: &'a (dyn Fn(Outcome) + Sync),
}

/// An [`EventSink`] that reads the protocol.
pub struct Observer<'a> {
    orders: &'a Orders<'a>,
    lines: BTreeMap<u64, Lines>,
    /// What was reported.
    pub(super) transcript: Transcript,
    calls: LastCalls,
    deadline: Option<Deadline>,
    /// The first program's process, once it runs.
    first: Option<u64>,
    /// Its last fault.
    pub(super) fault: Option<Fault>,
    /// Whether the machine is being stopped before its end.
    pub(super) stopping: bool,
}

impl std::fmt::Debug for Observer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Observer")
            .field("transcript", &self.transcript)
            .finish_non_exhaustive()
    }
}

impl<'a> Observer<'a> {
    /// One for a machine whose program is asked for these cases.
    pub(super) fn new(orders: &'a Orders<'a>, selection: Selection) -> Self {
        Self {
            orders,
            lines: BTreeMap::new(),
            transcript: Transcript::new(selection),
            calls: LastCalls::new(orders.calls),
            deadline: None,
            first: None,
            fault: None,
            stopping: false,
        }
    }

    /// Lets it move that deadline, which starts now.
    pub fn watch(&mut self, deadline: &Deadline) {
        deadline.set(self.orders.limit);
        self.deadline = Some(deadline.clone());
    }

    /// The machine has stopped: unfinished lines are output.
    pub(super) fn finish(&mut self) {
        for lines in std::mem::take(&mut self.lines).into_values() {
            lines.finish(|part| {
                if let Part::Output(text) = part {
                    self.transcript.output(text);
                }
            });
        }
    }

    /// The last calls, as lines.
    pub(super) fn last_calls(&self) -> Vec<String> {
        self.calls.lines()
    }

    fn part(&mut self, part: &Part<'_>) {
        if self.stopping {
            return;
        }
        let step = match part {
            Part::Output(text) => {
                self.output(text);
                return;
            }
            Part::TooLong(start) => {
                let start = String::from_utf8_lossy(start);
                let start = start.strip_prefix("%TEST ").unwrap_or(&start);
                self.transcript
                    .problem("a record of more than 4096 bytes", start);
                return;
            }
            Part::Record(line) => {
                let calls = &self.calls;
                self.transcript.record(line, || calls.lines())
            }
        };
        match step {
            Step::Other => return,
            Step::Begun => {
                if self.orders.stop.load(Ordering::Relaxed) {
                    self.transcript.give_up();
                    self.stop();
                    return;
                }
            }
            Step::Ended(outcome) => {
                (self.orders.progress)(outcome);
                if outcome == Outcome::Failed && self.orders.fail_fast {
                    self.orders.stop.store(true, Ordering::Relaxed);
                    self.stop();
                    return;
                }
            }
        }
        if let Some(deadline) = &self.deadline {
            deadline.set(self.orders.limit);
        }
    }

    fn output(&mut self, text: &[u8]) {
        self.transcript.output(text);
        if let Some(live) = self.orders.live {
            live(text);
        }
    }

    /// Ends the machine soon; what it does until then does not count.
    fn stop(&mut self) {
        self.stopping = true;
        if let Some(deadline) = &self.deadline {
            deadline.set(Duration::ZERO);
        }
    }

    fn console(&mut self, koid: u64, text: &[u8]) {
        let mut lines = self.lines.remove(&koid).unwrap_or_default();
        lines.take(text, |part| self.part(&part));
        if self.lines.len() < MAX_PROCESSES {
            self.lines.insert(koid, lines);
        }
    }
}

impl EventSink for Observer<'_> {
    fn wants_calls(&self) -> bool {
        self.calls.wanted()
    }

    fn take(&mut self, event: &Event<'_>) {
        if self.stopping {
            return;
        }
        match event {
            Event::Console {
                process: Some(process),
                text,
            } => self.console(process.koid, text),
            // The kernel's own words are no records.
            Event::Console {
                process: None,
                text,
            } => self.output(text),
            Event::Call(call) => self.calls.add(call),
            Event::ProcessStart { process } if self.first.is_none() => {
                self.first = Some(process.koid);
            }
            Event::ProcessFault {
                process, what, rip, ..
            } if self.first == Some(process.koid) => {
                self.fault = Some(Fault {
                    what: (*what).to_owned(),
                    rip: *rip,
                });
            }
            Event::ProcessExit { process, .. } => {
                if let Some(lines) = self.lines.remove(&process.koid) {
                    lines.finish(|part| self.part(&part));
                }
            }
            _ => {}
        }
    }
}
