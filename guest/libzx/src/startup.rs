//! The start-up block: arguments, names and first handles (see [`abi::startup`]).

use crate::handle::Handle;
use crate::{Bti, Job, Process, Resource, Result, Thread, Vmar, Vmo, raw};
use abi::Status;
use abi::startup::{
    PA_JOB_DEFAULT, PA_PROC_SELF, PA_RESOURCE, PA_THREAD_SELF, PA_USER0, PA_USER1, PA_USER2,
    PA_VMAR_ROOT, PA_VMO_VDSO, PROCARGS_PROTOCOL, PROCARGS_VERSION, StartupHeader, handle_info,
};
use core::cell::UnsafeCell;
use core::mem::ManuallyDrop;
use core::sync::atomic::{AtomicUsize, Ordering};
use zerocopy::FromBytes;

/// The longest block that this SDK takes.
const CAPACITY: usize = 64 << 10;

/// The block, read once before the main function runs and never changed again.
struct Block {
    bytes: UnsafeCell<[u8; CAPACITY]>,
    /// Bytes that are there; stored after the bytes themselves.
    length: AtomicUsize,
}

// SAFETY: `bytes` is written by `take_over` only, before `length` is set and so before
// anybody can have a reference into it.
unsafe impl Sync for Block {}

static BLOCK: Block = Block {
    bytes: UnsafeCell::new([0; CAPACITY]),
    length: AtomicUsize::new(0),
};

/// Reads the block from the start-up VMO and closes the handle.
#[cfg_attr(
    not(target_os = "none"),
    allow(dead_code, reason = "the entry point's")
)]
pub(crate) fn take_over(vmo: raw::RawHandle) -> Result<()> {
    let vmo = Vmo::from_handle(Handle::from_raw(vmo).ok_or(Status::BAD_HANDLE)?);
    let mut header = [0; size_of::<StartupHeader>()];
    vmo.read(&mut header, 0)?;
    let header = StartupHeader::read_from_bytes(&header).map_err(|_| Status::INTERNAL)?;
    let length = usize::try_from(header.total_size).map_err(|_| Status::OUT_OF_RANGE)?;
    if BLOCK.length.load(Ordering::Acquire) != 0 {
        return Err(Status::BAD_STATE);
    }
    // SAFETY: `length` is zero, so nobody else has a reference; see `Sync` above.
    let bytes = unsafe { &mut *BLOCK.bytes.get() };
    let bytes = bytes.get_mut(..length).ok_or(Status::OUT_OF_RANGE)?;
    vmo.read(bytes, 0)?;
    Startup::parse(bytes).ok_or(Status::INVALID_ARGS)?;
    BLOCK.length.store(length, Ordering::Release);
    Ok(())
}

/// What this program was started with.
///
/// Empty where there is no block (unit tests on the host).
#[must_use]
pub fn startup() -> Startup<'static> {
    let length = BLOCK.length.load(Ordering::Acquire);
    // SAFETY: the bytes are not written any more once `length` is set; before, no byte
    // is looked at, for the slice is empty.
    let bytes = unsafe { &*BLOCK.bytes.get() };
    bytes
        .get(..length)
        .and_then(Startup::parse)
        .unwrap_or_default()
}

/// A parsed start-up block.
#[derive(Clone, Copy, Debug, Default)]
pub struct Startup<'a> {
    bytes: &'a [u8],
    header: StartupHeader,
}

/// Another program of the same machine, as the first program sees it.
///
/// The handles belong to the process for as long as it runs, hence [`ManuallyDrop`].
#[derive(Debug)]
pub struct Other<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its process, with default process rights.
    pub process: ManuallyDrop<Process>,
    /// Its root VMAR.
    pub vmar: ManuallyDrop<Vmar>,
}

impl<'a> Startup<'a> {
    /// The block in these bytes; `None` if it is none.
    #[must_use]
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (header, _) = StartupHeader::read_from_prefix(bytes).ok()?;
        let known = header.protocol == PROCARGS_PROTOCOL && header.version == PROCARGS_VERSION;
        known.then_some(Self { bytes, header })
    }

    /// The arguments; the first is the program's name.
    pub fn args(self) -> impl Iterator<Item = &'a str> + Clone {
        self.strings(self.header.args_offset, self.header.args_count)
    }

    /// The argument after the word `name`: `value("--gate")` of `--gate on` is `on`.
    #[must_use]
    pub fn value(self, name: &str) -> Option<&'a str> {
        let mut args = self.args();
        args.find(|&arg| arg == name).and_then(|_| args.next())
    }

    /// The environment: a `NAME=value` each.
    pub fn environ(self) -> impl Iterator<Item = &'a str> + Clone {
        self.strings(self.header.environ_offset, self.header.environ_count)
    }

    /// The value of the first variable of the environment with that name.
    #[must_use]
    pub fn var(self, name: &str) -> Option<&'a str> {
        let mut variables = self.environ().filter_map(|text| text.split_once('='));
        variables
            .find(|&(own, _)| own == name)
            .map(|(_, value)| value)
    }

    /// The names of the other programs, for the first program.
    pub fn names(self) -> impl Iterator<Item = &'a str> + Clone {
        self.strings(self.header.names_offset, self.header.names_count)
    }

    /// The value of the handle of that kind and argument ([`abi::startup`]).
    #[must_use]
    pub fn raw_handle(self, kind: u32, argument: u32) -> Option<raw::RawHandle> {
        let count = self.header.handles_count;
        let wanted = handle_info(kind, argument);
        let infos = self.words(self.header.handle_info_offset, count);
        let values = self.words(self.header.handles_offset, count);
        let found = infos.zip(values).find(|&(info, _)| info == wanted);
        found.map(|(_, value)| value).filter(|&value| value != 0)
    }

    /// The process itself.
    #[must_use]
    pub fn process_self(self) -> Option<ManuallyDrop<Process>> {
        self.handle(PA_PROC_SELF, 0)
            .map(|h| ManuallyDrop::new(Process::from_handle(h)))
    }

    /// Its initial thread.
    #[must_use]
    pub fn thread_self(self) -> Option<ManuallyDrop<Thread>> {
        self.handle(PA_THREAD_SELF, 0)
            .map(|h| ManuallyDrop::new(Thread::from_handle(h)))
    }

    /// Its root VMAR.
    #[must_use]
    pub fn vmar_root(self) -> Option<ManuallyDrop<Vmar>> {
        self.handle(PA_VMAR_ROOT, 0)
            .map(|h| ManuallyDrop::new(Vmar::from_handle(h)))
    }

    /// The job that all processes are in.
    #[must_use]
    pub fn job(self) -> Option<ManuallyDrop<Job>> {
        self.handle(PA_JOB_DEFAULT, 0)
            .map(|h| ManuallyDrop::new(Job::from_handle(h)))
    }

    /// The root resource.
    #[must_use]
    pub fn resource(self) -> Option<ManuallyDrop<Resource>> {
        self.handle(PA_RESOURCE, 0)
            .map(|h| ManuallyDrop::new(Resource::from_handle(h)))
    }

    /// A BTI.
    #[must_use]
    pub fn bti(self) -> Option<ManuallyDrop<Bti>> {
        self.handle(PA_USER2, 0)
            .map(|h| ManuallyDrop::new(Bti::from_handle(h)))
    }

    /// The vDSO.
    #[must_use]
    pub fn vdso(self) -> Option<ManuallyDrop<Vmo>> {
        self.handle(PA_VMO_VDSO, 0)
            .map(|h| ManuallyDrop::new(Vmo::from_handle(h)))
    }

    /// The other program with that index, counted from 0.
    #[must_use]
    pub fn other(self, index: u32) -> Option<Other<'a>> {
        let name = self.names().nth(usize::try_from(index).ok()?)?;
        let process = Process::from_handle(self.handle(PA_USER0, index)?);
        let vmar = Vmar::from_handle(self.handle(PA_USER1, index)?);
        Some(Other {
            name,
            process: ManuallyDrop::new(process),
            vmar: ManuallyDrop::new(vmar),
        })
    }

    /// The first other program with that name.
    #[must_use]
    pub fn other_named(self, name: &str) -> Option<Other<'a>> {
        let index = self.names().position(|other| other == name)?;
        self.other(u32::try_from(index).ok()?)
    }

    fn handle(self, kind: u32, argument: u32) -> Option<Handle> {
        self.raw_handle(kind, argument).and_then(Handle::from_raw)
    }

    /// `count` words at `offset`, as far as they are there.
    fn words(self, offset: u32, count: u32) -> impl Iterator<Item = u32> {
        let (words, _) = self.tail(offset).as_chunks::<4>();
        let count = usize::try_from(count).unwrap_or(0);
        words
            .iter()
            .take(count)
            .map(|&word| u32::from_le_bytes(word))
    }

    /// `count` NUL-terminated strings at `offset`; one that is not UTF-8 reads as `?`.
    fn strings(self, offset: u32, count: u32) -> impl Iterator<Item = &'a str> + Clone {
        let count = usize::try_from(count).unwrap_or(0);
        let parts = self.tail(offset).split(|&byte| byte == 0);
        parts
            .take(count)
            .map(|text| core::str::from_utf8(text).unwrap_or("?"))
    }

    fn tail(self, offset: u32) -> &'a [u8] {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        self.bytes.get(offset..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
