//! `zx_port_create`, `zx_port_queue`, `zx_port_wait`.

use crate::background::Background;
use crate::inspect::basic;
use crate::memory::{Area, BAD_ADDRESSES};
use crate::probe::{close, duplicate, out, status};
use crate::regions::Object;
use crate::suite::{Failure, Outcome};
use crate::{ensure, expect_eq};
use abi::info::PortPacket;
use abi::objects::ObjectType;
use abi::options::TIME_INFINITE;
use libzx::{Call, Port, Rights, Status, monotonic};
use zerocopy::{FromBytes, IntoBytes};

const NEVER: u64 = TIME_INFINITE.cast_unsigned();
const MILLISECOND: i64 = 1_000_000;
const SIZE: usize = size_of::<PortPacket>();
/// How many packets of programs a port takes.
const MOST: u64 = 2048;

fn packet(key: u64) -> PortPacket {
    let mut payload = [0; 32];
    for (at, byte) in payload.iter_mut().enumerate() {
        *byte = crate::pattern::byte(key, at as u64);
    }
    PortPacket {
        key,
        packet_type: 0,
        status: -7,
        payload,
    }
}

fn same(found: &PortPacket, wanted: &PortPacket) -> Outcome {
    ensure!(
        found.as_bytes() == wanted.as_bytes(),
        "{found:?} is not {wanted:?}"
    );
    Ok(())
}

fn is_empty(port: &Port) -> Outcome {
    ensure!(
        matches!(port.wait(0), Err(Status::TIMED_OUT)),
        "there is a packet"
    );
    Ok(())
}

pub fn create_checks_its_arguments() -> Outcome {
    let mut handle = 0_u32;
    for options in [0, 1] {
        let given = status(Call::PortCreate, &[options, out(&mut handle)]);
        expect_eq!(given, Status::OK);
        let handle = core::hint::black_box(handle);
        let basic = basic(handle)?;
        expect_eq!(basic.rights, 0x800F);
        expect_eq!(basic.object_type, ObjectType::PORT.0);
        expect_eq!(close(handle), Status::OK);
    }
    for options in [2, 3, 4, 0x8000_0000] {
        let given = status(Call::PortCreate, &[options, out(&mut handle)]);
        expect_eq!(given, Status::INVALID_ARGS);
    }
    for (_, address, _) in BAD_ADDRESSES {
        let given = status(Call::PortCreate, &[0, address]);
        expect_eq!(given, Status::INVALID_ARGS);
    }
    Ok(())
}

pub fn packets_come_in_order_and_whole() -> Outcome {
    let port = Port::create()?;
    for key in 0..100 {
        port.queue(&packet(key))?;
    }
    for key in 0..100 {
        same(&port.wait(0)?, &packet(key))?;
    }
    is_empty(&port)
}

pub fn packets_of_programs_are_of_their_type() -> Outcome {
    let port = Port::create()?;
    for packet_type in [1, 9, u32::MAX] {
        let odd = PortPacket {
            packet_type,
            ..packet(5)
        };
        port.queue(&odd)?;
        same(&port.wait(0)?, &packet(5))?;
    }
    Ok(())
}

fn queue(handle: u32, packet: u64) -> Status {
    status(Call::PortQueue, &[u64::from(handle), packet])
}

fn wait(handle: u32, deadline: i64, packet: u64) -> Status {
    let deadline = deadline.cast_unsigned();
    status(Call::PortWait, &[u64::from(handle), deadline, packet])
}

pub fn queue_and_wait_need_their_rights() -> Outcome {
    let port = Port::create()?;
    let (mut given, mut taken) = (packet(1), packet(2));
    let (given, taken) = (out(&mut given), out(&mut taken));
    let rights = Rights::DEFAULT_PORT;
    let reader = port.handle().without(rights, Rights::WRITE)?;
    let writer = port.handle().without(rights, Rights::READ)?;
    let (reader, writer) = (reader.raw(), writer.raw());
    let mut vmo = Object::new(1)?;
    expect_eq!(queue(reader, given), Status::ACCESS_DENIED);
    expect_eq!(queue(0, given), Status::BAD_HANDLE);
    expect_eq!(queue(vmo.handle, given), Status::WRONG_TYPE);
    is_empty(&port)?;
    expect_eq!(queue(writer, given), Status::OK);
    expect_eq!(wait(writer, 0, taken), Status::ACCESS_DENIED);
    expect_eq!(wait(0, 0, taken), Status::BAD_HANDLE);
    expect_eq!(wait(vmo.handle, 0, taken), Status::WRONG_TYPE);
    expect_eq!(wait(reader, 0, taken), Status::OK);
    // The handle is looked at before the packet.
    expect_eq!(queue(reader, 0), Status::ACCESS_DENIED);
    vmo = Object::new(1)?;
    expect_eq!(queue(vmo.handle, 0), Status::WRONG_TYPE);
    is_empty(&port)
}

pub fn bad_packets_are_refused() -> Outcome {
    let port = Port::create()?;
    for (what, address, _) in BAD_ADDRESSES {
        let given = queue(port.handle().raw(), address);
        ensure!(given == Status::INVALID_ARGS, "{what}: {given}");
    }
    is_empty(&port)
}

/// Not being able to store a packet is no reason to lose it.
pub fn a_packet_that_cannot_be_stored_stays() -> Outcome {
    let port = Port::create()?;
    port.queue(&packet(3))?;
    port.queue(&packet(4))?;
    for (what, address, _) in BAD_ADDRESSES {
        let given = wait(port.handle().raw(), 0, address);
        ensure!(given == Status::INVALID_ARGS, "{what}: {given}");
    }
    same(&port.wait(0)?, &packet(3))?;
    same(&port.wait(0)?, &packet(4))?;
    is_empty(&port)
}

pub fn time_runs_out() -> Outcome {
    let port = Port::create()?;
    let area = Area::new(1)?;
    area.map.store(0, &[0x77; SIZE]);
    for deadline in [i64::MIN, -1, 0, monotonic()] {
        let given = wait(port.handle().raw(), deadline, area.at(0));
        expect_eq!(given, Status::TIMED_OUT);
    }
    let deadline = monotonic() + 20 * MILLISECOND;
    let given = wait(port.handle().raw(), deadline, area.at(0));
    ensure!(monotonic() >= deadline, "it came back too early");
    expect_eq!(given, Status::TIMED_OUT);
    ensure!(area.all(0, SIZE, 0x77), "something was stored");
    port.queue(&packet(1))?;
    same(&port.wait(i64::MIN)?, &packet(1))
}

/// Waits in another thread; the packet comes to that place of the area.
fn waiting(port: &Port, area: &Area, offset: u64) -> Result<Background, Failure> {
    let handle = u64::from(port.handle().raw());
    Background::call(Call::PortWait, &[handle, NEVER, area.at(offset)])
}

fn stored(area: &Area, offset: usize) -> Result<PortPacket, Failure> {
    let mut bytes = [0; SIZE];
    area.map.load(offset, &mut bytes);
    PortPacket::read_from_bytes(&bytes).map_err(|_| Failure::from(Status::INTERNAL))
}

pub fn who_waits_longest_is_served_first() -> Outcome {
    let (port, area) = (Port::create()?, Area::new(1)?);
    let first = waiting(&port, &area, 0)?;
    first.stays_blocked()?;
    let second = waiting(&port, &area, 64)?;
    second.stays_blocked()?;
    port.queue(&packet(11))?;
    expect_eq!(first.status()?, Status::OK);
    second.stays_blocked()?;
    port.queue(&packet(12))?;
    expect_eq!(second.status()?, Status::OK);
    same(&stored(&area, 0)?, &packet(11))?;
    same(&stored(&area, 64)?, &packet(12))?;
    is_empty(&port)
}

pub fn a_packet_goes_on_to_the_next_who_waits() -> Outcome {
    let (port, area) = (Port::create()?, Area::new(1)?);
    let handle = u64::from(port.handle().raw());
    let clumsy = Background::call(Call::PortWait, &[handle, NEVER, 0])?;
    clumsy.stays_blocked()?;
    let second = waiting(&port, &area, 0)?;
    second.stays_blocked()?;
    port.queue(&packet(21))?;
    expect_eq!(clumsy.status()?, Status::INVALID_ARGS);
    expect_eq!(second.status()?, Status::OK);
    same(&stored(&area, 0)?, &packet(21))?;
    is_empty(&port)
}

/// A child waits longest, is woken, and is killed before it can run.
pub fn a_packet_for_the_dead_goes_on() -> Outcome {
    let (port, area) = (Port::create()?, Area::new(1)?);
    for attempt in 0..8 {
        let (child, data) = super::waiting_child(Call::PortWait)?;
        let handle = duplicate(port.handle().raw(), Rights::SAME_RIGHTS)?;
        child.start(handle, NEVER)?;
        crate::background::settle();
        let second = waiting(&port, &area, 0)?;
        second.stays_blocked()?;
        port.queue(&packet(attempt))?;
        child.kill()?;
        // It may have run after all.
        let served = super::has_come_back(&data)?;
        if served {
            port.queue(&packet(attempt))?;
        }
        expect_eq!(second.status()?, Status::OK);
        same(&stored(&area, 0)?, &packet(attempt))?;
        is_empty(&port)?;
        if !served {
            return Ok(());
        }
    }
    Err(crate::suite::Failure::from(Status::BAD_STATE))
}

pub fn a_port_takes_only_so_many() -> Outcome {
    let port = Port::create()?;
    for key in 0..MOST {
        port.queue(&packet(key))?;
    }
    for _ in 0..2 {
        let more = port.queue(&packet(9999));
        ensure!(
            matches!(more, Err(Status::SHOULD_WAIT)),
            "one more gives {more:?}"
        );
    }
    same(&port.wait(0)?, &packet(0))?;
    port.queue(&packet(MOST))?;
    for key in 1..=MOST {
        same(&port.wait(0)?, &packet(key))?;
    }
    is_empty(&port)
}

/// Closing the port does not wake who waits; only time does.
pub fn a_closed_port_keeps_its_waiters() -> Outcome {
    let (port, area) = (Port::create()?, Area::new(1)?);
    let deadline = monotonic() + 60 * MILLISECOND;
    let handle = u64::from(port.handle().raw());
    let args = [handle, deadline.cast_unsigned(), area.at(0)];
    let waiter = Background::call(Call::PortWait, &args)?;
    crate::background::settle();
    drop(port);
    expect_eq!(waiter.status()?, Status::TIMED_OUT);
    ensure!(monotonic() >= deadline, "it came back too early");
    Ok(())
}
