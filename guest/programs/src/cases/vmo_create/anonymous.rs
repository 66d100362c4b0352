//! `zx_vmo_create` (reference §8.1).

use super::{name, vmos_here};
use crate::memory::{BAD_ADDRESSES, PAGE};
use crate::probe::{status, vmo_create};
use crate::subject::Subject;
use crate::subject::statuses::{INVALID_ARGS, OK, OUT_OF_RANGE};
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq, refused};
use abi::info::InfoVmoFlags;
use abi::layout::MAX_VMO_SIZE;
use abi::objects::VmoOptions;
use libzx::{Call, Rights};

pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "size 0 is legal, everything in it out of range [8.1/10 4.2/4 4.2/5]",
        size_zero,
    );
    suite.case("discardable VMOs are made [4.4/8]", discardable);
    suite.case(
        "options that no VMO has are INVALID_ARGS [8.1/4]",
        unknown_options,
    );
    suite.case(
        "resizable and unbounded beats a size too big [8.1/2 23/45]",
        exclusive_options,
    );
    suite.case(
        "a size too big beats unknown options [8.1/3 23/44]",
        size_before_options,
    );
    suite.case(
        "unbounded: unknown options beat the size [8.1/4 8.1/8]",
        unbounded_order,
    );
    suite.case(
        "unbounded: the size becomes the stream size [8.1/5 9.1/3]",
        unbounded,
    );
    suite.case(
        "RESIZE comes with resizable VMOs only [8.1/7 8.1/11]",
        rights,
    );
    suite.case("a fresh VMO is told of as plain [15.1/1]", fresh_info);
    suite.case(
        "a bad out pointer leaves no handle behind [8.1/9 2.3/2 2.3/4]",
        bad_out,
    );
}

fn size_zero() -> Outcome {
    for options in [VmoOptions::empty(), VmoOptions::RESIZABLE] {
        let vmo = Subject::create(0, options)?;
        expect_eq!((vmo.size()?, vmo.stream_size()?), (0, 0));
        refused!(vmo.byte(0), OUT_OF_RANGE);
        refused!(vmo.put_byte(0, 1), OUT_OF_RANGE);
        expect_eq!(crate::probe::vmo_read(vmo.id(), 0, 0, 0), OK);
        expect_eq!(crate::probe::vmo_write(vmo.id(), 0, 0, 0), OK);
    }
    Ok(())
}

fn discardable() -> Outcome {
    let vmo = Subject::discardable(2)?;
    expect_eq!(vmo.rights()?, Rights::DEFAULT_VMO);
    let flags = vmo.info()?.flags;
    ensure!(
        flags & InfoVmoFlags::DISCARDABLE.bits() != 0,
        "flags {flags:#x}"
    );
    vmo.put(1, 10, PAGE)?;
    expect_eq!(vmo.differs(1, 10, PAGE), Ok(None));
    Ok(())
}

fn unknown_options() -> Outcome {
    let known = VmoOptions::RESIZABLE | VmoOptions::DISCARDABLE | VmoOptions::UNBOUNDED;
    for bit in (0..32).map(|bit| 1 << bit) {
        if known.bits() & bit == 0 {
            refused!(vmo_create(PAGE, bit), INVALID_ARGS);
            refused!(vmo_create(PAGE, bit | 2), INVALID_ARGS);
        }
    }
    Ok(())
}

fn exclusive_options() -> Outcome {
    let both = (VmoOptions::RESIZABLE | VmoOptions::UNBOUNDED).bits();
    for size in [0, PAGE, MAX_VMO_SIZE + 1, u64::MAX] {
        refused!(vmo_create(size, both), INVALID_ARGS);
        refused!(vmo_create(size, both | 1), INVALID_ARGS);
    }
    Ok(())
}

fn size_before_options() -> Outcome {
    for size in [MAX_VMO_SIZE + 1, u64::MAX - PAGE + 2, u64::MAX] {
        for options in [1, 8, 0x20, 0x8000_0002] {
            refused!(vmo_create(size, options), OUT_OF_RANGE);
        }
        refused!(vmo_create(size, 0), OUT_OF_RANGE);
    }
    Ok(())
}

fn unbounded_order() -> Outcome {
    let unbounded = VmoOptions::UNBOUNDED.bits();
    for size in [MAX_VMO_SIZE + 1, u64::MAX] {
        refused!(vmo_create(size, unbounded | 8), INVALID_ARGS);
        refused!(vmo_create(size, unbounded), OUT_OF_RANGE);
    }
    Ok(())
}

fn unbounded() -> Outcome {
    for size in [0, 1, 77, PAGE, MAX_VMO_SIZE - 1, MAX_VMO_SIZE] {
        let vmo = Subject::create(size, VmoOptions::UNBOUNDED)?;
        expect_eq!((vmo.size()?, vmo.stream_size()?), (MAX_VMO_SIZE, size));
        expect_eq!(vmo.rights()?, Rights::DEFAULT_VMO);
    }
    Ok(())
}

fn rights() -> Outcome {
    let plain = Rights::DEFAULT_VMO;
    expect_eq!(plain.bits(), 0xD0EF);
    for (options, wanted) in [
        (VmoOptions::empty(), plain),
        (VmoOptions::RESIZABLE, plain | Rights::RESIZE),
        (VmoOptions::DISCARDABLE, plain),
        (VmoOptions::UNBOUNDED, plain),
    ] {
        expect_eq!(Subject::create(PAGE, options)?.rights()?, wanted);
    }
    Ok(())
}

fn fresh_info() -> Outcome {
    let vmo = Subject::create(100, VmoOptions::empty())?;
    let info = vmo.info()?;
    let plain = InfoVmoFlags::TYPE_PAGED | InfoVmoFlags::VIA_HANDLE;
    expect_eq!(info.flags, plain.bits());
    expect_eq!((info.size_bytes, info.parent_koid), (PAGE, 0));
    expect_eq!((info.num_children, info.num_mappings), (0, 0));
    expect_eq!((info.committed_bytes, info.cache_policy), (0, 0));
    expect_eq!(info.handle_rights, Rights::DEFAULT_VMO.bits());
    expect_eq!(name(vmo.id())?, [0; 32]);
    let resizable = Subject::resizable(0)?.info()?.flags;
    expect_eq!(resizable, (plain | InfoVmoFlags::RESIZABLE).bits());
    Ok(())
}

fn bad_out() -> Outcome {
    let before = vmos_here()?;
    for (what, address, _) in BAD_ADDRESSES {
        let given = status(Call::VmoCreate, &[PAGE, 0, address]);
        ensure!(given == INVALID_ARGS, "{what}: {given}");
    }
    expect_eq!(vmos_here()?, before);
    Ok(())
}
