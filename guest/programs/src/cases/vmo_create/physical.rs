//! `zx_vmo_create_physical` (reference §8.3).

use super::vmos_here;
use crate::given::resource;
use crate::memory::{BAD_ADDRESSES, PAGE};
use crate::modes::Modes;
use crate::probe::{status, vmo_read, vmo_write};
use crate::subject::make::create_physical;
use crate::subject::statuses::{
    BAD_HANDLE, BAD_STATE, INVALID_ARGS, NOT_SUPPORTED, OUT_OF_RANGE, UNAVAILABLE, WRONG_TYPE,
};
use crate::subject::{Subject, soft_load, soft_store};
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq, refused};
use abi::info::InfoVmoFlags;
use abi::layout::{SCRATCH_BASE, SCRATCH_SIZE};
use abi::options::ChildOptions;
use libzx::{Call, PAGE_SIZE, Rights};

pub(super) fn run(suite: &mut Suite, modes: Modes) {
    suite.case(
        "physical: size 0 and unaligned sizes are INVALID_ARGS [8.3/1 8.3/2]",
        sizes,
    );
    suite.case(
        "physical: the size comes before the resource [8.3/1 8.3/2 2.2/5]",
        size_before_handle,
    );
    suite.case(
        "physical: the resource is looked at before the address [8.3/3]",
        resource_handle,
    );
    suite.case(
        "physical: a range outside the resource is OUT_OF_RANGE [8.3/3]",
        outside,
    );
    suite.case(
        "physical: unaligned or wrapping addresses are INVALID_ARGS [8.3/4]",
        addresses,
    );
    suite.case(
        "physical: uncached, fixed size, no stream, not paged [8.3/5 8.3/6 9.1/4]",
        kind,
    );
    suite.case(
        "physical: two of the same memory show the same bytes",
        same_memory,
    );
    suite.case(
        "physical: no clone of any kind [8.3/7 10.2/16 10.3/1]",
        no_clones,
    );
    suite.case(
        "physical: a slice is physical and shows the same memory [8.3/7 10.2/6 10.2/7]",
        || slices(modes),
    );
    suite.case(
        "physical: a bad out pointer leaves no handle behind [2.3/2 2.3/4]",
        bad_out,
    );
}

fn sizes() -> Outcome {
    for size in [0, 1, PAGE - 1, PAGE + 1, u64::MAX] {
        refused!(
            create_physical(resource(), SCRATCH_BASE, size),
            INVALID_ARGS
        );
    }
    Ok(())
}

fn size_before_handle() -> Outcome {
    for size in [0, 1, PAGE + 1] {
        refused!(create_physical(0, SCRATCH_BASE, size), INVALID_ARGS);
    }
    Ok(())
}

fn resource_handle() -> Outcome {
    let vmo = Subject::pages(1)?;
    let powerless = vmo.powerless()?;
    for paddr in [SCRATCH_BASE, SCRATCH_BASE + 1, u64::MAX - PAGE + 1] {
        refused!(create_physical(0, paddr, PAGE), BAD_HANDLE);
        refused!(create_physical(resource() ^ 0x100, paddr, PAGE), BAD_HANDLE);
        refused!(create_physical(vmo.id(), paddr, PAGE), WRONG_TYPE);
        refused!(create_physical(powerless.id(), paddr, PAGE), WRONG_TYPE);
    }
    Ok(())
}

fn outside() -> Outcome {
    let end = SCRATCH_BASE + SCRATCH_SIZE;
    for (paddr, size) in [
        (0, PAGE),
        (SCRATCH_BASE - PAGE, PAGE),
        (SCRATCH_BASE - PAGE, 2 * PAGE),
        (end, PAGE),
        (end - PAGE, 2 * PAGE),
        (abi::layout::KERNEL_LOAD_ADDRESS, PAGE),
        (1 << 45, PAGE),
        (1 << 62, PAGE),
        (u64::MAX - 2 * PAGE + 1, PAGE),
    ] {
        let given = create_physical(resource(), paddr, size);
        ensure!(
            given == Err(OUT_OF_RANGE),
            "{size:#x} at {paddr:#x}: {given:?}"
        );
    }
    let whole = Subject::own(create_physical(resource(), SCRATCH_BASE, SCRATCH_SIZE)?)?;
    expect_eq!(whole.size(), Ok(SCRATCH_SIZE));
    Ok(())
}

fn addresses() -> Outcome {
    for paddr in [SCRATCH_BASE + 1, SCRATCH_BASE + PAGE - 1] {
        refused!(create_physical(resource(), paddr, PAGE), INVALID_ARGS);
    }
    let last = u64::MAX - PAGE + 1;
    refused!(create_physical(resource(), last, 2 * PAGE), INVALID_ARGS);
    refused!(
        create_physical(resource(), SCRATCH_BASE, last),
        INVALID_ARGS
    );
    Ok(())
}

fn kind() -> Outcome {
    let vmo = Subject::physical(0, 2)?;
    let info = vmo.info()?;
    expect_eq!(info.flags, InfoVmoFlags::VIA_HANDLE.bits());
    expect_eq!(info.cache_policy, 1);
    expect_eq!((vmo.size()?, vmo.stream_size()?), (2 * PAGE, 0));
    expect_eq!(vmo.set_size(2 * PAGE), UNAVAILABLE);
    expect_eq!(vmo.size(), Ok(2 * PAGE));
    expect_eq!(vmo.rights()?, Rights::DEFAULT_VMO);
    Ok(())
}

fn same_memory() -> Outcome {
    let whole = Subject::physical(0, 4)?;
    let part = Subject::physical(2, 1)?;
    let (whole, part) = (whole.map(0, 4 * PAGE_SIZE)?, part.map(0, PAGE_SIZE)?);
    whole.store(2 * PAGE_SIZE + 7, b"physical");
    let mut found = [0; 8];
    part.load(7, &mut found);
    expect_eq!(&found, b"physical");
    part.store(0, &[0x42]);
    expect_eq!(whole.byte(2 * PAGE_SIZE), 0x42);
    let address = whole.address() as u64 + 2 * PAGE;
    expect_eq!(soft_load(address), Ok(0x42));
    soft_store(address + 1, 0x43)?;
    expect_eq!(part.byte(1), 0x43);
    // The memory keeps its bytes when the VMO goes.
    drop((whole, part));
    let again = Subject::physical(2, 1)?.map(0, PAGE_SIZE)?;
    expect_eq!((again.byte(0), again.byte(7)), (0x42, b'p'));
    Ok(())
}

fn no_clones() -> Outcome {
    let vmo = Subject::physical(0, 2)?;
    for kind in [
        ChildOptions::SNAPSHOT,
        ChildOptions::SNAPSHOT_AT_LEAST_ON_WRITE,
        ChildOptions::SNAPSHOT_MODIFIED,
        ChildOptions::REFERENCE,
    ] {
        refused!(vmo.child(kind, 0, 0), NOT_SUPPORTED);
    }
    expect_eq!(vmo.info()?.num_children, 0);
    expect_eq!(vmo.zero_children(), Ok(true));
    Ok(())
}

fn slices(modes: Modes) -> Outcome {
    let vmo = Subject::physical(0, 4)?;
    let slice = vmo.slice(PAGE, 2 * PAGE)?;
    expect_eq!(slice.info()?.flags & InfoVmoFlags::TYPE_PAGED.bits(), 0);
    expect_eq!(slice.size(), Ok(2 * PAGE));
    let wanted = modes.pick(BAD_STATE, NOT_SUPPORTED);
    let area = crate::memory::Area::touched(1)?;
    expect_eq!(vmo_read(slice.id(), area.at(0), 0, 1), wanted);
    expect_eq!(vmo_write(slice.id(), area.at(0), 0, 1), wanted);
    let (outer, inner) = (vmo.map(0, 4 * PAGE_SIZE)?, slice.map(0, 2 * PAGE_SIZE)?);
    outer.store(2 * PAGE_SIZE + 9, &[0x77]);
    expect_eq!(inner.byte(PAGE_SIZE + 9), 0x77);
    inner.store(3, &[0x78]);
    expect_eq!(outer.byte(PAGE_SIZE + 3), 0x78);
    refused!(vmo.slice(PAGE, 4 * PAGE), INVALID_ARGS);
    Ok(())
}

fn bad_out() -> Outcome {
    let before = vmos_here()?;
    for (what, address, _) in BAD_ADDRESSES {
        let args = [resource().into(), SCRATCH_BASE, PAGE, address];
        let given = status(Call::VmoCreatePhysical, &args);
        ensure!(given == INVALID_ARGS, "{what}: {given}");
    }
    expect_eq!(vmos_here()?, before);
    Ok(())
}
