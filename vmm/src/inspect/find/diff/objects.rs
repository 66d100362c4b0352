//! Objects that are new, and objects that are gone.

use crate::inspect::{Hex, Survey};
use abi::objects::ObjectType;
use serde::Serialize;
use std::collections::BTreeMap;

/// Objects of one kind that are told one by one.
const MAX_TOLD: usize = 1000;

/// What is new and what is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObjectChanges<T> {
    /// How many only the second guest has.
    pub new_count: u64,
    /// How many only the first guest has.
    pub gone_count: u64,
    /// The first thousand that only the second guest has.
    pub new: Vec<T>,
    /// The first thousand that only the first guest has.
    pub gone: Vec<T>,
}

/// A process or a VMO.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiffObject {
    /// Its koid.
    pub koid: u64,
    /// Its name.
    pub name: String,
}

/// A handle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiffHandle {
    /// Koid of the process whose it is.
    pub process: u64,
    /// As the process knows it.
    pub value: Hex,
    /// Koid of what it leads to.
    pub koid: u64,
    /// The type of that, as `zx_obj_type_t` numbers it.
    pub object_type: u32,
    /// Rights.
    pub rights: Hex,
}

impl<T> ObjectChanges<T> {
    /// Whether nothing is.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.new_count == 0 && self.gone_count == 0
    }

    fn between<K: Ord>(before: BTreeMap<K, T>, after: BTreeMap<K, T>) -> Self {
        let only = |these: &BTreeMap<K, T>, others: &BTreeMap<K, T>| {
            these.keys().filter(|key| !others.contains_key(key)).count() as u64
        };
        let (new_count, gone_count) = (only(&after, &before), only(&before, &after));
        let mut changes = Self {
            new_count,
            gone_count,
            new: Vec::new(),
            gone: Vec::new(),
        };
        let mut before = before;
        for (key, object) in after {
            if before.remove(&key).is_none() && changes.new.len() < MAX_TOLD {
                changes.new.push(object);
            }
        }
        changes.gone = before.into_values().take(MAX_TOLD).collect();
        changes
    }
}

fn processes(survey: &Survey) -> BTreeMap<u64, DiffObject> {
    let object = |process: &crate::inspect::ProcessRecord| DiffObject {
        koid: process.koid(),
        name: process.view.name().into_owned(),
    };
    let all = survey.processes.iter();
    all.map(|process| (process.koid(), object(process)))
        .collect()
}

fn vmos(survey: &Survey) -> BTreeMap<u64, DiffObject> {
    let object = |vmo: &crate::objects::VmoView| DiffObject {
        koid: vmo.koid(),
        name: vmo.name().into_owned(),
    };
    let named = survey.vmos.iter().filter(|vmo| vmo.koid() != 0);
    named.map(|vmo| (vmo.koid(), object(vmo))).collect()
}

/// A value that leads to another object, or with other rights, is another handle.
type HandleKey = (u64, u32, u64, u32);

fn handles(survey: &Survey) -> BTreeMap<HandleKey, DiffHandle> {
    let all = survey.processes.iter().flat_map(|process| {
        process.handles.iter().map(|handle| {
            let ObjectType(object_type) = handle.object_type;
            let rights = handle.rights.bits();
            let object = DiffHandle {
                process: process.koid(),
                value: Hex(handle.value.into()),
                koid: handle.koid,
                object_type,
                rights: Hex(rights.into()),
            };
            ((process.koid(), handle.value, handle.koid, rights), object)
        })
    });
    all.collect()
}

/// Processes, VMOs and handles that are new or gone.
pub(super) fn changes(
    before: &Survey,
    after: &Survey,
) -> (
    ObjectChanges<DiffObject>,
    ObjectChanges<DiffObject>,
    ObjectChanges<DiffHandle>,
) {
    (
        ObjectChanges::between(processes(before), processes(after)),
        ObjectChanges::between(vmos(before), vmos(after)),
        ObjectChanges::between(handles(before), handles(after)),
    )
}
