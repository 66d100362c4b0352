//! Memory that is closed, unmapped or failed to be had comes back, and comes back as
//! zeros. `--total MIB` says how much is used up in all (default 96), which must be more
//! than the machine's RAM; `--exhaust` adds the case that uses it all at once, `--many` the
//! one that makes ten thousand VMOs and a thousand processes.

#![cfg_attr(target_os = "none", no_std, no_main)]

use abi::options::RangeOp;
use guest_programs::child::Child;
use guest_programs::memory::{Area, PAGE};
use guest_programs::probe::{process_write, status, vmo_read, vmo_write};
use guest_programs::suite::{Failure, Outcome, Suite};
use guest_programs::{ensure, expect_eq};
use libzx::{Call, ChildOptions, MapOptions, Mapping, PAGE_SIZE, Rights, Status, Vmo, startup};

const CHUNK: usize = 1 << 20;

/// How many chunks make up the total.
fn rounds() -> usize {
    let total = startup()
        .value("--total")
        .and_then(|total| total.parse().ok());
    total.unwrap_or(96)
}

fn closed_vmos_give_their_pages_back() -> Outcome {
    let source = Area::new(CHUNK / PAGE_SIZE)?;
    source.fill(1, CHUNK);
    for round in 0..rounds() {
        let vmo = Vmo::create(CHUNK as u64)?;
        let given = vmo_write(vmo.handle().raw(), source.at(0), 0, CHUNK as u64);
        ensure!(given == Status::OK, "MiB {round}: {given}");
    }
    Ok(())
}

fn pages_come_back_as_zeros() -> Outcome {
    let back = Area::new(CHUNK / PAGE_SIZE)?;
    for _ in 0..4 {
        let vmo = Vmo::create(CHUNK as u64)?;
        // One byte in each page; the rest of the page must not show who had it before.
        for page in 0..CHUNK / PAGE_SIZE {
            vmo.write(&[0xFF], (page * PAGE_SIZE + 5) as u64)?;
        }
        let given = vmo_read(vmo.handle().raw(), back.at(0), 0, CHUNK as u64);
        expect_eq!(given, Status::OK);
        for page in 0..CHUNK / PAGE_SIZE {
            let at = page * PAGE_SIZE;
            expect_eq!(back.map.byte(at + 5), 0xFF);
            ensure!(back.all(at, 5, 0), "page {page} is not zero at its start");
            ensure!(
                back.all(at + 6, PAGE_SIZE - 6, 0),
                "page {page} is not zero"
            );
        }
        // The next round's pages should be these, full of ones.
        let map = Mapping::new(&vmo, CHUNK, MapOptions::READ_WRITE)?;
        for page in 0..CHUNK / PAGE_SIZE {
            map.store(page * PAGE_SIZE, &[0xFF; PAGE_SIZE]);
        }
    }
    Ok(())
}

fn mapped_pages_come_back() -> Outcome {
    for round in 0..rounds() / 8 {
        let area = Area::touched(CHUNK / PAGE_SIZE)?;
        ensure!(area.map.byte(PAGE_SIZE) == 0, "round {round}: not zero");
    }
    Ok(())
}

/// Each round leaves a private copy behind, which goes with its mapping. Needs the gate.
fn private_copies_come_back() -> Outcome {
    let own = startup().process_self();
    let own = own.map_or(0, |own| own.handle().raw());
    let source = Area::touched(1)?;
    let vmo = Vmo::create(CHUNK as u64)?;
    let rights = Rights::DEFAULT_VMO.difference(Rights::WRITE);
    let read_only = Vmo::from_handle(vmo.handle().duplicate(rights)?);
    for round in 0..200 {
        let map = Mapping::new(&read_only, CHUNK, MapOptions::PERM_READ)?;
        let place = map.address() as u64 + (round % 16) * PAGE;
        let (given, _) = process_write(own, place, source.at(0), 64);
        ensure!(given == Status::OK, "round {round}: {given}");
    }
    Ok(())
}

fn handles_come_back() -> Outcome {
    for round in 0..3000 {
        let vmo = Vmo::create(PAGE);
        ensure!(vmo.is_ok(), "round {round}: {vmo:?}");
    }
    Ok(())
}

/// Uses up all there is: the call says so, what was written before stays, and once it
/// is given back everything goes on.
fn exhaustion_is_survived() -> Outcome {
    const FAR: u64 = 1 << 40;
    let source = Area::new(CHUNK / PAGE_SIZE)?;
    source.fill(2, CHUNK);
    let vmo = Vmo::create(FAR)?;
    let mut written = 0;
    let end = loop {
        let given = vmo_write(vmo.handle().raw(), source.at(0), written, CHUNK as u64);
        if given != Status::OK || written == FAR - CHUNK as u64 {
            break given;
        }
        written += CHUNK as u64;
    };
    expect_eq!(end, Status::NO_MEMORY);
    let mut found = [0; 64];
    for at in (0..written).step_by(CHUNK) {
        vmo.read(&mut found, at + 777)?;
        expect_eq!(guest_programs::pattern::mismatch(2, 777, &found), None);
    }
    drop(vmo);
    let vmo = Vmo::create(FAR)?;
    expect_eq!(
        vmo_write(vmo.handle().raw(), source.at(0), 0, CHUNK as u64),
        Status::OK
    );
    Ok(())
}

/// How many pages can be had: all there are are taken, ever smaller pieces at a time, and
/// given back.
fn free_pages() -> Result<u64, Failure> {
    let vmo = Vmo::create(1 << 40)?;
    let handle = u64::from(vmo.handle().raw());
    let (mut at, mut piece) = (0, 1 << 20);
    while piece >= PAGE {
        let op = u64::from(RangeOp::COMMIT);
        match status(Call::VmoOpRange, &[handle, op, at, piece, 0, 0]) {
            Status::OK => at += piece,
            Status::NO_MEMORY => piece /= 2,
            other => return Err(other.into()),
        }
    }
    Ok(at / PAGE)
}

/// VMOs of several kinds, each with pages of its own, mapped now and then.
fn make_vmos(count: usize) -> Outcome {
    for round in 0..count {
        let vmo = Vmo::create(3 * PAGE)?;
        vmo.write(&[1; 8], PAGE)?;
        match round % 4 {
            0 => {
                let child = vmo.create_child(ChildOptions::SNAPSHOT, 0, 3 * PAGE)?;
                child.write(&[2; 8], PAGE)?;
            }
            1 => drop(vmo.create_child(ChildOptions::SLICE, PAGE, PAGE)?),
            2 => drop(Mapping::new(&vmo, PAGE_SIZE, MapOptions::READ_WRITE)?),
            _ => {}
        }
    }
    Ok(())
}

/// Processes that start, run and are killed.
fn make_processes(count: usize) -> Outcome {
    for round in 0..count {
        // jmp to itself
        let (child, _data) = Child::running("brief", [0xEB, 0xFE])?;
        if round % 8 == 0 {
            libzx::yield_now();
        }
        drop(child);
    }
    Ok(())
}

/// What the tables of handles and objects take in the beginning is there before the count.
fn vmos_and_processes_leave_no_frame_behind() -> Outcome {
    make_vmos(64)?;
    make_processes(16)?;
    let before = free_pages()?;
    make_vmos(10_000)?;
    make_processes(1000)?;
    let after = free_pages()?;
    expect_eq!(after, before);
    Ok(())
}

fn program() -> i64 {
    let mut suite = Suite::new();
    suite.case(
        "closed VMOs give their pages back",
        closed_vmos_give_their_pages_back,
    );
    suite.case("pages come back as zeros [7/4]", pages_come_back_as_zeros);
    suite.case("mapped pages come back", mapped_pages_come_back);
    suite.case("handles come back", handles_come_back);
    if startup().value("--gate") == Some("on") {
        suite.case("private copies come back", private_copies_come_back);
    }
    if startup().args().any(|arg| arg == "--many") {
        suite.case(
            "ten thousand VMOs and a thousand processes leave no frame behind",
            vmos_and_processes_leave_no_frame_behind,
        );
    }
    if startup().args().any(|arg| arg == "--exhaust") {
        suite.case(
            "exhaustion is survived [4.3/4 22/20]",
            exhaustion_is_survived,
        );
    }
    suite.finish()
}

libzx::main!(program);
