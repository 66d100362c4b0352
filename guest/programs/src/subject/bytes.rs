//! The bytes of a VMO, by `zx_vmo_read` and `zx_vmo_write`.

use super::Subject;
use crate::pattern;
use libzx::{PAGE_SIZE, Result};

impl Subject {
    /// Stores the pattern with that seed at `offset`: each byte is the one that belongs
    /// to its offset.
    ///
    /// # Errors
    /// As reference §4.
    pub fn put(&self, seed: u64, offset: u64, length: u64) -> Result<()> {
        let mut page = [0; PAGE_SIZE];
        for (at, length) in pieces(offset, length) {
            let piece = page.get_mut(..length).unwrap_or_default();
            pattern::fill(seed, at, piece);
            self.0.write(piece, at)?;
        }
        Ok(())
    }

    /// Stores these bytes.
    ///
    /// # Errors
    /// As reference §4.
    pub fn write<const N: usize>(&self, bytes: [u8; N], offset: u64) -> Result<()> {
        self.0.write(&bytes, offset)
    }

    /// The bytes at `offset`.
    ///
    /// # Errors
    /// As reference §4.
    pub fn read<const N: usize>(&self, offset: u64) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.0.read(&mut bytes, offset)?;
        Ok(bytes)
    }

    /// Stores one byte.
    ///
    /// # Errors
    /// As reference §4.
    pub fn put_byte(&self, offset: u64, byte: u8) -> Result<()> {
        self.write([byte], offset)
    }

    /// The byte at `offset`.
    ///
    /// # Errors
    /// As reference §4.
    pub fn byte(&self, offset: u64) -> Result<u8> {
        self.read(offset).map(|[byte]| byte)
    }

    /// The first offset in the range that does not hold the pattern with that seed.
    ///
    /// # Errors
    /// As reference §4.
    pub fn differs(&self, seed: u64, offset: u64, length: u64) -> Result<Option<u64>> {
        self.differs_from(seed, offset, offset, length)
    }

    /// The same against the pattern from `pattern_offset` on.
    ///
    /// # Errors
    /// As reference §4.
    pub fn differs_from(
        &self,
        seed: u64,
        offset: u64,
        pattern_offset: u64,
        length: u64,
    ) -> Result<Option<u64>> {
        self.first(offset, length, |at, byte| {
            byte != pattern::byte(seed, at - offset + pattern_offset)
        })
    }

    /// The first offset in the range that is not zero.
    ///
    /// # Errors
    /// As reference §4.
    pub fn nonzero(&self, offset: u64, length: u64) -> Result<Option<u64>> {
        self.first(offset, length, |_, byte| byte != 0)
    }

    fn first(
        &self,
        offset: u64,
        length: u64,
        wrong: impl Fn(u64, u8) -> bool,
    ) -> Result<Option<u64>> {
        let mut page = [0; PAGE_SIZE];
        for (at, length) in pieces(offset, length) {
            let piece = page.get_mut(..length).unwrap_or_default();
            self.0.read(piece, at)?;
            let mut places = (at..).zip(piece.iter());
            if let Some((at, _)) = places.find(|&(at, &byte)| wrong(at, byte)) {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }
}

/// The range in pieces of at most a page.
fn pieces(offset: u64, length: u64) -> impl Iterator<Item = (u64, usize)> {
    (0..length).step_by(PAGE_SIZE).map(move |start| {
        let rest = usize::try_from(length - start).unwrap_or(PAGE_SIZE);
        (offset + start, rest.min(PAGE_SIZE))
    })
}
