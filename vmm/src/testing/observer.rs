//! Watches one machine: its console becomes a transcript, its calls are remembered, and
//! its deadline follows its cases.

use super::calls::LastCalls;
use super::ends::Fault;
use super::protocol::{Lines, Part, Selection};
use super::results::Outcome;
use super::transcript::{Step, Transcript};
use crate::events::{Event, EventSink};
use crate::machine::Deadline;
use abi::Call;
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
    /// The process whose write to the console was nothing but records, until that call is
    /// told: it is not worth a place among the last calls.
    reporting: Option<u64>,
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
            reporting: None,
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
                self.calls.clear();
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
        let mut records = true;
        lines.take(text, |part| {
            records &= !matches!(part, Part::Output(_));
            self.part(&part);
        });
        self.reporting = records.then_some(koid);
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
            Event::Call(call) => {
                let reports = self.reporting == Some(call.process.koid);
                if reports && call.call == Call::DebugWrite.signature().name {
                    self.reporting = None;
                } else {
                    self.calls.add(call);
                }
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{CallEvent, ProcessId};

    #[test]
    fn the_last_calls_are_those_of_the_case_and_not_its_reports() {
        let stop = AtomicBool::new(false);
        let orders = Orders {
            limit: Duration::from_secs(60),
            calls: 16,
            fail_fast: false,
            stop: &stop,
            live: None,
            progress: &|_| (),
        };
        let mut observer = Observer::new(&orders, Selection::all());
        let process = ProcessId {
            koid: 7,
            name: "p".to_owned(),
        };
        let before = CallEvent::new(&process, Call::HandleClose, &[1], 0);
        observer.take(&Event::Call(&before));
        let mut print = |text: &str| {
            observer.take(&Event::Console {
                process: Some(&process),
                text: text.as_bytes(),
            });
            let write = CallEvent::new(&process, Call::DebugWrite, &[0, 9], 0);
            observer.take(&Event::Call(&write));
        };
        print("%TEST begin 1 a\n");
        print("words\n");
        print("%TEST fail 1 - x\n");
        let close = CallEvent::new(&process, Call::HandleClose, &[2], 0);
        observer.take(&Event::Call(&close));
        let calls = observer.last_calls();
        assert_eq!(calls.len(), 2, "{calls:?}");
        assert!(calls[0].contains("zx_debug_write") && calls[1].contains("handle=0x2"));
    }
}
