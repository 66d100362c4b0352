//! The two doors to guest-physical memory: reading structures, and moving bytes.

use super::AccessError;
use vm_memory::{GuestAddress, VolatileSlice};
use zerocopy::{FromBytes, IntoBytes};

/// Guest-physical memory that can be read: a live machine's RAM, a saved image, a mock.
pub trait PhysicalMemory {
    /// Bytes of RAM from `at` on without a gap; 0 if `at` is not RAM.
    fn contiguous_from(&self, at: GuestAddress) -> u64;

    /// Fills `into` with what stands at `at`.
    ///
    /// # Errors
    /// [`AccessError`] if not all of it is RAM; `into` may then be partly filled.
    fn read_bytes(&self, at: GuestAddress, into: &mut [u8]) -> Result<(), AccessError>;

    /// The little-endian word at `at`, read in one piece.
    ///
    /// # Errors
    /// [`AccessError`] if not all of it is RAM.
    #[inline]
    fn read_u64(&self, at: GuestAddress) -> Result<u64, AccessError> {
        let mut bytes = [0; 8];
        self.read_bytes(at, &mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    /// A copy of the structure at `at`, whatever it holds.
    ///
    /// # Errors
    /// [`AccessError`] if not all of it is RAM.
    #[inline]
    fn read_object<T>(&self, at: GuestAddress) -> Result<T, AccessError>
    where
        T: FromBytes + IntoBytes,
        Self: Sized,
    {
        let mut object = T::new_zeroed();
        self.read_bytes(at, object.as_mut_bytes())?;
        Ok(object)
    }

    /// Whether all of these bytes are one piece of RAM.
    #[inline]
    fn contains(&self, at: GuestAddress, length: u64) -> bool {
        self.contiguous_from(at) >= length
    }
}

impl<M: PhysicalMemory + ?Sized> PhysicalMemory for &M {
    #[inline]
    fn contiguous_from(&self, at: GuestAddress) -> u64 {
        (**self).contiguous_from(at)
    }

    #[inline]
    fn read_bytes(&self, at: GuestAddress, into: &mut [u8]) -> Result<(), AccessError> {
        (**self).read_bytes(at, into)
    }

    #[inline]
    fn read_u64(&self, at: GuestAddress) -> Result<u64, AccessError> {
        (**self).read_u64(at)
    }
}

/// Where zeros are copied from: a page of them.
static ZEROS: [u8; 4096] = [0; 4096];

/// Guest-physical memory in which bytes can be stored and moved.
///
/// The methods take `&self`: RAM is shared with the guest in any case.
pub trait BulkMemory: PhysicalMemory {
    /// The volatile accessor of that range.
    ///
    /// # Errors
    /// [`AccessError`] if not all of it is one piece of RAM.
    fn slice(&self, at: GuestAddress, length: u64) -> Result<VolatileSlice<'_>, AccessError>;

    /// Copies `length` bytes as `memmove` does: right even where the ranges overlap.
    ///
    /// # Errors
    /// [`AccessError`] if one of the ranges is not RAM; nothing is copied then.
    #[inline]
    fn copy(&self, from: GuestAddress, to: GuestAddress, length: u64) -> Result<(), AccessError> {
        let source = self.slice(from, length)?;
        source.copy_to_volatile_slice(self.slice(to, length)?);
        Ok(())
    }

    /// Fills the range with zeros.
    ///
    /// # Errors
    /// [`AccessError`] if not all of it is RAM; nothing is stored then.
    fn zero(&self, at: GuestAddress, length: u64) -> Result<(), AccessError> {
        let error = AccessError {
            address: at,
            length,
        };
        let mut rest = self.slice(at, length)?;
        while !rest.is_empty() {
            rest.copy_from(&ZEROS);
            let done = rest.len().min(ZEROS.len());
            rest = rest.offset(done).map_err(|_| error)?;
        }
        Ok(())
    }

    /// Stores `bytes` at `at`.
    ///
    /// # Errors
    /// [`AccessError`] if not all of it is RAM; nothing is stored then.
    #[inline]
    fn write_bytes(&self, at: GuestAddress, bytes: &[u8]) -> Result<(), AccessError> {
        self.slice(at, bytes.len() as u64)?.copy_from(bytes);
        Ok(())
    }
}
