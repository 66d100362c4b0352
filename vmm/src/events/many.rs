//! Several sinks as one.

use super::{Event, EventSink};
use std::fmt;

/// Hands each event to all of its sinks, in order.
#[derive(Default)]
pub struct Sinks<'a> {
    sinks: Vec<Box<dyn EventSink + Send + 'a>>,
}

impl<'a> Sinks<'a> {
    /// Adds a sink.
    pub fn add(&mut self, sink: impl EventSink + Send + 'a) {
        self.sinks.push(Box::new(sink));
    }
}

impl fmt::Debug for Sinks<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} sinks", self.sinks.len())
    }
}

impl EventSink for Sinks<'_> {
    fn wants_calls(&self) -> bool {
        self.sinks.iter().any(|sink| sink.wants_calls())
    }

    fn wants_checksums(&self) -> bool {
        self.sinks.iter().any(|sink| sink.wants_checksums())
    }

    fn wants_data(&self) -> u64 {
        let wanted = self.sinks.iter().map(|sink| sink.wants_data());
        wanted.max().unwrap_or(0)
    }

    fn take(&mut self, event: &Event<'_>) {
        for sink in &mut self.sinks {
            sink.take(event);
        }
    }
}
