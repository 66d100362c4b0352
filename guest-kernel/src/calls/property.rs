//! `zx_object_get_property`, `zx_object_set_property`.

use abi::objects::{NAME_LENGTH, ObjectType, PlainObject, Process, Thread, Vmo};
use abi::options::Property;
use abi::{Rights, Status};

use super::Context;
use super::task::LOWER_HALF_END;
use crate::arch::cpu;
use crate::object::handle::{self, Found};
use crate::object::vmo_size;
use crate::state::{Ptr, root};
use crate::user_copy;

/// Stores the value of a property.
pub fn get(
    context: Context,
    value: u32,
    property: u32,
    buffer: u64,
    size: u64,
) -> Result<(), Status> {
    let found = find(context, value, Rights::GET_PROPERTY)?;
    let number = match property {
        Property::NAME => {
            check_size(size, NAME_LENGTH)?;
            return user_copy::store(context.process, buffer, *name(found)?);
        }
        Property::REGISTER_FS => {
            check_size(size, size_of::<u64>())?;
            check_own(context, found)?;
            context.thread.fs_base
        }
        Property::PROCESS_VDSO_BASE_ADDRESS => {
            check_size(size, size_of::<u64>())?;
            let process: Ptr<Process> = of_type(found, ObjectType::PROCESS)?;
            match process.vdso_code {
                0 => 0,
                code => code - root().vdso_code_offset,
            }
        }
        Property::VMO_CONTENT_SIZE => {
            check_size(size, size_of::<u64>())?;
            vmo_size::stream_size(of_type(found, ObjectType::VMO)?)
        }
        _ => return Err(Status::INVALID_ARGS),
    };
    user_copy::store(context.process, buffer, number)
}

/// Sets a property.
pub fn set(
    context: Context,
    value: u32,
    property: u32,
    buffer: u64,
    size: u64,
) -> Result<(), Status> {
    let found = find(context, value, Rights::SET_PROPERTY)?;
    match property {
        Property::NAME => {
            let mut new = user_copy::load_name(context.process, buffer, size)?;
            // What follows the first NUL does not count.
            let end = new
                .iter()
                .position(|byte| *byte == 0)
                .unwrap_or(NAME_LENGTH);
            new.iter_mut().skip(end).for_each(|byte| *byte = 0);
            *name(found)? = new;
            Ok(())
        }
        Property::REGISTER_FS => {
            check_size(size, size_of::<u64>())?;
            check_own(context, found)?;
            let base: u64 = user_copy::load(context.process, buffer)?;
            if base >= LOWER_HALF_END {
                return Err(Status::INVALID_ARGS);
            }
            let mut thread = context.thread;
            thread.fs_base = base;
            cpu::set_fs_base(base);
            Ok(())
        }
        // Where it is mapped decides.
        Property::PROCESS_VDSO_BASE_ADDRESS => {
            of_type::<Process>(found, ObjectType::PROCESS)?;
            Err(Status::ACCESS_DENIED)
        }
        Property::VMO_CONTENT_SIZE => {
            if !found.rights.contains(Rights::WRITE) {
                return Err(Status::ACCESS_DENIED);
            }
            check_size(size, size_of::<u64>())?;
            let vmo = of_type(found, ObjectType::VMO)?;
            let size = user_copy::load(context.process, buffer)?;
            vmo_size::set_stream_size(vmo, size)
        }
        _ => Err(Status::INVALID_ARGS),
    }
}

fn find(context: Context, value: u32, right: Rights) -> Result<Found, Status> {
    let found = handle::find(context.process, value)?;
    if found.rights.contains(right) {
        Ok(found)
    } else {
        Err(Status::ACCESS_DENIED)
    }
}

fn check_size(size: u64, needed: usize) -> Result<(), Status> {
    if size < needed as u64 {
        return Err(Status::BUFFER_TOO_SMALL);
    }
    Ok(())
}

fn of_type<T>(found: Found, object_type: ObjectType) -> Result<Ptr<T>, Status> {
    if found.object.object_type != object_type.0 {
        return Err(Status::WRONG_TYPE);
    }
    Ok(found.object.cast())
}

/// A thread can look at and change its own FS base only, as in Zircon: that of another is
/// in no register.
fn check_own(context: Context, found: Found) -> Result<(), Status> {
    let thread = of_type::<Thread>(found, ObjectType::THREAD)?;
    (thread == context.thread)
        .then_some(())
        .ok_or(Status::ACCESS_DENIED)
}

/// Where the name of an object stands.
///
/// # Errors
/// WRONG_TYPE if it has none.
fn name(found: Found) -> Result<Ptr<[u8; NAME_LENGTH]>, Status> {
    let object = found.object;
    let raw = match ObjectType(object.object_type) {
        ObjectType::PROCESS => &raw mut object.cast::<Process>().name,
        ObjectType::THREAD => &raw mut object.cast::<Thread>().name,
        ObjectType::VMO => &raw mut object.cast::<Vmo>().name,
        ObjectType::JOB | ObjectType::RESOURCE | ObjectType::BTI => {
            &raw mut object.cast::<PlainObject>().name
        }
        _ => return Err(Status::WRONG_TYPE),
    };
    Ok(Ptr::from_raw(raw))
}
