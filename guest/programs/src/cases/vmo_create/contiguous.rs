//! `zx_vmo_create_contiguous` (reference §8.2).

use super::vmos_here;
use crate::given::bti;
use crate::inspect::rights;
use crate::memory::{BAD_ADDRESSES, PAGE};
use crate::probe::{duplicate, status};
use crate::subject::Subject;
use crate::subject::make::create_contiguous;
use crate::subject::statuses::{
    ACCESS_DENIED, BAD_HANDLE, INVALID_ARGS, NO_MEMORY, UNAVAILABLE, WRONG_TYPE,
};
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq, refused};
use abi::info::InfoVmoFlags;
use libzx::{Call, Rights};

pub(super) fn run(suite: &mut Suite) {
    suite.case("contiguous: size 0 is INVALID_ARGS [8.2/1]", size_zero);
    suite.case(
        "contiguous: an unaligned size is INVALID_ARGS [8.2/2 22/22]",
        unaligned_size,
    );
    suite.case(
        "contiguous: alignments below 12 and from 64 are INVALID_ARGS [8.2/3]",
        alignments,
    );
    suite.case(
        "contiguous: size and alignment come before the BTI [8.2/1 8.2/2 8.2/3 2.2/5]",
        arguments_before_handle,
    );
    suite.case("contiguous: the BTI needs MAP [8.2/4]", bti_handle);
    suite.case(
        "contiguous: too much is NO_MEMORY, a bad BTI before that [8.2/5]",
        too_much,
    );
    suite.case(
        "contiguous: zero filled and committed [8.2/6]",
        zero_and_committed,
    );
    suite.case(
        "contiguous: used memory comes back as zeros [8.2/6]",
        zero_again,
    );
    suite.case(
        "contiguous: cached, fixed size, no stream [8.2/7 9.1/4 9.2/3]",
        fixed,
    );
    suite.case("contiguous: the bytes are ordinary bytes [4.4/3]", bytes);
    suite.case(
        "contiguous: default rights, without RESIZE [8.2/7]",
        default_rights,
    );
    suite.case(
        "contiguous: a bad out pointer leaves no handle behind [2.3/2 2.3/4]",
        bad_out,
    );
}

fn size_zero() -> Outcome {
    refused!(create_contiguous(bti(), 0, 0), INVALID_ARGS);
    refused!(create_contiguous(bti(), 0, 12), INVALID_ARGS);
    Ok(())
}

fn unaligned_size() -> Outcome {
    for size in [1, PAGE - 1, PAGE + 1, u64::MAX] {
        refused!(create_contiguous(bti(), size, 0), INVALID_ARGS);
    }
    Ok(())
}

fn alignments() -> Outcome {
    for alignment in [1, 2, 11, 64, 65, 1 << 16, u32::MAX] {
        refused!(create_contiguous(bti(), PAGE, alignment), INVALID_ARGS);
    }
    for alignment in [0, 12, 13, 16, 20] {
        let vmo = Subject::own(create_contiguous(bti(), 3 * PAGE, alignment)?)?;
        expect_eq!(vmo.size(), Ok(3 * PAGE));
    }
    Ok(())
}

fn arguments_before_handle() -> Outcome {
    for (size, alignment) in [(0, 0), (1, 0), (PAGE, 11), (PAGE, 64)] {
        refused!(create_contiguous(0, size, alignment), INVALID_ARGS);
    }
    Ok(())
}

fn bti_handle() -> Outcome {
    refused!(create_contiguous(0, PAGE, 0), BAD_HANDLE);
    refused!(create_contiguous(bti() ^ 0x100, PAGE, 0), BAD_HANDLE);
    let vmo = Subject::pages(1)?;
    refused!(create_contiguous(vmo.id(), PAGE, 0), WRONG_TYPE);
    refused!(
        create_contiguous(vmo.powerless()?.id(), PAGE, 0),
        WRONG_TYPE
    );
    let all = rights(bti())?;
    expect_eq!(all, Rights::DEFAULT_BTI);
    let no_map = Subject::own(duplicate(bti(), all.difference(Rights::MAP).bits())?)?;
    refused!(create_contiguous(no_map.id(), PAGE, 0), ACCESS_DENIED);
    let only_map = Subject::own(duplicate(bti(), Rights::MAP.bits())?)?;
    let vmo = Subject::own(create_contiguous(only_map.id(), PAGE, 0)?)?;
    expect_eq!(vmo.size(), Ok(PAGE));
    Ok(())
}

fn too_much() -> Outcome {
    refused!(create_contiguous(bti(), 1 << 40, 0), NO_MEMORY);
    refused!(create_contiguous(bti(), PAGE, 63), NO_MEMORY);
    refused!(create_contiguous(0, 1 << 40, 0), BAD_HANDLE);
    Ok(())
}

fn zero_and_committed() -> Outcome {
    let vmo = Subject::contiguous(4)?;
    expect_eq!(vmo.committed(), Ok(4 * PAGE));
    expect_eq!(vmo.nonzero(0, 4 * PAGE), Ok(None));
    expect_eq!(vmo.committed(), Ok(4 * PAGE));
    let flags = vmo.info()?.flags;
    let wanted = InfoVmoFlags::TYPE_PAGED | InfoVmoFlags::CONTIGUOUS | InfoVmoFlags::VIA_HANDLE;
    expect_eq!(flags, wanted.bits());
    Ok(())
}

fn zero_again() -> Outcome {
    for round in 0..4 {
        let vmo = Subject::contiguous(4)?;
        let dirt = vmo.nonzero(0, 4 * PAGE)?;
        ensure!(dirt.is_none(), "round {round}: dirt at {dirt:?}");
        vmo.put(round, 0, 4 * PAGE)?;
    }
    Ok(())
}

fn fixed() -> Outcome {
    let vmo = Subject::contiguous(2)?;
    vmo.put(1, 0, 2 * PAGE)?;
    expect_eq!(vmo.info()?.cache_policy, 0);
    expect_eq!((vmo.size()?, vmo.stream_size()?), (2 * PAGE, 0));
    expect_eq!(vmo.set_size(PAGE), UNAVAILABLE);
    expect_eq!((vmo.size()?, vmo.stream_size()?), (2 * PAGE, 0));
    expect_eq!(vmo.differs(1, 0, 2 * PAGE), Ok(None));
    Ok(())
}

fn bytes() -> Outcome {
    let vmo = Subject::contiguous(3)?;
    vmo.put(2, 100, 2 * PAGE)?;
    expect_eq!(vmo.differs(2, 100, 2 * PAGE), Ok(None));
    expect_eq!(vmo.nonzero(0, 100), Ok(None));
    expect_eq!(vmo.nonzero(2 * PAGE + 100, PAGE - 100), Ok(None));
    let map = vmo.map(PAGE, 4096)?;
    expect_eq!(map.byte(5), vmo.byte(PAGE + 5)?);
    map.store(5, &[0xA5]);
    expect_eq!(vmo.byte(PAGE + 5), Ok(0xA5));
    expect_eq!(vmo.committed(), Ok(3 * PAGE));
    Ok(())
}

fn default_rights() -> Outcome {
    expect_eq!(Subject::contiguous(1)?.rights()?, Rights::DEFAULT_VMO);
    Ok(())
}

fn bad_out() -> Outcome {
    let before = vmos_here()?;
    for (what, address, _) in BAD_ADDRESSES {
        let given = status(Call::VmoCreateContiguous, &[bti().into(), PAGE, 0, address]);
        ensure!(given == INVALID_ARGS, "{what}: {given}");
    }
    expect_eq!(vmos_here()?, before);
    Ok(())
}
