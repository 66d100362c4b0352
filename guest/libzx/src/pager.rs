//! Pagers: programs that provide the pages of VMOs (reference §17).

use crate::handle::Handle;
use crate::object::object;
use crate::{Port, Result, Vmo, raw};
use abi::Status;
use abi::objects::VmoOptions;
use abi::options::PagerOp;

/// A pager, by an owned handle.
///
/// Its VMOs have no pages of their own: for each range that somebody wants, the port
/// gets a packet with a [`PageRequest`](crate::PageRequest), and the pager answers with
/// [`Pager::supply`] or [`Pager::fail`].
///
/// ```no_run
/// use libzx::{Pager, Port, Result, TIME_INFINITE, Vmo, VmoOptions};
///
/// fn serve() -> Result<()> {
///     let (pager, port) = (Pager::create()?, Port::create()?);
///     let vmo = pager.create_vmo(VmoOptions::empty(), &port, 1, 0x4000)?;
///     let page = Vmo::create(0x1000)?;
///     page.write(b"on demand", 0)?;
///     // Somebody reads `vmo` meanwhile, in another thread or process.
///     let packet = port.wait(TIME_INFINITE)?;
///     if let Some(request) = packet.page_request() {
///         pager.supply(&vmo, request.offset, 0x1000, &page, 0)?;
///     }
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct Pager(Handle);

object!(Pager);

impl Pager {
    /// A pager (`zx_pager_create`).
    ///
    /// # Errors
    /// `NO_MEMORY`.
    pub fn create() -> Result<Self> {
        let mut out = 0;
        // SAFETY: `out` is a handle's size.
        let status = unsafe { raw::zx_pager_create(0, &raw mut out) };
        Handle::from_call(status, out).map(Self)
    }

    /// A VMO whose pages come from this pager; its requests arrive at `port` with that
    /// key (`zx_pager_create_vmo`).
    ///
    /// # Errors
    /// As reference §17.2.
    pub fn create_vmo(&self, options: VmoOptions, port: &Port, key: u64, size: u64) -> Result<Vmo> {
        let mut out = 0;
        // SAFETY: `out` is a handle's size.
        let status = unsafe {
            raw::zx_pager_create_vmo(
                self.0.raw(),
                options.bits(),
                port.raw(),
                key,
                size,
                &raw mut out,
            )
        };
        Handle::from_call(status, out).map(Vmo::from_handle)
    }

    /// Moves the pages of `source` at `source_offset` into `vmo`, to whoever waits for
    /// them (`zx_pager_supply_pages`).
    ///
    /// # Errors
    /// As reference §17.4.
    pub fn supply(
        &self,
        vmo: &Vmo,
        offset: u64,
        length: u64,
        source: &Vmo,
        source_offset: u64,
    ) -> Result<()> {
        // SAFETY: the call touches no memory of the program's but by VMOs, whose bytes
        // nobody holds references to.
        let status = unsafe {
            raw::zx_pager_supply_pages(
                self.0.raw(),
                vmo.raw(),
                offset,
                length,
                source.raw(),
                source_offset,
            )
        };
        Status(status).ok()
    }

    /// Parts with a VMO: pages that are missing stay so (`zx_pager_detach_vmo`).
    ///
    /// # Errors
    /// As reference §17.6.
    pub fn detach(&self, vmo: &Vmo) -> Result<()> {
        // SAFETY: the call touches no memory.
        Status(unsafe { raw::zx_pager_detach_vmo(self.0.raw(), vmo.raw()) }).ok()
    }

    /// One of [`PagerOp`] on a range of a VMO (`zx_pager_op_range`).
    ///
    /// # Errors
    /// As reference §17.5.
    pub fn op_range(&self, op: u32, vmo: &Vmo, offset: u64, length: u64, data: u64) -> Result<()> {
        // SAFETY: the call touches no memory.
        let status =
            unsafe { raw::zx_pager_op_range(self.0.raw(), op, vmo.raw(), offset, length, data) };
        Status(status).ok()
    }

    /// Lets the requests for these pages fail with that status.
    ///
    /// # Errors
    /// As reference §17.5: `INVALID_ARGS` for a status that cannot be passed on.
    pub fn fail(&self, vmo: &Vmo, offset: u64, length: u64, status: Status) -> Result<()> {
        let data = status.to_register();
        self.op_range(PagerOp::FAIL, vmo, offset, length, data)
    }
}
