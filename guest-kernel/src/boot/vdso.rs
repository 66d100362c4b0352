//! The vDSO (reference §18): its VMO, and its place in the programs that the host names.

use abi::layout::PAGE_SIZE;
use abi::objects::{MappingFlags, Permissions, Process, Vmo, VmoOptions};
use abi::program::ProgramHeader;
use abi::vdso::VDSO_MAGIC;
use abi::{Link, Status};

use super::start_info::Module;
use crate::object::mapping::Attributes;
use crate::object::{fault_in, pages, process, vmar, vmo};
use crate::state::{Follow, Ptr, root};

/// Makes the VMO of the module's frames. The root block keeps it for ever.
///
/// # Errors
/// NO_MEMORY; INVALID_ARGS for a module that is not the vDSO's.
pub fn create(module: Option<Module>) -> Result<(), Status> {
    let module = module.ok_or(Status::INVALID_ARGS)?;
    let header = Ptr::new(Link::<ProgramHeader>::new(module.address));
    if module.size < PAGE_SIZE || header.magic != VDSO_MAGIC || header.segment_count != 2 {
        return Err(Status::INVALID_ARGS);
    }
    let [data, code, ..] = header.segments;
    if code.address != data.memory_size || code.file_offset != data.file_offset + code.address {
        return Err(Status::INVALID_ARGS);
    }
    let size = data.memory_size + code.memory_size;
    let options = VmoOptions::VDSO | VmoOptions::PINNED;
    let vmo = vmo::create(size, size, options, &header.name)?;
    pages::adopt_frames(vmo, module.address + data.file_offset, size)?;
    let mut root = root();
    root.vdso = vmo.link();
    root.vdso_code_offset = code.address;
    root.vdso_code_size = code.memory_size;
    Ok(())
}

/// The VMO.
///
/// # Errors
/// NOT_FOUND before it is made.
pub fn vmo() -> Result<Ptr<Vmo>, Status> {
    root().vdso.get().ok_or(Status::NOT_FOUND)
}

/// Maps data and code next to each other into a process that has no vDSO yet, at a place
/// chosen at random; returns the address of the first byte. `vmar::map` marks both as the
/// vDSO's, and notes in the process where its code is.
///
/// # Errors
/// NO_MEMORY.
pub fn map(process: Ptr<Process>) -> Result<u64, Status> {
    let vmo = vmo()?;
    let (offset, size) = (root().vdso_code_offset, root().vdso_code_size);
    let vmar = process::root_vmar(process).ok_or(Status::BAD_STATE)?;
    let base = vmar::choose(vmar, offset + size, PAGE_SIZE, None)?;
    let part = |start: u64, length: u64, permissions: Permissions| {
        let attributes = Attributes {
            vmo,
            vmo_offset: start,
            permissions,
            maximum: permissions,
            flags: MappingFlags::empty(),
        };
        let mapping = vmar::map(vmar, base + start, length, attributes, false)?;
        fault_in::map_present(mapping, base + start, length);
        Ok(())
    };
    part(0, offset, Permissions::READ)?;
    part(offset, size, Permissions::READ | Permissions::EXECUTE)?;
    Ok(base)
}
