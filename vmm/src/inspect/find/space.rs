//! A space of bytes, stretch by stretch: what is where, and what is not there and why.

use super::super::{InspectError, ProcessRecord, Survey};
use super::SpaceSelector;
use super::metered::Metered;
use super::process_space::ProcessSpace;
use super::vmo_space::VmoSpace;
use crate::memory::PhysicalMemory;
use crate::objects::VmoView;
use serde::Serialize;
use std::fmt;
use vm_memory::GuestAddress;

/// What a page costs that is broken or no RAM, in entries of tables
/// ([`Metered`](super::metered::Metered)): nothing else bounds how many are met.
const BROKEN_PAGE: u64 = 64;

/// How bytes were come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// By their guest-physical address.
    Physical,
    /// By the pages that their VMO shows.
    Vmo,
    /// By the process's page tables: the program reads just these.
    PageTables,
    /// No page table leads there yet. These are what the VMO of the mapping shows, and what
    /// the program will read once it may.
    Mapping,
}

/// Why there are no bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Gap {
    /// No RAM is there.
    NotRam,
    /// Neither a mapping nor a page table leads anywhere.
    NotMapped,
    /// The addresses of the kernel, or none at all.
    NotForPrograms,
    /// No page was needed there yet; what reads it gets zeros.
    NoPage,
    /// A pager has yet to supply it.
    Pager,
    /// The VMO ends before.
    BeyondVmo,
    /// Tables or structures are broken.
    Broken {
        /// How.
        detail: String,
    },
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotRam => "not RAM",
            Self::NotMapped => "not mapped",
            Self::NotForPrograms => "not for programs",
            Self::NoPage => "no page yet, reads as zeros",
            Self::Pager => "the pager has yet to supply it",
            Self::BeyondVmo => "beyond the end of the VMO",
            Self::Broken { detail } => return write!(f, "broken: {detail}"),
        })
    }
}

/// What a space holds from an address on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stretch {
    /// Physically contiguous bytes, all of them RAM.
    Bytes {
        start: GuestAddress,
        length: u64,
        via: Via,
    },
    /// Nothing.
    Hole { length: u64, gap: Gap },
}

impl Stretch {
    pub(super) const fn length(&self) -> u64 {
        match self {
            Self::Bytes { length, .. } | Self::Hole { length, .. } => *length,
        }
    }
}

/// A space of bytes.
#[derive(Debug)]
pub(super) enum Space<'m, 'r> {
    Physical(&'m Metered<'r>),
    Vmo(Box<VmoSpace<'m, 'r>>),
    Process(Box<ProcessSpace<'m, 'r>>),
}

impl<'m, 'r> Space<'m, 'r> {
    /// The space that is meant. A survey is needed for all but RAM.
    pub(super) fn open(
        memory: &'m Metered<'r>,
        survey: Option<&Survey>,
        place: &SpaceSelector,
    ) -> Result<Self, InspectError> {
        let survey = || survey.ok_or_else(|| InspectError::NotFound(format!("no `{place}`")));
        Ok(match place {
            SpaceSelector::Physical => Self::Physical(memory),
            SpaceSelector::Vmo(vmo) => Self::vmo(memory, survey()?.vmo(vmo)?)?,
            SpaceSelector::Process(process) => Self::process(memory, survey()?.process(process)?),
        })
    }

    pub(super) fn vmo(memory: &'m Metered<'r>, vmo: &VmoView) -> Result<Self, InspectError> {
        Ok(Self::Vmo(Box::new(VmoSpace::whole(memory, *vmo)?)))
    }

    pub(super) fn process(memory: &'m Metered<'r>, process: &ProcessRecord) -> Self {
        Self::Process(Box::new(ProcessSpace::new(memory, process)))
    }

    /// What is at `at`, and how far: at least 1 byte and at most `limit`, which is above 0
    /// and does not lead beyond 2^64. Neighbours may be alike.
    pub(super) fn stretch(&mut self, at: u64, limit: u64) -> Stretch {
        let memory = match self {
            Self::Physical(memory) => return physical(memory.ram(), at, limit),
            Self::Vmo(vmo) => vmo.memory(),
            Self::Process(process) => process.memory(),
        };
        if memory.is_exhausted() {
            let detail = "its tables have more entries than are looked at".to_owned();
            return Stretch::Hole {
                length: limit,
                gap: Gap::Broken { detail },
            };
        }
        let stretch = match self {
            Self::Vmo(vmo) => vmo.stretch(at, limit),
            Self::Process(process) => process.stretch(at, limit),
            Self::Physical(memory) => physical(memory.ram(), at, limit),
        };
        // These can be found page by page without a look at any table.
        let gap = match &stretch {
            Stretch::Hole { gap, .. } => Some(gap),
            Stretch::Bytes { .. } => None,
        };
        if matches!(gap, Some(Gap::NotRam | Gap::Broken { .. })) {
            memory.spend(BROKEN_PAGE);
        }
        stretch
    }
}

fn physical(ram: &super::super::InspectedRam, at: u64, limit: u64) -> Stretch {
    let start = GuestAddress(at);
    let length = ram.contiguous_from(start).min(limit);
    if length > 0 {
        let via = Via::Physical;
        return Stretch::Bytes { start, length, via };
    }
    let pieces = ram.pieces();
    let next = pieces
        .iter()
        .map(|(base, _)| base.0)
        .find(|base| *base > at);
    Stretch::Hole {
        length: next.map_or(limit, |next| limit.min(next - at)),
        gap: Gap::NotRam,
    }
}
