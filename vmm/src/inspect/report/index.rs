//! What belongs together, found once: who maps a VMO, who has handles to it, which koids
//! have a row to jump to.

use super::text::Text;
use crate::inspect::{ProcessRecord, Survey};
use crate::objects::VmoView;
use abi::objects::ObjectType;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::{self, Display};

/// Rows that a table of the page has at most.
pub(super) const MAX_ROWS: usize = 5000;

/// An object that has no table of its own: it is known by its handles.
#[derive(Clone, Debug, Default)]
pub(super) struct OtherObject {
    pub object_type: u32,
    /// Handles to it.
    pub handles: u64,
    /// The processes that have them, by koid.
    pub holders: Vec<u64>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// For a VMO's address: the places of the processes that map it.
    mapped_by: HashMap<u64, Vec<usize>>,
    /// For an object's koid: handles to it.
    handles: HashMap<u64, u64>,
    /// Objects without a table of their own, by koid.
    pub others: BTreeMap<u64, OtherObject>,
    /// Koids that have a row.
    rows: HashSet<u64>,
    /// Names, by koid.
    names: HashMap<u64, String>,
}

impl Index {
    pub(super) fn new(survey: &Survey) -> Self {
        let mut index = Self::default();
        let mut threads = 0;
        for (place, process) in survey.processes.iter().enumerate() {
            if place < MAX_ROWS {
                index.rows.insert(process.koid());
            }
            index.name(process.koid(), &process.view.name());
            for thread in &process.threads {
                let koid = thread.raw().header.koid;
                threads += 1;
                if threads <= MAX_ROWS {
                    index.rows.insert(koid);
                }
                index.name(koid, &thread.name());
            }
            for mapping in process.mappings() {
                let by = index.mapped_by.entry(mapping.vmo().0).or_default();
                if by.last() != Some(&place) {
                    by.push(place);
                }
            }
        }
        for (place, vmo) in survey.vmos.iter().enumerate() {
            if place < MAX_ROWS && vmo.koid() != 0 {
                index.rows.insert(vmo.koid());
            }
            index.name(vmo.koid(), &vmo.name());
        }
        if let Some(job) = &survey.job {
            index.name(job.raw().header.koid, &job.name());
        }
        for process in &survey.processes {
            index.handles_of(process);
        }
        let others = index.others.keys().take(MAX_ROWS).copied();
        index.rows.extend(others);
        index
    }

    fn handles_of(&mut self, process: &ProcessRecord) {
        for handle in &process.handles {
            *self.handles.entry(handle.koid).or_insert(0) += 1;
            let own_table = matches!(
                handle.object_type,
                ObjectType::PROCESS | ObjectType::THREAD | ObjectType::VMO
            );
            if own_table || handle.koid == 0 {
                continue;
            }
            let other = self.others.entry(handle.koid).or_default();
            other.object_type = handle.object_type.0;
            other.handles += 1;
            if other.holders.last() != Some(&process.koid()) {
                other.holders.push(process.koid());
            }
        }
    }

    fn name(&mut self, koid: u64, name: &str) {
        if koid != 0 && !name.is_empty() {
            self.names.insert(koid, name.to_owned());
        }
    }

    /// The places of the processes that map the VMO, in ascending order.
    pub(super) fn mapped_by(&self, vmo: &VmoView) -> &[usize] {
        let found = self.mapped_by.get(&vmo.address().0);
        found.map_or(&[], Vec::as_slice)
    }

    /// Handles to the object.
    pub(super) fn handles(&self, koid: u64) -> u64 {
        self.handles.get(&koid).copied().unwrap_or(0)
    }

    /// The object's name; empty if it has none.
    pub(super) fn name_of(&self, koid: u64) -> &str {
        self.names.get(&koid).map_or("", String::as_str)
    }

    /// The koid as a link to its row, if it has one.
    pub(super) fn koid(&self, koid: u64) -> Koid {
        Koid {
            koid,
            has_row: self.rows.contains(&koid),
        }
    }

    /// The koid and the name, linked.
    pub(super) fn named(&self, koid: u64) -> Named<'_> {
        Named {
            koid: self.koid(koid),
            name: self.name_of(koid),
        }
    }
}

/// A koid; a dash for none.
#[derive(Clone, Copy)]
pub(super) struct Koid {
    koid: u64,
    has_row: bool,
}

impl Display for Koid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let koid = self.koid;
        match (koid, self.has_row) {
            (0, _) => f.write_str("–"),
            (_, true) => write!(f, "<a href=\"#k{koid}\">{koid}</a>"),
            (_, false) => write!(f, "{koid}"),
        }
    }
}

/// A koid with a name.
pub(super) struct Named<'i> {
    koid: Koid,
    name: &'i str,
}

impl Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.koid.fmt(f)?;
        if self.name.is_empty() {
            return Ok(());
        }
        write!(f, " <bdi>{}</bdi>", Text(self.name))
    }
}
