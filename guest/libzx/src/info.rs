//! What the kernel tells about objects: records by their types, and names.

use abi::info::{InfoHandleBasic, InfoMaps, InfoProcess, InfoTaskStats, InfoVmar, InfoVmo};
use abi::objects::NAME_LENGTH;
use abi::options::Topic;
use core::fmt;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// A topic of `zx_object_get_info` whose answer is one record (reference §15).
pub trait Info: FromBytes + IntoBytes + Default {
    /// Number and version of the topic.
    const TOPIC: u32;
}

/// A topic of `zx_object_get_info` whose answer is a list of records (reference §15).
pub trait InfoList: FromBytes + IntoBytes {
    /// Number and version of the topic.
    const TOPIC: u32;
}

/// How many handles to an object there are (`ZX_INFO_HANDLE_COUNT`).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(transparent)]
pub struct HandleCount(pub u32);

/// The koid of a thread of a process (`ZX_INFO_PROCESS_THREADS`).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(transparent)]
pub struct ThreadKoid(pub u64);

impl Info for InfoHandleBasic {
    const TOPIC: u32 = Topic::HANDLE_BASIC;
}

impl Info for InfoProcess {
    const TOPIC: u32 = Topic::PROCESS;
}

impl Info for InfoVmar {
    const TOPIC: u32 = Topic::VMAR;
}

impl Info for InfoTaskStats {
    const TOPIC: u32 = Topic::TASK_STATS;
}

impl Info for InfoVmo {
    const TOPIC: u32 = Topic::VMO;
}

impl Info for HandleCount {
    const TOPIC: u32 = Topic::HANDLE_COUNT;
}

impl InfoList for InfoMaps {
    const TOPIC: u32 = Topic::PROCESS_MAPS;
}

/// Of a process: the VMOs that it has handles to or has mapped.
impl InfoList for InfoVmo {
    const TOPIC: u32 = Topic::PROCESS_VMOS;
}

impl InfoList for ThreadKoid {
    const TOPIC: u32 = Topic::PROCESS_THREADS;
}

/// The answer to a question for a list.
#[derive(Debug)]
pub struct Listed<'a, T> {
    /// The records that were stored.
    pub records: &'a [T],
    /// How many there were.
    pub available: usize,
}

/// A name of an object: up to 31 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Name(pub(crate) [u8; NAME_LENGTH]);

impl Name {
    /// The name; what goes beyond 31 bytes is cut off, at the end of a character.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut bytes = [0; NAME_LENGTH];
        let ends = name.char_indices().map(|(at, char)| at + char.len_utf8());
        let end = ends
            .take_while(|&end| end < NAME_LENGTH)
            .last()
            .unwrap_or(0);
        for (to, from) in bytes.iter_mut().zip(name.bytes().take(end)) {
            *to = from;
        }
        Self(bytes)
    }

    /// The bytes of a record's field.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; NAME_LENGTH]) -> Self {
        Self(bytes)
    }

    /// The name up to its NUL; `?` for one that is not UTF-8.
    #[must_use]
    pub fn as_str(&self) -> &str {
        text(&self.0)
    }
}

fn text(bytes: &[u8]) -> &str {
    let name = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    core::str::from_utf8(name).unwrap_or("?")
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_cut_at_a_character_and_ends_at_its_nul() {
        assert_eq!(Name::new("short").as_str(), "short");
        assert_eq!(Name::new(&"ä".repeat(20)).as_str(), "ä".repeat(15));
        assert_eq!(Name::new(&"x".repeat(40)).as_str().len(), 31);
        assert_eq!(Name::from_bytes([b'y'; 32]).as_str(), "y".repeat(32));
    }
}
