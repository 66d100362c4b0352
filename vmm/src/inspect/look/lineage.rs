//! The family of a VMO, and where each of its pages really lives (`vmm lineage`).

use super::frames::{FrameOwners, Named};
use super::vmos::vmo_kind;
use crate::inspect::{Hex, InspectedRam, Paused, Problems, Survey};
use crate::memory::VmoOffset;
use crate::objects::VmoView;
use crate::translate::{PageListCursor, PageSlot};
use abi::layout::{MAX_CLONE_DEPTH, PAGE_SIZE};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use vm_memory::GuestAddress;

/// Stretches of a VMO that are told at most.
const MAX_RANGES: usize = 1 << 16;
/// Members of rings that are told at most, in all.
const MAX_RING: usize = 1 << 20;
/// Entries of page lists that are looked at for one VMO at most.
const MAX_STEPS: u64 = 1 << 22;

/// The family of a VMO.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lineage {
    /// The one that was asked about.
    pub vmo: Named,
    /// Its family as a tree: the oldest ancestor that is still there, then each VMO before its
    /// children.
    pub family: Vec<Relative>,
    /// Where its bytes are, from its start to its end, in stretches that are alike. Of a slice
    /// or a reference, in its own offsets.
    pub ranges: Vec<PageRange>,
}

/// A VMO of the family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Relative {
    /// 0 of the oldest ancestor.
    pub depth: u64,
    /// Its koid; 0 of a private clone.
    pub koid: u64,
    /// Its name.
    pub name: String,
    /// As in [`super::VmoInfo::kind`].
    pub kind: &'static str,
    /// Bytes. A reference has its source's.
    pub size: u64,
    /// Bytes of pages in its own page list, shared ones included.
    pub own: u64,
    /// Whether it is the one that was asked about.
    pub asked: bool,
    /// Koid of the VMO that it was made a child of; another than that of the one it stands
    /// under if that one is gone, and 0 for none.
    pub made_of: u64,
    /// Koid of the VMO that it looks through to for what it has not itself; null for none.
    pub source: Option<u64>,
    /// Offset in the source, or of a slice in its parent, of its first byte.
    pub source_offset: u64,
    /// Whether no handle and no mapping leads to it any more, and others keep it for its pages.
    pub orphan: bool,
    /// Koids of those that it shares pages with through snapshots, where Zircon has hidden
    /// parents: the ring that it is in, without itself.
    pub ring: Vec<u64>,
    /// Koids of the processes that map it.
    pub mapped_by: Vec<u64>,
}

/// Where a stretch of a VMO lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PageRange {
    /// Offset of its first byte.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
    /// `own` (a page of its own), `shared` (one that others have, too, until somebody writes),
    /// `ancestor` (a page of a VMO that it looks through to), `pager` (the pager has not
    /// supplied it), `zero` (no page: it reads as zeros), `physical`.
    pub lives: &'static str,
    /// Koid of the VMO whose page it is, or whose pager must supply it; null of zeros.
    pub vmo: Option<u64>,
    /// Offset there.
    pub vmo_offset: Option<u64>,
    /// Guest-physical address of its first byte; null if there is no page.
    pub frame: Option<Hex>,
    /// Koids of the others that have the same pages.
    pub shared_with: Vec<u64>,
}

/// The family of a VMO.
#[must_use]
pub fn lineage(
    paused: &Paused<'_>,
    survey: &Survey,
    owners: &FrameOwners,
    vmo: &VmoView,
    problems: &mut Problems,
) -> Lineage {
    Lineage {
        vmo: Named::vmo(vmo),
        family: family(survey, vmo, problems),
        ranges: ranges(paused.memory(), owners, vmo, problems),
    }
}

fn family(survey: &Survey, asked: &VmoView, problems: &mut Problems) -> Vec<Relative> {
    let mut children: HashMap<u64, Vec<&VmoView>> = HashMap::new();
    // Oldest first, as the list is newest first.
    for vmo in survey.vmos.iter().rev() {
        let parent = vmo.raw().parent.address();
        children.entry(parent).or_default().push(vmo);
    }
    let mut mapped_by: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for process in &survey.processes {
        for mapping in process.mappings() {
            let users = mapped_by.entry(mapping.vmo().0).or_default();
            if users.last() != Some(&process.koid()) {
                users.push(process.koid());
            }
        }
    }
    let mut top = asked;
    let mut met = HashSet::new();
    while met.insert(top.address().0) {
        let parent = GuestAddress(top.raw().parent.address());
        match survey.vmo_at(parent) {
            Some(parent) => top = parent,
            None => break,
        }
    }
    let mut family = Vec::new();
    let mut open = vec![(top, 0)];
    let mut met = HashSet::new();
    let mut ring_left = MAX_RING;
    while let Some((vmo, depth)) = open.pop() {
        if !met.insert(vmo.address().0) {
            problems.note(format_args!("VMO {} is its own ancestor", vmo.koid()));
            continue;
        }
        let mut relative = Relative::new(survey, vmo, depth);
        relative.ring = ring(survey, vmo, &mut ring_left, problems);
        relative.asked = vmo.address() == asked.address();
        relative.mapped_by = mapped_by.remove(&vmo.address().0).unwrap_or_default();
        family.push(relative);
        let below = children.remove(&vmo.address().0).unwrap_or_default();
        open.extend(below.into_iter().rev().map(|child| (child, depth + 1)));
    }
    family
}

impl Relative {
    fn new(survey: &Survey, vmo: &VmoView, depth: u64) -> Self {
        let raw = vmo.raw();
        let source = vmo.source().and_then(|source| survey.vmo_at(source));
        Self {
            depth,
            koid: vmo.koid(),
            name: vmo.name().into_owned(),
            kind: vmo_kind(vmo),
            size: survey.vmo_size(vmo),
            own: raw.page_count.saturating_mul(PAGE_SIZE),
            asked: false,
            made_of: raw.parent_koid,
            source: source.map(VmoView::koid),
            source_offset: raw.source_offset,
            orphan: vmo.options().contains(abi::objects::VmoOptions::ORPHAN),
            ring: Vec::new(),
            mapped_by: Vec::new(),
        }
    }
}

/// The koids of the ring of relatives, without the VMO itself.
fn ring(survey: &Survey, vmo: &VmoView, left: &mut usize, problems: &mut Problems) -> Vec<u64> {
    let mut koids = Vec::new();
    let mut met = HashSet::from([vmo.address().0]);
    let mut next = vmo.raw().next_relative.address();
    while next != 0 && next != vmo.address().0 {
        let Some(relative) = survey.vmo_at(GuestAddress(next)) else {
            problems.note(format_args!(
                "VMO {} shares pages with one that is in no list",
                vmo.koid()
            ));
            break;
        };
        if !met.insert(next) {
            problems.note(format_args!(
                "the ring that VMO {} is in is none",
                vmo.koid()
            ));
            break;
        }
        let Some(rest) = left.checked_sub(1) else {
            problems.note("the rings are too large: the rest of them is left out");
            break;
        };
        *left = rest;
        koids.push(relative.koid());
        next = relative.raw().next_relative.address();
    }
    koids.sort_unstable();
    koids
}

fn ranges(
    memory: &InspectedRam,
    owners: &FrameOwners,
    vmo: &VmoView,
    problems: &mut Problems,
) -> Vec<PageRange> {
    let mut bytes = *vmo;
    let Some(window) = problems.sound(bytes.enter(memory)) else {
        return Vec::new();
    };
    // What a slice shows beyond the end of its source is nothing at all.
    let size = window.size.min(bytes.size().saturating_sub(window.base));
    if bytes.is_physical() {
        let frame = bytes.raw().physical_base.checked_add(window.base);
        return vec![PageRange {
            offset: 0,
            length: size,
            lives: "physical",
            vmo: Some(bytes.koid()),
            vmo_offset: Some(window.base),
            frame: frame.map(Hex),
            shared_with: Vec::new(),
        }];
    }
    let mut layers = Layers {
        memory,
        owners,
        layers: vec![Layer::new(memory, bytes)],
        steps: 0,
    };
    let mut ranges: Vec<PageRange> = Vec::new();
    let mut at = 0;
    while at < size {
        if ranges.len() >= MAX_RANGES || layers.steps >= MAX_STEPS {
            problems.note(format_args!(
                "VMO {} is too ragged: what is behind {at:#x} is left out",
                vmo.koid()
            ));
            break;
        }
        // It does not wrap: it is below the size of the one that has the bytes.
        let Some(mut range) = problems.sound(layers.range(window.base + at, size - at)) else {
            at = (at | (PAGE_SIZE - 1)).saturating_add(1);
            continue;
        };
        range.offset = at;
        at = at.saturating_add(range.length);
        match ranges.last_mut() {
            Some(last) if last.continues(&range) => {
                last.length = last.length.saturating_add(range.length);
            }
            _ => ranges.push(range),
        }
    }
    ranges
}

impl PageRange {
    /// Whether `next` goes on where this ends, with the same.
    fn continues(&self, next: &Self) -> bool {
        let follows = |one: Option<u64>, two: Option<u64>| match (one, two) {
            (Some(one), Some(two)) => one.checked_add(self.length) == Some(two),
            (None, None) => true,
            _ => false,
        };
        let frame = |range: &Self| range.frame.map(|frame| frame.0);
        self.lives == next.lives
            && self.vmo == next.vmo
            && self.shared_with == next.shared_with
            && self.offset.checked_add(self.length) == Some(next.offset)
            && follows(self.vmo_offset, next.vmo_offset)
            && follows(frame(self), frame(next))
    }
}

/// A VMO and those that it looks through to, as far as they were needed.
struct Layers<'m> {
    memory: &'m InspectedRam,
    owners: &'m FrameOwners,
    layers: Vec<Layer<'m>>,
    steps: u64,
}

struct Layer<'m> {
    vmo: VmoView,
    pages: PageListCursor<'m, InspectedRam>,
}

impl<'m> Layer<'m> {
    fn new(memory: &'m InspectedRam, vmo: VmoView) -> Self {
        let pages = vmo.pages(memory);
        Self { vmo, pages }
    }
}

impl<'m> Layers<'m> {
    /// Where the byte at `offset` lives, and how many behind it do; at most `limit`. The order
    /// is that of [`abi::objects::Vmo`].
    fn range(&mut self, offset: u64, limit: u64) -> Result<PageRange, String> {
        let mut at = offset;
        let mut range = PageRange {
            offset: 0,
            length: limit,
            lives: "zero",
            vmo: None,
            vmo_offset: None,
            frame: None,
            shared_with: Vec::new(),
        };
        for depth in 0..=MAX_CLONE_DEPTH as usize {
            let layer = self.layer(depth)?;
            let raw = *layer.vmo.raw();
            if at >= raw.size {
                return Ok(range);
            }
            let most = range.length.min(raw.size - at);
            let run = layer.pages.run(VmoOffset(at), most);
            let run = run.map_err(|error| error.to_string())?;
            range.length = run.length;
            self.steps = self
                .steps
                .saturating_add((run.length / PAGE_SIZE).clamp(1, 512));
            match run.slot {
                PageSlot::Present { start, writable } => {
                    range.vmo = Some(raw.header.koid);
                    range.vmo_offset = Some(at);
                    range.frame = Some(start.0.into());
                    range.lives = if depth == 0 { "own" } else { "ancestor" };
                    if !writable {
                        self.share(&mut range, raw.header.koid, at, start);
                        if depth == 0 && !range.shared_with.is_empty() {
                            range.lives = "shared";
                        }
                    }
                    return Ok(range);
                }
                PageSlot::Absent if !raw.source.is_none() && at < raw.source_limit => {
                    range.length = range.length.min(raw.source_limit - at);
                    // The view has checked that this does not wrap.
                    at += raw.source_offset;
                }
                PageSlot::Absent if at < raw.pager_limit => {
                    range.length = range.length.min(raw.pager_limit - at);
                    range.lives = "pager";
                    range.vmo = Some(raw.header.koid);
                    range.vmo_offset = Some(at);
                    return Ok(range);
                }
                PageSlot::Absent => return Ok(range),
            }
        }
        Err("clones look through to each other in a circle".to_owned())
    }

    /// Who else has the page at `start`; the range ends with it if anybody has.
    fn share(&mut self, range: &mut PageRange, koid: u64, offset: u64, start: GuestAddress) {
        let Some(owner) = self.owners.owner_of(start) else {
            return;
        };
        let first = owner.vmo.map(|vmo| (vmo.koid, owner.offset.unwrap_or(0)));
        let others = owner.shared_with.iter();
        let others = others.filter_map(|share| Some((share.vmo?.koid, share.offset)));
        let page = offset & !(PAGE_SIZE - 1);
        let all = first.into_iter().chain(others);
        let mut koids: Vec<_> = all
            .filter(|other| *other != (koid, page))
            .map(|(koid, _)| koid)
            .collect();
        koids.sort_unstable();
        // Each page of a family may be shared by all of it.
        self.steps = self.steps.saturating_add(koids.len() as u64);
        range.shared_with = koids;
        range.length = range.length.min(PAGE_SIZE - offset % PAGE_SIZE);
    }

    /// The layer at that depth, 0 for the VMO itself; those above it are there.
    fn layer(&mut self, depth: usize) -> Result<&mut Layer<'m>, String> {
        if depth == self.layers.len() {
            let above = self.layers.last().and_then(|above| above.vmo.source());
            let source = VmoView::read(self.memory, above.unwrap_or_default());
            let source = source.map_err(|error| error.to_string())?;
            self.layers.push(Layer::new(self.memory, source));
        }
        let layer = self.layers.get_mut(depth);
        layer.ok_or_else(|| "clones look through to each other in a circle".to_owned())
    }
}
