//! The string literals, comments and functions of a Rust source, as far as the search for
//! tags needs them.

use std::iter::Peekable;
use std::str::CharIndices;

/// A piece of source that can carry a tag.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// A string literal, unescaped, its line breaks joined as the compiler joins them.
    Literal(String),
    /// A line comment without its slashes.
    Comment(String),
    /// Any other stretch of code between the two, without spaces around it.
    Code(String),
}

/// The pieces of a source in order.
pub(crate) fn pieces(source: &str) -> Vec<Piece> {
    let mut lexer = Lexer {
        source,
        rest: source.char_indices().peekable(),
        found: Vec::new(),
        code_from: 0,
    };
    lexer.run();
    lexer.found
}

struct Lexer<'a> {
    source: &'a str,
    rest: Peekable<CharIndices<'a>>,
    found: Vec<Piece>,
    code_from: usize,
}

impl Lexer<'_> {
    fn run(&mut self) {
        while let Some((at, character)) = self.rest.next() {
            match character {
                '/' if self.source[at..].starts_with("//") => {
                    self.end_code(at);
                    let end = self.source[at..]
                        .find('\n')
                        .map_or(self.source.len(), |to| at + to);
                    let text = self.source[at..end].trim_start_matches('/').trim();
                    self.found.push(Piece::Comment(text.to_owned()));
                    self.skip_to(end);
                }
                '/' if self.source[at..].starts_with("/*") => {
                    self.end_code(at);
                    let end = self.source[at..]
                        .find("*/")
                        .map_or(self.source.len(), |to| at + to + 2);
                    self.skip_to(end);
                }
                '\'' => self.character_or_lifetime(at),
                '"' => {
                    self.end_code(at);
                    let text = match self.hashes_before(at) {
                        Some(hashes) => self.raw(at, hashes),
                        None => self.escaped(),
                    };
                    self.found.push(Piece::Literal(text));
                    self.code_from = self.here();
                }
                _ => {}
            }
        }
        self.end_code(self.source.len());
    }

    fn here(&mut self) -> usize {
        self.rest.peek().map_or(self.source.len(), |&(at, _)| at)
    }

    fn skip_to(&mut self, end: usize) {
        while self.rest.next_if(|&(at, _)| at < end).is_some() {}
        self.code_from = end;
    }

    fn end_code(&mut self, end: usize) {
        let code = self.source[self.code_from.min(end)..end].trim();
        if !code.is_empty() {
            self.found.push(Piece::Code(code.to_owned()));
        }
        self.code_from = end;
    }

    /// Steps over `'x'` and `'\n'`; a lifetime needs nothing.
    fn character_or_lifetime(&mut self, at: usize) {
        let mut ahead = self.source[at + 1..].chars();
        match (ahead.next(), ahead.next()) {
            (Some('\\'), _) => {
                self.rest.next();
                self.rest.next();
                while self
                    .rest
                    .next()
                    .is_some_and(|(_, character)| character != '\'')
                {}
            }
            (Some(_), Some('\'')) => {
                self.rest.next();
                self.rest.next();
            }
            _ => {}
        }
    }

    /// How many `#` stand between an `r` and the quote, if there is an `r`.
    fn hashes_before(&self, quote: usize) -> Option<usize> {
        let before = self.source[..quote].trim_end_matches('#');
        let mark = before.strip_suffix('r')?;
        let word = mark.strip_suffix(['b', 'c']).unwrap_or(mark);
        let inside_a_word = word.ends_with(|last: char| last.is_alphanumeric() || last == '_');
        (!inside_a_word).then_some(quote - before.len())
    }

    fn raw(&mut self, quote: usize, hashes: usize) -> String {
        let end = format!("\"{}", "#".repeat(hashes));
        let text = &self.source[quote + 1..];
        let length = text.find(&end).unwrap_or(text.len());
        self.skip_to((quote + 1 + length + end.len()).min(self.source.len()));
        text[..length].to_owned()
    }

    fn escaped(&mut self) -> String {
        let mut text = String::new();
        while let Some((_, character)) = self.rest.next() {
            match character {
                '"' => break,
                '\\' => match self.rest.next() {
                    Some((_, '\n')) => {
                        while self
                            .rest
                            .next_if(|(_, space)| space.is_whitespace())
                            .is_some()
                        {}
                    }
                    Some((_, escaped)) => text.push(escaped),
                    None => break,
                },
                other => text.push(other),
            }
        }
        text
    }
}

#[test]
fn literals_and_comments_are_told_apart() {
    let source = r##"
        f("a // no comment", '"', 'x', &'a str); // covers: 4.1/3
        g(r#"raw "quoted" text"#, "joined \
           line", "quote \" in it", '\''); /* "gone" */ h("last")
    "##;
    let literals: Vec<_> = pieces(source)
        .into_iter()
        .filter(|piece| !matches!(piece, Piece::Code(_)))
        .collect();
    let literal = |text: &str| Piece::Literal(text.to_owned());
    let wanted = [
        literal("a // no comment"),
        Piece::Comment("covers: 4.1/3".to_owned()),
        literal("raw \"quoted\" text"),
        literal("joined line"),
        literal("quote \" in it"),
        literal("last"),
    ];
    assert_eq!(literals, wanted);
}
