//! Ports.

use super::load::{check_header, load};
use super::{List, ViewError};
use crate::memory::PhysicalMemory;
use abi::objects::{ObjectType, Port, QueuedPacket};
use vm_memory::GuestAddress;

/// The most packets of one port that are looked at.
const MAX_ENTRIES: usize = 1 << 20;

/// A port.
#[derive(Clone, Copy, Debug)]
pub struct PortView {
    address: GuestAddress,
    raw: Port,
}

impl PortView {
    /// The port at `address`.
    ///
    /// # Errors
    /// [`ViewError`] if there is none.
    pub fn read<M: PhysicalMemory>(memory: &M, address: GuestAddress) -> Result<Self, ViewError> {
        let raw: Port = load(memory, "port", address)?;
        check_header("port", address, &raw.header, ObjectType::PORT)?;
        Ok(Self { address, raw })
    }

    /// Where it stands.
    #[must_use]
    pub const fn address(&self) -> GuestAddress {
        self.address
    }

    /// All of its fields.
    #[must_use]
    pub const fn raw(&self) -> &Port {
        &self.raw
    }

    /// The packets that wait, the first to come first.
    pub fn packets<'m, M: PhysicalMemory>(&self, memory: &'m M) -> List<'m, M, PacketView> {
        let first = self.raw.first_packet.address();
        let next = |entry: &PacketView| entry.raw.next.address();
        List::new(
            memory,
            "packet",
            first,
            MAX_ENTRIES,
            PacketView::read::<M>,
            next,
        )
    }
}

/// A packet that waits in a port.
#[derive(Clone, Copy, Debug)]
pub struct PacketView {
    address: GuestAddress,
    raw: QueuedPacket,
}

impl PacketView {
    /// The packet at `address`.
    ///
    /// # Errors
    /// [`ViewError`] if there is none.
    pub fn read<M: PhysicalMemory>(memory: &M, address: GuestAddress) -> Result<Self, ViewError> {
        let raw: QueuedPacket = load(memory, "packet", address)?;
        Ok(Self { address, raw })
    }

    /// Where it stands.
    #[must_use]
    pub const fn address(&self) -> GuestAddress {
        self.address
    }

    /// All of its fields.
    #[must_use]
    pub const fn raw(&self) -> &QueuedPacket {
        &self.raw
    }
}
