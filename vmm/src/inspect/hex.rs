//! Numbers that people read in hexadecimal.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// An address, a page-table entry or a register. In JSON a string such as `"0x7f00"`: JSON's
/// numbers lose bits above 2^53 in many readers.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hex(pub u64);

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:#x}", self.0))
    }
}

impl fmt::Debug for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl From<u64> for Hex {
    fn from(value: u64) -> Self {
        Self(value)
    }
}

impl std::str::FromStr for Hex {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix("0x").ok_or("an address starts with 0x")?;
        u64::from_str_radix(digits, 16)
            .map(Self)
            .map_err(|_| format!("`{text}` is no number of 64 bits"))
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_survives_json() {
        for value in [0, 1, (1 << 53) + 1, u64::MAX] {
            let text = serde_json::to_string(&Hex(value)).unwrap();
            assert_eq!(text, format!("\"{value:#x}\""));
            assert_eq!(serde_json::from_str::<Hex>(&text).unwrap(), Hex(value));
        }
        for bad in ["\"12\"", "\"0x\"", "\"0x10000000000000000\"", "12"] {
            assert!(serde_json::from_str::<Hex>(bad).is_err(), "{bad}");
        }
    }
}
