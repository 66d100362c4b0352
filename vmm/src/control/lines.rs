//! Lines from a socket, with a bound on their length and on the time that they may take.

use std::io::{self, ErrorKind, Read};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// Bytes that are read at once.
const CHUNK: usize = 4096;
/// The shortest wait for bytes: a socket takes zero for "for ever".
const SHORTEST: Duration = Duration::from_millis(1);

/// What came.
#[derive(Debug)]
pub(super) enum Line {
    /// A line, without its end.
    Whole(Vec<u8>),
    /// Nothing in time, or not all of it.
    TimedOut,
    /// More bytes than a line may have.
    TooLong,
    /// The other side is gone.
    End,
}

/// The bytes that have come and were not asked for yet.
#[derive(Debug, Default)]
pub(super) struct Lines {
    buffer: Vec<u8>,
    /// Bytes of `buffer` that hold no end of a line.
    searched: usize,
}

impl Lines {
    /// Whether a line has begun.
    pub(super) fn has_begun(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// Takes bytes that came otherwise.
    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// A line that has come already.
    pub(super) fn take(&mut self) -> Option<Vec<u8>> {
        let fresh = self.buffer.get(self.searched..)?;
        let Some(end) = memchr::memchr(b'\n', fresh) else {
            self.searched = self.buffer.len();
            return None;
        };
        let rest = self.buffer.split_off(self.searched + end + 1);
        let mut line = std::mem::replace(&mut self.buffer, rest);
        line.pop();
        self.searched = 0;
        Some(line)
    }

    /// The next line of at most `longest` bytes; waits until `until`.
    pub(super) fn next(
        &mut self,
        mut stream: &UnixStream,
        longest: usize,
        until: Option<Instant>,
    ) -> io::Result<Line> {
        let mut chunk = [0; CHUNK];
        loop {
            if let Some(line) = self.take() {
                if line.len() > longest {
                    return Ok(Line::TooLong);
                }
                return Ok(Line::Whole(line));
            }
            if self.buffer.len() > longest {
                return Ok(Line::TooLong);
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(Line::TimedOut);
            }
            stream.set_read_timeout(left.map(|left| left.max(SHORTEST)))?;
            match stream.read(&mut chunk) {
                Ok(0) => return Ok(Line::End),
                Ok(length) => self.put(chunk.get(..length).unwrap_or_default()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn lines_come_whole_however_their_bytes_come() {
        let (mut here, there) = UnixStream::pair().unwrap();
        here.write_all(b"one\ntw").unwrap();
        let mut lines = Lines::default();
        let soon = || Some(Instant::now() + Duration::from_millis(20));
        let first = lines.next(&there, 10, soon()).unwrap();
        assert!(matches!(first, Line::Whole(line) if line == b"one"));
        assert!(lines.has_begun());
        let half = lines.next(&there, 10, soon()).unwrap();
        assert!(matches!(half, Line::TimedOut));
        here.write_all(b"o\n\n").unwrap();
        let second = lines.next(&there, 10, None).unwrap();
        assert!(matches!(second, Line::Whole(line) if line == b"two"));
        let empty = lines.next(&there, 10, None).unwrap();
        assert!(matches!(empty, Line::Whole(line) if line.is_empty()));
        here.write_all(b"far too long a line").unwrap();
        let long = lines.next(&there, 10, None).unwrap();
        assert!(matches!(long, Line::TooLong));
        drop(here);
        let end = Lines::default().next(&there, 10, None).unwrap();
        assert!(matches!(end, Line::End));
    }
}
