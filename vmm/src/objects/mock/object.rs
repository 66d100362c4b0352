//! Making objects: processes, threads, VMOs, VMARs, mappings, handles.

use super::super::{ProcessView, VmarView};
use super::guest::{MockError, MockGuest};
use abi::layout::{PAGE_SIZE, USER_BASE, USER_TOP};
use abi::objects::{
    HANDLE_CHUNK_ENTRIES, HANDLE_GENERATION_SHIFT, HandleEntry, Mapping, NAME_LENGTH, OBJECT_MAGIC,
    ObjectHeader, ObjectType, Permissions, Process, ProcessState, Region, Thread, ThreadState,
    Vmar, Vmo, encode_handle,
};
use abi::{CallPage, Link, Rights, RootBlock};
use std::mem::size_of;
use std::ops::Range;
use vm_memory::GuestAddress;

impl MockGuest {
    /// A running process with an empty address space, in the list of all processes.
    ///
    /// # Errors
    /// [`MockError::NoFrames`] if RAM is used up.
    pub fn process(&mut self, name: &str) -> Result<GuestAddress, MockError> {
        let process = self.object::<Process>()?;
        let vmar = self.object::<Vmar>()?;
        let table = self.frame()?;
        let koid = self.koid();
        let link = Link::new(process.0);
        self.edit(process, |object: &mut Process| {
            object.header = header(ObjectType::PROCESS, koid);
            object.name = name_bytes(name);
            object.state = ProcessState::RUNNING.0;
            // Any secret does, as long as each process has another.
            let [a, b, c, d, ..] = koid.wrapping_mul(0x9E37_79B9).to_le_bytes();
            object.handle_secret = u32::from_le_bytes([a, b, c, d]) << 2;
            object.root_vmar = Link::new(vmar.0);
            object.page_table = table.0;
            object.first_table = u32::try_from(table.0 / PAGE_SIZE).unwrap_or(0);
            object.table_count = 1;
        })?;
        self.edit(self.root(), |root: &mut RootBlock| root.process_count += 1)?;
        let koid = self.koid();
        self.edit(vmar, |object: &mut Vmar| {
            object.region = region(ObjectType::VMAR, koid, USER_BASE..USER_TOP);
            object.process = link;
        })?;
        let root: RootBlock = self.get(self.root())?;
        if root.first_process.is_none() {
            self.edit(self.root(), |root: &mut RootBlock| {
                root.first_process = link
            })?;
        } else {
            let mut last = GuestAddress(root.first_process.address());
            loop {
                let next = self.get::<Process>(last)?.next;
                if next.is_none() {
                    break;
                }
                last = GuestAddress(next.address());
            }
            self.edit(last, |last: &mut Process| last.next = link)?;
            self.edit(process, |object: &mut Process| {
                object.previous = Link::new(last.0);
            })?;
        }
        Ok(process)
    }

    /// A thread of `process`.
    ///
    /// # Errors
    /// [`MockError::NoFrames`] if RAM is used up.
    pub fn thread(&mut self, process: GuestAddress, name: &str) -> Result<GuestAddress, MockError> {
        let thread = self.object::<Thread>()?;
        let koid = self.koid();
        let first = self.get::<Process>(process)?.first_thread;
        self.edit(thread, |object: &mut Thread| {
            object.header = header(ObjectType::THREAD, koid);
            object.name = name_bytes(name);
            object.state = ThreadState::READY.0;
            object.process = Link::new(process.0);
            object.next_in_process = first;
        })?;
        self.edit(process, |object: &mut Process| {
            object.first_thread = Link::new(thread.0);
        })?;
        self.retain(process, false)?;
        self.edit(self.call_page(), |page: &mut CallPage| page.runnable += 1)?;
        Ok(thread)
    }

    /// An anonymous VMO of `size` bytes, rounded up to pages, with no page present.
    ///
    /// # Errors
    /// [`MockError::NoFrames`] if RAM is used up.
    pub fn vmo(&mut self, name: &str, size: u64) -> Result<GuestAddress, MockError> {
        let vmo = self.object::<Vmo>()?;
        let koid = self.koid();
        let first = self.get::<RootBlock>(self.root())?.first_vmo;
        self.edit(vmo, |object: &mut Vmo| {
            object.header = header(ObjectType::VMO, koid);
            object.name = name_bytes(name);
            object.size = size.next_multiple_of(PAGE_SIZE);
            object.stream_size = size;
            object.levels = Vmo::levels_for(object.size);
            object.next = first;
        })?;
        // Nothing leads to it yet.
        self.edit(vmo, |object: &mut Vmo| object.header.references = 0)?;
        if !first.is_none() {
            self.edit(GuestAddress(first.address()), |next: &mut Vmo| {
                next.previous = Link::new(vmo.0);
            })?;
        }
        self.edit(self.root(), |root: &mut RootBlock| {
            root.first_vmo = Link::new(vmo.0);
        })?;
        Ok(vmo)
    }

    /// A VMAR of that range in the VMAR `parent`.
    ///
    /// # Errors
    /// [`MockError::NoFrames`] if RAM is used up.
    pub fn vmar(
        &mut self,
        parent: GuestAddress,
        range: Range<u64>,
    ) -> Result<GuestAddress, MockError> {
        let vmar = self.object::<Vmar>()?;
        let koid = self.koid();
        let process = self.get::<Vmar>(parent)?.process;
        self.edit(vmar, |object: &mut Vmar| {
            object.region = region(ObjectType::VMAR, koid, range);
            object.process = process;
        })?;
        self.insert(parent, vmar)?;
        Ok(vmar)
    }

    /// A mapping of `length` bytes of `vmo` from `vmo_offset` on, at `address` of
    /// `process`; what it can be given at most is what it has. No page table knows it.
    ///
    /// # Errors
    /// [`MockError::NoFrames`] if RAM is used up.
    pub fn map(
        &mut self,
        process: GuestAddress,
        address: u64,
        length: u64,
        (vmo, vmo_offset): (GuestAddress, u64),
        permissions: Permissions,
    ) -> Result<GuestAddress, MockError> {
        let view = ProcessView::read(&*self.ram, process)?;
        let root = view.root_vmar().unwrap_or_default();
        self.map_in(root, address, length, (vmo, vmo_offset), permissions)
    }

    /// The same in the VMAR `parent`.
    ///
    /// # Errors
    /// [`MockError::NoFrames`] if RAM is used up.
    pub fn map_in(
        &mut self,
        parent: GuestAddress,
        address: u64,
        length: u64,
        (vmo, vmo_offset): (GuestAddress, u64),
        permissions: Permissions,
    ) -> Result<GuestAddress, MockError> {
        let mapping = self.object::<Mapping>()?;
        let process = VmarView::read(&*self.ram, parent)?.raw().process;
        let range = address..address.saturating_add(length);
        self.edit(mapping, |object: &mut Mapping| {
            object.region = region(ObjectType::MAPPING, 0, range);
            object.vmo_offset = vmo_offset;
            object.process = process;
            object.permissions = permissions.bits();
            object.maximum = permissions.bits();
        })?;
        self.attach(mapping, vmo)?;
        self.insert(parent, mapping)?;
        Ok(mapping)
    }

    /// Puts a mapping into the list of a VMO.
    pub(super) fn attach(&self, mapping: GuestAddress, vmo: GuestAddress) -> Result<(), MockError> {
        let next = self.get::<Vmo>(vmo)?.first_mapping;
        self.edit(mapping, |mapping: &mut Mapping| {
            mapping.vmo = Link::new(vmo.0);
            mapping.next_of_vmo = next;
            mapping.previous_of_vmo = Link::NONE;
        })?;
        if !next.is_none() {
            self.edit(GuestAddress(next.address()), |next: &mut Mapping| {
                next.previous_of_vmo = Link::new(mapping.0);
            })?;
        }
        self.edit(vmo, |vmo: &mut Vmo| {
            vmo.first_mapping = Link::new(mapping.0);
        })?;
        self.retain(vmo, false)
    }

    /// Takes a mapping out of the list of its VMO, which stays even if nothing else leads
    /// to it.
    pub(super) fn detach(&self, mapping: GuestAddress) -> Result<(), MockError> {
        let Mapping {
            vmo,
            next_of_vmo: next,
            previous_of_vmo: previous,
            ..
        } = self.get(mapping)?;
        let vmo = GuestAddress(vmo.address());
        if previous.is_none() {
            self.edit(vmo, |vmo: &mut Vmo| vmo.first_mapping = next)?;
        } else {
            self.edit(GuestAddress(previous.address()), |other: &mut Mapping| {
                other.next_of_vmo = next;
            })?;
        }
        if !next.is_none() {
            self.edit(GuestAddress(next.address()), |other: &mut Mapping| {
                other.previous_of_vmo = previous;
            })?;
        }
        self.edit(vmo, |vmo: &mut Vmo| vmo.header.references -= 1)
    }

    /// A handle of `process` to `object`; the value that the process knows it by.
    ///
    /// # Errors
    /// [`MockError::NoFrames`] if RAM is used up.
    pub fn handle(
        &mut self,
        process: GuestAddress,
        object: GuestAddress,
        rights: Rights,
    ) -> Result<u32, MockError> {
        let index = self.next_handle;
        self.next_handle += 1;
        let base = index | 1 << HANDLE_GENERATION_SHIFT;
        let entry = self.handle_slot(index)?;
        let owner: Process = self.get(process)?;
        self.edit(entry, |slot: &mut HandleEntry| {
            slot.object = Link::new(object.0);
            slot.owner = Link::new(process.0);
            slot.rights = rights.bits();
            slot.base = base;
            slot.next = owner.first_handle;
        })?;
        if owner.first_handle != 0 {
            let next = self.handle_slot(owner.first_handle)?;
            self.edit(next, |slot: &mut HandleEntry| slot.previous = index)?;
        }
        self.edit(process, |owner: &mut Process| {
            owner.first_handle = index;
            owner.handle_count += 1;
        })?;
        self.edit(self.root(), |root: &mut RootBlock| {
            root.handle_count += 1;
            root.fresh_handle = root.fresh_handle.max(index + 1);
        })?;
        self.retain(object, true)?;
        Ok(encode_handle(base, owner.handle_secret))
    }

    /// Where the slot `index` of the handle table stands.
    ///
    /// # Errors
    /// [`MockError::NoFrames`] if RAM is used up.
    pub fn handle_slot(&mut self, index: u32) -> Result<GuestAddress, MockError> {
        let index = index as usize;
        let chunk = index / HANDLE_CHUNK_ENTRIES;
        let root: RootBlock = self.get(self.root())?;
        let mut page = match root.handle_chunks.get(chunk) {
            Some(page) => *page,
            None => return Err(MockError::NoFrames),
        };
        if page == 0 {
            page = self.frame()?.0;
            self.edit(self.root(), |root: &mut RootBlock| {
                if let Some(slot) = root.handle_chunks.get_mut(chunk) {
                    *slot = page;
                }
            })?;
        }
        let offset = index % HANDLE_CHUNK_ENTRIES * size_of::<HandleEntry>();
        Ok(GuestAddress(page + offset as u64))
    }

    /// Puts a region into the list of its VMAR, where its address belongs.
    fn insert(&mut self, parent: GuestAddress, region: GuestAddress) -> Result<(), MockError> {
        let base = self.get::<Region>(region)?.base;
        let mut next = self.get::<Vmar>(parent)?.first_child;
        let mut previous = None;
        while !next.is_none() {
            let at = GuestAddress(next.address());
            let other: Region = self.get(at)?;
            if other.base > base {
                break;
            }
            previous = Some(at);
            next = other.next;
        }
        self.edit(region, |object: &mut Region| {
            object.next = next;
            object.parent = Link::new(parent.0);
        })?;
        self.edit(parent, |vmar: &mut Vmar| vmar.child_count += 1)?;
        match previous {
            Some(at) => self.edit(at, |other: &mut Region| other.next = Link::new(region.0)),
            None => self.edit(parent, |vmar: &mut Vmar| {
                vmar.first_child = Link::new(region.0);
            }),
        }
    }
}

pub(super) fn header(kind: ObjectType, koid: u64) -> ObjectHeader {
    ObjectHeader {
        magic: OBJECT_MAGIC,
        object_type: kind.0,
        koid,
        references: 1,
        ..ObjectHeader::default()
    }
}

fn region(kind: ObjectType, koid: u64, range: Range<u64>) -> Region {
    Region {
        header: header(kind, koid),
        base: range.start,
        size: range.end.saturating_sub(range.start),
        ..Region::default()
    }
}

fn name_bytes(name: &str) -> [u8; NAME_LENGTH] {
    let mut bytes = [0; NAME_LENGTH];
    // The last byte stays NUL.
    for (to, from) in bytes.iter_mut().zip(name.bytes().take(NAME_LENGTH - 1)) {
        *to = from;
    }
    bytes
}
