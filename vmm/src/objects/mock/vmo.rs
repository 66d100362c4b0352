//! VMOs of the less plain kinds.

use super::super::{Content, VmoView, pager_at_root};
use super::guest::{MockError, MockGuest};
use super::object::header;
use crate::memory::{BulkMemory, VmoOffset};
use abi::Link;
use abi::layout::PAGE_SIZE;
use abi::objects::{Mapping, MappingFlags, ObjectType, PageSource, Permissions, Vmo, VmoOptions};
use std::ops::Range;
use vm_memory::GuestAddress;

impl MockGuest {
    /// A slice: the bytes of `source` in that range.
    ///
    /// # Errors
    /// [`MockError::NoFrames`] if RAM is used up.
    pub fn slice(
        &mut self,
        source: GuestAddress,
        range: Range<u64>,
    ) -> Result<GuestAddress, MockError> {
        let size = range.end.saturating_sub(range.start);
        self.child(source, VmoOptions::SLICE, size, |vmo| {
            vmo.source_offset = range.start;
        })
    }

    /// A reference: all the bytes of `source`, with its size.
    ///
    /// # Errors
    /// [`MockError::NoFrames`] if RAM is used up.
    pub fn reference(&mut self, source: GuestAddress) -> Result<GuestAddress, MockError> {
        self.child(source, VmoOptions::REFERENCE, 0, |_| {})
    }

    /// A clone of `size` bytes that looks through to `source` from `offset` on, for its
    /// first `limit` bytes.
    ///
    /// # Errors
    /// [`MockError::NoFrames`] if RAM is used up.
    pub fn look_through(
        &mut self,
        source: GuestAddress,
        offset: u64,
        limit: u64,
        size: u64,
    ) -> Result<GuestAddress, MockError> {
        self.child(source, VmoOptions::CLONE, size, |vmo| {
            vmo.source_offset = offset;
            vmo.source_limit = limit;
        })
    }

    fn child(
        &mut self,
        source: GuestAddress,
        kind: VmoOptions,
        size: u64,
        change: impl FnOnce(&mut Vmo),
    ) -> Result<GuestAddress, MockError> {
        let child = self.vmo("child", size)?;
        let parent: Vmo = self.get(source)?;
        let (first, dependent) = (parent.first_child, parent.first_dependent);
        let parent_koid = parent.header.koid;
        self.edit(child, |vmo: &mut Vmo| {
            vmo.options |= kind.bits();
            vmo.source = Link::new(source.0);
            vmo.parent = Link::new(source.0);
            vmo.parent_koid = parent_koid;
            vmo.next_sibling = first;
            vmo.next_dependent = dependent;
            vmo.depth = parent.depth + 1;
            change(vmo);
        })?;
        if !dependent.is_none() {
            self.edit(GuestAddress(dependent.address()), |vmo: &mut Vmo| {
                vmo.previous_dependent = Link::new(child.0);
            })?;
        }
        if !first.is_none() {
            self.edit(GuestAddress(first.address()), |vmo: &mut Vmo| {
                vmo.previous_sibling = Link::new(child.0);
            })?;
        }
        self.edit(source, |vmo: &mut Vmo| {
            vmo.first_child = Link::new(child.0);
            vmo.first_dependent = Link::new(child.0);
            vmo.child_count += 1;
            vmo.header.references += 1;
            if kind == VmoOptions::CLONE {
                vmo.clone_count += 1;
            } else {
                vmo.alias_count += 1;
            }
        })?;
        Ok(child)
    }

    /// A VMO of `size` bytes with a pager, no page of it present.
    ///
    /// # Errors
    /// [`MockError::NoFrames`] if RAM is used up.
    pub fn pager_vmo(&mut self, size: u64) -> Result<GuestAddress, MockError> {
        let vmo = self.vmo("paged", size)?;
        let source = self.object::<PageSource>()?;
        self.edit(source, |object: &mut PageSource| {
            object.header = header(ObjectType::PAGE_SOURCE, 0);
            object.vmo = Link::new(vmo.0);
        })?;
        self.edit(vmo, |object: &mut Vmo| {
            object.page_source = Link::new(source.0);
            object.pager_limit = object.size;
        })?;
        Ok(vmo)
    }

    /// Splits a mapping at `address`: the rest of it becomes a joined mapping with those
    /// permissions.
    ///
    /// # Errors
    /// [`MockError::NoFrames`] if RAM is used up.
    pub fn join(
        &mut self,
        mapping: GuestAddress,
        address: u64,
        permissions: Permissions,
    ) -> Result<GuestAddress, MockError> {
        let whole: Mapping = self.get(mapping)?;
        let first = address.saturating_sub(whole.region.base);
        self.edit(mapping, |piece: &mut Mapping| piece.region.size = first)?;
        let piece = self.map_in(
            GuestAddress(whole.region.parent.address()),
            address,
            whole.region.size.saturating_sub(first),
            (
                GuestAddress(whole.vmo.address()),
                whole.vmo_offset.saturating_add(first),
            ),
            permissions,
        )?;
        self.edit(piece, |piece: &mut Mapping| {
            piece.maximum = whole.maximum;
            piece.flags = whole.flags | MappingFlags::JOINED.bits();
        })?;
        Ok(piece)
    }

    /// What `vmo` shows at `offset`, or where its root must get it from the pager: that
    /// page's VMO and offset.
    pub(super) fn content(
        &self,
        vmo: GuestAddress,
        offset: u64,
    ) -> Result<(Content, GuestAddress, u64), MockError> {
        let mut view = VmoView::read(&*self.ram, vmo)?;
        let window = view.enter(&*self.ram)?;
        let mut at = window.base.saturating_add(offset);
        let run = view.contents(&*self.ram).run(VmoOffset(at), 1)?;
        if run.content == Content::Pager {
            while let Some(source) = view.source() {
                at = at.saturating_add(view.raw().source_offset);
                view = VmoView::read(&*self.ram, source)?;
            }
        }
        Ok((run.content, view.address(), at))
    }

    /// Lets the pager supply the page at `offset` of `vmo`, if it has yet to: a page of
    /// [`MockGuest::SUPPLIED`].
    ///
    /// # Errors
    /// [`MockError::NoFrames`] if RAM is used up.
    pub fn supply(&mut self, vmo: GuestAddress, offset: u64) -> Result<(), MockError> {
        let page = offset & !(PAGE_SIZE - 1);
        if let (Content::Pager, root, at) = self.content(vmo, page)? {
            let frame = self.install(root, at)?;
            self.ram.write_bytes(frame, &[Self::SUPPLIED; 4096])?;
        }
        Ok(())
    }

    /// Every byte of what the mock's pager supplies.
    pub const SUPPLIED: u8 = 0x5A;

    /// Whether a pager may have to be asked for pages of `vmo`.
    pub(super) fn has_pager(&self, vmo: GuestAddress) -> Result<bool, MockError> {
        let mut view = VmoView::read(&*self.ram, vmo)?;
        view.enter(&*self.ram)?;
        Ok(pager_at_root(&*self.ram, &view)?)
    }
}
