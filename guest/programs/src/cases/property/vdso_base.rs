//! `ZX_PROP_PROCESS_VDSO_BASE_ADDRESS` (reference §18).

use crate::cases::vdso_map::{Image, vdso_object};
use crate::child::Child;
use crate::inspect::{Maps, get_property, set_property};
use crate::memory::BAD_ADDRESSES;
use crate::probe::{UNTOUCHED, close, duplicate, out};
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::options::Property;
use libzx::{Rights, Status};

const BASE: u32 = Property::PROCESS_VDSO_BASE_ADDRESS;

fn get(handle: u32) -> Result<u64, Status> {
    let mut value = UNTOUCHED;
    get_property(handle, BASE, out(&mut value), 8).ok()?;
    Ok(core::hint::black_box(value))
}

fn ones_own() -> Outcome {
    let image = Image::read()?;
    let base = get(own_process())?;
    let maps = Maps::own()?;
    let code = maps.mapping(base + image.code_offset);
    let code = code.ok_or(Status::NOT_FOUND)?;
    expect_eq!(code.base, base + image.code_offset);
    expect_eq!((code.size, code.mmu_flags), (image.code_size, RX));
    let data = maps.mapping(base).ok_or(Status::NOT_FOUND)?;
    expect_eq!((data.base, data.mmu_flags), (base, R));
    Ok(())
}

/// Zero before the code is mapped; whatever else of the vDSO is mapped does not matter.
fn a_childs() -> Outcome {
    let image = Image::read()?;
    let child = Child::new("vdso base")?;
    expect_eq!(get(child.process)?, 0);
    let vdso = vdso_object()?;
    child.map_anywhere(&vdso, 1)?;
    expect_eq!(get(child.process)?, 0);
    let code = image.code_in(&child).call()?;
    expect_eq!(get(child.process)?, code - image.code_offset);
    Ok(())
}

fn it_cannot_be_set() -> Outcome {
    let before = get(own_process())?;
    let mut value = 0x1234_5000_u64;
    let given = set_property(own_process(), BASE, out(&mut value), 8);
    expect_eq!(given, Status::ACCESS_DENIED);
    expect_eq!(get(own_process())?, before);
    Ok(())
}

fn arguments() -> Outcome {
    let mut value = UNTOUCHED;
    for size in [0, 4, 7] {
        let given = get_property(own_process(), BASE, out(&mut value), size);
        expect_eq!(given, Status::BUFFER_TOO_SMALL);
    }
    expect_eq!(core::hint::black_box(value), UNTOUCHED);
    for (what, address, _) in BAD_ADDRESSES {
        let given = get_property(own_process(), BASE, address, 8);
        ensure!(given == Status::INVALID_ARGS, "{what}: {given:?}");
    }
    let vmo = Object::new(1)?;
    expect_eq!(get(vmo.handle), Err(Status::WRONG_TYPE));
    let all = Rights::DEFAULT_PROCESS.difference(Rights::GET_PROPERTY);
    let weak = duplicate(own_process(), all.bits())?;
    expect_eq!(get(weak), Err(Status::ACCESS_DENIED));
    expect_eq!(close(weak), Status::OK);
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "the vDSO's base is its code's less the offset [18/2]",
        ones_own,
    );
    suite.case(
        "the vDSO's base is 0 until its code is mapped [18/2]",
        a_childs,
    );
    suite.case("the vDSO's base cannot be set", it_cannot_be_set);
    suite.case("the vDSO's base wants a process and 8 bytes", arguments);
}
