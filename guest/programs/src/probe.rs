//! System calls with arguments as bare numbers, for tests that pass bad ones.
//!
//! These functions are safe to call under one rule that every test keeps: an address of
//! good memory lies in a [`crate::memory::Area`] or in a local variable reached through
//! a raw pointer of that call, so that what a call stores never changes anything that
//! Rust holds a reference to. All other addresses are ones that the machine must refuse.

use libzx::{Call, Status, raw};

/// Makes a call and returns `rax`.
#[must_use]
pub fn register(call: Call, args: &[u64]) -> u64 {
    let mut all = [0; 8];
    for (to, &from) in all.iter_mut().zip(args) {
        *to = from;
    }
    // SAFETY: the rule of this module.
    unsafe { raw::call(call, all) }
}

/// Makes a call and returns its status.
#[must_use]
pub fn status(call: Call, args: &[u64]) -> Status {
    Status(raw::status_of(register(call, args)))
}

/// The address of a local variable as an argument.
pub fn out<T>(place: &mut T) -> u64 {
    (&raw mut *place).expose_provenance() as u64
}

/// `zx_vmo_read`
#[must_use]
pub fn vmo_read(handle: u32, buffer: u64, offset: u64, size: u64) -> Status {
    status(Call::VmoRead, &[u64::from(handle), buffer, offset, size])
}

/// `zx_vmo_write`
#[must_use]
pub fn vmo_write(handle: u32, buffer: u64, offset: u64, size: u64) -> Status {
    status(Call::VmoWrite, &[u64::from(handle), buffer, offset, size])
}

/// A value that no call stores into `*actual`.
pub const UNTOUCHED: u64 = 0x5A5A_5A5A_5A5A_5A5A;

/// One of the two process calls: its status and what is then in `*actual`, which held
/// [`UNTOUCHED`] before.
#[must_use]
pub fn process_memory(
    call: Call,
    handle: u32,
    vaddr: u64,
    buffer: u64,
    size: u64,
) -> (Status, u64) {
    let mut actual = UNTOUCHED;
    let args = [u64::from(handle), vaddr, buffer, size, out(&mut actual)];
    let status = status(call, &args);
    (status, core::hint::black_box(actual))
}

/// `zx_process_read_memory`
#[must_use]
pub fn process_read(handle: u32, vaddr: u64, buffer: u64, size: u64) -> (Status, u64) {
    process_memory(Call::ProcessReadMemory, handle, vaddr, buffer, size)
}

/// `zx_process_write_memory`
#[must_use]
pub fn process_write(handle: u32, vaddr: u64, buffer: u64, size: u64) -> (Status, u64) {
    process_memory(Call::ProcessWriteMemory, handle, vaddr, buffer, size)
}

/// A call whose last argument says where the new handle goes.
pub fn make(call: Call, args: &[u64]) -> Result<u32, Status> {
    let mut handle = 0_u32;
    let mut all = [0; 8];
    let given = args.iter().copied().chain([out(&mut handle)]);
    for (to, from) in all.iter_mut().zip(given) {
        *to = from;
    }
    status(call, &all).ok()?;
    Ok(core::hint::black_box(handle))
}

/// `zx_vmo_create`
pub fn vmo_create(size: u64, options: u32) -> Result<u32, Status> {
    make(Call::VmoCreate, &[size, u64::from(options)])
}

/// `zx_vmo_get_size`
pub fn vmo_get_size(handle: u32) -> Result<u64, Status> {
    let mut size = 0_u64;
    status(Call::VmoGetSize, &[u64::from(handle), out(&mut size)]).ok()?;
    Ok(core::hint::black_box(size))
}

/// `zx_handle_close`
#[must_use]
pub fn close(handle: u32) -> Status {
    status(Call::HandleClose, &[u64::from(handle)])
}

/// `zx_handle_duplicate`
pub fn duplicate(handle: u32, rights: u32) -> Result<u32, Status> {
    make(
        Call::HandleDuplicate,
        &[u64::from(handle), u64::from(rights)],
    )
}

/// `zx_handle_replace`
pub fn replace(handle: u32, rights: u32) -> Result<u32, Status> {
    make(Call::HandleReplace, &[u64::from(handle), u64::from(rights)])
}

/// The arguments of a `zx_vmar_map` but for the address of the result.
#[derive(Clone, Copy, Debug)]
pub struct Map {
    /// The VMAR's handle.
    pub vmar: u32,
    /// Option bits.
    pub options: u32,
    /// Where in the VMAR.
    pub vmar_offset: u64,
    /// The VMO's handle.
    pub vmo: u32,
    /// Where in the VMO.
    pub vmo_offset: u64,
    /// Bytes.
    pub len: u64,
}

impl Map {
    /// Makes the call; the address of the new mapping.
    ///
    /// # Errors
    /// The call's status.
    pub fn call(self) -> Result<u64, Status> {
        let mut address = 0_u64;
        self.call_into(out(&mut address)).ok()?;
        Ok(core::hint::black_box(address))
    }

    /// Makes the call with that address for its result.
    #[must_use]
    pub fn call_into(self, mapped_addr: u64) -> Status {
        let args = [
            u64::from(self.vmar),
            u64::from(self.options),
            self.vmar_offset,
            u64::from(self.vmo),
            self.vmo_offset,
            self.len,
            mapped_addr,
        ];
        status(Call::VmarMap, &args)
    }
}

/// `zx_vmar_unmap`
#[must_use]
pub fn vmar_unmap(vmar: u32, address: u64, len: u64) -> Status {
    status(Call::VmarUnmap, &[u64::from(vmar), address, len])
}
