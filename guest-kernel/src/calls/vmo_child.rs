//! `zx_vmo_create_child` (reference §10).

use abi::objects::{Vmo, VmoOptions};
use abi::options::ChildOptions;
use abi::{Rights, Status};

use super::Context;
use super::handle::hand_out;
use super::vmo::{find, round_up};
use crate::object::clone::{self, Kind, Part};
use crate::object::vmo;
use crate::state::Ptr;

/// Makes a slice, a reference or a clone.
pub fn create_child(
    context: Context,
    value: u32,
    options: u32,
    offset: u64,
    size: u64,
    out: u64,
) -> Result<(), Status> {
    let rounded = round_up(size).ok_or(Status::OUT_OF_RANGE)?;
    let flags = ChildOptions::from_bits_retain(options);
    let no_write = flags.contains(ChildOptions::NO_WRITE);
    let resizable = flags.contains(ChildOptions::RESIZABLE);
    if no_write && resizable {
        return Err(Status::INVALID_ARGS);
    }
    let mut needed = Rights::DUPLICATE | Rights::READ;
    let kind = flags - ChildOptions::NO_WRITE - ChildOptions::RESIZABLE;
    if kind == ChildOptions::REFERENCE && resizable {
        needed |= Rights::RESIZE;
    }
    let (parent, rights) = find(context, value, needed)?;
    if vmo::has(parent, VmoOptions::DISCARDABLE) {
        return Err(Status::NOT_SUPPORTED);
    }
    let part = Part {
        offset,
        size: rounded,
        stream_size: size,
    };
    let mut child = make(parent, kind, resizable, no_write, part)?;
    if rights.contains(Rights::GET_PROPERTY) {
        child.name = parent.name;
    }
    let copy_on_write = vmo::has(child, VmoOptions::CLONE);
    let rights = child_rights(rights, resizable, no_write, copy_on_write);
    hand_out(context, child, rights, out)
}

/// The kind's own rules (reference §10.2, §10.3).
fn make(
    parent: Ptr<Vmo>,
    kind: ChildOptions,
    resizable: bool,
    no_write: bool,
    part: Part,
) -> Result<Ptr<Vmo>, Status> {
    if kind == ChildOptions::SLICE {
        if resizable {
            return Err(Status::INVALID_ARGS);
        }
        return clone::slice(parent, part);
    }
    if kind == ChildOptions::REFERENCE {
        if part.offset != 0 || part.stream_size != 0 {
            return Err(Status::INVALID_ARGS);
        }
        return clone::reference(parent, resizable);
    }
    let clone_kind = if kind == ChildOptions::SNAPSHOT {
        Kind::Snapshot
    } else if kind == ChildOptions::SNAPSHOT_AT_LEAST_ON_WRITE {
        Kind::AtLeastOnWrite
    } else if kind == ChildOptions::SNAPSHOT_MODIFIED {
        Kind::Modified
    } else {
        return Err(Status::INVALID_ARGS);
    };
    let mut options = VmoOptions::empty();
    options.set(VmoOptions::RESIZABLE, resizable);
    options.set(
        VmoOptions::IMMUTABLE,
        no_write && clone_kind == Kind::Snapshot,
    );
    clone::clone(parent, clone_kind, part, options)
}

/// Reference §10.5.
fn child_rights(parent: Rights, resizable: bool, no_write: bool, copy_on_write: bool) -> Rights {
    let mut rights = parent - Rights::RESIZE;
    rights |= Rights::GET_PROPERTY | Rights::SET_PROPERTY;
    rights.set(Rights::RESIZE, resizable);
    if no_write {
        rights -= Rights::WRITE;
    } else if copy_on_write {
        rights |= Rights::WRITE;
        rights -= Rights::EXECUTE;
    }
    rights
}
