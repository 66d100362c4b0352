//! The kernel's side of a request for pages, as simple as it can be.

use super::super::{Content, MappingView, ProcessView, RegionView, VmoView, find_mapping};
use super::guest::{MockError, MockGuest};
use crate::memory::{GuestVirtAddr, PhysicalMemory};
use abi::call_page::{Access, ResolveRequest, Want};
use abi::entry::{ADDRESS_MASK, PRESENT};
use abi::layout::PAGE_SIZE;
use abi::objects::{Mapping, MappingFlags, Permissions, Vmo, VmoOptions};
use abi::{CallPage, Link, Status};
use vm_memory::GuestAddress;

/// A failure that a test has ordered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failure {
    want: u32,
    /// The page, as an offset in the VMO or an address of the caller.
    page: u64,
    status: Status,
}

impl MockGuest {
    /// From now on the page of `position` cannot be had: the want `want` for it fails
    /// with `status`.
    pub fn fail(&mut self, want: u32, position: u64, status: Status) {
        self.failures.push(Failure {
            want,
            page: position & !(PAGE_SIZE - 1),
            status,
        });
    }

    /// From now on pagers supply nothing: they fail each page with `status`.
    pub const fn fail_pagers(&mut self, status: Status) {
        self.pager_failure = Some(status);
    }

    /// Lets the pager supply the page at `offset` of `vmo`, if it has yet to; or fail.
    fn bring(&mut self, vmo: GuestAddress, offset: u64) -> Result<Result<(), Status>, MockError> {
        if let Some(status) = self.pager_failure {
            let page = offset & !(PAGE_SIZE - 1);
            if let (Content::Pager, ..) = self.content(vmo, page)? {
                return Ok(Err(status));
            }
        }
        self.supply(vmo, offset)?;
        Ok(Ok(()))
    }

    /// Answers the request in the call page as [`ResolveRequest`] says.
    ///
    /// # Errors
    /// [`MockError`] if the mock itself is broken or out of frames.
    pub fn resolve(&mut self) -> Result<ResolveRequest, MockError> {
        let page: CallPage = self.get(self.call_page())?;
        let mut request = page.resolve;
        let process = GuestAddress(page.process.address());
        let mut outcome = Ok(());
        for want in [Want::CLONE_MAPPING, Want::VMO, Want::USER] {
            if request.wants & want != 0 && outcome.is_ok() {
                outcome = match want {
                    Want::CLONE_MAPPING => self.clone_mapping(&mut request)?,
                    Want::VMO => self.provide_vmo(&request)?,
                    _ => self.provide_user(process, &request)?,
                }
                .map_err(|status| (want, status));
            }
        }
        let (failed, status) = outcome.err().unwrap_or((0, Status::OK));
        request.failed = failed;
        request.status = status.0;
        let mut answered = page;
        answered.resolve = request;
        self.edit(self.call_page(), |page: &mut CallPage| *page = answered)?;
        Ok(request)
    }

    fn ordered_failure(&self, want: u32, position: u64) -> Option<Status> {
        let page = position & !(PAGE_SIZE - 1);
        let hit = |failure: &&Failure| failure.want == want && failure.page == page;
        self.failures.iter().find(hit).map(|failure| failure.status)
    }

    /// A private clone with copies of the pages, for simplicity's sake at once; one of a
    /// VMO with a pager looks through to it.
    fn clone_mapping(
        &mut self,
        request: &mut ResolveRequest,
    ) -> Result<Result<(), Status>, MockError> {
        let address = GuestAddress(request.mapping.address());
        let pieces = self.pieces(address)?;
        let Some((first, last)) = pieces.first().zip(pieces.last()) else {
            return Err(MockError::NoFrames);
        };
        let (base, offset) = (first.base(), first.raw().vmo_offset);
        let length = last.end() - base;
        if !self.ram.contains(GuestAddress(0), length) {
            return Err(MockError::NoFrames);
        }
        if let Some(status) = self.ordered_failure(Want::CLONE_MAPPING, base) {
            return Ok(Err(status));
        }
        let source = first.vmo();
        let mut target = VmoView::read(&*self.ram, source)?;
        let window = target.enter(&*self.ram)?;
        if target.options().contains(VmoOptions::CONTIGUOUS) {
            return Ok(Err(Status::INVALID_ARGS));
        }
        if target.options().contains(VmoOptions::PINNED) {
            return Ok(Err(Status::BAD_STATE));
        }
        let clone = if self.has_pager(source)? {
            let base = window.base.saturating_add(offset);
            self.look_through(target.address(), base, length, length)?
        } else {
            let clone = self.vmo("clone", length)?;
            self.copy_pages(source, offset, clone, length)?;
            clone
        };
        self.edit(clone, |vmo: &mut Vmo| {
            vmo.header.koid = 0;
            vmo.options |= VmoOptions::PRIVATE_CLONE.bits();
        })?;
        for piece in pieces {
            self.detach(piece.address())?;
            self.attach(piece.address(), clone)?;
            self.edit(piece.address(), |mapping: &mut Mapping| {
                mapping.vmo_offset = mapping.region.base - base;
                mapping.flags |= MappingFlags::PRIVATE_COPY.bits();
            })?;
        }
        request.vmo = Link::new(clone.0);
        Ok(Ok(()))
    }

    /// The mapping at `first` and those joined to it.
    fn pieces(&self, first: GuestAddress) -> Result<Vec<MappingView>, MockError> {
        let mut pieces = vec![MappingView::read(&*self.ram, first)?];
        let mut next = self.get::<Mapping>(first)?.region.next;
        while !next.is_none() {
            let region = RegionView::read(&*self.ram, GuestAddress(next.address()))?;
            match region {
                RegionView::Mapping(piece) if piece.is_joined() => pieces.push(piece),
                _ => break,
            }
            next = region.raw().next;
        }
        Ok(pieces)
    }

    fn copy_pages(
        &mut self,
        source: GuestAddress,
        offset: u64,
        clone: GuestAddress,
        length: u64,
    ) -> Result<(), MockError> {
        let size = VmoView::read(&*self.ram, source)?.enter(&*self.ram)?.size;
        for at in (0..length).step_by(4096) {
            let from = offset.saturating_add(at);
            if from < size {
                let bytes = self.read_vmo(source, from, 4096)?;
                if bytes.iter().any(|byte| *byte != 0) {
                    self.write_vmo(clone, at, &bytes)?;
                }
            }
        }
        Ok(())
    }

    fn provide_vmo(&mut self, request: &ResolveRequest) -> Result<Result<(), Status>, MockError> {
        let vmo = GuestAddress(request.vmo.address());
        let end = request.vmo_offset.saturating_add(request.vmo_length);
        let mut at = request.vmo_offset;
        while at < end {
            if let Some(status) = self.ordered_failure(Want::VMO, at) {
                let first = at == request.vmo_offset;
                return Ok(if first { Err(status) } else { Ok(()) });
            }
            if let Err(status) = self.bring(vmo, at)? {
                let first = at == request.vmo_offset;
                return Ok(if first { Err(status) } else { Ok(()) });
            }
            if request.vmo_access == Access::WRITE {
                self.commit(vmo, at, 1)?;
            }
            at = (at | (PAGE_SIZE - 1)).saturating_add(1);
        }
        Ok(Ok(()))
    }

    fn provide_user(
        &mut self,
        process: GuestAddress,
        request: &ResolveRequest,
    ) -> Result<Result<(), Status>, MockError> {
        let end = request.user_address.saturating_add(request.user_length);
        let mut at = request.user_address;
        while at < end {
            if let Err(status) = self.fault(process, at, request.user_access)? {
                let first = at == request.user_address;
                return Ok(if first { Err(status) } else { Ok(()) });
            }
            at = (at | (PAGE_SIZE - 1)).saturating_add(1);
        }
        Ok(Ok(()))
    }

    /// What the page-fault handler does for an access at `address` (reference §3).
    ///
    /// # Errors
    /// [`MockError`] if the mock itself is broken or out of frames.
    pub fn fault(
        &mut self,
        process: GuestAddress,
        address: u64,
        access: u32,
    ) -> Result<Result<(), Status>, MockError> {
        if let Some(status) = self.ordered_failure(Want::USER, address) {
            return Ok(Err(status));
        }
        let view = ProcessView::read(&*self.ram, process)?;
        let root = view.root_vmar().unwrap_or_default();
        let Some(mapping) = find_mapping(&*self.ram, root, GuestVirtAddr(address))? else {
            return Ok(Err(Status::NOT_FOUND));
        };
        let write = access == Access::WRITE;
        let needed = if write {
            Permissions::WRITE
        } else {
            Permissions::READ
        };
        let mapping = mapping.piece;
        let permissions = Permissions::from_bits_truncate(mapping.raw().permissions);
        if !permissions.contains(needed) {
            return Ok(Err(Status::ACCESS_DENIED));
        }
        let offset = mapping.raw().vmo_offset + (address - mapping.base());
        let mut vmo = VmoView::read(&*self.ram, mapping.vmo())?;
        let window = vmo.enter(&*self.ram)?;
        let mut end = window.size;
        if mapping
            .flags()
            .contains(MappingFlags::FAULT_BEYOND_STREAM_SIZE)
        {
            end = end.min(vmo.raw().stream_size.next_multiple_of(PAGE_SIZE));
        }
        if offset >= end {
            return Ok(Err(Status::OUT_OF_RANGE));
        }
        if vmo.is_discarded() {
            return Ok(Err(Status::NOT_FOUND));
        }
        let offset = window.base.saturating_add(offset);
        let leaf = if vmo.is_physical() {
            let page = offset & !(PAGE_SIZE - 1);
            vmo.raw().physical_base.saturating_add(page)
        } else {
            let vmo = vmo.address();
            if let Err(status) = self.bring(vmo, offset)? {
                return Ok(Err(status));
            }
            self.commit(vmo, offset, 1)?;
            let entry = self.vmo_entry(vmo, offset)?;
            let leaf = self.ram.read_u64(entry)?;
            if leaf & PRESENT == 0 {
                return Err(MockError::NoFrames);
            }
            leaf
        };
        let writable = permissions.contains(Permissions::WRITE);
        self.map_page(
            process,
            address,
            GuestAddress(leaf & ADDRESS_MASK),
            writable,
        )?;
        Ok(Ok(()))
    }
}
