//! VMOs, compared by offset.

use super::compare::{PAGE, PageBytes, page};
use super::page_lists::{Page, PageLists};
use super::{ChangedGroup, DiffObject, Groups, Key, Side};
use crate::inspect::Problems;
use crate::inspect::look::FrameKind;
use crate::memory::VmoOffset;
use crate::objects::{Content, VmoView};
use abi::layout::PAGE_SIZE;
use std::collections::{BTreeMap, HashMap};

/// Compares the VMOs that both have.
pub(super) fn compare(
    before: &Side<'_>,
    after: &Side<'_>,
    groups: &mut Groups<'_>,
    problems: &mut Problems,
) {
    let known: HashMap<_, _> = before
        .survey
        .vmos
        .iter()
        .map(|vmo| (name(vmo), vmo))
        .collect();
    let mut old_lists = PageLists::new(before.paused.memory());
    let mut new_lists = PageLists::new(after.paused.memory());
    let mapped = after.owners.processes_by_vmo();
    for new in &after.survey.vmos {
        let Some(old) = known.get(&name(new)).copied() else {
            continue;
        };
        let pages = (
            old_lists.pages(old, problems),
            new_lists.pages(new, problems),
        );
        let mut pair = Pair {
            old: (before, old),
            new: (after, new),
            group: None,
            mapped: &mapped,
        };
        for (offset, (had, has)) in joined(&pages.0, &pages.1) {
            pair.compare(offset, had, has, groups);
        }
    }
}

/// What a VMO is known by in both guests: its koid; a private clone has none and is known by
/// where it stands.
fn name(vmo: &VmoView) -> (u64, u64) {
    match vmo.koid() {
        0 => (0, vmo.address().0),
        koid => (koid, 0),
    }
}

/// The pages at each offset at which either has one.
fn joined(old: &[Page], new: &[Page]) -> BTreeMap<u64, (Option<Page>, Option<Page>)> {
    let mut all = BTreeMap::new();
    for page in old {
        all.entry(page.0).or_insert((None, None)).0 = Some(*page);
    }
    for page in new {
        all.entry(page.0).or_insert((None, None)).1 = Some(*page);
    }
    all
}

struct Pair<'s> {
    old: (&'s Side<'s>, &'s VmoView),
    new: (&'s Side<'s>, &'s VmoView),
    group: Option<usize>,
    mapped: &'s HashMap<u64, Vec<DiffObject>>,
}

impl Pair<'_> {
    fn compare(
        &mut self,
        offset: u64,
        had: Option<Page>,
        has: Option<Page>,
        groups: &mut Groups<'_>,
    ) {
        let before = shown(self.old, offset, had);
        let after = shown(self.new, offset, has);
        if before == after && had.is_some() == has.is_some() {
            return;
        }
        let group = self.group(groups);
        groups.compare(group, offset, &before, &after);
        if let Some(group) = groups.groups.get_mut(group) {
            group.pages_new += u64::from(had.is_none());
            group.pages_gone += u64::from(has.is_none());
        }
    }

    fn group(&mut self, groups: &mut Groups<'_>) -> usize {
        if let Some(group) = self.group {
            return group;
        }
        let vmo = self.new.1;
        let mapped = self.mapped;
        let group = groups.index(Key::Vmo(vmo.address().0), || ChangedGroup {
            kind: Some(FrameKind::VmoPage),
            description: match (vmo.koid(), vmo.name()) {
                (0, name) => format!("private clone {name}"),
                (koid, name) => format!("VMO {koid} {name}"),
            }
            .trim_end()
            .to_owned(),
            vmo: Some(vmo.koid()),
            processes: mapped.get(&vmo.address().0).cloned().unwrap_or_default(),
            pages: 0,
            pages_new: 0,
            pages_gone: 0,
            bytes: 0,
        });
        self.group = Some(group);
        group
    }
}

/// What a VMO shows at an offset: its own page, that of another, or zeros.
fn shown((side, vmo): (&Side<'_>, &VmoView), offset: u64, own: Option<Page>) -> PageBytes {
    let memory = side.paused.memory();
    let frame = own.map(|(_, frame)| frame).or_else(|| {
        let run = vmo
            .contents(memory)
            .run(VmoOffset(offset), PAGE_SIZE)
            .ok()?;
        match run.content {
            Content::At(frame) => Some(frame),
            Content::Zeros | Content::Pager => None,
        }
    });
    let bytes = frame.and_then(|frame| page(memory, frame));
    bytes.unwrap_or([0; PAGE])
}
