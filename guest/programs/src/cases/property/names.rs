//! `ZX_PROP_NAME`.

use crate::child::Child;
use crate::inspect::{get_property, name, set_property, vmo};
use crate::memory::BAD_ADDRESSES;
use crate::probe::{close, duplicate, out};
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::options::Property;
use libzx::{Rights, Status};

fn get(handle: u32) -> Result<[u8; 32], Status> {
    let mut bytes = [0xCC; 32];
    get_property(handle, Property::NAME, out(&mut bytes), 32).ok()?;
    Ok(core::hint::black_box(bytes))
}

fn set(handle: u32, text: &str) -> Status {
    let mut bytes = [0_u8; 64];
    for (to, from) in bytes.iter_mut().zip(text.bytes()) {
        *to = from;
    }
    set_property(handle, Property::NAME, out(&mut bytes), text.len() as u64)
}

fn is_called(handle: u32, wanted: &str) -> Outcome {
    let found = get(handle)?;
    expect_eq!(name(&found), wanted);
    Ok(())
}

fn what_was_set() -> Outcome {
    let child = Child::new("first name")?;
    let thread = child.thread()?;
    let object = Object::new(1)?;
    is_called(object.handle, "")?;
    is_called(child.process, "first name")?;
    is_called(thread, "a thread")?;
    for handle in [object.handle, child.process, thread] {
        expect_eq!(set(handle, "another"), Status::OK);
        let mut wanted = [0; 32];
        for (to, &from) in wanted.iter_mut().zip(b"another") {
            *to = from;
        }
        // Nothing of a longer name stays behind.
        expect_eq!(get(handle)?, wanted);
        expect_eq!(set(handle, ""), Status::OK);
        expect_eq!(get(handle)?, [0; 32]);
    }
    expect_eq!(close(thread), Status::OK);
    Ok(())
}

fn long_names() -> Outcome {
    let object = Object::new(1)?;
    let long = "0123456789012345678901234567890123456789";
    expect_eq!(set(object.handle, long), Status::OK);
    let found = get(object.handle)?;
    expect_eq!(name(&found), "0123456789012345678901234567890");
    expect_eq!(found.last(), Some(&0));
    expect_eq!(vmo(object.handle)?.name, found);
    // A process is made with a name as long.
    let child = Child::new(long)?;
    is_called(child.process, "0123456789012345678901234567890")?;
    Ok(())
}

fn small_buffers() -> Outcome {
    let object = Object::new(1)?;
    expect_eq!(set(object.handle, "name"), Status::OK);
    let mut bytes = [0xCC_u8; 40];
    for size in [0, 1, 5, 31] {
        let given = get_property(object.handle, Property::NAME, out(&mut bytes), size);
        expect_eq!(given, Status::BUFFER_TOO_SMALL);
    }
    expect_eq!(core::hint::black_box(bytes), [0xCC; 40]);
    let given = get_property(object.handle, Property::NAME, out(&mut bytes), 40);
    expect_eq!(given, Status::OK);
    let bytes = core::hint::black_box(bytes);
    expect_eq!(bytes.get(..5), Some(&b"name\0"[..]));
    expect_eq!(bytes.get(32..), Some(&[0xCC; 8][..]));
    Ok(())
}

fn bad_buffers() -> Outcome {
    let object = Object::new(1)?;
    expect_eq!(set(object.handle, "kept"), Status::OK);
    for (what, address, _) in BAD_ADDRESSES {
        let given = set_property(object.handle, Property::NAME, address, 8);
        ensure!(given == Status::INVALID_ARGS, "set, {what}: {given:?}");
        let given = get_property(object.handle, Property::NAME, address, 32);
        ensure!(given == Status::INVALID_ARGS, "get, {what}: {given:?}");
    }
    is_called(object.handle, "kept")?;
    Ok(())
}

fn rights() -> Outcome {
    let object = Object::new(1)?;
    expect_eq!(set(object.handle, "kept"), Status::OK);
    let reading = object.with(Rights::GET_PROPERTY)?;
    let writing = object.with(Rights::SET_PROPERTY)?;
    expect_eq!(set(reading.handle, "x"), Status::ACCESS_DENIED);
    is_called(reading.handle, "kept")?;
    expect_eq!(get(writing.handle), Err(Status::ACCESS_DENIED));
    expect_eq!(set(writing.handle, "new"), Status::OK);
    is_called(object.handle, "new")?;
    // For processes, too.
    let child = Child::new("child")?;
    let weak = duplicate(child.process, Rights::INSPECT.bits())?;
    expect_eq!(get(weak), Err(Status::ACCESS_DENIED));
    expect_eq!(set(weak, "x"), Status::ACCESS_DENIED);
    expect_eq!(close(weak), Status::OK);
    is_called(child.process, "child")?;
    Ok(())
}

fn unknown() -> Outcome {
    let object = Object::new(1)?;
    let mut bytes = [0xCC_u8; 64];
    for property in [0, 1, 2, 99, u32::MAX] {
        let given = get_property(object.handle, property, out(&mut bytes), 64);
        ensure!(given == Status::INVALID_ARGS, "get {property}: {given:?}");
        let given = set_property(object.handle, property, out(&mut bytes), 64);
        ensure!(given == Status::INVALID_ARGS, "set {property}: {given:?}");
    }
    expect_eq!(core::hint::black_box(bytes), [0xCC; 64]);
    for property in [0, Property::NAME] {
        let given = get_property(0, property, out(&mut bytes), 64);
        expect_eq!(given, Status::BAD_HANDLE);
        let given = set_property(0, property, out(&mut bytes), 64);
        expect_eq!(given, Status::BAD_HANDLE);
    }
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite) {
    suite.case("a name is what was set", what_was_set);
    suite.case("a name ends after 31 bytes", long_names);
    suite.case("getting a name takes 32 bytes", small_buffers);
    suite.case("bad places for a name are INVALID_ARGS [3/1]", bad_buffers);
    suite.case("a name needs GET_PROPERTY or SET_PROPERTY", rights);
    suite.case("an unknown property is INVALID_ARGS", unknown);
}
