//! `zx_vmo_set_stream_size` (reference §9.3).

use crate::memory::PAGE;
use crate::probe::status;
use crate::subject::Subject;
use crate::subject::statuses::{
    ACCESS_DENIED, BAD_HANDLE, NOT_SUPPORTED, OK, OUT_OF_RANGE, WRONG_TYPE,
};
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::layout::MAX_VMO_SIZE;
use abi::objects::VmoOptions;
use libzx::{Call, PAGE_SIZE, Rights, startup};

pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "set_stream_size of what is no VMO [2.2/1 2.2/2]",
        bad_handles,
    );
    suite.case(
        "set_stream_size needs WRITE, not RESIZE [9.3/1]",
        needs_write,
    );
    suite.case(
        "set_stream_size of physical and contiguous VMOs, before any size [9.3/2]",
        not_paged,
    );
    suite.case(
        "set_stream_size to the same value zeroes nothing [9.3/3]",
        equal,
    );
    suite.case(
        "set_stream_size beyond the VMO changes nothing [9.3/4]",
        too_big,
    );
    suite.case(
        "a smaller stream size zeroes from it to the end [9.3/5]",
        smaller,
    );
    suite.case(
        "a larger stream size zeroes from the old one to the end [9.3/5]",
        larger,
    );
    suite.case(
        "set_stream_size leaves the VMO's size alone [9.3/6]",
        size_stays,
    );
    suite.case(
        "zeros of the stream size are seen in mappings [7/12 9.3/5]",
        mapped,
    );
    suite.case(
        "set_size takes the stream size along [9.2/8]",
        with_set_size,
    );
    suite.case("the stream size of an unbounded VMO [9.3/4]", unbounded);
}

fn bad_handles() -> Outcome {
    let process = startup().process_self().map_or(0, |own| own.handle().raw());
    for size in [0, u64::MAX] {
        for (handle, wanted) in [(0, BAD_HANDLE), (process, WRONG_TYPE)] {
            expect_eq!(
                status(Call::VmoSetStreamSize, &[handle.into(), size]),
                wanted
            );
        }
    }
    Ok(())
}

fn needs_write() -> Outcome {
    for vmo in [Subject::resizable(PAGE)?, Subject::pages(1)?] {
        let poor = vmo.without(Rights::WRITE)?;
        // Refused before anything about the size.
        for size in [0, PAGE, PAGE + 1, u64::MAX] {
            expect_eq!(poor.set_stream_size(size), ACCESS_DENIED);
        }
        expect_eq!(vmo.stream_size(), Ok(PAGE));
        let enough = vmo.with_rights(Rights::WRITE)?;
        expect_eq!(enough.set_stream_size(7), OK);
        expect_eq!(vmo.stream_size(), Ok(7));
    }
    let physical = Subject::physical(0, 1)?.without(Rights::WRITE)?;
    expect_eq!(physical.set_stream_size(0), ACCESS_DENIED);
    Ok(())
}

fn not_paged() -> Outcome {
    for vmo in [Subject::contiguous(1)?, Subject::physical(0, 1)?] {
        for size in [0, 1, PAGE, PAGE + 1, u64::MAX] {
            expect_eq!(vmo.set_stream_size(size), NOT_SUPPORTED);
        }
        expect_eq!((vmo.size()?, vmo.stream_size()?), (PAGE, 0));
    }
    Ok(())
}

fn equal() -> Outcome {
    let vmo = Subject::create(100, VmoOptions::empty())?;
    vmo.put(1, 0, PAGE)?;
    expect_eq!(vmo.set_stream_size(100), OK);
    expect_eq!(vmo.differs(1, 0, PAGE), Ok(None));
    expect_eq!(vmo.stream_size(), Ok(100));
    Ok(())
}

fn too_big() -> Outcome {
    let vmo = Subject::create(100, VmoOptions::empty())?;
    vmo.put(2, 0, PAGE)?;
    for size in [PAGE + 1, 2 * PAGE, MAX_VMO_SIZE, u64::MAX] {
        expect_eq!(vmo.set_stream_size(size), OUT_OF_RANGE);
    }
    expect_eq!((vmo.size()?, vmo.stream_size()?), (PAGE, 100));
    expect_eq!(vmo.differs(2, 0, PAGE), Ok(None));
    Ok(())
}

fn smaller() -> Outcome {
    let vmo = Subject::pages(3)?;
    vmo.put(3, 0, 3 * PAGE)?;
    expect_eq!(vmo.set_stream_size(PAGE + 10), OK);
    expect_eq!(vmo.stream_size(), Ok(PAGE + 10));
    expect_eq!(vmo.differs(3, 0, PAGE + 10), Ok(None));
    expect_eq!(vmo.nonzero(PAGE + 10, 2 * PAGE - 10), Ok(None));
    Ok(())
}

fn larger() -> Outcome {
    let vmo = Subject::create(3 * PAGE, VmoOptions::RESIZABLE)?;
    expect_eq!(vmo.set_stream_size(50), OK);
    // Bytes that came after the stream ended.
    vmo.put(4, 0, 3 * PAGE)?;
    expect_eq!(vmo.set_stream_size(2 * PAGE), OK);
    expect_eq!(vmo.stream_size(), Ok(2 * PAGE));
    expect_eq!(vmo.differs(4, 0, 50), Ok(None));
    expect_eq!(vmo.nonzero(50, 3 * PAGE - 50), Ok(None));
    Ok(())
}

fn size_stays() -> Outcome {
    let vmo = Subject::pages(3)?;
    for size in [0, 1, PAGE, 2 * PAGE + 1, 3 * PAGE] {
        expect_eq!(vmo.set_stream_size(size), OK);
        expect_eq!((vmo.size()?, vmo.stream_size()?), (3 * PAGE, size));
    }
    Ok(())
}

fn mapped() -> Outcome {
    let vmo = Subject::pages(2)?;
    let map = vmo.map(0, 2 * PAGE_SIZE)?;
    map.store(9, &[1, 2]);
    map.store(PAGE_SIZE, &[3]);
    expect_eq!(vmo.set_stream_size(10), OK);
    let found = (map.byte(9), map.byte(10), map.byte(PAGE_SIZE));
    expect_eq!(found, (1, 0, 0));
    map.store(PAGE_SIZE, &[4]);
    expect_eq!(vmo.byte(PAGE), Ok(4));
    Ok(())
}

fn with_set_size() -> Outcome {
    let vmo = Subject::resizable(3 * PAGE)?;
    expect_eq!(vmo.set_stream_size(10), OK);
    expect_eq!(vmo.set_size(2 * PAGE), OK);
    expect_eq!((vmo.size()?, vmo.stream_size()?), (2 * PAGE, 2 * PAGE));
    expect_eq!(vmo.set_size(5), OK);
    expect_eq!((vmo.size()?, vmo.stream_size()?), (PAGE, 5));
    Ok(())
}

fn unbounded() -> Outcome {
    let vmo = Subject::create(0, VmoOptions::UNBOUNDED)?;
    vmo.put_byte(1 << 40, 7)?;
    for size in [1 << 50, MAX_VMO_SIZE] {
        expect_eq!(vmo.set_stream_size(size), OK);
        expect_eq!(vmo.stream_size(), Ok(size));
    }
    let far = vmo.byte(1 << 40)?;
    ensure!(far == 0, "the byte behind the old stream size is {far}");
    expect_eq!(vmo.set_stream_size(u64::MAX), OUT_OF_RANGE);
    Ok(())
}
