//! Ports, and waiting for signals and futexes.

use crate::Result;
use crate::handle::Handle;
use crate::raw;
use abi::Status;
use abi::options::Signals;
use core::sync::atomic::AtomicI32;

pub use abi::info::{PacketType, PageCommand, PageRequest, PortPacket};

/// A port, by an owned handle.
#[derive(Debug)]
pub struct Port(Handle);

impl Port {
    /// A port (`zx_port_create`).
    ///
    /// # Errors
    /// `NO_MEMORY`.
    pub fn create() -> Result<Self> {
        let mut out = 0;
        // SAFETY: `out` is a handle's size.
        let status = unsafe { raw::zx_port_create(0, &raw mut out) };
        Handle::from_call(status, out).map(Self)
    }

    /// Takes over a handle.
    #[must_use]
    pub const fn from_handle(handle: Handle) -> Self {
        Self(handle)
    }

    /// The handle.
    #[must_use]
    pub const fn handle(&self) -> &Handle {
        &self.0
    }

    /// Puts a packet of type USER at the end of the queue (`zx_port_queue`).
    ///
    /// # Errors
    /// `ACCESS_DENIED` without the right WRITE, `SHOULD_WAIT` when too many packets of
    /// programs wait.
    pub fn queue(&self, packet: &PortPacket) -> Result<()> {
        // SAFETY: the packet is readable.
        Status(unsafe { raw::zx_port_queue(self.0.raw(), packet) }).ok()
    }

    /// Takes the first packet, and waits for one until `deadline` (`zx_port_wait`).
    ///
    /// # Errors
    /// `TIMED_OUT`, `ACCESS_DENIED` without the right READ. Closing the port does not end
    /// the wait.
    pub fn wait(&self, deadline: i64) -> Result<PortPacket> {
        let mut packet = PortPacket::default();
        // SAFETY: `packet` has room for one.
        Status(unsafe { raw::zx_port_wait(self.0.raw(), deadline, &raw mut packet) }).ok()?;
        Ok(packet)
    }
}

/// Waits until the object has one of these signals, at most until `deadline`, and
/// returns all that it has then (`zx_object_wait_one`).
///
/// # Errors
/// `TIMED_OUT`, `ACCESS_DENIED` without the right WAIT, `CANCELED` when the handle is
/// closed meanwhile.
pub fn wait_one(handle: &Handle, signals: Signals, deadline: i64) -> Result<Signals> {
    let mut observed = 0;
    // SAFETY: `observed` is a mask's size.
    let status = unsafe {
        raw::zx_object_wait_one(handle.raw(), signals.bits(), deadline, &raw mut observed)
    };
    Status(status).ok()?;
    Ok(Signals::from_bits_retain(observed))
}

/// The signals that the object has now; no waiting.
///
/// # Errors
/// `ACCESS_DENIED` without the right WAIT.
pub fn signals(handle: &Handle) -> Result<Signals> {
    let mut observed = 0;
    // SAFETY: `observed` is a mask's size.
    let status = unsafe { raw::zx_object_wait_one(handle.raw(), 0, 0, &raw mut observed) };
    match Status(status) {
        Status::OK | Status::TIMED_OUT => Ok(Signals::from_bits_retain(observed)),
        other => Err(other),
    }
}

/// Clears and sets user signals of an object (`zx_object_signal`).
///
/// # Errors
/// `INVALID_ARGS` for signals that are not the user's, `ACCESS_DENIED` without the right
/// SIGNAL.
pub fn signal(handle: &Handle, clear: Signals, set: Signals) -> Result<()> {
    // SAFETY: the call touches no memory.
    Status(unsafe { raw::zx_object_signal(handle.raw(), clear.bits(), set.bits()) }).ok()
}

/// Sleeps while `value` is `current`, until woken or until `deadline`
/// (`zx_futex_wait`).
///
/// # Errors
/// `BAD_STATE` if it is not, `TIMED_OUT`.
pub fn futex_wait(value: &AtomicI32, current: i32, deadline: i64) -> Result<()> {
    // SAFETY: the call only reads the value.
    Status(unsafe { raw::zx_futex_wait(value.as_ptr(), current, 0, deadline) }).ok()
}

/// Wakes at most `count` of those that wait, the longest waiting first
/// (`zx_futex_wake`).
///
/// # Errors
/// None for a value in memory.
pub fn futex_wake(value: &AtomicI32, count: u32) -> Result<()> {
    // SAFETY: the call touches no memory.
    Status(unsafe { raw::zx_futex_wake(value.as_ptr(), count) }).ok()
}
