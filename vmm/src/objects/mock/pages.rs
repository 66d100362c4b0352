//! Pages: page lists of VMOs and page tables of processes.

use super::super::{Content, ProcessView, VmoView};
use super::guest::{MockError, MockGuest};
use crate::memory::{BulkMemory, GuestVirtAddr, PhysicalMemory, VmoOffset};
use crate::translate::{Access, PageSlot, translate};
use abi::entry::{ADDRESS_MASK, NO_EXECUTE, PRESENT, TABLE_MASK, USER, WRITABLE};
use abi::layout::{PAGE_SHIFT, PAGE_SIZE};
use abi::objects::{Process, Vmo};
use vm_memory::GuestAddress;

impl MockGuest {
    /// Makes pages of `vmo` present and writable for that range of it, with what it shows
    /// there now; no pager is asked.
    ///
    /// # Errors
    /// [`MockError::NoFrames`] if RAM is used up.
    pub fn commit(&mut self, vmo: GuestAddress, offset: u64, length: u64) -> Result<(), MockError> {
        let mut at = offset & !(PAGE_SIZE - 1);
        while at < offset.saturating_add(length) {
            let entry = self.vmo_entry(vmo, at)?;
            let old = self.ram.read_u64(entry)?;
            if old & PRESENT == 0 {
                let (content, ..) = self.content(vmo, at)?;
                let frame = self.install(vmo, at)?;
                if let Content::At(from) = content {
                    self.ram.copy(from, frame, PAGE_SIZE)?;
                }
            } else if old & WRITABLE == 0 {
                let frame = self.frame()?;
                self.ram
                    .copy(GuestAddress(old & ADDRESS_MASK), frame, PAGE_SIZE)?;
                self.put(entry, frame.0 | PRESENT | WRITABLE)?;
            }
            at = at.saturating_add(PAGE_SIZE);
        }
        Ok(())
    }

    /// Puts a fresh page where there is none.
    pub(super) fn install(
        &mut self,
        vmo: GuestAddress,
        offset: u64,
    ) -> Result<GuestAddress, MockError> {
        let entry = self.vmo_entry(vmo, offset)?;
        let frame = self.frame()?;
        self.put(entry, frame.0 | PRESENT | WRITABLE)?;
        // The entry's table has one more in use.
        self.edit_frame(entry.0, |entry| entry.extra_owners += 1)?;
        self.edit(vmo, |object: &mut Vmo| {
            object.page_count = object.page_count.wrapping_add(1);
        })?;
        Ok(frame)
    }

    /// Where the leaf entry for `offset` in the page list of `vmo` stands; the tables on
    /// the way are made.
    ///
    /// # Errors
    /// [`MockError::NoFrames`] if RAM is used up.
    pub fn vmo_entry(&mut self, vmo: GuestAddress, offset: u64) -> Result<GuestAddress, MockError> {
        let object = *VmoView::read(&*self.ram, vmo)?.raw();
        let mut table = GuestAddress(object.pages);
        if table.0 == 0 {
            table = self.frame()?;
            self.edit(vmo, |object: &mut Vmo| object.pages = table.0)?;
        }
        self.descend(table, object.levels, offset, None)
    }

    /// Where the leaf entry for `address` in the page tables of `process` stands; the
    /// tables on the way are made.
    ///
    /// # Errors
    /// [`MockError::NoFrames`] if RAM is used up.
    pub fn page_table_entry(
        &mut self,
        process: GuestAddress,
        address: u64,
    ) -> Result<GuestAddress, MockError> {
        let view = ProcessView::read(&*self.ram, process)?;
        let root = GuestAddress(view.raw().page_table);
        self.descend(root, 4, address, Some(process))
    }

    /// Maps the page at `address` of `process` to `frame`.
    ///
    /// # Errors
    /// [`MockError::NoFrames`] if RAM is used up.
    pub fn map_page(
        &mut self,
        process: GuestAddress,
        address: u64,
        frame: GuestAddress,
        writable: bool,
    ) -> Result<(), MockError> {
        let entry = self.page_table_entry(process, address)?;
        let writable = if writable { WRITABLE } else { 0 };
        self.put(entry, frame.0 | PRESENT | USER | NO_EXECUTE | writable)
    }

    /// Makes user memory of `length` bytes at `address` of `process` out of nothing: a
    /// VMO with all its pages, a mapping, page tables.
    ///
    /// # Errors
    /// [`MockError::NoFrames`] if RAM is used up.
    pub fn user_memory(
        &mut self,
        process: GuestAddress,
        address: u64,
        length: u64,
    ) -> Result<GuestAddress, MockError> {
        use abi::objects::Permissions;
        let vmo = self.vmo("memory", length)?;
        self.commit(vmo, 0, length)?;
        let permissions = Permissions::READ | Permissions::WRITE;
        self.map(process, address, length, (vmo, 0), permissions)?;
        for offset in (0..length).step_by(4096) {
            let entry = self.vmo_entry(vmo, offset)?;
            let frame = GuestAddress(self.ram.read_u64(entry)? & ADDRESS_MASK);
            self.map_page(process, address + offset, frame, true)?;
        }
        Ok(vmo)
    }

    /// What the program `process` would read at `address`.
    ///
    /// # Errors
    /// [`MockError::Fault`] if it could not.
    pub fn read_user(
        &self,
        process: GuestAddress,
        address: u64,
        length: usize,
    ) -> Result<Vec<u8>, MockError> {
        let view = ProcessView::read(&*self.ram, process)?;
        let space = view.address_space().ok_or(MockError::NoFrames)?;
        let mut bytes = vec![0; length];
        for (at, byte) in (address..).zip(&mut bytes) {
            let run = translate(&*self.ram, space, GuestVirtAddr(at), Access::Read)?;
            self.ram.read_bytes(run.start, std::slice::from_mut(byte))?;
        }
        Ok(bytes)
    }

    /// Stores what the program `process` would.
    ///
    /// # Errors
    /// [`MockError::Fault`] if it could not.
    pub fn write_user(
        &self,
        process: GuestAddress,
        address: u64,
        bytes: &[u8],
    ) -> Result<(), MockError> {
        let view = ProcessView::read(&*self.ram, process)?;
        let space = view.address_space().ok_or(MockError::NoFrames)?;
        for (at, byte) in (address..).zip(bytes) {
            let run = translate(&*self.ram, space, GuestVirtAddr(at), Access::Write)?;
            self.ram.write_bytes(run.start, &[*byte])?;
        }
        Ok(())
    }

    /// What the bytes of a VMO read as; zeros where the pager was not asked yet.
    ///
    /// # Errors
    /// [`MockError`] if its page list is broken.
    pub fn read_vmo(
        &self,
        vmo: GuestAddress,
        offset: u64,
        length: usize,
    ) -> Result<Vec<u8>, MockError> {
        let mut bytes = vec![0; length];
        for (at, byte) in (offset..).zip(&mut bytes) {
            if let (Content::At(start), ..) = self.content(vmo, at)? {
                self.ram.read_bytes(start, std::slice::from_mut(byte))?;
            }
        }
        Ok(bytes)
    }

    /// Stores bytes in a VMO, making its pages present.
    ///
    /// # Errors
    /// [`MockError::NoFrames`] if RAM is used up.
    pub fn write_vmo(
        &mut self,
        vmo: GuestAddress,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), MockError> {
        self.commit(vmo, offset, bytes.len() as u64)?;
        let view = VmoView::read(&*self.ram, vmo)?;
        let mut pages = view.pages(&*self.ram);
        for (at, byte) in (offset..).zip(bytes) {
            if let PageSlot::Present { start, .. } = pages.run(VmoOffset(at), 1)?.slot {
                self.ram.write_bytes(start, &[*byte])?;
            }
        }
        Ok(())
    }

    /// Stores an entry.
    pub(super) fn put(&self, entry: GuestAddress, value: u64) -> Result<(), MockError> {
        Ok(self.ram.write_bytes(entry, &value.to_le_bytes())?)
    }

    fn descend(
        &mut self,
        root: GuestAddress,
        levels: u32,
        position: u64,
        process: Option<GuestAddress>,
    ) -> Result<GuestAddress, MockError> {
        let mut table = root;
        for level in (1..=levels).rev() {
            let index = (position >> (PAGE_SHIFT + 9 * (level - 1))) & TABLE_MASK;
            let entry = GuestAddress(table.0 + index * 8);
            if process.is_some() {
                let index = u32::try_from(index).unwrap_or(0);
                self.edit_frame(table.0, |entry| entry.touch(index, index + 1))?;
            }
            if level == 1 {
                return Ok(entry);
            }
            let value = self.ram.read_u64(entry)?;
            if value & PRESENT == 0 {
                table = self.frame()?;
                if let Some(process) = process {
                    self.put(entry, table.0 | PRESENT | WRITABLE | USER)?;
                    self.add_table(process, table)?;
                } else {
                    self.put(entry, table.0 | PRESENT)?;
                    self.edit_frame(entry.0, |entry| entry.extra_owners += 1)?;
                }
            } else {
                table = GuestAddress(value & ADDRESS_MASK);
            }
        }
        Ok(table)
    }

    /// Puts a page table into the list of its process.
    fn add_table(&self, process: GuestAddress, table: GuestAddress) -> Result<(), MockError> {
        let first = self.get::<Process>(process)?.first_table;
        self.edit_frame(table.0, |entry| entry.next_free = first)?;
        self.edit(process, |process: &mut Process| {
            process.first_table = u32::try_from(table.0 / PAGE_SIZE).unwrap_or(0);
            process.table_count += 1;
        })
    }
}
