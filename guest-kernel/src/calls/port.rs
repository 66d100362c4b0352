//! `zx_port_create`, `zx_port_queue`, `zx_port_wait` (reference §17.3, §20.3).

use abi::info::{PacketType, PortPacket};
use abi::objects::{ObjectType, Port, WaitKind};
use abi::{Rights, Status};

use super::Context;
use super::handle::hand_out;
use super::wait::block_until;
use crate::object::{handle, port};
use crate::sched::Wait;
use crate::state::Ptr;
use crate::user_copy;

/// `ZX_PORT_BIND_TO_INTERRUPT`: accepted, and of no effect where there is no interrupt.
const BIND_TO_INTERRUPT: u32 = 1;

/// Makes a port.
pub fn create(context: Context, options: u32, out: u64) -> Result<(), Status> {
    if options & !BIND_TO_INTERRUPT != 0 {
        return Err(Status::INVALID_ARGS);
    }
    let new = port::create()?;
    hand_out(context, new, Rights::DEFAULT_PORT, out)
}

/// Queues a packet; whatever its type says, it becomes USER.
pub fn queue(context: Context, value: u32, packet: u64) -> Result<(), Status> {
    let port = find(context, value, Rights::WRITE)?;
    let packet: PortPacket = user_copy::load(context.process, packet)?;
    let packet_type = PacketType::USER;
    port::queue_user(
        port,
        PortPacket {
            packet_type,
            ..packet
        },
    )
}

/// Takes the first packet, and waits for one. A packet that cannot be stored stays, for
/// somebody else who waits.
pub fn wait(context: Context, value: u32, deadline: i64, packet: u64) -> Result<(), Status> {
    let woken = context.woken(WaitKind::PORT);
    let port = match woken {
        // The handle was good when it began to wait.
        Some(_) => Ptr::new(context.thread.held).cast(),
        None => find(context, value, Rights::READ)?,
    };
    if let Some(first) = port::first(port) {
        let stored = user_copy::store(context.process, packet, first);
        match stored {
            Ok(()) => port::drop_first(port),
            Err(_) => port::rouse(port),
        }
        return stored;
    }
    if let Some((Status::TIMED_OUT, _)) = woken {
        return Err(Status::TIMED_OUT);
    }
    Err(block_until(Wait {
        kind: WaitKind::PORT,
        object: Some(port.cast()),
        key: 0,
        deadline,
    }))
}

fn find(context: Context, value: u32, rights: Rights) -> Result<Ptr<Port>, Status> {
    handle::find_object::<Port>(context.process, value, ObjectType::PORT, rights)
        .map(|(port, _)| port)
}
