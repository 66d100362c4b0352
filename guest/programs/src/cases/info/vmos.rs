//! PROCESS_VMOS (reference §15.3).

use crate::child::{Child, DATA, SPIN};
use crate::inspect::{get_info, koid};
use crate::memory::{Area, PAGE};
use crate::probe::out;
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::info::{InfoVmo, InfoVmoFlags};
use abi::options::Topic;
use libzx::{Rights, Status};
use zerocopy::{FromBytes, FromZeros};

const VIA_HANDLE: u32 = InfoVmoFlags::VIA_HANDLE.bits();
const VIA_MAPPING: u32 = InfoVmoFlags::VIA_MAPPING.bits();

/// Calls `each` with every record of the own process.
fn visit(mut each: impl FnMut(&InfoVmo)) -> Outcome {
    let area = Area::new(16)?;
    let size = 16 * PAGE;
    let (given, actual, avail) = get_info(own_process(), Topic::PROCESS_VMOS, area.at(0), size);
    expect_eq!((given, actual), (Status::OK, avail));
    for index in 0..usize::try_from(actual).unwrap_or(0) {
        let mut bytes = [0; 176];
        area.map.load(index * 176, &mut bytes);
        let record = InfoVmo::read_from_bytes(&bytes).map_err(|_| Status::INTERNAL)?;
        each(&record);
    }
    Ok(())
}

fn handles_then_mappings() -> Outcome {
    let mut mappings = 0;
    let mut disorder = 0;
    visit(|record| {
        let via = record.flags & (VIA_HANDLE | VIA_MAPPING);
        if via == VIA_MAPPING {
            mappings += 1;
        }
        if via == VIA_HANDLE && mappings > 0 || via == 0 || via == VIA_HANDLE | VIA_MAPPING {
            disorder += 1;
        }
    })?;
    ensure!(mappings > 0, "no mapping");
    expect_eq!(disorder, 0);
    Ok(())
}

/// Two handles and three mappings of one VMO are five records.
fn every_one_of_them() -> Outcome {
    let vmo = Object::patterned(Kind::Anonymous, 2, 81)?;
    let second = vmo.with(Rights::READ | Rights::MAP)?;
    let vmar = SubVmar::new(8)?;
    for page in [0, 2, 4] {
        vmar.at(page, vmo.handle, 1).call()?;
    }
    let koid = koid(vmo.handle)?;
    let (mut by_handle, mut by_mapping, mut wrong) = (0, 0, 0);
    let mut rights = [0_u32; 2];
    visit(|record| {
        if record.koid != koid {
            return;
        }
        if record.flags & VIA_HANDLE != 0 {
            if let Some(slot) = rights.get_mut(by_handle) {
                *slot = record.handle_rights;
            }
            by_handle += 1;
        } else {
            by_mapping += 1;
            wrong += u32::from(record.handle_rights != 0);
        }
        wrong += u32::from(record.committed_bytes != 2 * PAGE || record.num_mappings != 3);
    })?;
    expect_eq!((by_handle, by_mapping, wrong), (2, 3, 0));
    rights.sort_unstable();
    let wanted = [
        (Rights::READ | Rights::MAP).bits(),
        Rights::DEFAULT_VMO.bits(),
    ];
    expect_eq!(rights, wanted);
    drop(second);
    Ok(())
}

/// A VMO that nobody has a handle to is found by its mapping.
fn mapped_only() -> Outcome {
    let vmo = Object::new(1)?;
    let vmar = SubVmar::new(1)?;
    vmar.at(0, vmo.handle, 1).call()?;
    let koid = koid(vmo.handle)?;
    drop(vmo);
    let mut found = [0_u32; 2];
    visit(|record| {
        if record.koid == koid {
            let [count, flags] = &mut found;
            *count += 1;
            *flags = record.flags;
        }
    })?;
    let [count, flags] = found;
    expect_eq!(count, 1);
    expect_eq!(flags, InfoVmoFlags::TYPE_PAGED.bits() | VIA_MAPPING);
    Ok(())
}

fn only_of_the_running() -> Outcome {
    let (child, data) = Child::prepared("vmos", SPIN)?;
    let mut records = [InfoVmo::new_zeroed(); 4];
    let mut ask = |topic| get_info(child.process, topic, out(&mut records), 4 * 176);
    const ALL: [u32; 4] = [
        Topic::PROCESS_VMOS_V1,
        Topic::PROCESS_VMOS_V2,
        Topic::PROCESS_VMOS_V3,
        Topic::PROCESS_VMOS,
    ];
    for topic in ALL {
        expect_eq!(ask(topic).0, Status::BAD_STATE);
    }
    child.start(0, 0)?;
    // Its code and its data, by mapping.
    for topic in ALL {
        expect_eq!(ask(topic), (Status::OK, 2, 2));
    }
    let last = core::hint::black_box(&records).get(1);
    let last = last.ok_or(Status::NOT_FOUND)?;
    expect_eq!(last.koid, koid(data.handle)?);
    expect_eq!(last.handle_rights, 0);
    ensure!(DATA > crate::child::CODE, "in ascending order");
    child.kill()?;
    for topic in ALL {
        let given = get_info(child.process, topic, out(&mut records), 4 * 176);
        expect_eq!(given.0, Status::BAD_STATE);
    }
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "PROCESS_VMOS has the handles before the mappings [15.3/2]",
        handles_then_mappings,
    );
    suite.case(
        "PROCESS_VMOS counts every handle and mapping [15.3/2 15.1/5]",
        every_one_of_them,
    );
    suite.case(
        "PROCESS_VMOS finds what is mapped only [15.3/2 15.1/10]",
        mapped_only,
    );
    suite.case(
        "PROCESS_VMOS of what does not run is BAD_STATE [15.3/1]",
        only_of_the_running,
    );
}
