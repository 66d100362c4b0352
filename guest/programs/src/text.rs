//! Short texts without an allocator.

use core::fmt;

/// Up to 104 bytes of text; what does not fit is cut off.
#[derive(Clone, Copy)]
pub struct Text {
    bytes: [u8; 104],
    used: usize,
}

impl Text {
    /// The text of these format arguments.
    #[must_use]
    pub fn new(arguments: fmt::Arguments<'_>) -> Self {
        let mut text = Self {
            bytes: [0; 104],
            used: 0,
        };
        // A full text is what the error means; the cut is all there is to do.
        let _ = fmt::write(&mut text, arguments);
        text
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.used).unwrap_or_default();
        core::str::from_utf8(bytes).unwrap_or("?")
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.chars() {
            let end = self.used + part.len_utf8();
            let place = self.bytes.get_mut(self.used..end).ok_or(fmt::Error)?;
            part.encode_utf8(place);
            self.used = end;
        }
        Ok(())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_is_cut_at_a_character() {
        let long = "ä".repeat(100);
        let text = Text::new(format_args!("{long}"));
        assert_eq!(text.as_str(), "ä".repeat(52));
        assert_eq!(Text::new(format_args!("x{}", 1)).as_str(), "x1");
    }
}
