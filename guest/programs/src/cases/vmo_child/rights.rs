//! Rights and names of children (reference §10.5), and what is told about them.

use super::{CLONES, KINDS};
use crate::inspect::{property, put_property};
use crate::memory::PAGE;
use crate::subject::Subject;
use crate::subject::statuses::{ACCESS_DENIED, OK};
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq, refused};
use abi::info::InfoVmoFlags;
use abi::options::{ChildOptions, Property};
use libzx::Rights;

pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "rights: clones gain WRITE and lose EXECUTE [10.5/2 10.5/4]",
        clones,
    );
    suite.case(
        "rights: slices and references keep what there was [10.5/1 10.5/2 10.5/6]",
        aliases,
    );
    suite.case(
        "rights: NO_WRITE takes WRITE off and nothing else [10.2/1 10.5/3]",
        no_write,
    );
    suite.case(
        "rights: RESIZE comes with RESIZABLE only [10.5/1 10.2/20]",
        resize,
    );
    suite.case(
        "rights: a read-only handle still yields a writable snapshot [10.5/5 10.5/6]",
        read_only,
    );
    suite.case(
        "rights: snapshot without a writer is immutable [10.5/7]",
        immutable,
    );
    suite.case(
        "names: copied if the parent's handle has GET_PROPERTY [10.5/8 10.5/9]",
        names,
    );
    suite.case(
        "parent_koid stays when the parent is gone [10.4/12]",
        parent_koid,
    );
}

const PROPERTIES: Rights = Rights::GET_PROPERTY.union(Rights::SET_PROPERTY);
const ALIASES: [ChildOptions; 2] = [ChildOptions::SLICE, ChildOptions::REFERENCE];

/// Handles of one executable VMO with fewer and fewer rights.
const SETS: [Rights; 5] = [
    Rights::DEFAULT_VMO.union(Rights::EXECUTE),
    Rights::DEFAULT_VMO,
    Rights::DUPLICATE.union(Rights::READ),
    Rights::DUPLICATE.union(Rights::READ).union(Rights::EXECUTE),
    Rights::DUPLICATE
        .union(Rights::READ)
        .union(Rights::MAP)
        .union(Rights::TRANSFER),
];

/// The child's rights, from a parent handle of an executable VMO with those rights.
fn child_rights(parent: Rights, options: ChildOptions) -> libzx::Result<Rights> {
    let vmo = Subject::executable(1)?.with_rights(parent)?;
    vmo.child(options, 0, 0)?.rights()
}

fn clones() -> Outcome {
    for parent in SETS {
        for kind in CLONES {
            let wanted = (parent | PROPERTIES | Rights::WRITE).difference(Rights::EXECUTE);
            let found = child_rights(parent, kind)?;
            ensure!(
                found == wanted,
                "{kind:?} of {parent:?}: {:#x}",
                found.bits()
            );
        }
    }
    Ok(())
}

fn aliases() -> Outcome {
    for parent in SETS {
        for kind in ALIASES {
            let found = child_rights(parent, kind)?;
            let wanted = parent | PROPERTIES;
            ensure!(
                found == wanted,
                "{kind:?} of {parent:?}: {:#x}",
                found.bits()
            );
        }
    }
    Ok(())
}

fn no_write() -> Outcome {
    for parent in SETS {
        for kind in KINDS {
            let found = child_rights(parent, kind | ChildOptions::NO_WRITE)?;
            let wanted = (parent | PROPERTIES).difference(Rights::WRITE);
            ensure!(
                found == wanted,
                "{kind:?} of {parent:?}: {:#x}",
                found.bits()
            );
        }
    }
    Ok(())
}

fn resize() -> Outcome {
    let parent = Subject::resizable(PAGE)?;
    ensure!(
        parent.rights()?.contains(Rights::RESIZE),
        "the parent has no RESIZE"
    );
    for kind in CLONES {
        let plain = parent.child(kind, 0, 0)?.rights()?;
        expect_eq!(plain, Rights::DEFAULT_VMO);
        let resizable = parent.child(kind | ChildOptions::RESIZABLE, 0, 0)?;
        expect_eq!(resizable.rights()?, Rights::DEFAULT_VMO | Rights::RESIZE);
        // A fixed parent may have resizable clones.
        let fixed = Subject::pages(1)?.child(kind | ChildOptions::RESIZABLE, 0, 0)?;
        expect_eq!(fixed.rights()?, Rights::DEFAULT_VMO | Rights::RESIZE);
    }
    expect_eq!(parent.reference()?.rights()?, Rights::DEFAULT_VMO);
    let options = ChildOptions::REFERENCE | ChildOptions::RESIZABLE;
    let reference = parent.child(options, 0, 0)?.rights()?;
    expect_eq!(reference, Rights::DEFAULT_VMO | Rights::RESIZE);
    Ok(())
}

fn read_only() -> Outcome {
    let vmo = Subject::pages(1)?;
    vmo.put(1, 0, PAGE)?;
    let reader = vmo.with_rights(Rights::DUPLICATE | Rights::READ)?;
    let snapshot = reader.snapshot(0, PAGE)?;
    snapshot.put(2, 0, PAGE)?;
    expect_eq!(snapshot.differs(2, 0, PAGE), Ok(None));
    expect_eq!(vmo.differs(1, 0, PAGE), Ok(None));
    refused!(reader.slice(0, PAGE)?.put_byte(0, 1), ACCESS_DENIED);
    refused!(reader.reference()?.put_byte(0, 1), ACCESS_DENIED);
    expect_eq!(vmo.differs(1, 0, PAGE), Ok(None));
    Ok(())
}

fn immutable() -> Outcome {
    let vmo = Subject::pages(1)?;
    vmo.put(3, 0, PAGE)?;
    let flag = InfoVmoFlags::IMMUTABLE.bits();
    let child = vmo.child(ChildOptions::SNAPSHOT | ChildOptions::NO_WRITE, 0, PAGE)?;
    ensure!(
        child.info()?.flags & flag != 0,
        "it is not told of as immutable"
    );
    vmo.put(4, 0, PAGE)?;
    refused!(child.put_byte(0, 1), ACCESS_DENIED);
    expect_eq!(child.differs(3, 0, PAGE), Ok(None));
    for kind in ALIASES {
        let child = vmo.child(kind | ChildOptions::NO_WRITE, 0, 0)?;
        expect_eq!(child.info()?.flags & flag, 0);
    }
    expect_eq!(vmo.snapshot(0, PAGE)?.info()?.flags & flag, 0);
    Ok(())
}

fn names() -> Outcome {
    let mut name = [0; 32];
    for (to, from) in name.iter_mut().zip(b"a name") {
        *to = *from;
    }
    let vmo = Subject::pages(1)?;
    expect_eq!(put_property(vmo.id(), Property::NAME, name), OK);
    let nameless = vmo.without(Rights::GET_PROPERTY)?;
    for kind in KINDS {
        let named: [u8; 32] = property(vmo.child(kind, 0, 0)?.id(), Property::NAME)?;
        ensure!(named == name, "{kind:?}: {named:?}");
        let empty: [u8; 32] = property(nameless.child(kind, 0, 0)?.id(), Property::NAME)?;
        ensure!(empty == [0; 32], "{kind:?} without the right: {empty:?}");
    }
    Ok(())
}

fn parent_koid() -> Outcome {
    let vmo = Subject::pages(1)?;
    let koid = vmo.info()?.koid;
    let (clone, slice) = (vmo.snapshot(0, PAGE)?, vmo.slice(0, PAGE)?);
    let reference = vmo.reference()?;
    let grandchild = clone.snapshot(0, PAGE)?;
    expect_eq!(grandchild.info()?.parent_koid, clone.info()?.koid);
    let clone_koid = clone.info()?.koid;
    drop((vmo, clone));
    for child in [slice, reference] {
        expect_eq!(child.info()?.parent_koid, koid);
    }
    expect_eq!(grandchild.info()?.parent_koid, clone_koid);
    Ok(())
}
