//! Programs: from modules (`abi::program`) to processes of one job.

use abi::layout::{PAGE_SIZE, PHYSMAP_BASE};
use abi::objects::{
    MappingFlags, ObjectType, Permissions, PlainObject, Process, Thread, VmoOptions,
};
use abi::program::{PROGRAM_MAGIC, ProgramHeader, ProgramSegment};
use abi::startup::{
    PA_JOB_DEFAULT, PA_PROC_SELF, PA_RESOURCE, PA_THREAD_SELF, PA_USER0, PA_USER1, PA_USER2,
    PA_VMAR_ROOT, PA_VMO_VDSO, StartupHeader, handle_info_argument, handle_info_kind,
};
use abi::{Link, Rights, Status};

use super::start_info::{Info, Module};
use super::vdso;
use crate::host;
use crate::object::header::name as vmo_name;
use crate::object::mapping::Attributes;
use crate::object::{fault_in, handle, header, pages, plain, process, thread, vmar, vmo};
use crate::state::{Ptr, root};

/// Bytes of each segment that are mapped before the program starts. A fault costs a shadowing
/// KVM a millisecond, for it looks at each write to a page table that it knows; before the
/// first instruction it knows none, and an entry costs no more than the kernel's own work.
const MAPPED_AHEAD: u64 = 64 * PAGE_SIZE;

/// Rights of the start-up VMO's handle.
const STARTUP_RIGHTS: Rights = Rights::READ
    .union(Rights::MAP)
    .union(Rights::DUPLICATE)
    .union(Rights::TRANSFER)
    .union(Rights::GET_PROPERTY);

/// Makes a process of each module behind the first, the vDSO, then starts them in order.
///
/// # Errors
/// NO_MEMORY; INVALID_ARGS for a module that is not what it should be.
pub fn start(info: &Info) -> Result<(), Status> {
    let shared = Shared::create()?;
    let job_koid = shared.job.header.koid;
    root().job = shared.job.link();
    for i in 1..info.module_count {
        let program = program(info.module(i))?;
        // The process is kept alive by this reference until it is started.
        process::create(job_koid, program.name)?;
    }
    vdso::create(info.module(0))?;
    for i in 1..info.module_count {
        if let (Some(module), Some(process)) = (info.module(i), nth_process(i as u64 - 1)) {
            load(module, process, &shared)?;
        }
    }
    // The handles keep them from here on; the root block keeps the job.
    header::release(shared.resource.cast());
    header::release(shared.bti.cast());
    Ok(())
}

/// Objects that every program gets a handle to.
struct Shared {
    job: Ptr<PlainObject>,
    resource: Ptr<PlainObject>,
    bti: Ptr<PlainObject>,
}

impl Shared {
    fn create() -> Result<Self, Status> {
        Ok(Self {
            job: plain::create(ObjectType::JOB, b"root")?,
            resource: plain::create(ObjectType::RESOURCE, b"root")?,
            bti: plain::create(ObjectType::BTI, b"bti")?,
        })
    }
}

fn program(module: Option<Module>) -> Result<Ptr<ProgramHeader>, Status> {
    let module = module.ok_or(Status::INVALID_ARGS)?;
    let program = Ptr::new(Link::<ProgramHeader>::new(module.address));
    if module.size < PAGE_SIZE || program.magic != PROGRAM_MAGIC {
        return Err(Status::INVALID_ARGS);
    }
    Ok(program)
}

/// The process of the program with that index; processes stand in that order.
fn nth_process(index: u64) -> Option<Ptr<Process>> {
    let mut link = root().first_process;
    for _ in 0..index {
        if link.is_none() {
            return None;
        }
        link = Ptr::new(link).next;
    }
    (!link.is_none()).then(|| Ptr::new(link))
}

fn load(module: Module, process: Ptr<Process>, shared: &Shared) -> Result<(), Status> {
    let program = program(Some(module))?;
    let segments = program.segments.iter().take(program.segment_count as usize);
    let base = if program.alignment == 0 {
        0
    } else {
        let size = segments
            .clone()
            .next_back()
            .map_or(0, |last| last.address + last.memory_size);
        let vmar = process::root_vmar(process).ok_or(Status::BAD_STATE)?;
        vmar::choose(vmar, size, program.alignment, None)?
    };
    for segment in segments {
        map_segment(module, process, base, segment)?;
    }
    let vdso = vdso::map(process)?;
    let thread = thread::create(process, vmo_name(b"initial-thread"))?;
    let stack_top = map_stack(process, program.stack_size)?;
    let startup = start_up_block(module, process, thread, shared)?;
    thread::set_entry(
        thread,
        base + program.entry,
        stack_top - 8,
        u64::from(startup),
        vdso,
    );
    process::started(process, host::clock());
    thread::start(thread);
    header::release(thread.cast());
    header::release(process.cast());
    Ok(())
}

fn map_segment(
    module: Module,
    process: Ptr<Process>,
    base: u64,
    segment: &ProgramSegment,
) -> Result<(), Status> {
    let vmo = vmo::create(
        segment.memory_size,
        segment.memory_size,
        VmoOptions::empty(),
        &process.name,
    )?;
    pages::adopt_frames(vmo, module.address + segment.file_offset, segment.file_size)?;
    let permissions = Permissions::from_bits_truncate(segment.permissions);
    let vmar = process::root_vmar(process).ok_or(Status::BAD_STATE)?;
    vmar::map(
        vmar,
        base + segment.address,
        segment.memory_size,
        Attributes {
            vmo,
            vmo_offset: 0,
            permissions,
            // As with Zircon's loader, code and constants can never become writable.
            maximum: permissions,
            flags: MappingFlags::empty(),
        },
        false,
    )
    .map(|mapping| {
        let length = segment.file_size.min(MAPPED_AHEAD);
        fault_in::map_present(mapping, mapping.region.base, length);
    })?;
    header::release(vmo.cast());
    Ok(())
}

/// Maps a stack; returns the address of its end.
fn map_stack(process: Ptr<Process>, size: u64) -> Result<u64, Status> {
    let vmo = vmo::create(size, size, VmoOptions::empty(), &vmo_name(b"stack"))?;
    pages::make_writable(vmo, size - PAGE_SIZE, PAGE_SIZE)
        .1
        .ok()?;
    let vmar = process::root_vmar(process).ok_or(Status::BAD_STATE)?;
    let base = vmar::choose(vmar, size, PAGE_SIZE, None)?;
    let read_write = Permissions::READ | Permissions::WRITE;
    vmar::map(
        vmar,
        base,
        size,
        Attributes {
            vmo,
            vmo_offset: 0,
            permissions: read_write,
            maximum: read_write,
            flags: MappingFlags::empty(),
        },
        false,
    )
    .map(|mapping| fault_in::map_present(mapping, base + size - PAGE_SIZE, PAGE_SIZE))?;
    header::release(vmo.cast());
    Ok(base + size)
}

/// Makes the start-up VMO of the module's block and fills in the handles that it asks
/// for (`abi::startup`). Returns the VMO's handle.
fn start_up_block(
    module: Module,
    process: Ptr<Process>,
    thread: Ptr<Thread>,
    shared: &Shared,
) -> Result<u32, Status> {
    let program = program(Some(module))?;
    let block = module.address + program.startup_offset;
    let startup = Ptr::new(Link::<StartupHeader>::new(block));
    let infos = (PHYSMAP_BASE + block + u64::from(startup.handle_info_offset)) as *const u32;
    let handles = (PHYSMAP_BASE + block + u64::from(startup.handles_offset)) as *mut u32;
    for i in 0..startup.handles_count as usize {
        // SAFETY: the host has laid the block out; both arrays have that many entries.
        let info = unsafe { infos.add(i).read() };
        let value = start_up_handle(process, thread, shared, info)?;
        // SAFETY: as above.
        unsafe { handles.add(i).write(value) };
    }
    let size = program.startup_size;
    let vmo = vmo::create(
        size,
        u64::from(startup.total_size),
        VmoOptions::empty(),
        &vmo_name(b"startup"),
    )?;
    pages::adopt_frames(vmo, block, size)?;
    let value = handle::create(process, vmo.cast(), STARTUP_RIGHTS);
    header::release(vmo.cast());
    value
}

fn start_up_handle(
    process: Ptr<Process>,
    thread: Ptr<Thread>,
    shared: &Shared,
    info: u32,
) -> Result<u32, Status> {
    let other = || {
        let index = u64::from(handle_info_argument(info));
        // Program 0 is the one that gets these; the others follow it.
        nth_process(index + 1).ok_or(Status::INVALID_ARGS)
    };
    let vmar_of = |process| process::root_vmar(process).ok_or(Status::BAD_STATE);
    match handle_info_kind(info) {
        PA_PROC_SELF => handle::create(process, process.cast(), Rights::DEFAULT_PROCESS),
        PA_THREAD_SELF => handle::create(process, thread.cast(), Rights::DEFAULT_THREAD),
        PA_VMAR_ROOT => handle::create(process, vmar_of(process)?.cast(), Rights::ROOT_VMAR),
        PA_JOB_DEFAULT => handle::create(process, shared.job.cast(), Rights::DEFAULT_JOB),
        PA_RESOURCE => handle::create(process, shared.resource.cast(), Rights::DEFAULT_RESOURCE),
        PA_USER2 => handle::create(process, shared.bti.cast(), Rights::DEFAULT_BTI),
        PA_VMO_VDSO => handle::create(process, vdso::vmo()?.cast(), Rights::VDSO),
        PA_USER0 => handle::create(process, other()?.cast(), Rights::DEFAULT_PROCESS),
        PA_USER1 => handle::create(process, vmar_of(other()?)?.cast(), Rights::ROOT_VMAR),
        _ => Ok(0),
    }
}
