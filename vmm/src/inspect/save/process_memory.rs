//! What a process would see in its address space, as stretches that are alike.

use super::super::{InspectedRam, Problems, ProcessRecord, Survey};
use crate::memory::{PhysicalMemory, VmoOffset};
use crate::objects::{Content, ContentRun, MappingView, VmoView};
use abi::objects::Permissions;
use vm_memory::GuestAddress;

/// Stretches that are told of at most.
const MAX_STRETCHES: usize = 1 << 20;
/// Bytes of VMOs with pages that are looked at: page lists are the guest's, can lead in circles,
/// and each page of a hole costs a look.
/// Unoptimized tests have less.
const MAX_BYTES: u64 = if cfg!(test) { 1 << 32 } else { 1 << 37 };
/// Bytes that are looked up in one go: each page of a hole is looked at.
const STEP: u64 = 1 << 30;

/// What stands at a stretch of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// These bytes of RAM.
    At(GuestAddress),
    /// Zeros: pages that were never touched.
    Zeros,
    /// Nothing that is in memory, or nothing at all.
    Nothing,
}

/// Addresses of one mapping that show the same kind of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) address: u64,
    pub(super) length: u64,
    pub(super) shown: Shown,
    pub(super) permissions: Permissions,
    /// Which mapping it is in, counted.
    pub(super) mapping: usize,
}

impl Stretch {
    const fn end(&self) -> u64 {
        self.address.saturating_add(self.length)
    }
}

/// All stretches of a process, in ascending order.
#[derive(Debug)]
pub(super) struct ProcessMemory<'m> {
    memory: &'m InspectedRam,
    pub(super) stretches: Vec<Stretch>,
}

impl<'m> ProcessMemory<'m> {
    /// Looks all mappings of `process` up, the first `most` bytes of each.
    pub(super) fn new(
        memory: &'m InspectedRam,
        survey: &Survey,
        process: &ProcessRecord,
        most: u64,
        problems: &mut Problems,
    ) -> Self {
        let mut all = Self {
            memory,
            stretches: Vec::new(),
        };
        let mut budget = MAX_BYTES;
        for (number, mapping) in process.mappings().enumerate() {
            if let Err(why) = all.mapping(survey, (number, mapping), most, &mut budget) {
                problems.note(format_args!(
                    "the mapping at {:#x} to {:#x}: {why}",
                    mapping.base(),
                    mapping.end()
                ));
            }
        }
        all.stretches.sort_by_key(|stretch| stretch.address);
        all
    }

    /// Adds the stretches of a mapping; says why some are lacking.
    fn mapping(
        &mut self,
        survey: &Survey,
        (number, mapping): (usize, &MappingView),
        most: u64,
        budget: &mut u64,
    ) -> Result<(), String> {
        let raw = mapping.raw();
        let length = raw.region.size.min(most);
        let Some(mut vmo) = survey.vmo_at(mapping.vmo()).copied() else {
            return Err("its VMO is in no list, so what it shows is not known".to_owned());
        };
        let window = vmo.enter(self.memory).map_err(|error| error.to_string())?;
        // What is beyond the end of the VMO is not there for the program either.
        let size = window.size.min(vmo.size().saturating_sub(window.base));
        let inside = size.saturating_sub(raw.vmo_offset).min(length);
        let permissions = Permissions::from_bits_truncate(raw.permissions);
        let mut waiting = 0;
        let mut push = |at: u64, length, shown| {
            if self.stretches.len() >= MAX_STRETCHES {
                return Err(format!(
                    "more than {MAX_STRETCHES} stretches: the rest is left out"
                ));
            }
            let stretch = Stretch {
                address: mapping.base().saturating_add(at),
                length,
                shown,
                permissions,
                mapping: number,
            };
            match self.stretches.last_mut() {
                Some(last) if continues(last, &stretch) => last.length += length,
                _ => self.stretches.push(stretch),
            }
            Ok(())
        };
        let mut at = 0;
        // One look says all.
        let empty = vmo.raw().pages == 0 && !vmo.is_layered();
        let mut contents = vmo.contents(self.memory);
        while at < inside {
            if *budget == 0 {
                return Err(format!(
                    "more than {MAX_BYTES:#x} bytes are mapped: what comes from offset {at:#x} on \
                     is left out"
                ));
            }
            let limit = match empty {
                true => inside - at,
                false => (inside - at).min(STEP).min(*budget),
            };
            let offset = window
                .base
                .saturating_add(raw.vmo_offset)
                .saturating_add(at);
            let run = if vmo.is_physical() {
                physical(self.memory, &vmo, offset, limit)
            } else {
                contents.run(VmoOffset(offset), limit)
            };
            let run = run.map_err(|error| error.to_string())?;
            if !empty {
                *budget -= run.length;
            }
            let shown = match run.content {
                Content::At(start) => Shown::At(start),
                Content::Zeros if vmo.is_discarded() => Shown::Nothing,
                Content::Zeros => Shown::Zeros,
                Content::Pager => {
                    waiting += run.length;
                    Shown::Nothing
                }
            };
            push(at, run.length, shown)?;
            at += run.length;
        }
        if inside < length {
            push(inside, length - inside, Shown::Nothing)?;
        }
        if waiting > 0 {
            return Err(format!(
                "{waiting} bytes are still with their pager, and left out"
            ));
        }
        Ok(())
    }

    /// Fills `into` with what stands at `address`; false if not all of it is in memory.
    pub(super) fn read(&self, address: u64, into: &mut [u8]) -> bool {
        let mut done = 0;
        while let Some(rest) = into.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let Some(at) = address.checked_add(done as u64) else {
                return false;
            };
            let after = self
                .stretches
                .partition_point(|stretch| stretch.address <= at);
            let stretch = after
                .checked_sub(1)
                .and_then(|index| self.stretches.get(index));
            let Some(stretch) = stretch.filter(|stretch| at < stretch.end()) else {
                return false;
            };
            let skip = at - stretch.address;
            let length = usize::try_from(stretch.length - skip).unwrap_or(usize::MAX);
            let length = length.min(rest.len());
            let Some(part) = rest.get_mut(..length) else {
                return false;
            };
            match stretch.shown {
                Shown::At(start) => {
                    let from = GuestAddress(start.0.saturating_add(skip));
                    if self.memory.read_bytes(from, part).is_err() {
                        return false;
                    }
                }
                Shown::Zeros => part.fill(0),
                Shown::Nothing => return false,
            }
            done += length;
        }
        true
    }
}

/// What a physical VMO shows: RAM, or a device's memory, which is not looked at.
fn physical(
    memory: &InspectedRam,
    vmo: &VmoView,
    offset: u64,
    limit: u64,
) -> Result<ContentRun, crate::objects::ContentError> {
    let start = GuestAddress(vmo.raw().physical_base.saturating_add(offset));
    let (content, length) = match memory.contiguous_from(start).min(limit) {
        0 => (Content::Pager, limit),
        length => (Content::At(start), length),
    };
    Ok(ContentRun { content, length })
}

fn continues(last: &Stretch, next: &Stretch) -> bool {
    let same = last.mapping == next.mapping && last.end() == next.address;
    same && match (last.shown, next.shown) {
        (Shown::At(first), Shown::At(second)) => first.0.checked_add(last.length) == Some(second.0),
        (first, second) => first == second,
    }
}
