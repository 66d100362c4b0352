//! Pagers, ports and what travels between them (reference §17).

use crate::assert_layout;
use crate::info::PortPacket;
use crate::link::Link;
use crate::objects::{ObjectHeader, Vmo};
use bitflags::bitflags;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// A pager.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Pager {
    /// See there.
    pub header: ObjectHeader,
    /// The page sources of its VMOs, linked through [`PageSource::next`].
    pub first_source: Link<PageSource>,
    /// Zero.
    pub reserved: [u64; 3],
}

assert_layout!(Pager, size = 64, first_source @ 32);

bitflags! {
    /// Bits of [`PageSource::flags`].
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct PageSourceFlags: u32 {
        /// `zx_pager_detach_vmo` was called: absent pages are `ZX_ERR_BAD_STATE`.
        const DETACHED = 1;
        /// The last handle to the pager was closed: likewise.
        const CLOSED = 2;
    }
}

/// What connects a VMO with its pager.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct PageSource {
    /// See there; type [`crate::objects::ObjectType::PAGE_SOURCE`], never behind a handle.
    pub header: ObjectHeader,
    /// The VMO; keeps nothing alive, for the VMO owns the source.
    pub vmo: Link<Vmo>,
    /// The pager; none once that is gone. Keeps nothing alive.
    pub pager: Link<Pager>,
    /// Where requests go; keeps the port alive.
    pub port: Link<Port>,
    /// The key of its packets.
    pub key: u64,
    /// The next source of the same pager.
    pub next: Link<PageSource>,
    /// Requests that stand, in ascending order of offset, linked through
    /// [`StandingRequest::next`].
    pub first_request: Link<StandingRequest>,
    /// Bits of [`PageSourceFlags`].
    pub flags: u32,
    /// Requests that stand.
    pub request_count: u32,
    /// Requests made so far.
    pub requests: u64,
}

assert_layout!(PageSource, size = 96, vmo @ 32, first_request @ 72, flags @ 80);

/// A request to a pager that is not answered.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct StandingRequest {
    /// The next one of the same source.
    pub next: Link<StandingRequest>,
    /// First byte in the VMO that is not answered, a multiple of the page size.
    pub offset: u64,
    /// Bytes, a multiple of the page size.
    pub length: u64,
    /// One of [`crate::info::PageCommand`].
    pub command: u32,
    /// Zero.
    pub reserved: u32,
    /// Which request it is; what an answer leaves of it keeps the number.
    pub number: u64,
}

assert_layout!(StandingRequest, size = 40, offset @ 8, length @ 16, command @ 24);

/// A port.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Port {
    /// See there.
    pub header: ObjectHeader,
    /// The packet that came first, linked through [`QueuedPacket::next`].
    pub first_packet: Link<QueuedPacket>,
    /// The packet that came last.
    pub last_packet: Link<QueuedPacket>,
    /// Packets that wait.
    pub packet_count: u64,
    /// Zero.
    pub reserved: u64,
}

assert_layout!(Port, size = 64, first_packet @ 32, last_packet @ 40, packet_count @ 48);

/// A packet that waits in a port.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct QueuedPacket {
    /// The next one in the port.
    pub next: Link<QueuedPacket>,
    /// Zero.
    pub reserved: u64,
    /// What the program gets.
    pub packet: PortPacket,
}

assert_layout!(QueuedPacket, size = 64, packet @ 16);
