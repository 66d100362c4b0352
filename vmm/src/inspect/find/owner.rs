//! Who owns what was found.

use super::super::look::{FrameKind, FrameOwners, frame_owners};
use super::super::{Hex, InspectedRam, Paused, Problems, ProcessRecord, Survey};
use super::diff::DiffObject;
use super::search::Matches;
use crate::objects::VmoView;
use serde::Serialize;
use std::collections::HashMap;
use vm_memory::GuestAddress;

/// Mappings of one VMO that are kept, and those of them that are told of one place.
const MAX_MAPPINGS: usize = 256;
/// See there.
const MAX_TOLD: usize = 4;

/// Who owns a byte of RAM, and who sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MatchOwner {
    /// What its frame is used for.
    pub kind: FrameKind,
    /// The same for a person.
    pub description: String,
    /// Of a page of a VMO: the VMO's koid, 0 for a private clone.
    pub vmo: Option<u64>,
    /// Of a page of a VMO: the byte's offset in it.
    pub vmo_offset: Option<u64>,
    /// Of a page table: the koid of its process.
    pub process: Option<u64>,
    /// Where processes have the byte mapped; the first four that were found.
    pub mapped: Vec<MappedAt>,
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
    survey: &'s Survey,
    /// Of the VMO that stands there: where it, or a part of it, is mapped.
    mappings: HashMap<u64, Vec<Shown>>,
    /// Where the VMO with that koid stands.
    vmos: HashMap<u64, GuestAddress>,
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
    pub(super) fn new(paused: &Paused<'_>, survey: &'s Survey, problems: &mut Problems) -> Self {
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
        let vmos = survey.vmos.iter().map(|vmo| (vmo.koid(), vmo.address()));
        Self {
            frames,
            survey,
            mappings,
            vmos: vmos.filter(|(koid, _)| *koid != 0).collect(),
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
        Some(MatchOwner {
            kind: owner.kind,
            description: owner.to_string(),
            vmo,
            vmo_offset: byte,
            process: owner.process.map(|process| process.koid),
            mapped: vmo
                .zip(byte)
                .map_or_else(Vec::new, |(vmo, byte)| self.mapped(vmo, byte)),
        })
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

    fn mapped(&self, vmo: u64, offset: u64) -> Vec<MappedAt> {
        let shown = self.vmos.get(&vmo).and_then(|at| self.mappings.get(&at.0));
        let shown = shown.into_iter().flatten().filter_map(|shown| {
            let distance = offset.checked_sub(shown.offset)?;
            let process = self.survey.processes.get(shown.process)?;
            (distance < shown.length).then(|| MappedAt {
                process: process.koid(),
                name: process.view.name().into_owned(),
                address: Hex(shown.address.saturating_add(distance)),
            })
        });
        shown.take(MAX_TOLD).collect()
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
