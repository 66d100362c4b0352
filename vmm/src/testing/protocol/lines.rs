//! Telling records from ordinary output in what a process prints, piece by piece.

use super::record::{MAX_RECORD, PREFIX};

/// A part of a console.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::testing) enum Part<'a> {
    /// Ordinary output.
    Output(&'a [u8]),
    /// A record, without its prefix and its newline.
    Record(&'a [u8]),
    /// A line that starts as a record does and is too long for one; its start.
    TooLong(&'a [u8]),
}

/// Where in a line a process is.
#[derive(Debug, Default)]
enum At {
    /// In what may become a record.
    #[default]
    Start,
    /// In ordinary output.
    Output,
    /// Behind the part of a record that was too long.
    Rest,
}

/// The console of one process, cut into lines. It keeps at most one record's bytes.
#[derive(Debug, Default)]
pub(in crate::testing) struct Lines {
    at: At,
    held: Vec<u8>,
}

impl Lines {
    /// Takes more of the console and hands on what is complete.
    pub(in crate::testing) fn take(&mut self, mut text: &[u8], mut part: impl FnMut(Part<'_>)) {
        while !text.is_empty() {
            let line = text.split_inclusive(|byte| *byte == b'\n').next();
            let line = line.unwrap_or(text);
            let ends = line.ends_with(b"\n");
            text = text.get(line.len()..).unwrap_or_default();
            match self.at {
                At::Start => self.start(line, ends, &mut part),
                At::Output => part(Part::Output(line)),
                At::Rest => {}
            }
            if ends {
                self.at = At::Start;
            }
        }
    }

    /// More of a line that may be a record.
    fn start(&mut self, line: &[u8], ends: bool, part: &mut impl FnMut(Part<'_>)) {
        self.held.extend_from_slice(line);
        let length = self.held.len().min(PREFIX.len());
        if self.held.get(..length) != PREFIX.get(..length) || (ends && length < PREFIX.len()) {
            part(Part::Output(&self.held));
            self.held.clear();
            self.at = At::Output;
        } else if self.held.len() > MAX_RECORD || (self.held.len() == MAX_RECORD && !ends) {
            part(Part::TooLong(self.held.get(..80).unwrap_or_default()));
            self.held.clear();
            self.at = At::Rest;
        } else if ends {
            let record = self.held.strip_prefix(PREFIX).unwrap_or_default();
            part(Part::Record(record.strip_suffix(b"\n").unwrap_or(record)));
            self.held.clear();
        }
    }

    /// What is held at the end: it was no record, for it has no newline.
    pub(in crate::testing) fn finish(self, mut part: impl FnMut(Part<'_>)) {
        if !self.held.is_empty() {
            part(Part::Output(&self.held));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(pieces: &[&[u8]]) -> (Vec<u8>, Vec<String>) {
        let (mut output, mut records) = (Vec::new(), Vec::new());
        let mut part = |part: Part<'_>| match part {
            Part::Output(text) => output.extend_from_slice(text),
            Part::Record(text) => records.push(String::from_utf8_lossy(text).into_owned()),
            Part::TooLong(_) => records.push("too long".to_owned()),
        };
        let mut lines = Lines::default();
        for piece in pieces {
            lines.take(piece, &mut part);
        }
        lines.finish(&mut part);
        (output, records)
    }

    #[test]
    fn records_are_found_at_starts_of_lines_only() {
        let text = b"a %TEST plan 1\n%TEST done\n%TESTS\n%TES";
        let (output, records) = parts(&[text]);
        assert_eq!(output, b"a %TEST plan 1\n%TESTS\n%TES");
        assert_eq!(records, ["done"]);
    }

    #[test]
    fn a_record_may_be_as_long_as_the_page_says_and_no_longer() {
        let record = |length: usize| {
            let mut record = b"%TEST skip 1 ".to_vec();
            record.resize(length - 1, b'x');
            record.push(b'\n');
            record
        };
        let (output, records) = parts(&[&record(MAX_RECORD), b"after\n"]);
        assert_eq!((output.as_slice(), records.len()), (&b"after\n"[..], 1));
        assert!(records[0].ends_with("xx"));
        let (output, records) = parts(&[&record(MAX_RECORD + 1), b"after\n"]);
        assert_eq!(output, b"after\n");
        assert_eq!(records, ["too long"]);
    }

    proptest! {
        #[test]
        fn where_the_pieces_are_cut_makes_no_difference(
            text in proptest::collection::vec(proptest::sample::select(vec![
                &b"%TEST "[..], b"%TEST done\n", b"\n", b"%", b"x", b"\xFF",
            ]), 0..40),
            cut in 1_usize..9,
        ) {
            let whole = text.concat();
            let pieces: Vec<&[u8]> = whole.chunks(cut).collect();
            prop_assert_eq!(parts(&pieces), parts(&[&whole]));
        }
    }
}
