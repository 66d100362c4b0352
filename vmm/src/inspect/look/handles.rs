//! The handles of a process (`vmm handles`).

use super::frames::Named;
use super::words::rights_names;
use crate::inspect::{HandleRecord, Hex, InspectedRam, Paused, Problems, ProcessRecord};
use crate::objects::{ObjectView, PlainView, ProcessView, ThreadView, VmoView};
use abi::objects::ObjectType;
use serde::Serialize;

/// The handles of a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HandleList {
    /// Whose they are.
    pub process: Named,
    /// In the order of their slots.
    pub handles: Vec<HandleInfo>,
}

/// A handle (`zx_info_handle_basic_t`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HandleInfo {
    /// As the process knows it.
    pub value: Hex,
    /// The type of its object, such as `vmo`.
    #[serde(rename = "type")]
    pub object_type: String,
    /// The names of its rights.
    pub rights: Vec<String>,
    /// The koid of its object; 0 if that cannot be read.
    pub koid: u64,
    /// Of a process the koid of its job, of a thread that of its process, otherwise 0.
    pub related_koid: u64,
    /// The name of its object; null of one that has none.
    pub name: Option<String>,
    /// How many handles to the object there are, in all processes.
    pub count: u64,
}

/// The handles of a process.
#[must_use]
pub fn handles(
    paused: &Paused<'_>,
    process: &ProcessRecord,
    problems: &mut Problems,
) -> HandleList {
    let tell = |handle| tell(paused.memory(), handle, problems);
    HandleList {
        process: Named::process(process),
        handles: process.handles.iter().map(tell).collect(),
    }
}

fn tell(memory: &InspectedRam, handle: &HandleRecord, problems: &mut Problems) -> HandleInfo {
    let kind = handle.object_type;
    let (name, related_koid) = about(memory, handle, problems);
    let object = ObjectView::read(memory, handle.object);
    HandleInfo {
        value: Hex(handle.value.into()),
        object_type: match (kind.name(), kind.0) {
            (Some(name), _) => name.to_owned(),
            (None, number) => number.to_string(),
        },
        rights: rights_names(handle.rights),
        koid: handle.koid,
        related_koid,
        name,
        // That it cannot be read was noted by the survey.
        count: object.map_or(0, |object| u64::from(object.header().handles)),
    }
}

/// The name of a handle's object and the koid that it is related to.
fn about(
    memory: &InspectedRam,
    handle: &HandleRecord,
    problems: &mut Problems,
) -> (Option<String>, u64) {
    let at = handle.object;
    match handle.object_type {
        ObjectType::PROCESS => {
            let process = problems.sound(ProcessView::read(memory, at));
            process.map_or((None, 0), |process| {
                (Some(process.name().into_owned()), process.raw().job_koid)
            })
        }
        ObjectType::THREAD => {
            // One that has ended is in no list.
            let Some(thread) = problems.sound(ThreadView::read(memory, at)) else {
                return (None, 0);
            };
            let owner = vm_memory::GuestAddress(thread.raw().process.address());
            let owner = problems.sound(ProcessView::read(memory, owner));
            let owner = owner.map_or(0, |process| process.raw().header.koid);
            (Some(thread.name().into_owned()), owner)
        }
        ObjectType::VMO => {
            let vmo = problems.sound(VmoView::read(memory, at));
            (vmo.map(|vmo| vmo.name().into_owned()), 0)
        }
        ObjectType::JOB | ObjectType::RESOURCE | ObjectType::BTI => {
            let plain = problems.sound(PlainView::read(memory, at));
            let name = plain.map(|plain| plain.name().into_owned());
            (name.filter(|name| !name.is_empty()), 0)
        }
        _ => (None, 0),
    }
}
