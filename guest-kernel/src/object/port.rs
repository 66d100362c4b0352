//! Ports: queues of packets (reference §17.3).
//!
//! Who holds references to a port: handles, page sources that send their requests to it,
//! threads that wait in it. The packets are its own and go with its last handle: nobody
//! can take them any more.

use abi::info::PortPacket;
use abi::objects::{ObjectType, Port, QueuedPacket, WaitKind};
use abi::{Link, Status};

use super::header;
use crate::mem::pool::Pool;
use crate::sched;
use crate::state::{Follow, Ptr, new_koid};

/// Packets that may wait before those of programs are refused, as in Zircon.
const MAX_USER_PACKETS: u64 = 2048;

static POOL: Pool<Port> = Pool::new();
static PACKETS: Pool<QueuedPacket> = Pool::new();

/// An empty port. The caller gets the one reference.
///
/// # Errors
/// NO_MEMORY.
pub fn create() -> Result<Ptr<Port>, Status> {
    let mut port = POOL.allocate()?;
    port.header = header::new(ObjectType::PORT, new_koid());
    Ok(port)
}

/// Frees a port that nothing refers to any more.
pub fn destroy(port: Ptr<Port>) {
    drain(port);
    POOL.free(port);
}

/// Nobody can take packets any more.
pub fn last_handle_closed(port: Ptr<Port>) {
    drain(port);
}

fn drain(port: Ptr<Port>) {
    while first(port).is_some() {
        drop_first(port);
    }
}

/// Puts a packet of a program at the end of the queue.
///
/// # Errors
/// SHOULD_WAIT when too many wait already; NO_MEMORY.
pub fn queue_user(port: Ptr<Port>, packet: PortPacket) -> Result<(), Status> {
    if port.packet_count >= MAX_USER_PACKETS {
        return Err(Status::SHOULD_WAIT);
    }
    queue(port, packet)
}

/// Puts a packet at the end of the queue and wakes who waits longest for one. A port
/// without handles takes none, and that is no error: nobody will miss the packet.
///
/// # Errors
/// NO_MEMORY.
pub fn queue(mut port: Ptr<Port>, packet: PortPacket) -> Result<(), Status> {
    if port.header.handles == 0 {
        return Ok(());
    }
    let mut entry = PACKETS.allocate()?;
    entry.packet = packet;
    match port.last_packet.get() {
        Some(mut last) => last.next = entry.link(),
        None => port.first_packet = entry.link(),
    }
    port.last_packet = entry.link();
    port.packet_count += 1;
    rouse(port);
    Ok(())
}

/// Wakes who waits longest, if there is a packet. Called for each new packet, and by
/// whoever was woken for one and did not take it.
pub fn rouse(port: Ptr<Port>) {
    if port.first_packet.is_none() {
        return;
    }
    if let Some(thread) = sched::waiting(WaitKind::PORT, Some(port.cast()), 0) {
        sched::wake(thread, Status::OK, 0);
    }
}

/// The packet that came first; it stays.
pub fn first(port: Ptr<Port>) -> Option<PortPacket> {
    port.first_packet.get().map(|entry| entry.packet)
}

/// Takes the packet that came first out of the queue.
pub fn drop_first(mut port: Ptr<Port>) {
    let Some(entry) = port.first_packet.get() else {
        return;
    };
    port.first_packet = entry.next;
    if port.first_packet.is_none() {
        port.last_packet = Link::NONE;
    }
    port.packet_count -= 1;
    PACKETS.free(entry);
}
