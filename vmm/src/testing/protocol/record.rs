//! One record of a test program (docs/test-protocol.md).

/// What every record starts with.
pub(in crate::testing) const PREFIX: &[u8] = b"%TEST ";
/// The most bytes of a record, its newline included.
pub(in crate::testing) const MAX_RECORD: usize = 4096;
/// The most cases of a program: a guest must not make the host remember without end.
pub const MAX_CASES: u32 = 1 << 16;

/// What a program says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::testing) enum Record {
    /// A full run has so many cases.
    Plan(u32),
    /// That is the name of a case.
    Case(u32, String),
    /// It runs from here on.
    Begin(u32, String),
    /// Something in it failed, there, with that message.
    Fail(u32, Option<String>, String),
    /// It does not apply here.
    Skip(u32, String),
    /// It is over, and took so many nanoseconds.
    End(u32, u64),
    /// Nothing follows.
    Done,
}

impl Record {
    /// The record in a line, without its prefix and its newline.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(in crate::testing) fn parse(line: &str) -> Result<Self, &'static str> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "plan" => match rest.parse() {
                Ok(count) if count <= MAX_CASES => Ok(Self::Plan(count)),
                Ok(_) => Err("more cases than 65536"),
                Err(_) => Err("`plan` wants a number of cases"),
            },
            "done" if rest.is_empty() => Ok(Self::Done),
            "case" | "begin" => {
                let (number, name) = numbered(rest)?;
                if name.is_empty() {
                    return Err("the case has no name");
                }
                let name = unescape(name);
                Ok(match word {
                    "case" => Self::Case(number, name),
                    _ => Self::Begin(number, name),
                })
            }
            "fail" => {
                let (number, rest) = numbered(rest)?;
                let (place, message) = rest.split_once(' ').unwrap_or((rest, ""));
                let place = match place {
                    "" => return Err("`fail` wants a place, or `-`"),
                    "-" => None,
                    place => Some(unescape(place)),
                };
                Ok(Self::Fail(number, place, unescape(message)))
            }
            "skip" => {
                let (number, reason) = numbered(rest)?;
                Ok(Self::Skip(number, unescape(reason)))
            }
            "end" => {
                let (number, time) = numbered(rest)?;
                let time = time.parse();
                time.map(|time| Self::End(number, time))
                    .map_err(|_| "`end` wants a number of nanoseconds")
            }
            _ => Err("there is no such record"),
        }
    }
}

/// A case's number, and what follows it.
fn numbered(text: &str) -> Result<(u32, &str), &'static str> {
    let (number, rest) = text.split_once(' ').unwrap_or((text, ""));
    match number.parse() {
        Ok(number) if (1..=MAX_CASES).contains(&number) => Ok((number, rest)),
        _ => Err("the number of the case is not in 1 to 65536"),
    }
}

/// Text with `\n`, `\\` and `\s` put back; another backslash stays as it is.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            plain.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => plain.push('\n'),
            Some('s') => plain.push(' '),
            Some('\\') => plain.push('\\'),
            Some(other) => plain.extend(['\\', other]),
            None => plain.push('\\'),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_record_of_the_page_is_understood() {
        for (line, record) in [
            ("plan 2", Record::Plan(2)),
            ("case 1 a page", Record::Case(1, "a page".to_owned())),
            ("begin 65536 x", Record::Begin(65536, "x".to_owned())),
            (
                r"fail 2 my\sfile.c:31 is 0,\nnot \\n",
                Record::Fail(2, Some("my file.c:31".into()), "is 0,\nnot \\n".into()),
            ),
            ("fail 2 -", Record::Fail(2, None, String::new())),
            ("skip 3 no RAM", Record::Skip(3, "no RAM".to_owned())),
            ("end 2 9120", Record::End(2, 9120)),
            ("done", Record::Done),
        ] {
            assert_eq!(Record::parse(line), Ok(record), "{line}");
        }
    }

    #[test]
    fn what_breaks_a_rule_is_refused_with_the_rule() {
        for (line, part) in [
            ("", "no such record"),
            ("Plan 1", "no such record"),
            ("done now", "no such record"),
            ("plan", "number of cases"),
            ("plan -1", "number of cases"),
            ("plan 65537", "more cases"),
            ("begin 0 x", "not in 1 to 65536"),
            ("begin 1", "no name"),
            ("case x y", "not in 1 to 65536"),
            ("fail 1", "wants a place"),
            ("end 1", "nanoseconds"),
            ("end 1 soon", "nanoseconds"),
        ] {
            let error = Record::parse(line).unwrap_err();
            assert!(error.contains(part), "{line:?}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_read_or_refused(line in "\\PC*|(plan|case|begin|fail|skip|end|done)( [0-9]{0,6})?( [a-z\\\\:]{0,8}){0,3}") {
            let _ = Record::parse(&line);
        }
    }
}
