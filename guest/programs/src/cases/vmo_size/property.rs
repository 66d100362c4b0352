//! `ZX_PROP_VMO_CONTENT_SIZE` (reference §9.4).

use crate::memory::{Area, PAGE};
use crate::probe::status;
use crate::subject::Subject;
use crate::subject::statuses::{
    ACCESS_DENIED, BUFFER_TOO_SMALL, INVALID_ARGS, NOT_SUPPORTED, OK, OUT_OF_RANGE,
};
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq, refused};
use abi::objects::VmoOptions;
use abi::options::Property;
use libzx::{Call, Rights, Status};

pub(super) fn run(suite: &mut Suite) {
    suite.case("the content size is the stream size [9.4/1]", get);
    suite.case(
        "getting the content size needs GET_PROPERTY [9.4/1]",
        get_right,
    );
    suite.case(
        "setting the content size needs SET_PROPERTY and WRITE [9.4/2 9.4/3]",
        set_rights,
    );
    suite.case(
        "a content size of less than 8 bytes is BUFFER_TOO_SMALL [9.4/4]",
        small,
    );
    suite.case("a content size at NULL is INVALID_ARGS [9.4/5]", null);
    suite.case(
        "setting the content size is setting the stream size [9.4/6 22/21]",
        set,
    );
}

const PROPERTY: u64 = Property::VMO_CONTENT_SIZE as u64;

/// The call with its value at that address.
fn with_value(call: Call, vmo: &Subject, value: u64, size: u64) -> Status {
    status(call, &[vmo.arg(), PROPERTY, value, size])
}

fn get() -> Outcome {
    for (vmo, wanted) in [
        (Subject::create(5000, VmoOptions::empty())?, 5000),
        (Subject::create(77, VmoOptions::UNBOUNDED)?, 77),
        (Subject::contiguous(1)?, 0),
        (Subject::physical(0, 1)?, 0),
    ] {
        expect_eq!(vmo.content_size(), Ok(wanted));
    }
    let vmo = Subject::resizable(PAGE)?;
    expect_eq!(vmo.set_size(5), OK);
    expect_eq!(vmo.content_size(), Ok(5));
    Ok(())
}

fn get_right() -> Outcome {
    let vmo = Subject::pages(1)?;
    let poor = vmo.without(Rights::GET_PROPERTY)?;
    refused!(poor.content_size(), ACCESS_DENIED);
    let enough = vmo.with_rights(Rights::GET_PROPERTY)?;
    expect_eq!(enough.content_size(), Ok(PAGE));
    Ok(())
}

fn set_rights() -> Outcome {
    let vmo = Subject::pages(1)?;
    for missing in [Rights::SET_PROPERTY, Rights::WRITE] {
        let poor = vmo.without(missing)?;
        for size in [0, 5, u64::MAX] {
            expect_eq!(poor.set_content_size(size), ACCESS_DENIED);
        }
        // Before the value is looked at.
        let area = Area::touched(1)?;
        for (value, size) in [(area.at(0), 4), (crate::memory::KERNEL_BASE, 8)] {
            let given = with_value(Call::ObjectSetProperty, &poor, value, size);
            ensure!(given == ACCESS_DENIED, "without {missing:?}: {given}");
        }
    }
    expect_eq!(vmo.stream_size(), Ok(PAGE));
    let enough = vmo.with_rights(Rights::SET_PROPERTY | Rights::WRITE)?;
    expect_eq!(enough.set_content_size(5), OK);
    expect_eq!(vmo.stream_size(), Ok(5));
    Ok(())
}

fn small() -> Outcome {
    let vmo = Subject::pages(1)?;
    let area = Area::touched(1)?;
    area.map.store(0, &[0xEE; 16]);
    for size in [0, 1, 4, 7] {
        for call in [Call::ObjectGetProperty, Call::ObjectSetProperty] {
            let given = with_value(call, &vmo, area.at(0), size);
            ensure!(given == BUFFER_TOO_SMALL, "{call:?} of {size}: {given}");
        }
    }
    ensure!(area.all(0, 16, 0xEE), "the buffer was touched");
    expect_eq!(vmo.stream_size(), Ok(PAGE));
    // More than enough is fine.
    expect_eq!(
        with_value(Call::ObjectGetProperty, &vmo, area.at(0), 16),
        OK
    );
    let mut found = [0; 8];
    area.map.load(0, &mut found);
    expect_eq!(u64::from_le_bytes(found), PAGE);
    ensure!(area.all(8, 8, 0xEE), "more than 8 bytes were stored");
    Ok(())
}

fn null() -> Outcome {
    let vmo = Subject::pages(1)?;
    for call in [Call::ObjectGetProperty, Call::ObjectSetProperty] {
        for address in [0, 1, crate::memory::KERNEL_BASE] {
            expect_eq!(with_value(call, &vmo, address, 8), INVALID_ARGS);
        }
    }
    expect_eq!(vmo.stream_size(), Ok(PAGE));
    Ok(())
}

fn set() -> Outcome {
    let vmo = Subject::pages(2)?;
    vmo.put(1, 0, 2 * PAGE)?;
    expect_eq!(vmo.set_content_size(2 * PAGE + 1), OUT_OF_RANGE);
    expect_eq!(vmo.differs(1, 0, 2 * PAGE), Ok(None));
    expect_eq!(vmo.set_content_size(100), OK);
    expect_eq!((vmo.size()?, vmo.stream_size()?), (2 * PAGE, 100));
    expect_eq!(vmo.differs(1, 0, 100), Ok(None));
    expect_eq!(vmo.nonzero(100, 2 * PAGE - 100), Ok(None));
    expect_eq!(Subject::contiguous(1)?.set_content_size(0), NOT_SUPPORTED);
    expect_eq!(Subject::physical(0, 1)?.set_content_size(0), NOT_SUPPORTED);
    Ok(())
}
