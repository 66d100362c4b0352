//! Events for the clients that follow them: each has a bounded queue, and what does not fit
//! is counted, so that the guest waits for nobody.

use super::trace_filter::TraceFilter;
use crate::events::{CallEvent, Event, EventSink};
use crate::machine::{Clock, Remote};
use serde::Serialize;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Bytes of lines that wait for a client at most.
const MAX_QUEUED: usize = 4 << 20;

/// All that follow the events of a machine.
#[derive(Debug)]
pub(super) struct Traces {
    remote: Remote,
    clock: Clock,
    /// How many there are.
    count: AtomicUsize,
    /// The most bytes of data that any of them wants with a call.
    follow: AtomicU64,
    followers: Mutex<Vec<Arc<Follower>>>,
    /// One of them has gone.
    left: Condvar,
}

/// One that follows.
#[derive(Debug)]
pub(super) struct Follower {
    filter: TraceFilter,
    queue: Mutex<Queue>,
    filled: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    /// Events that had no room since the last one that had.
    lost: u64,
    closed: bool,
}

/// What [`Follower::wait`] comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Waited {
    /// Whole lines.
    Lines(Vec<u8>),
    /// None in that time.
    Nothing,
    /// There will be none any more.
    Closed,
}

impl Traces {
    pub(super) fn new(remote: Remote, clock: Clock) -> Self {
        Self {
            remote,
            clock,
            count: AtomicUsize::new(0),
            follow: AtomicU64::new(0),
            followers: Mutex::default(),
            left: Condvar::new(),
        }
    }

    /// How many follow.
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Begins to follow.
    pub(super) fn follow(&self, filter: TraceFilter) -> Arc<Follower> {
        let follower = Arc::new(Follower {
            filter,
            queue: Mutex::default(),
            filled: Condvar::new(),
        });
        let mut followers = lock(&self.followers);
        followers.push(Arc::clone(&follower));
        self.changed(&followers);
        follower
    }

    /// Ends it.
    pub(super) fn leave(&self, follower: &Arc<Follower>) {
        let mut followers = lock(&self.followers);
        followers.retain(|other| !Arc::ptr_eq(other, follower));
        self.changed(&followers);
        self.left.notify_all();
    }

    fn changed(&self, followers: &[Arc<Follower>]) {
        let follow = followers.iter().map(|f| f.filter.follow_data).max();
        self.follow.store(follow.unwrap_or(0), Ordering::Relaxed);
        self.count.store(followers.len(), Ordering::Relaxed);
        self.remote.trace(!followers.is_empty());
    }

    /// Says that there will be no events any more, and waits for those who follow to have
    /// sent what they have, but not for long.
    pub(super) fn close(&self, patience: Duration) {
        let until = Instant::now() + patience;
        let mut followers = lock(&self.followers);
        for follower in &*followers {
            lock(&follower.queue).closed = true;
            follower.filled.notify_all();
        }
        while !followers.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let woken = self.left.wait_timeout(followers, left);
            followers = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Follower {
    /// Adds an event's line, or counts it as lost.
    fn put(&self, line: Vec<u8>) {
        let mut queue = lock(&self.queue);
        let lost = match queue.lost {
            0 => Vec::new(),
            count => format!("{{\"event\":\"lost\",\"count\":{count}}}\n").into_bytes(),
        };
        if queue.bytes + lost.len() + line.len() > MAX_QUEUED {
            queue.lost += 1;
            return;
        }
        if !lost.is_empty() {
            queue.lost = 0;
        }
        let was_empty = queue.lines.is_empty();
        for line in [lost, line] {
            if !line.is_empty() {
                queue.bytes += line.len();
                queue.lines.push_back(line);
            }
        }
        drop(queue);
        if was_empty {
            self.filled.notify_one();
        }
    }

    /// All lines that there are; waits for the first.
    pub(super) fn wait(&self, time: Duration) -> Waited {
        let mut queue = lock(&self.queue);
        if queue.lines.is_empty() && !queue.closed {
            let woken = self.filled.wait_timeout(queue, time);
            queue = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        if queue.lines.is_empty() {
            return if queue.closed {
                Waited::Closed
            } else {
                Waited::Nothing
            };
        }
        queue.bytes = 0;
        let lines = std::mem::take(&mut queue.lines);
        drop(queue);
        Waited::Lines(Vec::from(lines).concat())
    }
}

/// The sink that hands a machine's events to whoever follows them. While nobody does, it
/// wants none.
#[derive(Debug)]
pub struct TraceServer {
    pub(super) traces: Arc<Traces>,
}

impl EventSink for TraceServer {
    fn wants_calls(&self) -> bool {
        self.traces.count() > 0
    }

    fn wants_data(&self) -> u64 {
        self.traces.follow.load(Ordering::Relaxed)
    }

    fn take(&mut self, event: &Event<'_>) {
        if self.traces.count() == 0 {
            return;
        }
        let time_ns = self.traces.clock.nanoseconds();
        for follower in &*lock(&self.traces.followers) {
            if follower.filter.wants(event)
                && let Some(line) = line(event, follower.filter.follow_data, time_ns)
            {
                follower.put(line);
            }
        }
    }
}

/// An event as `vmm run --json` writes it, and what only those who follow are told.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    event: &'a Event<'a>,
    /// Time since the machine's making began, in nanoseconds.
    time_ns: u64,
    /// The koid of the thread that made the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    thread: Option<u64>,
}

/// The line for an event, with as much data as is wanted.
fn line(event: &Event<'_>, follow: u64, time_ns: u64) -> Option<Vec<u8>> {
    let told = |event: &Event<'_>, thread| {
        serde_json::to_vec(&Told {
            event,
            time_ns,
            thread,
        })
    };
    let mut line = match event {
        Event::Call(call) if call.data.is_some() => {
            let follow = usize::try_from(follow).unwrap_or(usize::MAX);
            let data = call.data.filter(|_| follow > 0);
            let call = CallEvent {
                data: data.map(|data| data.get(..follow).unwrap_or(data)),
                ..(*call).clone()
            };
            told(&Event::Call(&call), call.thread)
        }
        Event::Call(call) => told(event, call.thread),
        other => told(other, None),
    }
    .ok()?;
    line.push(b'\n');
    Some(line)
}

/// What is behind these locks is whole at every moment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::ProcessId;
    use abi::Call;

    fn call(sink: &mut TraceServer, number: u64) {
        let process = ProcessId {
            koid: 7,
            name: "p".repeat(1000),
        };
        let event = CallEvent {
            data: Some(b"0123456789"),
            ..CallEvent::new(&process, Call::VmoRead, &[number], 0)
        };
        sink.take(&Event::Call(&event));
    }

    fn parsed(bytes: &[u8]) -> Vec<serde_json::Value> {
        let text = std::str::from_utf8(bytes).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn events_are_wanted_while_somebody_follows() {
        let traces = Arc::new(Traces::new(Remote::default(), Clock::start()));
        let mut sink = TraceServer {
            traces: Arc::clone(&traces),
        };
        assert!(!sink.wants_calls());
        let filter = TraceFilter {
            follow_data: 3,
            ..TraceFilter::default()
        };
        let follower = traces.follow(filter);
        let plain = traces.follow(TraceFilter::default());
        assert!(sink.wants_calls());
        assert_eq!(sink.wants_data(), 3);
        call(&mut sink, 1);
        let Waited::Lines(lines) = follower.wait(Duration::ZERO) else {
            panic!("no lines");
        };
        assert_eq!(parsed(&lines)[0]["data"], "303132");
        let Waited::Lines(lines) = plain.wait(Duration::ZERO) else {
            panic!("no lines");
        };
        assert!(parsed(&lines)[0].get("data").is_none());
        traces.leave(&follower);
        traces.leave(&plain);
        assert!(!sink.wants_calls());
        assert_eq!(sink.wants_data(), 0);
    }

    #[test]
    fn one_who_does_not_read_loses_events_and_is_told_how_many() {
        let traces = Arc::new(Traces::new(Remote::default(), Clock::start()));
        let mut sink = TraceServer {
            traces: Arc::clone(&traces),
        };
        let follower = traces.follow(TraceFilter::default());
        let many = 10_000;
        for number in 0..many {
            call(&mut sink, number);
        }
        let Waited::Lines(first) = follower.wait(Duration::ZERO) else {
            panic!("no lines");
        };
        assert!(first.len() <= MAX_QUEUED);
        let kept = parsed(&first).len() as u64;
        assert!(kept < many);
        call(&mut sink, many);
        let Waited::Lines(rest) = follower.wait(Duration::ZERO) else {
            panic!("no lines");
        };
        let rest = parsed(&rest);
        assert_eq!(rest[0]["event"], "lost");
        assert_eq!(rest[0]["count"], many - kept);
        assert_eq!(rest[1]["args"]["handle"], many);
        assert_eq!(follower.wait(Duration::ZERO), Waited::Nothing);
    }

    #[test]
    fn the_end_comes_after_the_last_lines() {
        let traces = Arc::new(Traces::new(Remote::default(), Clock::start()));
        let mut sink = TraceServer {
            traces: Arc::clone(&traces),
        };
        let follower = traces.follow(TraceFilter::default());
        call(&mut sink, 1);
        traces.close(Duration::ZERO);
        assert!(matches!(follower.wait(Duration::ZERO), Waited::Lines(_)));
        assert_eq!(follower.wait(Duration::ZERO), Waited::Closed);
    }
}
