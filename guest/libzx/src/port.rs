//! Ports, and waiting for futexes.

use crate::handle::Handle;
use crate::object::object;
use crate::{Result, raw};
use abi::Status;
use abi::info::PortPacket;
use core::sync::atomic::AtomicI32;

/// A port, by an owned handle.
#[derive(Debug)]
pub struct Port(Handle);

object!(Port);

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
