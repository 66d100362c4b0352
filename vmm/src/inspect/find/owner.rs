//! Who owns what was found.

use super::super::look::{FrameKind, FrameOwners, frame_owners};
use super::super::{Hex, InspectedRam, Paused, Problems, ProcessRecord, Survey};
use super::diff::DiffObject;
use super::search::Matches;
use crate::memory::VmoOffset;
use crate::objects::{Content, VmoView};
use abi::layout::PAGE_SIZE;
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use vm_memory::GuestAddress;

/// Mappings of one VMO that are kept.
const MAX_MAPPINGS: usize = 4096;
/// VMOs, and mappings, that are told of one place; of more, how many they are.
const MAX_TOLD: usize = 16;
/// VMOs that are looked at for one place.
const MAX_VMOS: usize = 1024;

/// Who owns a byte of RAM, and who sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MatchOwner {
    /// What its frame is used for.
    pub kind: FrameKind,
    /// The same for a person.
    pub description: String,
    /// Of a page of a VMO: the VMO's koid, 0 for a private clone. Of a shared page: the first
    /// of `vmos`.
    pub vmo: Option<u64>,
    /// Of a page of a VMO: the byte's offset in it.
    pub vmo_offset: Option<u64>,
    /// Of a page of a VMO: all VMOs that show it, those that look through to it included; the
    /// first 16.
    pub vmos: Vec<ShownIn>,
    /// How many more VMOs show it.
    pub more_vmos: u64,
    /// Of a page table: the koid of its process.
    pub process: Option<u64>,
    /// Where processes have the byte mapped; the first 16 that were found.
    pub mapped: Vec<MappedAt>,
    /// How many more mappings show it.
    pub more_mapped: u64,
}

/// A VMO that shows a byte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShownIn {
    /// Its koid, 0 for a private clone.
    pub koid: u64,
    /// Its name.
    pub name: String,
    /// The byte's offset in it.
    pub offset: u64,
}

/// A place in a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MappedAt {
    /// The process's koid.
    pub process: u64,
    /// Its name.
    pub name: String,
    /// The byte's address there.
    pub address: Hex,
}

/// Looks up owners of bytes.
#[derive(Debug)]
pub(super) struct OwnerIndex<'s> {
    frames: FrameOwners,
    memory: &'s InspectedRam,
    survey: &'s Survey,
    /// Of the VMO that stands there: where it, or a part of it, is mapped.
    mappings: HashMap<u64, Vec<Shown>>,
    /// Of the VMO that stands there: those that look through to it, as indices in
    /// [`Survey::vmos`].
    clones: HashMap<u64, Vec<usize>>,
}

/// A mapping of a part of a VMO.
#[derive(Debug)]
struct Shown {
    /// Offset of the part in the VMO that has the bytes.
    offset: u64,
    length: u64,
    /// Index in [`Survey::processes`].
    process: usize,
    address: u64,
}

impl<'s> OwnerIndex<'s> {
    pub(super) fn new(paused: &'s Paused<'_>, survey: &'s Survey, problems: &mut Problems) -> Self {
        let frames = frame_owners(paused, survey, problems);
        let mut mappings: HashMap<u64, Vec<Shown>> = HashMap::new();
        for (process, record) in survey.processes.iter().enumerate() {
            for mapping in record.mappings() {
                let Some((holder, base)) = holder(paused.memory(), survey, mapping.vmo()) else {
                    continue;
                };
                let list = mappings.entry(holder.0).or_default();
                if list.len() < MAX_MAPPINGS {
                    list.push(Shown {
                        offset: base.saturating_add(mapping.raw().vmo_offset),
                        length: mapping.end() - mapping.base(),
                        process,
                        address: mapping.base(),
                    });
                }
            }
        }
        let mut clones: HashMap<u64, Vec<usize>> = HashMap::new();
        for (index, vmo) in survey.vmos.iter().enumerate() {
            let source = vmo.raw().source;
            if !vmo.is_alias() && !source.is_none() {
                clones.entry(source.address()).or_default().push(index);
            }
        }
        Self {
            frames,
            memory: paused.memory(),
            survey,
            mappings,
            clones,
        }
    }

    /// Who owns each frame.
    pub(super) const fn frames(&self) -> &FrameOwners {
        &self.frames
    }

    /// Who owns the byte at `at`; `None` if that is no RAM.
    pub(super) fn of(&self, at: GuestAddress) -> Option<MatchOwner> {
        let owner = self.frames.owner_of(at)?;
        let page = owner.kind == FrameKind::VmoPage || owner.kind == FrameKind::PhysicalVmo;
        let vmo = owner.vmo.map(|vmo| vmo.koid).filter(|_| page);
        let offset = owner.offset.filter(|_| page);
        let byte = offset.map(|offset| offset.saturating_add(at.0 & 0xFFF));
        let shown = if page { self.shown(at) } else { Vec::new() };
        let vmos = shown.iter().filter_map(|(index, offset)| {
            let vmo = self.survey.vmos.get(*index)?;
            Some(ShownIn {
                koid: vmo.koid(),
                name: vmo.name().into_owned(),
                offset: *offset,
            })
        });
        let (mapped, more_mapped) = self.mapped(&shown);
        Some(MatchOwner {
            kind: owner.kind,
            description: owner.to_string(),
            vmo,
            vmo_offset: byte,
            vmos: vmos.take(MAX_TOLD).collect(),
            more_vmos: shown.len().saturating_sub(MAX_TOLD) as u64,
            process: owner.process.map(|process| process.koid),
            mapped,
            more_mapped,
        })
    }

    /// The VMOs that show the byte at `at`, as indices in [`Survey::vmos`], with its offset:
    /// those that have the page, and the clones that look through to it.
    fn shown(&self, at: GuestAddress) -> Vec<(usize, u64)> {
        let in_page = at.0 & (PAGE_SIZE - 1);
        let sharers = self.frames.sharers_of(at).take(MAX_VMOS);
        let mut found: Vec<(usize, u64)> = sharers
            .map(|(vmo, offset)| (vmo, offset.saturating_add(in_page)))
            .collect();
        let mut met: HashSet<(usize, u64)> = found.iter().copied().collect();
        let mut next = 0;
        while let Some((vmo, offset)) = found.get(next).copied() {
            next += 1;
            let Some(vmo) = self.survey.vmos.get(vmo) else {
                continue;
            };
            let clones = self.clones.get(&vmo.address().0).into_iter().flatten();
            for index in clones {
                let Some(clone) = self.survey.vmos.get(*index) else {
                    continue;
                };
                let Some(there) = offset.checked_sub(clone.raw().source_offset) else {
                    continue;
                };
                if found.len() < MAX_VMOS
                    && there < clone.size()
                    && !met.contains(&(*index, there))
                    && self.shows(clone, there, at)
                {
                    met.insert((*index, there));
                    found.push((*index, there));
                }
            }
        }
        found
    }

    /// Whether a VMO's byte is the one at `at`.
    fn shows(&self, vmo: &VmoView, offset: u64, at: GuestAddress) -> bool {
        let run = vmo.contents(self.memory).run(VmoOffset(offset), 1);
        run.is_ok_and(|run| matches!(run.content, Content::At(start) if start == at))
    }

    /// By where a VMO stands: the processes that have it mapped, each once.
    pub(super) fn processes_by_vmo(&self) -> HashMap<u64, Vec<DiffObject>> {
        let processes = |list: &Vec<Shown>| {
            let mut found: Vec<usize> = list.iter().map(|shown| shown.process).collect();
            found.dedup();
            let records = found
                .iter()
                .filter_map(|index| self.survey.processes.get(*index));
            let object = |process: &ProcessRecord| DiffObject {
                koid: process.koid(),
                name: process.view.name().into_owned(),
            };
            records.map(object).collect()
        };
        let all = self.mappings.iter();
        all.map(|(vmo, list)| (*vmo, processes(list))).collect()
    }

    /// Where these are mapped, and how many more there are than are told.
    fn mapped(&self, shown: &[(usize, u64)]) -> (Vec<MappedAt>, u64) {
        let (mut told, mut more) = (Vec::new(), 0);
        for (vmo, offset) in shown {
            let vmo = self.survey.vmos.get(*vmo);
            let mappings = vmo.and_then(|vmo| self.mappings.get(&vmo.address().0));
            for mapping in mappings.into_iter().flatten() {
                let Some(distance) = offset.checked_sub(mapping.offset) else {
                    continue;
                };
                let Some(process) = self.survey.processes.get(mapping.process) else {
                    continue;
                };
                if distance >= mapping.length {
                    continue;
                }
                if told.len() >= MAX_TOLD {
                    more += 1;
                    continue;
                }
                told.push(MappedAt {
                    process: process.koid(),
                    name: process.view.name().into_owned(),
                    address: Hex(mapping.address.saturating_add(distance)),
                });
            }
        }
        (told, more)
    }
}

/// The VMO that has the bytes of the one that stands there, and where that one starts in it.
fn holder(
    memory: &InspectedRam,
    survey: &Survey,
    vmo: GuestAddress,
) -> Option<(GuestAddress, u64)> {
    let mut view: VmoView = *survey.vmo_at(vmo)?;
    let window = view.enter(memory).ok()?;
    Some((view.address(), window.base))
}

impl Matches {
    /// Looks up who owns what was found. The guest must stand still; if it ran since the
    /// search, the owners are those of now.
    pub fn find_owners(&mut self, paused: &Paused<'_>, survey: &Survey) {
        if self.matches.is_empty() {
            return;
        }
        let index = OwnerIndex::new(paused, survey, &mut self.problems);
        for found in &mut self.matches {
            found.owner = found.physical.and_then(|at| index.of(GuestAddress(at.0)));
        }
    }
}
