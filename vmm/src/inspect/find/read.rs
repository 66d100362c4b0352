//! Reading: bytes as they are, holes as holes.

use super::super::{Hex, InspectError, Paused, Problems, Survey};
use super::metered::Metered;
use super::space::{Space, Stretch};
use super::{Gap, SpaceSelector, Via};
use crate::memory::PhysicalMemory;
use serde::{Serialize, Serializer};

/// Bytes that one reading gathers at most, holes not counted: it keeps them in memory, so
/// that nobody prints while a guest stands still.
pub const MAX_READ: u64 = 64 << 20;

/// Parts that one reading gathers at most, for the same reason.
const MAX_PIECES: usize = 1 << 16;

/// Bytes; in JSON a string of hexadecimal digits, two for each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HexBytes(pub Vec<u8>);

impl Serialize for HexBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&crate::inspect::digits(&self.0))
    }
}

/// A part of what was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Piece {
    /// Physically contiguous bytes.
    Bytes {
        /// Where they are in the space.
        address: Hex,
        /// How many they are.
        length: u64,
        /// Guest-physical address of the first.
        physical: Hex,
        /// How they were come by.
        via: Via,
        /// Themselves.
        bytes: HexBytes,
    },
    /// Nothing.
    Hole {
        /// Where it is in the space.
        address: Hex,
        /// Bytes that are not there.
        length: u64,
        /// Why.
        #[serde(flatten)]
        gap: Gap,
    },
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Contents {
    /// The space: `phys`, `vmo:KOID`, or a process, as it was asked for.
    pub space: String,
    /// The first address.
    pub address: Hex,
    /// Bytes from there on, holes included; fewer than asked for if more than [`MAX_READ`]
    /// are there, or if they are in very many parts: read on from there.
    pub length: u64,
    /// Bytes that are there.
    pub present: u64,
    /// All of it in ascending order.
    pub pieces: Vec<Piece>,
    /// What is broken.
    #[serde(skip)]
    pub problems: Problems,
}

impl Paused<'_> {
    /// Reads `length` bytes at `address` of a space, and no more than [`MAX_READ`].
    ///
    /// # Errors
    /// [`InspectError::NotFound`] if there is no such process or VMO,
    /// [`InspectError::Refused`] if the range is empty or wraps, [`InspectError::Root`] if
    /// the guest's objects cannot be found and `space` is of them.
    pub fn read(
        &self,
        space: &SpaceSelector,
        address: u64,
        length: u64,
    ) -> Result<Contents, InspectError> {
        let survey = match space {
            SpaceSelector::Physical => None,
            _ => Some(self.survey()?),
        };
        self.read_of(survey.as_ref(), space, address, length)
    }

    /// The same with a survey that was taken already, which must be of this pause.
    ///
    /// # Errors
    /// Those of [`Paused::read`].
    pub fn read_of(
        &self,
        survey: Option<&Survey>,
        space: &SpaceSelector,
        address: u64,
        length: u64,
    ) -> Result<Contents, InspectError> {
        let end = end_of(address, length)?;
        let meter = Metered::new(self.memory());
        let mut opened = Space::open(&meter, survey, space)?;
        let mut contents = Contents {
            space: space.to_string(),
            address: Hex(address),
            length: 0,
            present: 0,
            pieces: Vec::new(),
            problems: self.problems().clone(),
        };
        let mut at = address;
        while at < end && contents.present < MAX_READ && contents.pieces.len() < MAX_PIECES {
            let mut stretch = opened.stretch(at, end - at);
            if let Stretch::Bytes { length, .. } = &mut stretch {
                *length = (*length).min(MAX_READ - contents.present);
            }
            at = at.saturating_add(stretch.length());
            contents.push(&meter, stretch)?;
        }
        Ok(contents)
    }
}

/// Where a range ends.
pub(super) fn end_of(address: u64, length: u64) -> Result<u64, InspectError> {
    match address.checked_add(length) {
        Some(end) if length > 0 => Ok(end),
        Some(_) => Err(InspectError::Refused(
            "there is nothing in 0 bytes".to_owned(),
        )),
        None => Err(InspectError::Refused(format!(
            "{length:#x} bytes at {address:#x} lead beyond 2^64"
        ))),
    }
}

impl Contents {
    fn push(&mut self, memory: &Metered<'_>, stretch: Stretch) -> Result<(), InspectError> {
        let address = Hex(self.address.0.wrapping_add(self.length));
        self.length += stretch.length();
        match stretch {
            Stretch::Bytes { start, length, via } => {
                self.present += length;
                let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
                memory.read_bytes(start, &mut bytes)?;
                self.pieces.push(Piece::Bytes {
                    address,
                    length,
                    physical: Hex(start.0),
                    via,
                    bytes: HexBytes(bytes),
                });
            }
            Stretch::Hole { length, gap } => {
                if let Some(Piece::Hole {
                    length: before,
                    gap: same,
                    ..
                }) = self.pieces.last_mut()
                    && *same == gap
                {
                    *before += length;
                    return Ok(());
                }
                if let Gap::Broken { detail } = &gap {
                    self.problems.note(detail);
                }
                self.pieces.push(Piece::Hole {
                    address,
                    length,
                    gap,
                });
            }
        }
        Ok(())
    }
}
