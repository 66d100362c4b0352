//! The vDSO (reference §18): where it is, what it exports, and the way to its stubs.
//!
//! The kernel hands its address to the first thread, and [`crate::raw`] calls the stub
//! that belongs to a call's number. [`symbol`] is the way for everybody else: it looks a
//! name up in the image's own table, as a dynamic linker would.

use core::ops::Range;
use core::sync::atomic::{AtomicUsize, Ordering};
use zerocopy::{FromBytes, Immutable, KnownLayout};

/// Address of the image's first byte; 0 where there is none (unit tests on the host).
static BASE: AtomicUsize = AtomicUsize::new(0);
/// Address of its code.
static CODE: AtomicUsize = AtomicUsize::new(0);

const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const PF_X: u32 = 1;
const DT_HASH: u64 = 4;
const DT_STRTAB: u64 = 5;
const DT_SYMTAB: u64 = 6;
const DT_SONAME: u64 = 14;

/// Where the number and the place of the program headers stand in the ELF header.
const HEADERS_OFFSET: usize = 32;
const HEADERS_COUNT: usize = 56;

/// A program header (System V ABI, chapter 5).
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
struct Segment {
    kind: u32,
    flags: u32,
    offset: u64,
    address: u64,
    physical: u64,
    file_size: u64,
    memory_size: u64,
    alignment: u64,
}

/// A symbol (System V ABI, chapter 4).
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
struct Symbol {
    name: u32,
    info: u8,
    other: u8,
    section: u16,
    value: u64,
    size: u64,
}

/// Bytes of a stub.
#[cfg(target_os = "none")]
#[allow(clippy::cast_possible_truncation, reason = "64 fits")]
const STUB_SIZE: usize = abi::vdso::STUB_SIZE as usize;

/// What a stub is to C.
#[cfg(target_os = "none")]
pub(crate) type Stub = unsafe extern "C" fn(u64, u64, u64, u64, u64, u64, u64, u64) -> u64;

/// Notes the address that the kernel has handed to the first thread.
#[cfg_attr(
    not(target_os = "none"),
    allow(dead_code, reason = "the entry point's")
)]
pub(crate) fn remember(base: usize) {
    BASE.store(base, Ordering::Relaxed);
    let code = image().and_then(|image| image.code());
    CODE.store(code.map_or(0, |code| code.start), Ordering::Relaxed);
}

/// The stub of a call.
#[cfg(target_os = "none")]
pub(crate) fn stub(call: crate::Call) -> Stub {
    let address = CODE.load(Ordering::Relaxed) + call.number() as usize * STUB_SIZE;
    let place = core::ptr::with_exposed_provenance::<()>(address);
    // SAFETY: the vDSO's code starts with one such function for each call; it is there
    // from the first instruction of the program to its last, and the kernel lets nobody
    // unmap it.
    unsafe { core::mem::transmute::<*const (), Stub>(place) }
}

/// The address of the `syscall` instruction in the stub of call `number`, for tests that
/// set registers themselves: the instructions behind it return, unless the call has more
/// than six arguments.
#[must_use]
pub fn instruction(number: u32) -> usize {
    let offset = u64::from(number) * abi::vdso::STUB_SIZE + abi::vdso::SYSCALL_END - 2;
    CODE.load(Ordering::Relaxed) + usize::try_from(offset).unwrap_or(0)
}

/// The vDSO of this process, as it is mapped.
#[derive(Clone, Copy, Debug)]
pub struct Image {
    base: usize,
    data: &'static [u8],
}

/// The vDSO; `None` if the kernel has given none, or if it is no ELF image.
#[must_use]
pub fn image() -> Option<Image> {
    let base = BASE.load(Ordering::Relaxed);
    if base == 0 {
        return None;
    }
    let page = core::ptr::with_exposed_provenance::<[u8; crate::PAGE_SIZE]>(base);
    // SAFETY: the image's first page is always there, and nobody can write to it.
    let first: &'static [u8] = unsafe { &*page };
    let data = segments(first)?.find(|segment| segment.kind == PT_LOAD)?;
    let length = usize::try_from(data.memory_size).ok()?;
    // SAFETY: as above; so is the whole of the first segment.
    let data = unsafe { core::slice::from_raw_parts(page.cast(), length) };
    Some(Image { base, data })
}

/// The address of the function with that name in the vDSO.
#[must_use]
pub fn symbol(name: &str) -> Option<usize> {
    image()?.symbol(name)
}

fn segments(data: &[u8]) -> Option<impl Iterator<Item = Segment>> {
    let start = usize::try_from(word(data, HEADERS_OFFSET)?).ok()?;
    let (count, _) = u16::read_from_prefix(data.get(HEADERS_COUNT..)?).ok()?;
    let table = data.get(start..)?;
    let segments = table.chunks_exact(size_of::<Segment>());
    Some(
        segments
            .take(usize::from(count))
            .filter_map(|bytes| Segment::read_from_bytes(bytes).ok()),
    )
}

fn word(data: &[u8], offset: usize) -> Option<u64> {
    let (word, _) = u64::read_from_prefix(data.get(offset..)?).ok()?;
    Some(word)
}

impl Image {
    /// Address of its first byte.
    #[must_use]
    pub const fn base(self) -> usize {
        self.base
    }

    /// Its read-only data: ELF headers, symbols, constants.
    #[must_use]
    pub const fn data(self) -> &'static [u8] {
        self.data
    }

    /// The addresses of its code.
    #[must_use]
    pub fn code(self) -> Option<Range<usize>> {
        let is_code = |segment: &Segment| segment.kind == PT_LOAD && segment.flags & PF_X != 0;
        let code = segments(self.data)?.find(is_code)?;
        let start = self.base + usize::try_from(code.address).ok()?;
        Some(start..start + usize::try_from(code.memory_size).ok()?)
    }

    /// The name by which a program would ask a dynamic linker for it.
    #[must_use]
    pub fn soname(self) -> Option<&'static str> {
        let strings = self.dynamic(DT_STRTAB)?;
        self.string(strings + self.dynamic(DT_SONAME)?)
    }

    /// The address of the function with that name.
    #[must_use]
    pub fn symbol(self, name: &str) -> Option<usize> {
        let strings = self.dynamic(DT_STRTAB)?;
        let table = self.data.get(self.dynamic(DT_SYMTAB)?..)?;
        // The second word of the hash table is the number of symbols.
        let hash = self.data.get(self.dynamic(DT_HASH)? + 4..)?;
        let (count, _) = u32::read_from_prefix(hash).ok()?;
        table
            .chunks_exact(size_of::<Symbol>())
            .take(usize::try_from(count).ok()?)
            .filter_map(|bytes| Symbol::read_from_bytes(bytes).ok())
            .filter(|symbol| symbol.section != 0)
            .find(|symbol| self.string(strings + symbol.name as usize) == Some(name))
            .and_then(|symbol| Some(self.base + usize::try_from(symbol.value).ok()?))
    }

    /// The value of an entry of the dynamic section, which counts from the image's start.
    fn dynamic(self, tag: u64) -> Option<usize> {
        let section = segments(self.data)?.find(|segment| segment.kind == PT_DYNAMIC)?;
        let start = usize::try_from(section.address).ok()?;
        let end = start.checked_add(usize::try_from(section.memory_size).ok()?)?;
        let entries = self.data.get(start..end)?.chunks_exact(16);
        let mut pairs = entries.filter_map(|entry| word(entry, 0).zip(word(entry, 8)));
        let (_, value) = pairs.find(|(found, _)| *found == tag)?;
        usize::try_from(value).ok()
    }

    fn string(self, offset: usize) -> Option<&'static str> {
        let bytes = core::ffi::CStr::from_bytes_until_nul(self.data.get(offset..)?).ok()?;
        bytes.to_str().ok()
    }
}
