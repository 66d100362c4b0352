//! What is searched for.

use super::super::InspectError;
use memchr::memmem::Finder;
use regex::bytes::{Regex, RegexBuilder};

/// Bytes of the longest match of a regular expression that is found for certain wherever it
/// stands; of a longer one, the start or a part may be told.
pub const LONGEST_REGEX_MATCH: usize = 4096;
/// Bytes that a compiled regular expression takes at most.
const REGEX_SIZE: usize = 1 << 20;
/// Bytes of the longest fixed pattern.
const LONGEST: usize = 1 << 16;

/// What is searched for.
#[derive(Clone, Debug)]
pub struct Pattern(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Bytes(Box<Finder<'static>>),
    /// Bytes, some of which may be any: an expression that matches so many.
    Masked(Regex, usize),
    Regex(Regex),
    /// Little-endian words of eight bytes in a range.
    Pointers {
        start: u64,
        last: u64,
        aligned: bool,
    },
}

impl Pattern {
    /// These bytes. Matches may overlap.
    ///
    /// # Errors
    /// [`InspectError::Refused`] if there are none, or more than 64 KiB.
    pub fn bytes(bytes: &[u8]) -> Result<Self, InspectError> {
        check_length(bytes.len())?;
        let finder = Finder::new(bytes).into_owned();
        Ok(Self(Kind::Bytes(Box::new(finder))))
    }

    /// These bytes, where `None` stands for any. Matches may overlap.
    ///
    /// # Errors
    /// [`InspectError::Refused`] if there are none, or too many.
    pub fn masked(bytes: &[Option<u8>]) -> Result<Self, InspectError> {
        if let Some(all) = bytes.iter().copied().collect::<Option<Vec<u8>>>() {
            return Self::bytes(&all);
        }
        check_length(bytes.len())?;
        let expression: String = bytes
            .iter()
            .map(|byte| match byte {
                Some(byte) => format!("\\x{byte:02X}"),
                None => ".".to_owned(),
            })
            .collect();
        let regex = compile(RegexBuilder::new(&expression).dot_matches_new_line(true))?;
        Ok(Self(Kind::Masked(regex, bytes.len())))
    }

    /// A text as UTF-16 stores it, the low byte first.
    ///
    /// # Errors
    /// Those of [`Pattern::bytes`].
    pub fn utf16(text: &str) -> Result<Self, InspectError> {
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        Self::bytes(&bytes)
    }

    /// A regular expression over bytes, as the crate `regex` has them: `\xFF` is that byte,
    /// classes are ASCII's. Matches do not overlap, and empty ones do not count.
    ///
    /// # Errors
    /// [`InspectError::Refused`] if it is none, or too large.
    pub fn regex(expression: &str) -> Result<Self, InspectError> {
        compile(&mut RegexBuilder::new(expression)).map(|regex| Self(Kind::Regex(regex)))
    }

    /// Words of eight bytes, the low byte first, from `start` up to but not including `end`;
    /// at multiples of eight only if `aligned`.
    ///
    /// # Errors
    /// [`InspectError::Refused`] if the range is empty.
    pub fn pointers(start: u64, end: u64, aligned: bool) -> Result<Self, InspectError> {
        let last = end.checked_sub(1).filter(|last| start <= *last);
        let Some(last) = last else {
            return Err(InspectError::Refused(
                "the range that pointers are to lead to is empty".to_owned(),
            ));
        };
        Ok(Self(Kind::Pointers {
            start,
            last,
            aligned,
        }))
    }

    /// Bytes at the end of what is known that a match might start in and go on behind.
    pub(super) fn overlap(&self) -> usize {
        match &self.0 {
            Kind::Bytes(finder) => finder.needle().len().saturating_sub(1),
            Kind::Masked(_, length) => length.saturating_sub(1),
            Kind::Regex(_) => LONGEST_REGEX_MATCH,
            Kind::Pointers { .. } => 7,
        }
    }

    /// Tells `each` match (position, bytes) in `bytes` that starts at `from` or above and
    /// below `until`; `address` is that of the first byte. Returns where to go on, or `None`
    /// if `each` has had enough.
    pub(super) fn find(
        &self,
        bytes: &[u8],
        (from, until): (usize, usize),
        address: u64,
        each: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Option<usize> {
        let mut at = from;
        while at < until {
            let (start, length, next) = match &self.0 {
                Kind::Bytes(finder) => {
                    let Some(found) = finder.find(bytes.get(at..).unwrap_or_default()) else {
                        break;
                    };
                    (at + found, finder.needle().len(), at + found + 1)
                }
                Kind::Masked(regex, length) => match regex.find_at(bytes, at) {
                    Some(found) => (found.start(), *length, found.start() + 1),
                    None => break,
                },
                Kind::Regex(regex) => match regex.find_at(bytes, at) {
                    Some(found) if found.is_empty() => {
                        at = found.end() + 1;
                        continue;
                    }
                    Some(found) => (found.start(), found.len(), found.end()),
                    None => break,
                },
                Kind::Pointers {
                    start,
                    last,
                    aligned,
                } => {
                    let step = if *aligned { 8 } else { 1 };
                    let skip = if *aligned {
                        skip_to_word(address, at)
                    } else {
                        0
                    };
                    match find_pointer(bytes, at + skip, step, (*start, *last)) {
                        Some(found) => (found, 8, found + step),
                        None => break,
                    }
                }
            };
            if start >= until {
                break;
            }
            if !each(start, length) {
                return None;
            }
            at = next;
        }
        Some(at.max(until))
    }
}

/// Bytes from position `at` to the next word that stands at a multiple of eight.
fn skip_to_word(address: u64, at: usize) -> usize {
    let behind = address.wrapping_add(at as u64) % 8;
    usize::try_from((8 - behind) % 8).unwrap_or(0)
}

/// The first word at `from`, or whole steps above, whose value is in the range.
fn find_pointer(
    bytes: &[u8],
    from: usize,
    step: usize,
    (start, last): (u64, u64),
) -> Option<usize> {
    let size = last - start;
    let hit = |word: &[u8]| {
        <[u8; 8]>::try_from(word)
            .is_ok_and(|word| u64::from_le_bytes(word).wrapping_sub(start) <= size)
    };
    let rest = bytes.get(from..)?;
    let index = if step == 8 {
        rest.chunks_exact(8).position(hit)? * 8
    } else {
        rest.windows(8).position(hit)?
    };
    Some(from + index)
}

fn check_length(length: usize) -> Result<(), InspectError> {
    match length {
        0 => Err(InspectError::Refused("the pattern is empty".to_owned())),
        1..=LONGEST => Ok(()),
        _ => Err(InspectError::Refused(format!(
            "the pattern has {length} bytes; {LONGEST} is the most"
        ))),
    }
}

fn compile(builder: &mut RegexBuilder) -> Result<Regex, InspectError> {
    builder
        .unicode(false)
        .size_limit(REGEX_SIZE)
        .build()
        .map_err(|error| InspectError::Refused(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(pattern: &Pattern, bytes: &[u8], address: u64) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        pattern.find(bytes, (0, bytes.len()), address, &mut |at, length| {
            found.push((at, length));
            true
        });
        found
    }

    #[test]
    fn matches_of_bytes_may_overlap_and_those_of_expressions_do_not() {
        let bytes = Pattern::bytes(b"aba").unwrap();
        assert_eq!(all(&bytes, b"ababa", 0), [(0, 3), (2, 3)]);
        let masked = Pattern::masked(&[Some(b'a'), None, Some(b'a')]).unwrap();
        assert_eq!(all(&masked, b"a\na\xffa", 0), [(0, 3), (2, 3)]);
        let regex = Pattern::regex("a.a").unwrap();
        assert_eq!(all(&regex, b"ababa", 0), [(0, 3)]);
    }

    #[test]
    fn an_expression_is_about_bytes() {
        let regex = Pattern::regex(r"\xff\x00+|\bzx_\w+").unwrap();
        assert_eq!(all(&regex, b"\xff\0\0 zx_vmo. xzx_a", 0), [(0, 3), (4, 6)]);
        assert_eq!(all(&Pattern::regex("x*").unwrap(), b"aaxxa", 0), [(2, 2)]);
    }

    #[test]
    fn text_of_two_bytes_each_is_found() {
        let utf16 = Pattern::utf16("hé").unwrap();
        assert_eq!(all(&utf16, b"..h\0\xe9\0", 0), [(2, 4)]);
    }

    #[test]
    fn pointers_are_words_at_multiples_of_eight_by_address() {
        let mut bytes = vec![0; 3];
        bytes.extend(0x1234_5678u64.to_le_bytes());
        bytes.extend(0x1234_5000u64.to_le_bytes());
        let (start, end) = (0x1234_5000, 0x1234_6000);
        let aligned = Pattern::pointers(start, end, true).unwrap();
        assert_eq!(all(&aligned, &bytes, 5), [(3, 8), (11, 8)]);
        assert!(all(&aligned, &bytes, 0).is_empty());
        let any = Pattern::pointers(start, end, false).unwrap();
        assert_eq!(all(&any, &bytes, 0), [(3, 8), (11, 8)]);
        assert!(
            all(
                &Pattern::pointers(start, 0x1234_5678, true).unwrap(),
                &bytes,
                5
            ) == [(11, 8)]
        );
    }

    #[test]
    fn what_cannot_be_searched_for_is_refused() {
        assert!(Pattern::bytes(b"").is_err());
        assert!(Pattern::bytes(&vec![0; LONGEST + 1]).is_err());
        assert!(Pattern::masked(&[]).is_err());
        assert!(Pattern::regex("(").is_err());
        assert!(Pattern::regex(&"(a{1000}){1000}".repeat(20)).is_err());
        assert!(Pattern::pointers(5, 5, true).is_err());
        assert!(Pattern::pointers(5, 0, true).is_err());
    }
}
