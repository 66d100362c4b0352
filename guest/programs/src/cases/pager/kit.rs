//! A pager, one VMO of its and its port; the tests' hands.

use crate::background::{Background, PATIENCE, settle};
use crate::memory::{Area, PAGE};
use crate::probe::{self, out};
use crate::suite::{Failure, Outcome};
use crate::{ensure, pattern};
use abi::info::{PacketType, PageCommand, PageRequest, PortPacket};
use abi::options::PagerOp;
use libzx::{
    Call, Handle, MapOptions, Mapping, PAGE_SIZE, Rights, Status, Vmo, VmoOptions, monotonic,
};
use zerocopy::FromBytes;

pub(super) const RESIZABLE: u32 = VmoOptions::RESIZABLE.bits();
pub(super) const TRAP_DIRTY: u32 = VmoOptions::TRAP_DIRTY.bits();

pub(super) const READ: u16 = PageCommand::READ;
pub(super) const DIRTY: u16 = PageCommand::DIRTY;
pub(super) const COMPLETE: u16 = PageCommand::COMPLETE;

/// The five codes that a pager may fail pages with (reference §17.5).
pub(super) const CODES: [Status; 5] = [
    Status::IO,
    Status::IO_DATA_INTEGRITY,
    Status::BAD_STATE,
    Status::NO_SPACE,
    Status::BUFFER_TOO_SMALL,
];

/// What a request asks for: command, first page, pages.
pub(super) type Request = (u16, u64, u64);

pub(super) fn handle_of(status: Status, value: u32) -> Result<Handle, Failure> {
    status.ok()?;
    let value = core::hint::black_box(value);
    Handle::from_raw(value).ok_or_else(|| Failure::from(Status::BAD_HANDLE))
}

/// A call that makes a handle: its last argument is where that goes.
pub(super) fn make(call: Call, args: &[u64]) -> Result<Handle, Failure> {
    handle_of(Status::OK, probe::make(call, args)?)
}

pub(super) fn port() -> Result<Handle, Failure> {
    make(Call::PortCreate, &[0])
}

pub(super) fn pager() -> Result<Handle, Failure> {
    make(Call::PagerCreate, &[0])
}

pub(super) fn pager_vmo(
    pager: &Handle,
    options: u32,
    port: &Handle,
    key: u64,
    size: u64,
) -> Result<Vmo, Failure> {
    let args = [raw(pager), u64::from(options), raw(port), key, size];
    make(Call::PagerCreateVmo, &args).map(Vmo::from_handle)
}

/// A handle as an argument.
pub(super) const fn raw(handle: &Handle) -> u64 {
    handle.raw() as u64
}

/// A VMO's handle as an argument.
pub(super) const fn of(vmo: &Vmo) -> u64 {
    raw(vmo.handle())
}

/// A packet that is in the port, or comes until the deadline.
pub(super) fn take(port: &Handle, deadline: i64) -> Result<PortPacket, Status> {
    let mut packet = PortPacket::default();
    let deadline = deadline.cast_unsigned();
    probe::status(Call::PortWait, &[raw(port), deadline, out(&mut packet)]).ok()?;
    Ok(core::hint::black_box(packet))
}

/// A pager with one VMO.
pub(super) struct Rig {
    pub(super) port: Handle,
    pub(super) pager: Handle,
    pub(super) vmo: Vmo,
    /// Where bytes come from and go to.
    pub(super) buffer: Area,
}

pub(super) const KEY: u64 = 0x1234_5678_9ABC_DEF0;

/// Pages of [`Rig::buffer`].
pub(super) const BUFFER: usize = 24;

impl Rig {
    pub(super) fn new(pages: u64) -> Result<Self, Failure> {
        Self::with(pages, 0)
    }

    pub(super) fn with(pages: u64, options: u32) -> Result<Self, Failure> {
        let port = port()?;
        let pager = pager()?;
        let vmo = pager_vmo(&pager, options, &port, KEY, pages * PAGE)?;
        let buffer = Area::new(BUFFER)?;
        Ok(Self {
            port,
            pager,
            vmo,
            buffer,
        })
    }

    pub(super) const fn handle(&self) -> u32 {
        self.vmo.handle().raw()
    }

    /// The VMO mapped whole, readable and writable.
    pub(super) fn map(&self, pages: usize) -> Result<Mapping, Failure> {
        Ok(Mapping::new(
            &self.vmo,
            pages * PAGE_SIZE,
            MapOptions::READ_WRITE,
        )?)
    }

    /// The next packet, checked for everything that all packets have in common.
    pub(super) fn request(&self) -> Result<Request, Failure> {
        let deadline = monotonic().saturating_add(PATIENCE);
        request_of(&take(&self.port, deadline)?, KEY)
    }

    /// Fails unless the next packet is that.
    pub(super) fn expect(&self, command: u16, page: u64, pages: u64) -> Outcome {
        let found = self.request()?;
        let wanted = (command, page, pages);
        ensure!(found == wanted, "the packet is {found:?}, not {wanted:?}");
        Ok(())
    }

    /// Fails if there is a packet, now or when everybody has had time.
    pub(super) fn quiet(&self) -> Outcome {
        settle();
        match take(&self.port, 0) {
            Err(Status::TIMED_OUT) => Ok(()),
            Err(other) => Err(Failure::from(other)),
            Ok(packet) => {
                let found = request_of(&packet, KEY)?;
                Err(Failure::new(format_args!("there is a packet: {found:?}")))
            }
        }
    }

    /// Supplies pages with the pattern of that seed; what the call says.
    pub(super) fn supply(&self, page: u64, pages: u64, seed: u64) -> Result<Status, Failure> {
        let aux = patterned(seed, page, pages)?;
        Ok(self.supply_from(page, pages, &aux, 0))
    }

    pub(super) fn supply_from(&self, page: u64, pages: u64, aux: &Vmo, at: u64) -> Status {
        supply(&self.pager, &self.vmo, page, pages, aux, at)
    }

    /// Supplies pages, which must succeed.
    pub(super) fn give(&self, page: u64, pages: u64, seed: u64) -> Outcome {
        Ok(self.supply(page, pages, seed)?.ok()?)
    }

    pub(super) fn op(&self, op: u32, page: u64, pages: u64, data: u64) -> Status {
        let (offset, length) = (page * PAGE, pages * PAGE);
        let args = [
            raw(&self.pager),
            u64::from(op),
            of(&self.vmo),
            offset,
            length,
            data,
        ];
        probe::status(Call::PagerOpRange, &args)
    }

    pub(super) fn fail(&self, page: u64, pages: u64, code: Status) -> Status {
        self.op(PagerOp::FAIL, page, pages, code.to_register())
    }

    pub(super) fn dirty(&self, page: u64, pages: u64) -> Status {
        self.op(PagerOp::DIRTY, page, pages, 0)
    }

    pub(super) fn detach(&self) -> Status {
        let args = [raw(&self.pager), of(&self.vmo)];
        probe::status(Call::PagerDetachVmo, &args)
    }

    pub(super) fn resize(&self, size: u64) -> Status {
        probe::status(Call::VmoSetSize, &[of(&self.vmo), size])
    }

    /// `zx_vmo_read` by a second thread: `length` bytes from `offset` on into the buffer's
    /// start.
    pub(super) fn reading(&self, offset: u64, length: u64) -> Result<Background, Failure> {
        reading(&self.vmo, self.buffer.at(0), offset, length)
    }

    /// `zx_vmo_write` by a second thread, from the buffer's start.
    pub(super) fn writing(&self, offset: u64, length: u64) -> Result<Background, Failure> {
        let args = [of(&self.vmo), self.buffer.at(0), offset, length];
        Background::call(Call::VmoWrite, &args)
    }

    /// `zx_vmo_read` by this thread, of pages that are there.
    pub(super) fn read(&self, offset: u64, length: u64) -> Status {
        probe::vmo_read(self.handle(), self.buffer.at(0), offset, length)
    }

    /// Fails unless the pages are there and hold the pattern; never blocks for long.
    pub(super) fn holds(&self, page: u64, pages: u64, seed: u64) -> Outcome {
        holds(&self.vmo, &self.buffer, page, pages, |at| {
            pattern::byte(seed, at)
        })
    }

    /// Fails unless the pages read as zeros without anybody being asked.
    pub(super) fn zeros(&self, page: u64, pages: u64) -> Outcome {
        holds(&self.vmo, &self.buffer, page, pages, |_| 0)
    }

    /// Supplies whatever is asked for with the pattern of that seed until the call is done.
    pub(super) fn answer_until(&self, call: &Background, seed: u64) -> Outcome {
        let end = monotonic().saturating_add(PATIENCE);
        while !call.is_done() {
            ensure!(monotonic() < end, "it waits but asks for nothing");
            let deadline = monotonic().saturating_add(2_000_000);
            let Ok(packet) = take(&self.port, deadline) else {
                continue;
            };
            let (command, page, pages) = request_of(&packet, KEY)?;
            ensure!(command == READ, "the command is {command}");
            self.give(page, pages, seed)?;
        }
        Ok(())
    }

    /// Fails unless the page is absent: reading it makes a request, which is failed.
    pub(super) fn absent(&self, page: u64) -> Outcome {
        let call = self.reading(page * PAGE, 1)?;
        self.expect(READ, page, 1)?;
        crate::expect_eq!(self.fail(page, 1, Status::IO), Status::OK);
        crate::expect_eq!(call.status()?, Status::IO);
        Ok(())
    }
}

pub(super) fn reading(
    vmo: &Vmo,
    buffer: u64,
    offset: u64,
    length: u64,
) -> Result<Background, Failure> {
    Background::call(Call::VmoRead, &[of(vmo), buffer, offset, length])
}

pub(super) fn supply(
    pager: &Handle,
    vmo: &Vmo,
    page: u64,
    pages: u64,
    aux: &Vmo,
    aux_page: u64,
) -> Status {
    let (offset, length) = (page * PAGE, pages * PAGE);
    let args = [
        raw(pager),
        of(vmo),
        offset,
        length,
        of(aux),
        aux_page * PAGE,
    ];
    probe::status(Call::PagerSupplyPages, &args)
}

/// Fails unless `zx_vmo_read` of whole pages succeeds, by a second thread so that a
/// request nobody answers does not hang the test, and gives those bytes.
pub(super) fn holds(
    vmo: &Vmo,
    buffer: &Area,
    page: u64,
    pages: u64,
    wanted: impl Fn(u64) -> u8,
) -> Outcome {
    let (offset, length) = (page * PAGE, pages * PAGE);
    let call = reading(vmo, buffer.at(0), offset, length)?;
    crate::expect_eq!(call.status()?, Status::OK);
    let mut places = (offset..offset + length).zip(0..);
    let wrong = places.find(|&(at, place)| buffer.map.byte(place) != wanted(at));
    ensure!(wrong.is_none(), "first wrong byte at {wrong:x?}");
    Ok(())
}

/// A VMO of `pages` pages whose bytes are the pattern as it is from page `first` on.
pub(super) fn patterned(seed: u64, first: u64, pages: u64) -> Result<Vmo, Failure> {
    let vmo = Vmo::create(pages * PAGE)?;
    let mut bytes = [0; PAGE_SIZE];
    for page in 0..pages {
        pattern::fill(seed, (first + page) * PAGE, &mut bytes);
        vmo.write(&bytes, page * PAGE)?;
    }
    Ok(vmo)
}

/// What the packet asks for.
pub(super) fn request_of(packet: &PortPacket, key: u64) -> Result<Request, Failure> {
    crate::expect_eq!(packet.key, key);
    crate::expect_eq!(packet.packet_type, PacketType::PAGE_REQUEST);
    let Ok(request) = PageRequest::read_from_bytes(&packet.payload) else {
        return Err(Failure::from(Status::INTERNAL));
    };
    crate::expect_eq!(request.flags, 0);
    crate::expect_eq!(request.reserved0, 0);
    crate::expect_eq!(request.offset % PAGE, 0);
    crate::expect_eq!(request.length % PAGE, 0);
    Ok((
        request.command,
        request.offset / PAGE,
        request.length / PAGE,
    ))
}

/// The handle with these rights only.
pub(super) fn with_rights(handle: &Handle, rights: Rights) -> Result<Handle, Failure> {
    Ok(handle.duplicate(rights)?)
}

/// A clone of the VMO.
pub(super) fn child(vmo: &Vmo, options: u32, page: u64, pages: u64) -> Result<Vmo, Failure> {
    let args = [of(vmo), u64::from(options), page * PAGE, pages * PAGE];
    make(Call::VmoCreateChild, &args).map(Vmo::from_handle)
}
