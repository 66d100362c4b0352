//! Searching a space in its own order, wherever its pages are.

use super::super::{Hex, InspectError, InspectedRam, Problems, Survey};
use super::SpaceSelector;
use super::metered::Metered;
use super::pattern::Pattern;
use super::read::HexBytes;
use super::scanner::Scanner;
use super::space::{Gap, Space, Stretch};
use abi::layout::USER_TOP;
use serde::Serialize;
use vm_memory::GuestAddress;

/// Bytes of a match that are kept.
const SHOWN: usize = 32;
/// Bytes that are searched at most, as a multiple of RAM: page tables of a guest made for it
/// show the same frame as often as they like.
const MAX_TIMES_RAM: u64 = 16;
/// The same for small RAM.
const MIN_BOUND: u64 = 64 << 20;
/// Bytes between two reports of progress.
const STEP: u64 = 4 << 20;

/// What is to be found, and where.
#[derive(Clone, Debug)]
pub struct Search {
    /// What.
    pub pattern: Pattern,
    /// Where.
    pub space: SpaceSelector,
    /// First address, and one past the last; `None` for all of it.
    pub range: Option<(u64, u64)>,
    /// Matches after which to stop.
    pub limit: usize,
}

/// How far a search is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchProgress {
    /// Bytes that were searched.
    pub searched: u64,
    /// Bytes that there are to search, at most.
    pub total: u64,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Matches {
    /// The space: `phys`, `vmo:KOID`, or a process, as it was asked for.
    pub space: String,
    /// Bytes that were searched; what was never written, or has no page, is not counted.
    pub searched: u64,
    /// In ascending order of address.
    pub matches: Vec<Match>,
    /// The search was ended by the limit.
    pub more: bool,
    /// What could not be searched.
    #[serde(skip)]
    pub problems: Problems,
}

/// A match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Match {
    /// Where it is in the space.
    pub address: Hex,
    /// Its bytes.
    pub length: u64,
    /// Guest-physical address of the first; null if that is not known any more.
    pub physical: Option<Hex>,
    /// The first 32 bytes of it.
    pub bytes: HexBytes,
    /// Who owns it; null if it was not looked up.
    pub owner: Option<super::MatchOwner>,
}

impl Search {
    /// Searches. The guest should stand still; if it runs, a match may be torn or missed. A
    /// survey is needed for all but RAM. No owner is looked up
    /// ([`Matches::find_owners`]).
    ///
    /// Matches are found across pages that follow each other in the space. Memory that was
    /// never written, and what has no page, is not searched: it is zero.
    ///
    /// # Errors
    /// [`InspectError::NotFound`] if there is no such process or VMO.
    pub fn run(
        &self,
        memory: &InspectedRam,
        survey: Option<&Survey>,
        progress: &mut dyn FnMut(SearchProgress),
    ) -> Result<Matches, InspectError> {
        let meter = Metered::new(memory);
        let mut space = Space::open(&meter, survey, &self.space)?;
        let mut run = Run {
            search: self,
            scanner: Scanner::new(&self.pattern),
            matches: Matches {
                space: self.space.to_string(),
                searched: 0,
                matches: Vec::new(),
                more: false,
                problems: Problems::default(),
            },
            reported: 0,
            total: memory.size(),
            progress,
        };
        let (from, to) = self.range.unwrap_or((0, u64::MAX));
        match &mut space {
            Space::Physical(_) => run.physical(memory, from, to)?,
            Space::Vmo(vmo) => {
                let to = to.min(vmo.size());
                run.total = run.total.min(to.saturating_sub(from));
                run.space(&meter, &mut space, from, to)?;
            }
            Space::Process(_) => run.space(&meter, &mut space, from, to.min(USER_TOP))?,
        }
        let mut matches = run.matches;
        // Through the space once more, for those few.
        for found in &mut matches.matches {
            if let Stretch::Bytes { start, .. } = space.stretch(found.address.0, 1) {
                found.physical = Some(Hex(start.0));
            }
        }
        Ok(matches)
    }
}

struct Run<'s> {
    search: &'s Search,
    scanner: Scanner<'s>,
    matches: Matches,
    reported: u64,
    total: u64,
    progress: &'s mut dyn FnMut(SearchProgress),
}

impl Run<'_> {
    /// All of RAM that may hold anything.
    fn physical(&mut self, memory: &InspectedRam, from: u64, to: u64) -> Result<(), InspectError> {
        let mut total = 0u64;
        let mut runs = Vec::new();
        let mut at = GuestAddress(from);
        while let Some((start, length)) = memory.populated_from(at) {
            let end = start.0.saturating_add(length).min(to);
            if start.0 >= end {
                break;
            }
            runs.push((start, end - start.0));
            total = total.saturating_add(end - start.0);
            at = GuestAddress(end);
        }
        self.total = total;
        for (start, length) in runs {
            self.push(memory, start, start.0, length)?;
            if self.scanner.is_ended() {
                return Ok(());
            }
        }
        self.gap();
        Ok(())
    }

    fn space(
        &mut self,
        memory: &Metered<'_>,
        space: &mut Space<'_, '_>,
        from: u64,
        to: u64,
    ) -> Result<(), InspectError> {
        let bound = memory
            .ram()
            .size()
            .saturating_mul(MAX_TIMES_RAM)
            .max(MIN_BOUND);
        let mut at = from;
        while at < to && !self.scanner.is_ended() {
            if self.scanner.scanned >= bound {
                self.matches.problems.note(format_args!(
                    "searched {bound:#x} bytes, far more than there is RAM: the rest from {at:#x} \
                     on is left out"
                ));
                break;
            }
            let stretch = space.stretch(at, to - at);
            let length = stretch.length().max(1);
            match stretch {
                Stretch::Bytes { start, length, .. } => {
                    let length = length.min(bound - self.scanner.scanned);
                    self.push(memory.ram(), start, at, length)?;
                    at = at.saturating_add(length);
                    continue;
                }
                Stretch::Hole { gap, .. } => {
                    if let Gap::Broken { detail } = gap {
                        self.matches.problems.note(detail);
                    }
                    self.gap();
                }
            }
            at = at.saturating_add(length);
        }
        self.gap();
        Ok(())
    }

    fn push(
        &mut self,
        memory: &InspectedRam,
        start: GuestAddress,
        address: u64,
        length: u64,
    ) -> Result<(), InspectError> {
        let mut done = 0;
        while done < length && !self.scanner.is_ended() {
            let now = (length - done).min(STEP);
            let (matches, limit) = (&mut self.matches, self.search.limit);
            self.scanner.push(
                memory,
                GuestAddress(start.0 + done),
                (address + done, now),
                &mut |at, bytes| matches.take(at, bytes, limit),
            )?;
            done += now;
            self.matches.searched = self.scanner.scanned;
            if self.scanner.scanned - self.reported >= STEP {
                self.reported = self.scanner.scanned;
                (self.progress)(SearchProgress {
                    searched: self.reported,
                    total: self.total.max(self.reported),
                });
            }
        }
        Ok(())
    }

    fn gap(&mut self) {
        let (matches, limit) = (&mut self.matches, self.search.limit);
        self.scanner
            .gap(&mut |at, bytes| matches.take(at, bytes, limit));
    }
}

impl Matches {
    /// Takes a match; false if there are enough.
    fn take(&mut self, address: u64, bytes: &[u8], limit: usize) -> bool {
        if self.matches.len() >= limit {
            self.more = true;
            return false;
        }
        let shown = bytes.get(..SHOWN).unwrap_or(bytes);
        self.matches.push(Match {
            address: Hex(address),
            length: bytes.len() as u64,
            physical: None,
            bytes: HexBytes(shown.to_vec()),
            owner: None,
        });
        true
    }
}
