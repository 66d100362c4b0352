//! What the guest's kernel would do about a page that is not there: its page-fault handler,
//! foretold (guest-kernel/src/fault.rs, object/fault_in.rs, object/pages.rs).
//!
//! It is the one part of an explanation that the host cannot ask the code in question, for
//! that is in the guest; tests hold it against the real kernel and against the mock's.

use super::layers::{Lives, lives};
use super::walk::watch;
use crate::calls::{CallError, Provider, Provision, ResolveAnswer};
use crate::memory::{GuestVirtAddr, PhysicalMemory};
use crate::objects::{FoundMapping, PageSourceView, ProcessView, VmoView, find_mapping};
use crate::translate::{Access, Fault, FaultReason, translate};
use abi::call_page::{ResolveRequest, Want};
use abi::entry::{ADDRESS_MASK, NO_EXECUTE, PRESENT, USER, WRITABLE};
use abi::layout::{MAX_CLONE_DEPTH, PAGE_SIZE, USER_BASE, USER_TOP};
use abi::objects::{FrameEntry, MappingFlags, Permissions, VmoOptions};
use abi::{RootBlock, Status};
use serde::Serialize;
use std::mem::size_of;
use vm_memory::GuestAddress;

/// Mappings that are looked up for one explanation: a hostile list of them is long.
const MAX_LOOKUPS: u32 = 256;

/// How the kernel makes a page accessible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Supply {
    /// The VMO has the page; it only has to be mapped.
    MapsPage,
    /// Nothing is there: the frame of zeros that all share is mapped, read-only.
    MapsZeros,
    /// A fresh page of zeros.
    Allocates,
    /// A copy of a page that others have too.
    Copies,
    /// The page was shared and is not any more: it becomes writable.
    TakesBack,
    /// A pager's page becomes dirty.
    Dirties,
}

impl Supply {
    /// Whether it takes a frame.
    const fn needs_frame(self) -> bool {
        matches!(self, Self::Allocates | Self::Copies)
    }

    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::MapsPage => "maps the VMO's page",
            Self::MapsZeros => "maps the shared frame of zeros, read-only",
            Self::Allocates => "allocates a page of zeros",
            Self::Copies => "copies the page (copy on write)",
            Self::TakesBack => "makes the page writable: nobody shares it any more",
            Self::Dirties => "makes the pager's clean page dirty",
        }
    }
}

/// What the kernel does about a missing page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Handling {
    /// It makes the page accessible.
    Supplies {
        /// How.
        how: Supply,
    },
    /// It asks a pager, and the thread waits.
    AsksPager {
        /// Koid of the VMO with the pager.
        vmo: u64,
        /// Offset in it of the page, in bytes.
        offset: u64,
        /// `"READ"` (supply the page) or `"DIRTY"` (allow to write to it).
        command: &'static str,
    },
    /// It cannot be had.
    Refuses {
        /// The status (`ZX_ERR_…`).
        #[serde(serialize_with = "super::verdict::status")]
        status: Status,
        /// Why.
        why: &'static str,
        /// The rule, as sections of the reference.
        rule: &'static str,
    },
}

const fn refuses(status: Status, why: &'static str, rule: &'static str) -> Handling {
    Handling::Refuses { status, why, rule }
}

/// The kernel's page-fault handler, for one process that stands still.
#[derive(Debug)]
pub struct FaultHandler<'m, M> {
    memory: &'m M,
    process: ProcessView,
    root: RootBlock,
    found: Option<FoundMapping>,
    lookups: u32,
    /// What it said last, for a report.
    last: Option<Handling>,
}

impl<'m, M: PhysicalMemory> FaultHandler<'m, M> {
    /// That of a guest with this root block.
    pub const fn new(memory: &'m M, process: ProcessView, root: RootBlock) -> Self {
        Self {
            memory,
            process,
            root,
            found: None,
            lookups: 0,
            last: None,
        }
    }

    /// What it said last.
    pub const fn last(&self) -> Option<Handling> {
        self.last
    }

    /// What it does about an access to `address` that the CPU refuses.
    ///
    /// # Errors
    /// [`CallError`] if a structure on the way is broken.
    pub fn handle(&mut self, address: u64, access: Access) -> Result<Handling, CallError> {
        let handling = self.decide(address, access)?;
        self.last = Some(handling);
        Ok(handling)
    }

    fn decide(&mut self, address: u64, access: Access) -> Result<Handling, CallError> {
        const NOTHING: Handling = refuses(
            Status::NOT_FOUND,
            "nothing is mapped there",
            "§13.7 (no mapping)",
        );
        if !(USER_BASE..USER_TOP).contains(&address) {
            return Ok(refuses(
                Status::NOT_FOUND,
                "no program can have a mapping there",
                "§13.7 (no mapping), §19.2",
            ));
        }
        let Some(found) = self.mapping(address)? else {
            return Ok(NOTHING);
        };
        let raw = found.piece.raw();
        let permissions = Permissions::from_bits_truncate(raw.permissions);
        let (needed, why) = match access {
            Access::Read => (Permissions::READ, "the mapping grants no reads"),
            Access::Write => (Permissions::WRITE, "the mapping grants no writes"),
            Access::Execute => (Permissions::EXECUTE, "the mapping grants no fetches"),
        };
        if !permissions.contains(needed) {
            let rule = "§13.7 (permission)";
            return Ok(refuses(Status::ACCESS_DENIED, why, rule));
        }
        let mut vmo = VmoView::read(self.memory, found.piece.vmo())?;
        let alias = vmo;
        let window = vmo.enter(self.memory)?;
        let sized = if alias.options().contains(VmoOptions::REFERENCE) {
            vmo
        } else {
            alias
        };
        let offset = raw.vmo_offset.saturating_add(address - found.piece.base());
        let stream_end = sized
            .raw()
            .stream_size
            .div_ceil(PAGE_SIZE)
            .saturating_mul(PAGE_SIZE);
        if offset >= window.size {
            return Ok(refuses(
                Status::OUT_OF_RANGE,
                "the VMO ends before that page",
                "§13.7 (past VMO end)",
            ));
        }
        let flags = found.piece.flags();
        if flags.contains(MappingFlags::FAULT_BEYOND_STREAM_SIZE) && offset >= stream_end {
            return Ok(refuses(
                Status::OUT_OF_RANGE,
                "the stream ends before that page, and the mapping is one that faults there",
                "§13.7 (beyond stream size)",
            ));
        }
        let tables = self.missing_tables(address);
        let write = access == Access::Write;
        self.page(&vmo, window.base.saturating_add(offset), write, tables)
    }

    /// What it does to get the page at `offset` of a VMO that is no alias, where `tables`
    /// page tables are missing as well.
    fn page(
        &self,
        vmo: &VmoView,
        offset: u64,
        write: bool,
        tables: u64,
    ) -> Result<Handling, CallError> {
        let (layers, found) = lives(self.memory, vmo, offset)?;
        let own = layers.len() == 1;
        let how = match found {
            Lives::Discarded => {
                return Ok(refuses(
                    Status::NOT_FOUND,
                    "the VMO is discardable, its pages were taken, and it was not locked since",
                    "§4.4 (discardable)",
                ));
            }
            Lives::BeyondEnd => {
                return Ok(refuses(
                    Status::OUT_OF_RANGE,
                    "the VMO ends before that page",
                    "§4.1 step 5",
                ));
            }
            Lives::Physical { .. } => Supply::MapsPage,
            Lives::Page { .. } if !write => Supply::MapsPage,
            Lives::Zeros if !write => Supply::MapsZeros,
            Lives::Page { writable: true, .. } if own => Supply::MapsPage,
            Lives::Page { frame, .. } if own => {
                if vmo.raw().page_source.is_none() {
                    if self.extra_owners(frame.0) == 0 {
                        Supply::TakesBack
                    } else {
                        Supply::Copies
                    }
                } else if vmo.options().contains(VmoOptions::TRAP_DIRTY) {
                    return self.ask(vmo, offset, "DIRTY");
                } else {
                    Supply::Dirties
                }
            }
            Lives::Page { .. } => Supply::Copies,
            Lives::Zeros => Supply::Allocates,
            Lives::Pager => {
                let root = layers.last();
                let at = root.map_or(vmo.address().0, |layer| layer.address.0);
                let offset = root.map_or(offset, |layer| layer.offset);
                let vmo = VmoView::read(self.memory, GuestAddress(at))?;
                return self.ask(&vmo, offset, "READ");
            }
        };
        let frames = tables + u64::from(how.needs_frame());
        if self.root.free_frames < frames {
            return Ok(refuses(
                Status::NO_MEMORY,
                "no frame of RAM is left for it",
                "§3 (memory), §22 item 20",
            ));
        }
        Ok(Handling::Supplies { how })
    }

    /// The pager of `vmo` is asked for a page, or for leave to write to it.
    fn ask(
        &self,
        vmo: &VmoView,
        offset: u64,
        command: &'static str,
    ) -> Result<Handling, CallError> {
        const GONE: Handling = refuses(
            Status::BAD_STATE,
            "the page is absent and the VMO's pager is detached or closed",
            "§4.5, §17.6, §17.7",
        );
        if vmo.raw().page_source.is_none() {
            return Ok(GONE);
        }
        let source = GuestAddress(vmo.raw().page_source.address());
        let source = PageSourceView::read(self.memory, source)?;
        if source.raw().flags != 0 {
            return Ok(GONE);
        }
        Ok(Handling::AsksPager {
            vmo: vmo.koid(),
            offset: offset & !(PAGE_SIZE - 1),
            command,
        })
    }

    fn mapping(&mut self, address: u64) -> Result<Option<FoundMapping>, CallError> {
        if let Some(found) = self.found
            && (found.piece.base()..found.piece.end()).contains(&address)
        {
            return Ok(Some(found));
        }
        self.lookups += 1;
        let Some(root) = self.process.root_vmar() else {
            return Ok(None);
        };
        // A range over more mappings ends as if nothing came after them.
        if self.lookups > MAX_LOOKUPS {
            return Ok(None);
        }
        self.found = find_mapping(self.memory, root, GuestVirtAddr(address))?;
        Ok(self.found)
    }

    /// Whether a fault stays even after the kernel has put in the last entry: one above it
    /// denies the access, and that one the kernel never changes.
    pub(super) fn is_futile(&self, address: u64, access: Access) -> bool {
        let Some(space) = self.process.address_space() else {
            return true;
        };
        let (_, entries) = watch(self.memory, space, GuestVirtAddr(address), access);
        let above = entries.iter().take(3).filter_map(|(_, entry)| *entry);
        above.filter(|entry| entry & PRESENT != 0).any(|entry| {
            let store = access == Access::Write && entry & WRITABLE == 0;
            let fetch = access == Access::Execute && entry & NO_EXECUTE != 0;
            entry & USER == 0 || store || fetch
        })
    }

    fn missing_tables(&self, address: u64) -> u64 {
        match self.look(address, Access::Read) {
            Some(Fault {
                reason: FaultReason::NotPresent,
                level,
                ..
            }) => u64::from(level.saturating_sub(1)),
            _ => 0,
        }
    }

    fn look(&self, address: u64, access: Access) -> Option<Fault> {
        let space = self.process.address_space()?;
        translate(self.memory, space, GuestVirtAddr(address), access).err()
    }

    fn extra_owners(&self, frame: u64) -> u32 {
        extra_owners(self.memory, &self.root, frame)
    }
}

/// Page lists that share a frame, beyond the first; 0 if the frame table does not say.
pub(super) fn extra_owners<M: PhysicalMemory>(memory: &M, root: &RootBlock, frame: u64) -> u32 {
    let number = (frame & ADDRESS_MASK) / PAGE_SIZE;
    if number >= root.frame_count {
        return 0;
    }
    number
        .checked_mul(size_of::<FrameEntry>() as u64)
        .and_then(|offset| root.frame_table.address().checked_add(offset))
        .and_then(|at| memory.read_object::<FrameEntry>(GuestAddress(at)).ok())
        .map_or(0, |entry| entry.extra_owners)
}

const fn provision(handling: Handling) -> Provision {
    match handling {
        Handling::Supplies { .. } => Provision::Made,
        Handling::AsksPager { .. } => Provision::Waits,
        Handling::Refuses { status, .. } => Provision::Refused(status),
    }
}

impl<M: PhysicalMemory> Provider for FaultHandler<'_, M> {
    fn vmo_page(
        &mut self,
        vmo: &VmoView,
        offset: u64,
        write: bool,
    ) -> Result<Provision, CallError> {
        let handling = self.page(vmo, offset, write, 0)?;
        self.last = Some(handling);
        Ok(provision(handling))
    }

    fn user_page(
        &mut self,
        address: GuestVirtAddr,
        access: Access,
    ) -> Result<Provision, CallError> {
        let handling = self.handle(address.0, access)?;
        let made = matches!(handling, Handling::Supplies { .. });
        if made && self.is_futile(address.0, access) {
            return Err(CallError::NoProgress {
                request: ResolveAnswer::from(&ResolveRequest {
                    wants: Want::USER,
                    user_address: address.0,
                    ..ResolveRequest::default()
                }),
            });
        }
        Ok(provision(handling))
    }

    fn private_copy(
        &mut self,
        mapping: &FoundMapping,
        vmo: &VmoView,
    ) -> Result<Provision, CallError> {
        let mut source = *vmo;
        let window = source.enter(self.memory)?;
        let raw = source.raw();
        // Where the whole mapping starts in the VMO.
        let piece = &mapping.piece;
        let skipped = piece.base().saturating_sub(mapping.base);
        let start = piece.raw().vmo_offset.saturating_sub(skipped);
        let end = [
            raw.root_offset,
            window.base,
            start,
            mapping.end - mapping.base,
        ]
        .into_iter()
        .try_fold(0u64, u64::checked_add);
        let refused = if source.options().contains(VmoOptions::CONTIGUOUS) {
            Some((Status::INVALID_ARGS, "a contiguous VMO cannot be copied"))
        } else if !source.is_cached() {
            Some((
                Status::BAD_STATE,
                "a VMO that is not cached cannot be copied",
            ))
        } else if end.is_none() {
            Some((Status::INVALID_ARGS, "the copy would end beyond 64 bits"))
        } else if source.options().contains(VmoOptions::PINNED) {
            Some((
                Status::BAD_STATE,
                "a VMO with pinned pages cannot be copied",
            ))
        } else if raw.depth >= MAX_CLONE_DEPTH && source.is_layered() {
            Some((
                Status::NO_RESOURCES,
                "too many copies stand one behind the other",
            ))
        } else {
            None
        };
        let handling = match refused {
            Some((status, why)) => refuses(status, why, "§6.2 step 5, §10.3"),
            None => Handling::Supplies {
                how: Supply::Copies,
            },
        };
        self.last = Some(handling);
        Ok(provision(handling))
    }
}
