//! Addresses and lengths as people write them.

use vmm::inspect::{GeneralRegisters, Hex};

/// An address: a number, or a register of the process's first thread and a distance from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// A number.
    Number(u64),
    /// From `rip`.
    Rip(i64),
    /// From `rsp`.
    Rsp(i64),
}

impl Address {
    /// The number that it stands for, given the registers.
    pub const fn resolve(self, registers: &GeneralRegisters) -> u64 {
        match self {
            Self::Number(number) => number,
            Self::Rip(distance) => registers.rip.0.wrapping_add_signed(distance),
            Self::Rsp(distance) => registers.rsp.0.wrapping_add_signed(distance),
        }
    }

    /// Whether registers are needed to know it.
    pub const fn is_relative(self) -> bool {
        !matches!(self, Self::Number(_))
    }
}

/// A number: decimal, or hexadecimal after `0x`; with `K`, `M`, `G` or `T` for powers of
/// 1024.
pub fn number(text: &str) -> Result<u64, String> {
    let wrong = || {
        format!(
            "`{text}` is no number: write it as 4096, 0x1000 or 4K (K, M, G, T for powers of 1024)"
        )
    };
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        let digits: String = digits.chars().filter(|digit| *digit != '_').collect();
        return match digits.starts_with('+') {
            true => Err(wrong()),
            false => u64::from_str_radix(&digits, 16).map_err(|_| wrong()),
        };
    }
    let shift = match text.bytes().last().map(|last| last.to_ascii_uppercase()) {
        Some(b'K') => 10,
        Some(b'M') => 20,
        Some(b'G') => 30,
        Some(b'T') => 40,
        _ => 0,
    };
    let digits = match shift {
        0 => text,
        _ => text.get(..text.len() - 1).unwrap_or_default(),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let value = digits.parse::<u64>().ok();
    value
        .and_then(|value| value.checked_mul(1 << shift))
        .ok_or_else(|| format!("`{text}` is more than 64 bits"))
}

/// An address: a number, `rip` or `rsp`, or one of these with `+N` or `-N`.
pub fn address(text: &str) -> Result<Address, String> {
    let lower = text.to_ascii_lowercase();
    for (name, make) in [
        ("rip", Address::Rip as fn(i64) -> Address),
        ("rsp", Address::Rsp),
    ] {
        let Some(rest) = lower.strip_prefix(name) else {
            continue;
        };
        let distance = |digits: &str| {
            let value = number(digits)?;
            i64::try_from(value).map_err(|_| format!("`{text}` is too far"))
        };
        let mut rest = rest.chars();
        return match rest.next() {
            None => Ok(make(0)),
            Some('+') => distance(rest.as_str()).map(make),
            Some('-') => distance(rest.as_str()).map(|distance| make(-distance)),
            Some(_) => Err(format!("`{text}`: write {name}, {name}+16 or {name}-0x40")),
        };
    }
    number(text).map(Address::Number)
}

/// A range `START-END` (END is not in it) or `START+LENGTH`.
pub fn range(text: &str) -> Result<(Hex, Hex), String> {
    let wrong = || format!("`{text}` is no range: write START-END or START+LENGTH");
    let (start, end) = if let Some((start, end)) = text.split_once('-') {
        (number(start)?, number(end)?)
    } else if let Some((start, length)) = text.split_once('+') {
        let start = number(start)?;
        let end = start.checked_add(number(length)?);
        (
            start,
            end.ok_or_else(|| format!("`{text}` leads beyond 2^64"))?,
        )
    } else {
        return Err(wrong());
    };
    if start >= end {
        return Err(format!(
            "`{text}` is empty: the end must be above the start"
        ));
    }
    Ok((Hex(start), Hex(end)))
}

/// Bytes in hexadecimal, two digits each; spaces, colons, commas and `0x` before each byte
/// are allowed between them. `None` stands for `??`.
pub fn hex_pattern(text: &str) -> Result<Vec<Option<u8>>, String> {
    let mut bytes = Vec::new();
    for word in text.split(|c: char| c.is_whitespace() || c == ',' || c == ':') {
        let digits = word.strip_prefix("0x").unwrap_or(word);
        let mut rest = digits;
        while let Some((pair, after)) = rest.split_at_checked(2) {
            rest = after;
            if pair == "??" {
                bytes.push(None);
            } else if pair.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                bytes.push(u8::from_str_radix(pair, 16).ok());
            } else {
                return Err(format!(
                    "`{pair}` is no byte: two hexadecimal digits each, or ??"
                ));
            }
        }
        if !rest.is_empty() {
            return Err(format!(
                "`{word}` has a digit too few: two hexadecimal digits for each byte"
            ));
        }
    }
    if bytes.is_empty() {
        return Err("there is no byte in it".to_owned());
    }
    Ok(bytes)
}

/// The same without `??`.
pub fn hex_bytes(text: &str) -> Result<Vec<u8>, String> {
    let pattern = hex_pattern(text)?;
    let bytes: Option<Vec<u8>> = pattern.into_iter().collect();
    bytes.ok_or_else(|| "?? stands for any byte, which cannot be stored".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decimal_hexadecimal_or_with_a_suffix() {
        for (text, value) in [
            ("0", 0),
            ("4096", 4096),
            ("0x1000", 4096),
            ("0xFFFF_8000_0000_0000", 0xFFFF_8000_0000_0000),
            ("4K", 4096),
            ("2m", 2 << 20),
            ("1G", 1 << 30),
        ] {
            assert_eq!(number(text), Ok(value), "{text}");
        }
        for text in [
            "",
            "K",
            "0x",
            "-1",
            "+1",
            "0x+1",
            "1.5K",
            "0x1K",
            "99999999999999999999",
            "é",
        ] {
            assert!(number(text).is_err(), "{text}");
        }
    }

    #[test]
    fn addresses_may_be_relative_to_registers() {
        assert_eq!(address("0x10"), Ok(Address::Number(16)));
        assert_eq!(address("rip"), Ok(Address::Rip(0)));
        assert_eq!(address("RSP-0x20"), Ok(Address::Rsp(-32)));
        assert_eq!(address("rsp+1K"), Ok(Address::Rsp(1024)));
        for text in ["rsp*2", "rip+", "rax", "rip+x", "ripé"] {
            assert!(address(text).is_err(), "{text}");
        }
        let registers = GeneralRegisters {
            rsp: Hex(0x1000),
            ..GeneralRegisters::default()
        };
        assert_eq!(Address::Rsp(-32).resolve(&registers), 0xFE0);
    }

    #[test]
    fn a_range_ends_above_its_start() {
        assert_eq!(range("0x1000-0x2000"), Ok((Hex(0x1000), Hex(0x2000))));
        assert_eq!(range("4K+4K"), Ok((Hex(0x1000), Hex(0x2000))));
        for text in ["", "5", "5-5", "6-5", "0xffffffffffffffff+2", "a-b"] {
            assert!(range(text).is_err(), "{text}");
        }
    }

    #[test]
    fn bytes_are_pairs_of_digits() {
        assert_eq!(hex_bytes("de ad:BE,0xef"), Ok(vec![0xDE, 0xAD, 0xBE, 0xEF]));
        assert_eq!(
            hex_pattern("de??ef"),
            Ok(vec![Some(0xDE), None, Some(0xEF)])
        );
        for text in ["", " ", "d", "dea", "xy", "+1", "?", "é0"] {
            assert!(hex_pattern(text).is_err(), "{text}");
        }
        assert!(hex_bytes("??").is_err());
    }
}
