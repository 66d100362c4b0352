//! Pagers: where pages of VMOs come from that a program supplies (reference §17).
//!
//! A VMO with a pager owns a `PageSource`, which holds a reference to the port and knows
//! the requests that are not answered. A thread that needs a page waits for the offset
//! (`WaitKind::PAGE`); whoever answers wakes those that wait for what was answered, and
//! they look again. A failure is an answer to those that wait now, not to later ones.

use abi::entry::{PRESENT, WRITABLE};
use abi::info::{PacketType, PageCommand, PageRequest, PortPacket};
use abi::layout::PAGE_SIZE;
use abi::objects::{
    ObjectType, PageSource, PageSourceFlags, Pager, Port, StandingRequest, Vmo, WaitKind,
};
use abi::{Link, Status};
use zerocopy::IntoBytes;

use super::pages::Missing;
use super::{header, page_list, pages, port};
use crate::calls::BLOCKED;
use crate::mem::pool::Pool;
use crate::sched::{self, Wait};
use crate::state::{Follow, Ptr, new_koid};

static PAGERS: Pool<Pager> = Pool::new();
static SOURCES: Pool<PageSource> = Pool::new();
static REQUESTS: Pool<StandingRequest> = Pool::new();

/// The most bytes that one write asks for (reference §4.5).
const WRITE_AHEAD: u64 = 16 * PAGE_SIZE;

/// A pager. The caller gets the one reference.
///
/// # Errors
/// NO_MEMORY.
pub fn create() -> Result<Ptr<Pager>, Status> {
    let mut pager = PAGERS.allocate()?;
    pager.header = header::new(ObjectType::PAGER, new_koid());
    Ok(pager)
}

/// Frees a pager that nothing refers to; its last handle is closed already.
pub fn destroy(pager: Ptr<Pager>) {
    PAGERS.free(pager);
}

/// Gives a fresh VMO a pager; its pages below `limit` come from there.
///
/// # Errors
/// NO_MEMORY.
pub fn connect(
    mut pager: Ptr<Pager>,
    mut vmo: Ptr<Vmo>,
    port: Ptr<Port>,
    key: u64,
) -> Result<(), Status> {
    let mut source = SOURCES.allocate()?;
    source.header = header::new(ObjectType::PAGE_SOURCE, 0);
    source.vmo = vmo.link();
    source.pager = pager.link();
    source.port = port.link();
    header::retain(port.cast());
    source.key = key;
    source.next = pager.first_source;
    pager.first_source = source.link();
    vmo.page_source = source.link();
    vmo.pager_limit = vmo.size;
    Ok(())
}

/// Nobody can answer any more: the pager's last handle was closed (reference §17.7).
/// Resident pages stay.
pub fn last_handle_closed(mut pager: Ptr<Pager>) {
    let mut next = pager.first_source;
    pager.first_source = Link::NONE;
    while let Some(mut source) = next.get() {
        next = source.next;
        source.next = Link::NONE;
        source.pager = Link::NONE;
        source.flags |= PageSourceFlags::CLOSED.bits();
        end_supply(source, 0, Status::BAD_STATE);
    }
}

/// The VMO goes: the pager is told, and the source freed.
pub fn vmo_gone(mut source: Ptr<PageSource>) {
    if source.flags == 0 {
        complete(source);
    }
    forget_requests(source, 0);
    if let Some(mut pager) = source.pager.get() {
        if pager.first_source == source.link() {
            pager.first_source = source.next;
        }
        let mut before = pager.first_source.get();
        while let Some(mut at) = before {
            if at.next == source.link() {
                at.next = source.next;
            }
            before = at.next.get();
        }
    }
    if let Some(mut vmo) = source.vmo.get() {
        vmo.page_source = Link::NONE;
    }
    if let Some(port) = source.port.get() {
        source.port = Link::NONE;
        header::release(port.cast());
    }
    SOURCES.free(source);
}

/// The running thread needs a page that a pager has not supplied, and what is missing of
/// `length` bytes. Gives BLOCKED, or why it cannot be had.
pub fn need_page(missing: Missing, length: u64) -> Status {
    let Missing { vmo, offset, room } = missing;
    let end = offset.saturating_add(length.min(room));
    let present = page_list::present(vmo, offset, end).next();
    let end = present.map_or(end, |page| page.offset);
    need(vmo, offset, end, PageCommand::READ, WaitKind::PAGE)
}

/// As [`need_page`], to write there.
pub fn need_page_to_write(missing: Missing, length: u64) -> Status {
    need_page(missing, length.min(WRITE_AHEAD))
}

/// The running thread needs leave to make the pages at `offset` dirty, which are present
/// and clean, as far as they are.
pub fn need_dirty(vmo: Ptr<Vmo>, offset: u64, length: u64) -> Status {
    let limit = offset.saturating_add(length.min(WRITE_AHEAD)).min(vmo.size);
    let mut end = offset;
    while end < limit && is_clean(page_list::entry(vmo, end)) {
        end += PAGE_SIZE;
    }
    need(vmo, offset, end, PageCommand::DIRTY, WaitKind::DIRTY)
}

fn is_clean(entry: u64) -> bool {
    entry & (PRESENT | WRITABLE) == PRESENT
}

fn need(vmo: Ptr<Vmo>, offset: u64, end: u64, command: u16, kind: WaitKind) -> Status {
    let offset = offset & !(PAGE_SIZE - 1);
    let end = end.next_multiple_of(PAGE_SIZE);
    let mut thread = sched::current();
    if let Some((status, _)) = sched::woken(thread, kind)
        && status != Status::OK
        && thread.wait_key == offset
    {
        return status;
    }
    let Some(source) = vmo.page_source.get() else {
        return Status::BAD_STATE;
    };
    if source.flags != 0 {
        return Status::BAD_STATE;
    }
    match request(source, offset, end, command) {
        Ok(joined) => thread.wait_request = joined,
        Err(status) => return status,
    }
    thread.wait_length = end - offset;
    sched::block(Wait {
        kind,
        object: Some(vmo.cast()),
        key: offset,
        deadline: i64::MAX,
    });
    BLOCKED
}

/// Asks for `[offset, end)`, up to the next request of the same kind that stands, unless
/// one covers `offset` already (reference §17.3); gives the number of that one, else 0.
fn request(
    mut source: Ptr<PageSource>,
    offset: u64,
    mut end: u64,
    command: u16,
) -> Result<u64, Status> {
    let mut before: Option<Ptr<StandingRequest>> = None;
    let mut next = source.first_request;
    while let Some(at) = next.get() {
        if at.command == u32::from(command) {
            if at.offset <= offset && offset < at.offset + at.length {
                return Ok(at.number);
            }
            if at.offset > offset {
                end = end.min(at.offset);
            }
        }
        if at.offset <= offset {
            before = Some(at);
        }
        next = at.next;
    }
    let mut new = REQUESTS.allocate()?;
    new.offset = offset;
    new.length = end - offset;
    new.command = u32::from(command);
    match before {
        Some(mut before) => {
            new.next = before.next;
            before.next = new.link();
        }
        None => {
            new.next = source.first_request;
            source.first_request = new.link();
        }
    }
    source.request_count += 1;
    source.requests += 1;
    new.number = source.requests;
    send(source, command, offset, end - offset).map(|()| 0)
}

fn send(source: Ptr<PageSource>, command: u16, offset: u64, length: u64) -> Result<(), Status> {
    let Some(port) = source.port.get() else {
        return Ok(());
    };
    let request = PageRequest {
        command,
        offset,
        length,
        ..PageRequest::default()
    };
    let mut packet = PortPacket {
        key: source.key,
        packet_type: PacketType::PAGE_REQUEST,
        ..PortPacket::default()
    };
    packet.payload.copy_from_slice(request.as_bytes());
    port::queue(port, packet)
}

fn complete(source: Ptr<PageSource>) {
    // If there is no memory for the packet, the pager is not told; nothing waits for it.
    let _ = send(source, PageCommand::COMPLETE, 0, 0);
}

/// Pages of `[offset, offset + length)` are there now.
pub fn provided(source: Ptr<PageSource>, offset: u64, length: u64) {
    answer(source, offset, length, PageCommand::READ, Status::OK);
}

/// Answers requests of one kind for `[offset, offset + length)`: those that wait for a
/// page in it look again, or fail with `status`.
pub fn answer(mut source: Ptr<PageSource>, offset: u64, length: u64, command: u16, status: Status) {
    let end = offset.saturating_add(length);
    let mut before: Option<Ptr<StandingRequest>> = None;
    let mut next = source.first_request;
    while let Some(mut at) = next.get() {
        next = at.next;
        let at_end = at.offset + at.length;
        let apart = at.offset >= end || at_end <= offset;
        if at.command != u32::from(command) || apart {
            before = Some(at);
            continue;
        }
        let tail = at_end.saturating_sub(end);
        if at.offset < offset {
            at.length = offset - at.offset;
            before = Some(at);
            // What is behind the answer becomes a request of its own, without a packet.
            if tail > 0
                && let Ok(mut rest) = REQUESTS.allocate()
            {
                rest.offset = end;
                rest.length = tail;
                rest.command = at.command;
                rest.number = at.number;
                rest.next = at.next;
                at.next = rest.link();
                source.request_count += 1;
                before = Some(rest);
            }
        } else if tail > 0 {
            at.offset = end;
            at.length = tail;
            before = Some(at);
        } else {
            match before {
                Some(mut before) => before.next = at.next,
                None => source.first_request = at.next,
            }
            source.request_count -= 1;
            REQUESTS.free(at);
        }
    }
    let kind = if command == PageCommand::DIRTY {
        WaitKind::DIRTY
    } else {
        WaitKind::PAGE
    };
    wake_those(source, kind, offset, end, status);
}

/// Wakes those that an answer for `[offset, end)` concerns. Who has asked itself goes on
/// when the page that it needs next is answered. Who has joined the request of another
/// goes on when that one is answered whole, and is told then if a part of its own failed
/// (reference §17.5).
fn wake_those(source: Ptr<PageSource>, kind: WaitKind, offset: u64, end: u64, status: Status) {
    let vmo = source.vmo.get().map(Ptr::cast);
    sched::for_each_waiting(kind, vmo, |mut thread| {
        if thread.wait_request == 0 {
            if (offset..end).contains(&thread.wait_key) {
                sched::wake(thread, status, 0);
            }
            return;
        }
        let own_end = thread.wait_key + thread.wait_length;
        if status != Status::OK && thread.wait_key < end && offset < own_end {
            thread.wake_status = status.0;
        }
        if !stands(source, thread.wait_request) {
            sched::wake(thread, Status(thread.wake_status), 0);
        }
    });
}

/// Whether anything of the request with that number is not answered.
fn stands(source: Ptr<PageSource>, number: u64) -> bool {
    let mut next = source.first_request;
    while let Some(at) = next.get() {
        if at.number == number {
            return true;
        }
        next = at.next;
    }
    false
}

/// Drops what stands of the requests from `from` on.
fn forget_requests(mut source: Ptr<PageSource>, from: u64) {
    let mut before: Option<Ptr<StandingRequest>> = None;
    let mut next = source.first_request;
    while let Some(mut at) = next.get() {
        next = at.next;
        if at.offset < from {
            at.length = at.length.min(from - at.offset);
            before = Some(at);
            continue;
        }
        match before {
            Some(mut before) => before.next = next,
            None => source.first_request = next,
        }
        source.request_count -= 1;
        REQUESTS.free(at);
    }
}

/// From `from` on the pager supplies nothing any more: no request stands there, and those
/// who wait for it look again, or fail with `status`.
pub fn end_supply(source: Ptr<PageSource>, from: u64, status: Status) {
    forget_requests(source, from);
    for kind in [WaitKind::PAGE, WaitKind::DIRTY] {
        wake_those(source, kind, from, u64::MAX, status);
    }
}

/// Moves pages of `aux` to where they are absent in the source's VMO (reference §17.4
/// step 4). Both ranges lie in their VMOs; `aux` is no alias and has no pager.
///
/// # Errors
/// NO_MEMORY; what was moved before stays moved.
pub fn supply(
    source: Ptr<PageSource>,
    offset: u64,
    length: u64,
    aux: Ptr<Vmo>,
    aux_offset: u64,
) -> Result<(), Status> {
    let Some(vmo) = source.vmo.get() else {
        return Err(Status::BAD_STATE);
    };
    let mut done = 0;
    let mut result = Ok(());
    while done < length && result.is_ok() {
        result = pages::move_page(vmo, offset + done, aux, aux_offset + done);
        if result.is_ok() {
            done += PAGE_SIZE;
        }
    }
    super::fault_in::forget_pages(aux, aux_offset, length, None);
    answer(source, offset, done, PageCommand::READ, Status::OK);
    result
}

/// Cuts the VMO off from its pager: clean pages go, dirty ones stay, whoever waits fails
/// (reference §17.6).
pub fn detach(mut source: Ptr<PageSource>) {
    if source.flags & PageSourceFlags::DETACHED.bits() != 0 {
        return;
    }
    if source.flags == 0 {
        complete(source);
    }
    source.flags |= PageSourceFlags::DETACHED.bits();
    if let Some(vmo) = source.vmo.get() {
        pages::drop_clean(vmo);
    }
    end_supply(source, 0, Status::BAD_STATE);
}
