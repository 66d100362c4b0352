//! VMO: parents, children and mappings (reference §15.1, §10.4).

use crate::child::{Child, DATA};
use crate::expect_eq;
use crate::inspect::{koid, vmo};
use crate::memory::PAGE;
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use abi::options::ChildOptions;
use libzx::Status;

const KINDS: [(ChildOptions, u64); 4] = [
    (ChildOptions::SNAPSHOT, PAGE),
    (ChildOptions::SNAPSHOT_AT_LEAST_ON_WRITE, PAGE),
    (ChildOptions::SLICE, PAGE),
    (ChildOptions::REFERENCE, 0),
];

fn children() -> Outcome {
    for (options, size) in KINDS {
        let parent = Object::new(1)?;
        let first = parent.child(options, 0, size)?;
        expect_eq!(vmo(parent.handle)?.num_children, 1);
        let second = parent.child(options, 0, size)?;
        expect_eq!(vmo(parent.handle)?.num_children, 2);
        expect_eq!(vmo(first.handle)?.num_children, 0);
        drop(first);
        expect_eq!(vmo(parent.handle)?.num_children, 1);
        drop(second);
        expect_eq!(vmo(parent.handle)?.num_children, 0);
    }
    Ok(())
}

fn parents() -> Outcome {
    for (options, size) in KINDS {
        let parent = Object::new(1)?;
        let own = koid(parent.handle)?;
        let child = parent.child(options, 0, size)?;
        expect_eq!(vmo(parent.handle)?.parent_koid, 0);
        expect_eq!(vmo(child.handle)?.parent_koid, own);
        // It stays when the parent is gone.
        drop(parent);
        expect_eq!(vmo(child.handle)?.parent_koid, own);
    }
    Ok(())
}

fn grandchildren() -> Outcome {
    let top = Object::patterned(Kind::Anonymous, 1, 95)?;
    let middle = top.child(ChildOptions::SNAPSHOT, 0, PAGE)?;
    let bottom = middle.child(ChildOptions::SNAPSHOT, 0, PAGE)?;
    let recorded = koid(middle.handle)?;
    expect_eq!(vmo(top.handle)?.num_children, 1);
    drop(middle);
    // The grandchild is the top's child now, but says what it was made of.
    expect_eq!(vmo(top.handle)?.num_children, 1);
    expect_eq!(vmo(bottom.handle)?.parent_koid, recorded);
    expect_eq!(bottom.mismatch(1, 95)?, None);
    drop(bottom);
    expect_eq!(vmo(top.handle)?.num_children, 0);
    Ok(())
}

fn mappings() -> Outcome {
    let object = Object::new(2)?;
    let counts = || {
        let info = vmo(object.handle)?;
        Ok::<_, Status>((info.num_mappings, info.share_count))
    };
    let vmar = SubVmar::new(4)?;
    expect_eq!(counts()?, (0, 0));
    vmar.at(0, object.handle, 1).call()?;
    expect_eq!(counts()?, (1, 1));
    vmar.at(2, object.handle, 2).call()?;
    expect_eq!(counts()?, (2, 1));
    let child = Child::new("sharer")?;
    child.map(&object, R, DATA, 1)?;
    expect_eq!(counts()?, (3, 2));
    drop(vmar);
    expect_eq!(counts()?, (1, 1));
    child.kill()?;
    expect_eq!(counts()?, (0, 0));
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite) {
    suite.case("VMO counts children of every kind [15.1/2]", children);
    suite.case(
        "VMO tells the parent, even one that is gone [15.1/2]",
        parents,
    );
    suite.case(
        "VMO counts grandchildren when a child is gone [15.1/2]",
        grandchildren,
    );
    suite.case("VMO counts mappings and address spaces [15.1/3]", mappings);
}
