//! Writing a guest's text into a page.

use std::fmt::{self, Display, Write};

/// Text of a guest, or any other, in HTML: element content or an attribute in quotes.
/// Nothing in it is markup; what cannot be seen, or changes the order of what can, is shown
/// as an escape.
pub(super) struct Text<'t>(pub &'t str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                _ if is_invisible(character) => write!(f, "{}", character.escape_unicode())?,
                _ => f.write_char(character)?,
            }
        }
        Ok(())
    }
}

/// Control characters, and those that format text (Unicode 15, general category `Cf`) and
/// can make a line read as another: directions, joiners, spaces of no width.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{AD}'
                | '\u{61C}'
                | '\u{180E}'
                | '\u{200B}'..='\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{FEFF}'
                | '\u{FFF9}'..='\u{FFFB}'
                | '\u{E0000}'..='\u{E007F}'
        )
}

/// JSON for a `<script>` element: no character in it ends the element or starts another
/// (HTML standard, 4.12.1.3). JSON has these characters in strings only.
pub(super) fn script_json(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '<' => safe.push_str("\\u003c"),
            '>' => safe.push_str("\\u003e"),
            '&' => safe.push_str("\\u0026"),
            '\u{2028}' => safe.push_str("\\u2028"),
            '\u{2029}' => safe.push_str("\\u2029"),
            _ => safe.push(character),
        }
    }
    safe
}

/// Bytes with a unit: `512 B`, `4 KiB`, `1.5 MiB`; rounded up to a tenth.
pub(super) struct Bytes(pub u64);

impl Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 1024 {
            return write!(f, "{} B", self.0);
        }
        let mut tenths = u128::from(self.0) * 10;
        let mut unit = "";
        for name in ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] {
            if tenths < 10240 {
                break;
            }
            tenths = tenths.div_ceil(1024);
            unit = name;
        }
        match tenths % 10 {
            0 => write!(f, "{} {unit}", tenths / 10),
            rest => write!(f, "{}.{rest} {unit}", tenths / 10),
        }
    }
}

/// A count with its digits in groups: `16 384`, with spaces that do not break.
pub(super) struct Count(pub u64);

impl Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                f.write_char('\u{202F}')?;
            }
            f.write_char(digit)?;
        }
        Ok(())
    }
}

/// A part of a whole in percent, to a tenth; `0 %` of nothing.
pub(super) struct Share {
    pub part: u64,
    pub whole: u64,
}

impl Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = u128::from(self.part) * 1000 / u128::from(self.whole.max(1));
        write!(f, "{}.{} %", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_markup() {
        let hostile = "</script><img src=x onerror='alert(1)'>\"&\u{202E}\n\u{0}";
        let shown = Text(hostile).to_string();
        assert_eq!(
            shown,
            "&lt;/script&gt;&lt;img src=x onerror=&#39;alert(1)&#39;&gt;&quot;&amp;\
             \\u{202e}\\u{a}\\u{0}"
        );
        let json = script_json(&serde_json::to_string(hostile).unwrap());
        assert!(!json.contains(['<', '>', '&', '\n']), "{json}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), hostile);
    }

    #[test]
    fn numbers_are_short_and_exact_enough() {
        let sizes =
            [0, 1023, 4096, 1536 << 10, (1 << 20) + 1, u64::MAX].map(|b| Bytes(b).to_string());
        assert_eq!(
            sizes,
            ["0 B", "1023 B", "4 KiB", "1.5 MiB", "1.1 MiB", "16 EiB"]
        );
        let counts = [7, 999, 1000, 1_234_567].map(|c| Count(c).to_string());
        assert_eq!(
            counts,
            ["7", "999", "1\u{202F}000", "1\u{202F}234\u{202F}567"]
        );
        let share = |part, whole| Share { part, whole }.to_string();
        assert_eq!(
            (share(1, 8), share(0, 0)),
            ("12.5 %".into(), "0.0 %".into())
        );
    }
}
