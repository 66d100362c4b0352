//! The RAM of a guest that somebody else runs, or that was saved.

use super::InspectError;
use crate::memory::{AccessError, BulkMemory, MockRam, PhysicalMemory};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use vm_memory::mmap::MmapRegion;
use vm_memory::{FileOffset, GuestAddress, VolatileMemory, VolatileSlice};

/// The alignment that a mapping of a file needs.
const MAP_ALIGNMENT: u64 = 4096;

/// Where a piece of RAM stands in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RamPiece {
    /// Guest-physical address of its first byte.
    pub base: GuestAddress,
    /// Bytes, in RAM and in the file.
    pub length: u64,
    /// Offset of its first byte in the file.
    pub file_offset: u64,
}

/// RAM that is looked at and not written: a live machine's memory file, an image, a mock.
#[derive(Debug)]
pub struct InspectedRam(Kind);

#[derive(Debug)]
enum Kind {
    Mapped {
        file: Arc<File>,
        pieces: Vec<Mapped>,
    },
    Mock(Arc<MockRam>),
}

#[derive(Debug)]
struct Mapped {
    piece: RamPiece,
    region: MmapRegion,
    /// Where the piece starts in the region: mappings start at pages of the file.
    skip: usize,
}

impl InspectedRam {
    /// RAM from pieces of a file, which is mapped and not copied. Pieces are put into
    /// ascending order.
    ///
    /// Whoever shortens the file while it is mapped kills this process (`SIGBUS`): the
    /// memory file of a machine is sealed against that.
    ///
    /// # Errors
    /// [`InspectError::NotAnImage`] if pieces overlap or wrap, or reach beyond the file's
    /// end; [`InspectError::File`] if the host cannot map them.
    pub fn map(path: &Path, file: Arc<File>, pieces: &[RamPiece]) -> Result<Self, InspectError> {
        let broken = |reason: String| InspectError::NotAnImage {
            path: path.to_owned(),
            reason,
        };
        let in_file = file.metadata().map_err(|source| InspectError::File {
            path: path.to_owned(),
            source,
        })?;
        let in_file = in_file.len();
        let mut pieces: Vec<_> = pieces.iter().filter(|piece| piece.length > 0).collect();
        pieces.sort_by_key(|piece| piece.base.0);
        let mut end = 0;
        let mut mapped = Vec::with_capacity(pieces.len());
        for piece in pieces {
            let next = piece.base.0.checked_add(piece.length);
            let (true, Some(next)) = (piece.base.0 >= end, next) else {
                return Err(broken(format!(
                    "its piece of {:#x} bytes at guest-physical {:#x} overlaps another one, or wraps",
                    piece.length, piece.base.0
                )));
            };
            end = next;
            let file_end = piece.file_offset.checked_add(piece.length);
            if file_end.is_none_or(|end| end > in_file) {
                return Err(broken(format!(
                    "its piece of {:#x} bytes at guest-physical {:#x} reaches beyond the file's end",
                    piece.length, piece.base.0
                )));
            }
            mapped.push(Mapped::new(path, &file, *piece)?);
        }
        Ok(Self(Kind::Mapped {
            file,
            pieces: mapped,
        }))
    }

    /// The RAM of a mock.
    #[must_use]
    pub const fn mock(ram: Arc<MockRam>) -> Self {
        Self(Kind::Mock(ram))
    }

    /// Bytes of RAM.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.pieces().iter().map(|(_, length)| length).sum()
    }

    /// Its pieces (first address, bytes), in ascending order.
    #[must_use]
    pub fn pieces(&self) -> Vec<(GuestAddress, u64)> {
        match &self.0 {
            Kind::Mapped { pieces, .. } => pieces
                .iter()
                .map(|mapped| (mapped.piece.base, mapped.piece.length))
                .collect(),
            Kind::Mock(ram) => {
                let mut pieces = ram.pieces();
                pieces.sort_by_key(|(base, _)| base.0);
                pieces
            }
        }
    }

    /// The first stretch (address, bytes) at `at` or above that is RAM and may hold anything
    /// but zeros; what is not in such a stretch was never written, or is a hole of the image.
    /// `None` if there is no more.
    #[must_use]
    pub fn populated_from(&self, at: GuestAddress) -> Option<(GuestAddress, u64)> {
        match &self.0 {
            Kind::Mapped { file, pieces } => pieces
                .iter()
                .find_map(|mapped| mapped.piece.populated_from(file, at)),
            Kind::Mock(_) => self.pieces().into_iter().find_map(|(base, length)| {
                let end = base.0 + length;
                let from = at.0.max(base.0);
                (from < end).then(|| (GuestAddress(from), end - from))
            }),
        }
    }

    /// The memory itself, without a copy; a live guest that goes on changes it.
    ///
    /// # Errors
    /// [`AccessError`] if not all of it is one piece of RAM.
    pub fn slice(&self, at: GuestAddress, length: u64) -> Result<VolatileSlice<'_>, AccessError> {
        match &self.0 {
            Kind::Mapped { pieces, .. } => Self::locate(pieces, at).and_then(|(mapped, offset)| {
                let index = mapped.index(offset, length)?;
                let length = usize::try_from(length).ok()?;
                mapped.region.get_slice(index, length).ok()
            }),
            Kind::Mock(ram) => return ram.slice(at, length),
        }
        .ok_or(AccessError {
            address: at,
            length,
        })
    }

    /// The file and where the RAM stands in it; `None` of a mock.
    #[must_use]
    pub fn file(&self) -> Option<(&Arc<File>, Vec<RamPiece>)> {
        match &self.0 {
            Kind::Mapped { file, pieces } => {
                Some((file, pieces.iter().map(|mapped| mapped.piece).collect()))
            }
            Kind::Mock(_) => None,
        }
    }
}

impl RamPiece {
    /// See [`InspectedRam::populated_from`].
    fn populated_from(&self, file: &File, at: GuestAddress) -> Option<(GuestAddress, u64)> {
        use rustix::fs::{SeekFrom, seek};
        let end = self.file_offset + self.length;
        let skipped = at.0.saturating_sub(self.base.0);
        if skipped >= self.length {
            return None;
        }
        let wanted = self.file_offset + skipped;
        let data = match seek(file, SeekFrom::Data(wanted)) {
            Ok(data) => data,
            // No data from there to the end of the file.
            Err(rustix::io::Errno::NXIO) => return None,
            // The file system does not know: all of it may be.
            Err(_) => wanted,
        };
        if data >= end {
            return None;
        }
        let hole = seek(file, SeekFrom::Hole(data)).unwrap_or(end).min(end);
        let address = self.base.0 + (data - self.file_offset);
        (hole > data).then(|| (GuestAddress(address), hole - data))
    }
}

impl Mapped {
    fn new(path: &Path, file: &Arc<File>, piece: RamPiece) -> Result<Self, InspectError> {
        let failed = |source: io::Error| InspectError::File {
            path: path.to_owned(),
            source,
        };
        let start = piece.file_offset & !(MAP_ALIGNMENT - 1);
        let skip = piece.file_offset - start;
        let sizes = piece
            .length
            .checked_add(skip)
            .and_then(|bytes| usize::try_from(bytes).ok())
            .zip(usize::try_from(skip).ok());
        let Some((bytes, skip)) = sizes else {
            return Err(failed(io::ErrorKind::OutOfMemory.into()));
        };
        let region = MmapRegion::build(
            Some(FileOffset::from_arc(Arc::clone(file), start)),
            bytes,
            libc::PROT_READ,
            libc::MAP_SHARED | libc::MAP_NORESERVE,
        )
        .map_err(|error| failed(io::Error::other(error)))?;
        Ok(Self {
            piece,
            region,
            skip,
        })
    }
}

impl InspectedRam {
    #[inline]
    fn locate(pieces: &[Mapped], at: GuestAddress) -> Option<(&Mapped, u64)> {
        // Most guests have one or two pieces, and nearly all is in the first.
        if let Some(first) = pieces.first()
            && let offset = at.0.wrapping_sub(first.piece.base.0)
            && offset < first.piece.length
        {
            return Some((first, offset));
        }
        let after = pieces.partition_point(|mapped| mapped.piece.base.0 <= at.0);
        let mapped = pieces.get(after.checked_sub(1)?)?;
        let offset = at.0 - mapped.piece.base.0;
        (offset < mapped.piece.length).then_some((mapped, offset))
    }
}

impl Mapped {
    /// The index in the region of `length` bytes at `offset` of the piece.
    #[inline]
    fn index(&self, offset: u64, length: u64) -> Option<usize> {
        if length > self.piece.length - offset {
            return None;
        }
        usize::try_from(offset).ok()?.checked_add(self.skip)
    }
}

impl PhysicalMemory for InspectedRam {
    #[inline]
    fn contiguous_from(&self, at: GuestAddress) -> u64 {
        match &self.0 {
            Kind::Mapped { pieces, .. } => {
                Self::locate(pieces, at).map_or(0, |(mapped, offset)| mapped.piece.length - offset)
            }
            Kind::Mock(ram) => ram.contiguous_from(at),
        }
    }

    #[inline]
    fn read_bytes(&self, at: GuestAddress, into: &mut [u8]) -> Result<(), AccessError> {
        match &self.0 {
            Kind::Mapped { pieces, .. } => {
                let length = into.len() as u64;
                let found = Self::locate(pieces, at).and_then(|(mapped, offset)| {
                    let index = mapped.index(offset, length)?;
                    mapped.region.get_slice(index, into.len()).ok()
                });
                let slice = found.ok_or(AccessError {
                    address: at,
                    length,
                })?;
                slice.copy_to(into);
                Ok(())
            }
            Kind::Mock(ram) => ram.read_bytes(at, into),
        }
    }

    #[inline]
    fn read_u64(&self, at: GuestAddress) -> Result<u64, AccessError> {
        match &self.0 {
            Kind::Mapped { pieces, .. } => Self::locate(pieces, at)
                .and_then(|(mapped, offset)| {
                    let index = mapped.index(offset, 8)?;
                    mapped.region.get_ref::<u64>(index).ok()
                })
                .map(|word| u64::from_le(word.load()))
                .ok_or(AccessError {
                    address: at,
                    length: 8,
                }),
            Kind::Mock(ram) => ram.read_u64(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Seek, SeekFrom, Write};

    fn file(bytes: u64) -> Arc<File> {
        let name = c"test";
        let file = rustix::fs::memfd_create(name, rustix::fs::MemfdFlags::CLOEXEC).unwrap();
        let file = File::from(file);
        file.set_len(bytes).unwrap();
        Arc::new(file)
    }

    fn put(mut file: &File, at: u64, bytes: &[u8]) {
        file.seek(SeekFrom::Start(at)).unwrap();
        file.write_all(bytes).unwrap();
    }

    fn piece(base: u64, length: u64, file_offset: u64) -> RamPiece {
        RamPiece {
            base: GuestAddress(base),
            length,
            file_offset,
        }
    }

    #[test]
    fn pieces_are_found_wherever_they_stand_in_the_file() {
        let file = file(0x5000);
        put(&file, 0x123, b"first");
        put(&file, 0x3000, b"second");
        let pieces = [
            piece(0x10_0000, 0x1000, 0x3000),
            piece(0x1000, 0x900, 0x123),
        ];
        let ram = InspectedRam::map(Path::new("x"), file, &pieces).unwrap();
        let mut bytes = [0; 5];
        ram.read_bytes(GuestAddress(0x1000), &mut bytes).unwrap();
        assert_eq!(&bytes, b"first");
        assert_eq!(
            ram.read_u64(GuestAddress(0x10_0000)).unwrap(),
            u64::from_le_bytes(*b"second\0\0")
        );
        assert_eq!(ram.size(), 0x1900);
        assert_eq!(ram.contiguous_from(GuestAddress(0x1800)), 0x100);
        for outside in [0, 0xFFF, 0x18FC, 0x1900, 0x10_0FFC, 0x10_1000, u64::MAX] {
            let at = GuestAddress(outside);
            assert!(ram.read_u64(at).is_err(), "{outside:#x}");
            assert!(ram.read_bytes(at, &mut [0; 8]).is_err(), "{outside:#x}");
        }
    }

    #[test]
    fn what_was_never_written_is_skipped() {
        let file = file(64 << 12);
        put(&file, 5 << 12, b"x");
        put(&file, 40 << 12, b"y");
        let pieces = [piece(0, 32 << 12, 0), piece(1 << 20, 32 << 12, 32 << 12)];
        let ram = InspectedRam::map(Path::new("x"), file, &pieces).unwrap();
        let (mut at, mut seen) = (GuestAddress(0), Vec::new());
        while let Some((address, length)) = ram.populated_from(at) {
            seen.push((address.0, length));
            at = GuestAddress(address.0 + length);
        }
        assert_eq!(seen, [(5 << 12, 1 << 12), ((1 << 20) + (8 << 12), 1 << 12)]);
        let inside = ram.populated_from(GuestAddress((5 << 12) + 7));
        assert_eq!(inside, Some((GuestAddress((5 << 12) + 7), 4089)));
    }

    #[test]
    fn pieces_that_cannot_be_are_refused() {
        for pieces in [
            vec![piece(0, 0x2000, 0), piece(0x1000, 0x1000, 0)],
            vec![piece(u64::MAX - 0xFFF, 0x2000, 0)],
            vec![piece(0, 0x9000, 0)],
            vec![piece(0, 0x1000, u64::MAX - 0xFFF)],
        ] {
            let ram = InspectedRam::map(Path::new("x"), file(0x8000), &pieces);
            assert!(ram.is_err(), "{pieces:?}");
        }
    }
}
