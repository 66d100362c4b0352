//! `zx_pager_supply_pages` (reference §17.4).

use super::create::pager_with;
use super::kit::{
    KEY, READ, RESIZABLE, Rig, child, holds, make, of, pager_vmo, patterned, raw, reading,
    with_rights,
};
use crate::given::resource;
use crate::memory::{Area, PAGE};
use crate::probe;
use crate::suite::{Failure, Outcome};
use crate::{ensure, expect_eq, pattern};
use abi::layout::MAX_VMO_SIZE;
use abi::options::ChildOptions;
use libzx::{Call, MapOptions, Mapping, PAGE_SIZE, Rights, Status, Vmo};

/// The cases of this file.
pub(super) const CASES: super::Cases = &[
    (
        "supply: unaligned comes before handles [17.4/1 23/53]",
        alignment_comes_first,
    ),
    (
        "supply: handles and rights in order [17.4/2]",
        handles_in_order,
    ),
    (
        "supply: a foreign VMO is INVALID_ARGS before the aux handle [17.4/5]",
        foreign_vmos,
    ),
    (
        "supply: aux that is pager-backed is NOT_SUPPORTED [17.4/3]",
        aux_of_the_wrong_kind,
    ),
    (
        "supply: aux that is physical is NOT_SUPPORTED [17.4/3]",
        aux_that_is_physical,
    ),
    ("supply: ranges outside are OUT_OF_RANGE [17.4/7]", ranges),
    ("supply: length 0 is fine [17.4/12]", length_zero),
    (
        "supply: pages move, seen through mappings too [17.4/4 17.4/9]",
        pages_move,
    ),
    (
        "supply: present pages are kept, duplicates dropped [17.4/10]",
        duplicates_are_dropped,
    ),
    (
        "supply: uncommitted aux pages supply zeros [17.4/11]",
        uncommitted_aux_supplies_zeros,
    ),
    ("supply: all waiters wake [17.4/13]", waiters_wake),
    ("supply: pages nobody has asked for", unasked_pages),
    (
        "supply: from a snapshot, whose parent keeps its bytes [17.4/4]",
        a_snapshot_supplies,
    ),
];

/// The arguments of the call, all of them good unless changed.
#[derive(Clone, Copy)]
struct Supply {
    pager: u64,
    vmo: u64,
    offset: u64,
    length: u64,
    aux: u64,
    aux_offset: u64,
}

impl Supply {
    fn call(self) -> Status {
        let args = [
            self.pager,
            self.vmo,
            self.offset,
            self.length,
            self.aux,
            self.aux_offset,
        ];
        probe::status(Call::PagerSupplyPages, &args)
    }
}

/// A rig of four pages, an aux VMO of four pages with a pattern and the call that
/// supplies the second page from the third.
fn good() -> Result<(Rig, Vmo, Supply), Failure> {
    let rig = Rig::new(4)?;
    let aux = patterned(1, 0, 4)?;
    let supply = Supply {
        pager: raw(&rig.pager),
        vmo: of(&rig.vmo),
        offset: PAGE,
        length: PAGE,
        aux: of(&aux),
        aux_offset: 2 * PAGE,
    };
    Ok((rig, aux, supply))
}

/// The aux VMO has kept everything, and the page is absent still.
fn nothing_moved(rig: &Rig, aux: &Vmo) -> Outcome {
    holds(aux, &rig.buffer, 0, 4, |at| pattern::byte(1, at))?;
    rig.absent(1)
}

pub(super) fn alignment_comes_first() -> Outcome {
    let (rig, aux, good) = good()?;
    for by in [1, 8, PAGE - 1] {
        let bad = [
            Supply {
                offset: good.offset + by,
                ..good
            },
            Supply {
                length: good.length + by,
                ..good
            },
            Supply {
                aux_offset: good.aux_offset + by,
                ..good
            },
        ];
        for call in bad {
            expect_eq!(call.call(), Status::INVALID_ARGS);
            let handleless = Supply {
                pager: 0,
                vmo: 0,
                aux: 0,
                ..call
            };
            expect_eq!(handleless.call(), Status::INVALID_ARGS);
        }
    }
    nothing_moved(&rig, &aux)
}

pub(super) fn handles_in_order() -> Outcome {
    let (rig, aux, good) = good()?;
    let port = raw(&rig.port);
    expect_eq!(Supply { pager: 0, ..good }.call(), Status::BAD_HANDLE);
    let wrong = Supply {
        pager: port,
        vmo: 0,
        ..good
    };
    expect_eq!(wrong.call(), Status::WRONG_TYPE);
    let attacher = pager_with(Rights::ATTACH_VMO)?;
    let no_right = Supply {
        pager: raw(&attacher),
        vmo: 0,
        ..good
    };
    expect_eq!(no_right.call(), Status::ACCESS_DENIED);
    let none = Supply {
        vmo: 0,
        aux: 0,
        ..good
    };
    expect_eq!(none.call(), Status::BAD_HANDLE);
    let wrong = Supply {
        vmo: port,
        aux: 0,
        ..good
    };
    expect_eq!(wrong.call(), Status::WRONG_TYPE);
    let unwritable = with_rights(
        rig.vmo.handle(),
        Rights::DEFAULT_VMO.difference(Rights::WRITE),
    )?;
    let no_right = Supply {
        vmo: raw(&unwritable),
        aux: 0,
        ..good
    };
    expect_eq!(no_right.call(), Status::ACCESS_DENIED);
    expect_eq!(Supply { aux: 0, ..good }.call(), Status::BAD_HANDLE);
    expect_eq!(Supply { aux: port, ..good }.call(), Status::WRONG_TYPE);
    for missing in [Rights::READ, Rights::WRITE] {
        let poor = with_rights(aux.handle(), Rights::DEFAULT_VMO.difference(missing))?;
        let no_right = Supply {
            aux: raw(&poor),
            ..good
        };
        expect_eq!(no_right.call(), Status::ACCESS_DENIED);
    }
    nothing_moved(&rig, &aux)?;
    // The rights named are all that is needed.
    let writable = with_rights(rig.vmo.handle(), Rights::WRITE)?;
    let both = with_rights(aux.handle(), Rights::READ | Rights::WRITE)?;
    let enough = Supply {
        vmo: raw(&writable),
        aux: raw(&both),
        ..good
    };
    expect_eq!(enough.call(), Status::OK);
    holds(&rig.vmo, &rig.buffer, 1, 1, |at| {
        pattern::byte(1, at + PAGE)
    })
}

pub(super) fn foreign_vmos() -> Outcome {
    let (rig, aux, good) = good()?;
    let other = super::kit::pager()?;
    let foreign = pager_vmo(&other, 0, &rig.port, KEY, 4 * PAGE)?;
    let plain = Vmo::create(4 * PAGE)?;
    let options = ChildOptions::SNAPSHOT_AT_LEAST_ON_WRITE.bits();
    let clone = child(&rig.vmo, options, 0, 4)?;
    for vmo in [of(&foreign), of(&plain), of(&clone)] {
        expect_eq!(Supply { vmo, ..good }.call(), Status::INVALID_ARGS);
        // Before the aux handle is looked at.
        expect_eq!(
            Supply {
                vmo,
                aux: 0,
                ..good
            }
            .call(),
            Status::INVALID_ARGS
        );
    }
    nothing_moved(&rig, &aux)
}

pub(super) fn aux_of_the_wrong_kind() -> Outcome {
    let (rig, aux, good) = good()?;
    let other = pager_vmo(&rig.pager, 0, &rig.port, KEY, 4 * PAGE)?;
    let itself = of(&rig.vmo);
    for aux in [of(&other), itself] {
        expect_eq!(Supply { aux, ..good }.call(), Status::NOT_SUPPORTED);
        // Before the ranges.
        let beyond = Supply {
            aux,
            offset: 9 * PAGE,
            ..good
        };
        expect_eq!(beyond.call(), Status::NOT_SUPPORTED);
    }
    nothing_moved(&rig, &aux)
}

pub(super) fn aux_that_is_physical() -> Outcome {
    let (rig, aux, good) = good()?;
    let args = [u64::from(resource()), abi::layout::SCRATCH_BASE, 4 * PAGE];
    let physical = make(Call::VmoCreatePhysical, &args)?;
    let call = Supply {
        aux: raw(&physical),
        ..good
    };
    expect_eq!(call.call(), Status::NOT_SUPPORTED);
    nothing_moved(&rig, &aux)
}

pub(super) fn ranges() -> Outcome {
    let (rig, aux, good) = good()?;
    for (offset, length) in [
        (4 * PAGE, PAGE),
        (3 * PAGE, 2 * PAGE),
        (0, 5 * PAGE),
        (5 * PAGE, 0),
        (u64::MAX - PAGE + 1, PAGE),
        (PAGE, u64::MAX - PAGE + 1),
    ] {
        let there = Supply {
            offset,
            length,
            aux_offset: 0,
            ..good
        };
        expect_eq!(there.call(), Status::OUT_OF_RANGE);
        let here = Supply {
            offset: 0,
            length,
            aux_offset: offset,
            ..good
        };
        expect_eq!(here.call(), Status::OUT_OF_RANGE);
    }
    let big = Vmo::create(MAX_VMO_SIZE)?;
    let more_than_there_is = Supply {
        offset: 0,
        length: 5 * PAGE,
        aux: of(&big),
        aux_offset: 0,
        ..good
    };
    expect_eq!(more_than_there_is.call(), Status::OUT_OF_RANGE);
    nothing_moved(&rig, &aux)
}

pub(super) fn length_zero() -> Outcome {
    let (rig, aux, good) = good()?;
    for (offset, aux_offset) in [(0, 0), (4 * PAGE, 4 * PAGE), (PAGE, 0)] {
        let nothing = Supply {
            offset,
            aux_offset,
            length: 0,
            ..good
        };
        expect_eq!(nothing.call(), Status::OK);
    }
    nothing_moved(&rig, &aux)
}

pub(super) fn pages_move() -> Outcome {
    let (rig, aux, good) = good()?;
    let map = Mapping::new(&aux, 4 * PAGE_SIZE, MapOptions::READ_WRITE)?;
    // Seen by the page tables before the move.
    expect_eq!(map.byte(3 * PAGE_SIZE), pattern::byte(1, 3 * PAGE));
    let two = Supply {
        offset: 0,
        length: 2 * PAGE,
        ..good
    };
    expect_eq!(two.call(), Status::OK);
    holds(&rig.vmo, &rig.buffer, 0, 2, |at| {
        pattern::byte(1, at + 2 * PAGE)
    })?;
    holds(&aux, &rig.buffer, 2, 2, |_| 0)?;
    holds(&aux, &rig.buffer, 0, 2, |at| pattern::byte(1, at))?;
    ensure!(
        (2 * PAGE_SIZE..4 * PAGE_SIZE).all(|at| map.byte(at) == 0),
        "the aux mapping shows bytes that went"
    );
    // Writing there now does not reach the pager's VMO.
    map.store(2 * PAGE_SIZE, &[0xAA; 64]);
    holds(&rig.vmo, &rig.buffer, 0, 2, |at| {
        pattern::byte(1, at + 2 * PAGE)
    })?;
    rig.quiet()
}

pub(super) fn duplicates_are_dropped() -> Outcome {
    let rig = Rig::new(4)?;
    rig.give(1, 1, 5)?;
    rig.buffer.fill(6, 16);
    expect_eq!(
        probe::vmo_write(rig.handle(), rig.buffer.at(0), PAGE, 16),
        Status::OK
    );
    let aux = patterned(7, 0, 4)?;
    expect_eq!(rig.supply_from(0, 4, &aux, 0), Status::OK);
    holds(&rig.vmo, &rig.buffer, 0, 4, |at| match at {
        0..PAGE => pattern::byte(7, at),
        _ if at < PAGE + 16 => pattern::byte(6, at - PAGE),
        _ if at < 2 * PAGE => pattern::byte(5, at),
        _ => pattern::byte(7, at),
    })?;
    holds(&aux, &rig.buffer, 0, 4, |_| 0)
}

pub(super) fn uncommitted_aux_supplies_zeros() -> Outcome {
    let rig = Rig::new(3)?;
    let aux = Vmo::create(3 * PAGE)?;
    aux.write(&[9; 8], PAGE)?;
    let call = rig.reading(0, 3 * PAGE)?;
    rig.expect(READ, 0, 3)?;
    rig.buffer.fill(1, PAGE_SIZE);
    expect_eq!(rig.supply_from(0, 3, &aux, 0), Status::OK);
    expect_eq!(call.status()?, Status::OK);
    holds(&rig.vmo, &rig.buffer, 0, 3, |at| {
        if (PAGE..PAGE + 8).contains(&at) { 9 } else { 0 }
    })?;
    rig.quiet()
}

pub(super) fn waiters_wake() -> Outcome {
    let rig = Rig::new(2)?;
    let first = rig.reading(0, 2 * PAGE)?;
    rig.expect(READ, 0, 2)?;
    let second = reading(&rig.vmo, rig.buffer.at(4 * PAGE), PAGE, PAGE)?;
    rig.quiet()?;
    rig.give(0, 2, 3)?;
    expect_eq!(first.status()?, Status::OK);
    expect_eq!(second.status()?, Status::OK);
    expect_eq!(rig.buffer.mismatch(3, 0, 0, 2 * PAGE_SIZE), None);
    expect_eq!(rig.buffer.mismatch(3, 4 * PAGE_SIZE, PAGE, PAGE_SIZE), None);
    rig.quiet()
}

/// Supplying what nobody has asked for.
pub(super) fn unasked_pages() -> Outcome {
    let rig = Rig::with(6, RESIZABLE)?;
    rig.give(2, 3, 4)?;
    rig.holds(2, 3, 4)?;
    rig.quiet()?;
    rig.absent(0)?;
    rig.absent(5)
}

/// An aux VMO that is a snapshot, with pages shared with its parent: that keeps its bytes.
pub(super) fn a_snapshot_supplies() -> Outcome {
    let rig = Rig::new(2)?;
    let parent = patterned(8, 0, 2)?;
    let aux = child(&parent, ChildOptions::SNAPSHOT.bits(), 0, 2)?;
    expect_eq!(rig.supply_from(0, 2, &aux, 0), Status::OK);
    rig.holds(0, 2, 8)?;
    holds(&parent, &rig.buffer, 0, 2, |at| pattern::byte(8, at))?;
    holds(&aux, &rig.buffer, 0, 2, |_| 0)?;
    // And the pager's VMO does not share with the parent what it must not.
    parent.write(&[1; 16], 0)?;
    rig.holds(0, 2, 8)?;
    expect_eq!(
        probe::vmo_write(rig.handle(), rig.buffer.at(0), PAGE, 16),
        Status::OK
    );
    let kept = Area::new(1)?;
    holds(&parent, &kept, 1, 1, |at| pattern::byte(8, at))
}
