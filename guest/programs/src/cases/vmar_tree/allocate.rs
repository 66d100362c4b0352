//! What `zx_vmar_allocate` refuses, and what it gives (reference §13.2).

use crate::inspect::{Maps, basic, record, refused};
use crate::memory::{BAD_ADDRESSES, PAGE};
use crate::probe::{UNTOUCHED, close, out, process_read, vmo_create};
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::info::{InfoVmar, MapsKind};
use abi::objects::ObjectType;
use abi::options::Topic;
use libzx::{Rights, Status};

const INVALID: Status = Status::INVALID_ARGS;

/// A request for one page somewhere in the root VMAR.
fn page() -> Allocate {
    Allocate {
        parent: root(),
        options: CAN_RW,
        offset: 0,
        size: PAGE,
    }
}

/// The request is refused and changes nothing, not even the places of its results.
fn no(request: Allocate, wanted: Status) -> Outcome {
    let (mut child, mut address) = (0x5A5A_5A5A_u32, UNTOUCHED);
    refused(wanted, || {
        request.call_into(out(&mut child), out(&mut address))
    })?;
    expect_eq!(core::hint::black_box(child), 0x5A5A_5A5A);
    expect_eq!(core::hint::black_box(address), UNTOUCHED);
    Ok(())
}

fn handles() -> Outcome {
    let vmo = vmo_create(PAGE, 0)?;
    no(
        Allocate {
            parent: 0,
            ..page()
        },
        Status::BAD_HANDLE,
    )?;
    no(
        Allocate {
            parent: vmo,
            ..page()
        },
        Status::WRONG_TYPE,
    )?;
    expect_eq!(close(vmo), Status::OK);
    Ok(())
}

fn rights_for_can_map() -> Outcome {
    let all = Rights::ROOT_VMAR;
    for (right, option) in [
        (Rights::READ, CAN_READ),
        (Rights::WRITE, CAN_WRITE),
        (Rights::EXECUTE, CAN_EXECUTE),
    ] {
        let parent = crate::probe::duplicate(root(), all.difference(right).bits())?;
        let asking = Allocate {
            parent,
            options: option,
            ..page()
        };
        no(asking, Status::ACCESS_DENIED)?;
        // Without asking for it the same handle will do.
        let rest = (CAN_READ | CAN_WRITE | CAN_EXECUTE) & !option;
        let child = SubVmar::make(Allocate {
            options: rest,
            ..asking
        })?;
        drop(child);
        expect_eq!(close(parent), Status::OK);
    }
    Ok(())
}

fn a_right_of_the_parent_only() -> Outcome {
    let parent = SubVmar::within(root(), CAN_READ | CAN_SPECIFIC, 4)?;
    let asking = Allocate {
        parent: parent.handle,
        options: CAN_READ | CAN_WRITE,
        offset: 0,
        size: PAGE,
    };
    no(asking, Status::ACCESS_DENIED)
}

fn child_rights() -> Outcome {
    for (options, more) in [
        (0, Rights::empty()),
        (CAN_SPECIFIC, Rights::empty()),
        (CAN_READ, Rights::READ),
        (CAN_WRITE, Rights::WRITE),
        (CAN_EXECUTE, Rights::EXECUTE),
        (CAN_RW, Rights::READ | Rights::WRITE),
        (
            CAN_RW | CAN_EXECUTE,
            Rights::READ | Rights::WRITE | Rights::EXECUTE,
        ),
    ] {
        let child = SubVmar::within(root(), options, 1)?;
        let info = basic(child.handle)?;
        expect_eq!(info.rights, Rights::DEFAULT_VMAR.union(more).bits());
        expect_eq!(info.object_type, ObjectType::VMAR.0);
    }
    Ok(())
}

fn where_it_is() -> Outcome {
    let child = SubVmar::new(3)?;
    let info: InfoVmar = record(child.handle, Topic::VMAR)?;
    expect_eq!((info.base, info.len), (child.base, 3 * PAGE));
    let maps = Maps::own()?;
    let found = maps
        .records()
        .iter()
        .find(|record| record.kind == MapsKind::VMAR && record.base == child.base);
    ensure!(found.is_some(), "it does not stand in the map");
    Ok(())
}

/// Nothing is mapped in a new VMAR, but its place is taken.
fn it_is_reserved() -> Outcome {
    let child = SubVmar::new(2)?;
    let mut byte = 0_u8;
    for page in 0..2 {
        expect_eq!(access(child.page(page))?, FREE);
        let (given, actual) = process_read(own_process(), child.page(page), out(&mut byte), 1);
        expect_eq!((given, actual), (Status::NO_MEMORY, UNTOUCHED));
        let vmo = Object::new(1)?;
        let over = crate::probe::Map {
            options: RW | SPECIFIC,
            vmar_offset: child.page(page) - abi::layout::USER_BASE,
            ..anywhere(vmo.handle, 1)
        };
        refused(Status::ALREADY_EXISTS, || {
            over.call().err().unwrap_or(Status::OK)
        })?;
    }
    Ok(())
}

fn bad_results(which: usize) -> Outcome {
    let place = hole(1)?;
    let request = Allocate {
        options: CAN_RW | SPECIFIC,
        offset: place - abi::layout::USER_BASE,
        ..page()
    };
    for (what, bad, _) in BAD_ADDRESSES {
        let (mut child, mut address) = (0_u32, 0_u64);
        let good = [out(&mut child), out(&mut address)];
        let mut places = good;
        if let Some(place) = places.get_mut(which) {
            *place = bad;
        }
        let [child_place, address_place] = places;
        let before = Maps::own()?.digest();
        let given = request.call_into(child_place, address_place);
        ensure!(given == INVALID, "{what}: {given:?}");
        ensure!(
            Maps::own()?.digest() == before,
            "{what}: it stays allocated"
        );
    }
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite) {
    suite.case("allocate wants a VMAR [2.2/1 2.2/2]", handles);
    suite.case("allocate refuses PERM bits", || {
        for bits in [R, W, X, RW, RW | X] {
            no(
                Allocate {
                    options: CAN_RW | bits,
                    ..page()
                },
                INVALID,
            )?;
        }
        Ok(())
    });
    suite.case(
        "CAN_MAP bits need the right on the handle [13.2/1]",
        rights_for_can_map,
    );
    suite.case(
        "CAN_MAP bits need a parent that has them [13.2/1]",
        a_right_of_the_parent_only,
    );
    suite.case("allocate refuses unknown bits [13.2/2]", || {
        for bits in [UNKNOWN_BIT, 0x2_0000, 0x80_0000] {
            no(
                Allocate {
                    options: CAN_RW | bits,
                    ..page()
                },
                INVALID,
            )?;
        }
        Ok(())
    });
    suite.case(
        "a missing right beats an unknown bit [13.2/1 13.2/2]",
        || {
            let rights = Rights::ROOT_VMAR.difference(Rights::WRITE);
            let parent = crate::probe::duplicate(root(), rights.bits())?;
            let options = CAN_RW | UNKNOWN_BIT;
            no(
                Allocate {
                    parent,
                    options,
                    ..page()
                },
                Status::ACCESS_DENIED,
            )?;
            expect_eq!(close(parent), Status::OK);
            Ok(())
        },
    );
    suite.case("allocate refuses size 0 [13.2/3]", || {
        no(Allocate { size: 0, ..page() }, INVALID)
    });
    suite.case(
        "allocate refuses sizes that are no whole pages [13.2/3]",
        || {
            for size in [1, PAGE - 1, PAGE + 1, u64::MAX] {
                no(Allocate { size, ..page() }, INVALID)?;
            }
            Ok(())
        },
    );
    suite.case("a bad handle beats a bad size", || {
        let bad = Allocate {
            parent: 0,
            size: 0,
            ..page()
        };
        no(bad, Status::BAD_HANDLE)
    });
    suite.case(
        "a child has the rights of its CAN_MAP bits [13.2/5]",
        child_rights,
    );
    suite.case("a child knows its place [15/5]", where_it_is);
    suite.case(
        "the place of a child is taken [13.2/6 13.1/17 5.1/10]",
        it_is_reserved,
    );
    suite.case(
        "a bad pointer for the handle allocates nothing [3/1]",
        || bad_results(0),
    );
    suite.case(
        "a bad pointer for the address allocates nothing [3/1]",
        || bad_results(1),
    );
}
