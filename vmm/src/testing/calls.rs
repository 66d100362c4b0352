//! The last calls of a guest, kept cheaply: they become text only if something fails.

use crate::events::{CallEvent, ProcessId, format_call};
use abi::calls::Signature;
use std::collections::VecDeque;
use std::rc::Rc;

/// A ring of the last calls.
#[derive(Debug)]
pub(super) struct LastCalls {
    most: usize,
    calls: VecDeque<Remembered>,
    /// Who made the last one: most calls follow one of the same process.
    caller: Option<Rc<ProcessId>>,
}

/// A call with all that its line shows.
#[derive(Debug)]
struct Remembered {
    process: Rc<ProcessId>,
    call: &'static str,
    server: &'static str,
    args: Vec<(&'static str, u64)>,
    signature: Signature,
    result: i64,
    status: Option<&'static str>,
    actual: Option<u64>,
    exits: u32,
    ns: u64,
}

impl LastCalls {
    /// A ring of so many.
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            calls: VecDeque::new(),
            caller: None,
        }
    }

    /// Whether any are wanted.
    pub(super) const fn wanted(&self) -> bool {
        self.most > 0
    }

    /// Remembers one and forgets the oldest.
    pub(super) fn add(&mut self, call: &CallEvent<'_>) {
        if !self.wanted() {
            return;
        }
        let known = self.caller.take().filter(|known| **known == *call.process);
        let process = known.unwrap_or_else(|| Rc::new(call.process.clone()));
        self.caller = Some(Rc::clone(&process));
        let mut args = Vec::new();
        if self.calls.len() >= self.most
            && let Some(oldest) = self.calls.pop_front()
        {
            // Its memory is good for another.
            args = oldest.args;
            args.clear();
        }
        args.extend_from_slice(&call.args);
        self.calls.push_back(Remembered {
            process,
            call: call.call,
            server: call.server,
            args,
            signature: call.signature,
            result: call.result,
            status: call.status,
            actual: call.actual,
            exits: call.exits,
            ns: call.ns,
        });
    }

    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        self.calls.clear();
    }

    /// A line for each, oldest first.
    pub(super) fn lines(&self) -> Vec<String> {
        let line = |call: &Remembered| {
            format_call(&CallEvent {
                process: &call.process,
                thread: None,
                call: call.call,
                server: call.server,
                args: call.args.clone(),
                signature: call.signature,
                result: call.result,
                status: call.status,
                actual: call.actual,
                bytes: 0,
                checksum: None,
                data: None,
                exits: call.exits,
                ns: call.ns,
            })
        };
        self.calls.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use abi::Call;

    #[test]
    fn the_last_ones_are_kept_in_order() {
        let process = ProcessId {
            koid: 7,
            name: "p".to_owned(),
        };
        let mut calls = LastCalls::new(2);
        for handle in 1..=4 {
            calls.add(&CallEvent::new(&process, Call::HandleClose, &[handle], 0));
        }
        assert_eq!(
            calls.lines(),
            [
                "[7 p] zx_handle_close(handle=0x3) = ZX_OK (kernel)",
                "[7 p] zx_handle_close(handle=0x4) = ZX_OK (kernel)",
            ]
        );
    }

    #[test]
    fn none_are_kept_if_none_are_wanted() {
        let process = ProcessId {
            koid: 7,
            name: "p".to_owned(),
        };
        let mut calls = LastCalls::new(0);
        calls.add(&CallEvent::new(&process, Call::HandleClose, &[1], 0));
        assert!(!calls.wanted() && calls.lines().is_empty());
    }
}
