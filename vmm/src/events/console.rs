//! The guest's console on a stream, as it is.

use super::{Event, EventSink};
use std::io::Write;

/// Writes console bytes to a stream and nothing else.
#[derive(Debug)]
pub struct ConsoleSink<W> {
    stream: W,
}

impl<W: Write> ConsoleSink<W> {
    /// A sink over a stream.
    pub const fn new(stream: W) -> Self {
        Self { stream }
    }
}

impl<W: Write> EventSink for ConsoleSink<W> {
    fn take(&mut self, event: &Event<'_>) {
        if let Event::Console { text, .. } = event {
            // A reader that went away is no reason to stop the guest.
            let _ = self
                .stream
                .write_all(text)
                .and_then(|()| self.stream.flush());
        }
    }
}
