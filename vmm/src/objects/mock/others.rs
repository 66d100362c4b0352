//! Pagers, ports, objects without a state, and frames that two VMOs share.

use super::guest::{MockError, MockGuest};
use super::object::header;
use crate::memory::PhysicalMemory;
use abi::Link;
use abi::entry::{ADDRESS_MASK, PRESENT, WRITABLE};
use abi::objects::{
    ObjectType, PageSource, Pager, PlainObject, Port, QueuedPacket, StandingRequest, Vmo,
};
use vm_memory::GuestAddress;

impl MockGuest {
    /// A job, a resource or a BTI that nothing leads to.
    ///
    /// # Errors
    /// [`MockError::NoFrames`] if RAM is used up.
    pub fn plain(&mut self, kind: ObjectType) -> Result<GuestAddress, MockError> {
        let (address, koid) = (self.object::<PlainObject>()?, self.koid());
        self.edit(address, |object: &mut PlainObject| {
            object.header = header(kind, koid);
            object.header.references = 0;
        })?;
        Ok(address)
    }

    /// A port that nothing leads to.
    ///
    /// # Errors
    /// [`MockError::NoFrames`] if RAM is used up.
    pub fn port(&mut self) -> Result<GuestAddress, MockError> {
        let (address, koid) = (self.object::<Port>()?, self.koid());
        self.edit(address, |object: &mut Port| {
            object.header = header(ObjectType::PORT, koid);
            object.header.references = 0;
        })?;
        Ok(address)
    }

    /// A pager that nothing leads to.
    ///
    /// # Errors
    /// [`MockError::NoFrames`] if RAM is used up.
    pub fn pager(&mut self) -> Result<GuestAddress, MockError> {
        let (address, koid) = (self.object::<Pager>()?, self.koid());
        self.edit(address, |object: &mut Pager| {
            object.header = header(ObjectType::PAGER, koid);
            object.header.references = 0;
        })?;
        Ok(address)
    }

    /// Connects a VMO that has a page source with a pager and a port.
    ///
    /// # Errors
    /// [`MockError::NoFrames`] if RAM is used up.
    pub fn connect(
        &mut self,
        vmo: GuestAddress,
        pager: GuestAddress,
        port: GuestAddress,
    ) -> Result<GuestAddress, MockError> {
        let source = GuestAddress(self.get::<Vmo>(vmo)?.page_source.address());
        let next = self.get::<Pager>(pager)?.first_source;
        self.edit(source, |object: &mut PageSource| {
            object.pager = Link::new(pager.0);
            object.port = Link::new(port.0);
            object.next = next;
        })?;
        self.edit(pager, |pager: &mut Pager| {
            pager.first_source = Link::new(source.0);
        })?;
        self.retain(port, false)?;
        Ok(source)
    }

    /// Puts a request in front of those of a page source.
    ///
    /// # Errors
    /// [`MockError::NoFrames`] if RAM is used up.
    pub fn request(
        &mut self,
        source: GuestAddress,
        offset: u64,
        length: u64,
    ) -> Result<GuestAddress, MockError> {
        let request = self.object::<StandingRequest>()?;
        let next = self.get::<PageSource>(source)?.first_request;
        self.edit(request, |request: &mut StandingRequest| {
            request.next = next;
            request.offset = offset;
            request.length = length;
        })?;
        self.edit(source, |source: &mut PageSource| {
            source.first_request = Link::new(request.0);
            source.request_count += 1;
        })?;
        Ok(request)
    }

    /// Puts a packet into an empty port.
    ///
    /// # Errors
    /// [`MockError::NoFrames`] if RAM is used up.
    pub fn packet(&mut self, port: GuestAddress) -> Result<GuestAddress, MockError> {
        let packet = self.object::<QueuedPacket>()?;
        self.edit(port, |port: &mut Port| {
            port.first_packet = Link::new(packet.0);
            port.last_packet = Link::new(packet.0);
            port.packet_count = 1;
        })?;
        Ok(packet)
    }

    /// Lets `to` share the page at `offset` of `from`, at the same offset: neither may
    /// write to it any more.
    ///
    /// # Errors
    /// [`MockError::NoFrames`] if RAM is used up.
    pub fn share(
        &mut self,
        from: GuestAddress,
        offset: u64,
        to: GuestAddress,
    ) -> Result<GuestAddress, MockError> {
        let source = self.vmo_entry(from, offset)?;
        let target = self.vmo_entry(to, offset)?;
        let entry = self.ram.read_u64(source)? & !WRITABLE;
        self.put(source, entry)?;
        self.put(target, entry | PRESENT)?;
        self.edit_frame(target.0, |table| table.extra_owners += 1)?;
        self.edit_frame(entry & ADDRESS_MASK, |frame| frame.extra_owners += 1)?;
        self.edit(to, |vmo: &mut Vmo| vmo.page_count += 1)?;
        Ok(GuestAddress(entry & ADDRESS_MASK))
    }
}
