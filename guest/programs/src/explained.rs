//! What calls and faults give at addresses of all kinds.

use crate::background::{PATIENCE, settle};
use crate::memory::{Area, KERNEL_BASE, PAGE};
use crate::probe;
use crate::suite::{Failure, Outcome};
use crate::toucher::{LOAD, STORE};
use abi::layout::USER_BASE;
use libzx::{
    ChildOptions, MapOptions, Mapping, Object, PAGE_SIZE, Pager, Port, Process, Rights, Signals,
    Status, Thread, Vmar, Vmo, VmoOptions, monotonic, println, startup, vdso,
};

/// Bytes of each transfer.
const SIZE: u64 = 8;
/// Where a child's program stands.
const CODE: usize = 0x1000_0000;
/// Where it tells what it has done.
const NOTES: usize = 0x2000_0000;
/// Where the memory that it touches stands.
const PLACE: usize = 0x3000_0000;
/// `jmp rsi`
const JUMP: [u8; 2] = [0xFF, 0xE6];
/// Bits 47 to 63 are not all equal.
const NO_ADDRESS: u64 = 0x8000_0000_0000;

/// What must stay for as long as it is looked at.
#[derive(Debug, Default)]
pub struct Kept {
    vmos: [Option<Vmo>; 16],
    mappings: [Option<Mapping>; 16],
    processes: [Option<Process>; 32],
    vmars: [Option<Vmar>; 32],
    port: Option<Port>,
}

fn put<T>(places: &mut [Option<T>], value: T) -> Outcome {
    let free = places.iter_mut().find(|place| place.is_none());
    *free.ok_or(Status::NO_SPACE)? = Some(value);
    Ok(())
}

impl Kept {
    /// Maps a VMO, keeps both, and gives the address.
    fn map(&mut self, vmo: Vmo, pages: usize, options: MapOptions) -> Result<u64, Failure> {
        let map = Mapping::new(&vmo, pages * PAGE_SIZE, options)?;
        let address = map.address() as u64;
        put(&mut self.mappings, map)?;
        put(&mut self.vmos, vmo)?;
        Ok(address)
    }

    /// A VMO with one page there, whose pager is gone: the others never come.
    fn paged(&mut self) -> Result<Vmo, Failure> {
        let (pager, port) = (Pager::create()?, Port::create()?);
        let vmo = pager.create_vmo(VmoOptions::empty(), &port, 1, 4 * PAGE)?;
        let source = Vmo::create(PAGE)?;
        source.write(b"supplied", 0)?;
        pager.supply(&vmo, 0, PAGE, &source, 0)?;
        self.port = Some(port);
        Ok(vmo)
    }
}

fn filled(pages: u64) -> Result<Vmo, Failure> {
    let vmo = Vmo::create(pages * PAGE)?;
    for page in 0..pages {
        vmo.write(b"something", page * PAGE)?;
    }
    Ok(vmo)
}

/// Makes the four calls at each address.
///
/// # Errors
/// The status of a call that should have worked.
pub fn calls() -> Result<Kept, Failure> {
    let mut kept = Kept::default();
    let rw = MapOptions::READ_WRITE;
    let own = startup().process_self().ok_or(Status::NOT_FOUND)?;
    let koid = own.koid()?;
    let good = Area::touched(2)?;
    let buffer = good.map.address() as u64;
    let read_only = filled(2)?.duplicate(Rights::READ | Rights::MAP)?;
    let at_read_only = kept.map(read_only, 2, MapOptions::PERM_READ)?;
    let at_none = kept.map(filled(1)?, 1, MapOptions::empty())?;
    let at_fresh = kept.map(Vmo::create(2 * PAGE)?, 2, rw)?;
    let at_beyond = kept.map(filled(1)?, 2, rw)?;
    let family = filled(2)?;
    let snapshot = family.create_child(ChildOptions::SNAPSHOT, 0, 2 * PAGE)?;
    put(&mut kept.vmos, family)?;
    let at_snapshot = kept.map(snapshot, 2, rw)?;
    let paged = kept.paged()?;
    let at_paged = kept.map(paged, 4, rw)?;
    let resource = startup().resource().ok_or(Status::NOT_FOUND)?;
    let physical = Vmo::create_physical(&resource, abi::layout::SCRATCH_BASE, PAGE)?;
    let at_physical = kept.map(physical, 1, rw)?;
    let vdso = vdso::image().ok_or(Status::NOT_FOUND)?;
    let code = vdso.code().ok_or(Status::NOT_FOUND)?.start;
    let stub = filled(1)?;
    for (label, address) in [
        ("good", buffer),
        ("read-only", at_read_only + 100),
        ("no access", at_none),
        ("fresh", at_fresh),
        ("last of the VMO", at_beyond + PAGE - SIZE),
        ("over the VMO's end", at_beyond + PAGE - 3),
        ("beyond the VMO", at_beyond + PAGE),
        ("over the mapping's end", at_none + PAGE - 3),
        ("copy on write", at_snapshot + 9),
        ("pager, supplied", at_paged),
        ("pager, over the end", at_paged + PAGE - 3),
        ("pager, gone", at_paged + 2 * PAGE),
        ("physical", at_physical),
        ("vdso data", vdso.base() as u64),
        ("vdso code", code as u64),
        ("NULL", 0),
        ("below the user range", USER_BASE - 16),
        ("unmapped", 0x7FFF_0000_0000),
        ("last user page", abi::layout::USER_TOP - 4),
        ("kernel", KERNEL_BASE),
        ("before the kernel", KERNEL_BASE - 5),
        ("no address", NO_ADDRESS),
        ("wraps", u64::MAX - 3),
    ] {
        let into = probe::vmo_read(stub.handle().raw(), address, 0, SIZE);
        let from = probe::vmo_write(stub.handle().raw(), address, 0, SIZE);
        let own = own.handle().raw();
        let (read, read_actual) = probe::process_read(own, address, buffer + PAGE, SIZE);
        let (write, write_actual) = probe::process_write(own, address, buffer + PAGE, SIZE);
        println!(
            "{{\"topic\":\"calls\",\"label\":\"{label}\",\"process\":{koid},\
             \"address\":\"{address:#x}\",\"vmo_read\":{},\"vmo_write\":{},\
             \"process_read\":{},\"process_write\":{},\"read_actual\":{read_actual},\
             \"write_actual\":{write_actual}}}",
            into.0, from.0, read.0, write.0
        );
    }
    core::mem::forget(good);
    put(&mut kept.vmos, stub)?;
    Ok(kept)
}

/// A process with that program and with `vmo` at [`PLACE`], not started.
fn prepared(
    code: &[u8],
    vmo: &Vmo,
    pages: usize,
    options: MapOptions,
) -> Result<(Process, Vmar, Area), Failure> {
    let (process, vmar) = Process::create("faulter")?;
    let place = |options: MapOptions, at: usize, vmo: &Vmo, pages: usize| {
        let base = usize::try_from(USER_BASE).unwrap_or(0);
        let options = options | MapOptions::SPECIFIC;
        vmar.map(options, at - base, vmo, 0, pages * PAGE_SIZE)
    };
    let program = Vmo::create(PAGE)?;
    program.write(code, 0)?;
    let resource = startup().resource().ok_or(Status::NOT_FOUND)?;
    let program = program.replace_as_executable(&resource)?;
    let execute = MapOptions::PERM_READ | MapOptions::PERM_EXECUTE;
    place(execute, CODE, &program, 1)?;
    let notes = Area::touched(1)?;
    place(MapOptions::READ_WRITE, NOTES, &notes.vmo, 1)?;
    place(options, PLACE, vmo, pages)?;
    Ok((process, vmar, notes))
}

/// Lets a process touch each of a table of addresses, beside a twin that is never started and
/// so can still be asked about.
///
/// # Errors
/// The status of a call that should have worked.
pub fn faults() -> Result<Kept, Failure> {
    let mut kept = Kept::default();
    let rw = MapOptions::READ_WRITE;
    let read = MapOptions::PERM_READ;
    let place = PLACE as u64;
    let family = filled(2)?;
    let snapshot = family.create_child(ChildOptions::SNAPSHOT, 0, 2 * PAGE)?;
    let paged = kept.paged()?;
    let plain = filled(1)?;
    let fresh = Vmo::create(PAGE)?;
    let load = ("read", &LOAD[..]);
    let store = ("write", &STORE[..]);
    let jump = ("fetch", &JUMP[..]);
    for (label, vmo, options, (access, code), address) in [
        ("readable", &plain, read, load, place),
        ("read-only", &plain, read, store, place),
        ("no access", &plain, MapOptions::empty(), load, place),
        ("not executable", &plain, rw, jump, place),
        ("fresh, read", &fresh, rw, load, place),
        ("fresh, written", &fresh, rw, store, place),
        ("beyond the VMO", &plain, rw, load, place + PAGE),
        ("copy on write", &snapshot, rw, store, place),
        ("pager, supplied", &paged, rw, store, place),
        ("pager, gone", &paged, rw, load, place + PAGE),
        ("unmapped", &plain, rw, load, place + 0x10_0000),
        ("program code", &plain, rw, store, CODE as u64),
        ("NULL", &plain, rw, load, 0),
        ("kernel", &plain, rw, store, KERNEL_BASE),
        ("kernel, executed", &plain, rw, jump, KERNEL_BASE),
        ("no address", &plain, rw, load, NO_ADDRESS),
    ] {
        let (twin, twin_vmar, _) = prepared(code, vmo, 2, options)?;
        let (process, _vmar, notes) = prepared(code, vmo, 2, options)?;
        let thread = Thread::create(&process, "faulter")?;
        let argument = usize::try_from(address).unwrap_or(0);
        process.start(&thread, CODE, 0, None, argument)?;
        let end = monotonic() + PATIENCE;
        let ended = loop {
            if process.wait_one(Signals::TERMINATED, 0).is_ok() {
                break true;
            }
            if notes.map.byte(1) == 1 {
                process.kill()?;
                break false;
            }
            if monotonic() > end {
                return Err(Status::TIMED_OUT.into());
            }
            settle();
        };
        println!(
            "{{\"topic\":\"fault\",\"label\":\"{label}\",\"process\":{},\"twin\":{},\
             \"address\":\"{address:#x}\",\"access\":\"{access}\",\"ended\":{ended}}}",
            process.koid()?,
            twin.koid()?
        );
        put(&mut kept.processes, twin)?;
        put(&mut kept.vmars, twin_vmar)?;
    }
    for vmo in [family, snapshot, paged, plain, fresh] {
        put(&mut kept.vmos, vmo)?;
    }
    Ok(kept)
}
