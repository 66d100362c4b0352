//! Ports.

use abi::Status;
use abi::info::PortPacket;
use abi::objects::Port;

use crate::state::Ptr;

/// Queues a packet.
///
/// # Errors
/// NO_MEMORY.
pub fn queue(_port: Ptr<Port>, _packet: PortPacket) -> Result<(), Status> {
    Ok(())
}
