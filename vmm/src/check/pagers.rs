//! Pagers, page sources and ports.

use super::Checker;
use crate::memory::PhysicalMemory;
use crate::objects::{PageSourceView, PagerView, PortView};
use abi::layout::PAGE_SIZE;
use abi::objects::ObjectType;
use vm_memory::GuestAddress;

impl<M: PhysicalMemory> Checker<'_, M> {
    pub(super) fn look_into_pager(&mut self, address: GuestAddress) {
        let Some(pager) = self.sound(PagerView::read(self.memory, address)) else {
            return;
        };
        for source in pager.sources(self.memory) {
            let Some(source) = self.sound(source) else {
                break;
            };
            let fits = source.raw().pager.address() == address.0;
            self.rule(
                source.address(),
                fits,
                format_args!("it is in the list of a pager that is not its own"),
            );
            if !fits {
                break;
            }
            self.sources_of_pagers += 1;
            self.meet(source.address().0, Some(ObjectType::PAGE_SOURCE));
        }
    }

    pub(super) fn look_into_page_source(&mut self, address: GuestAddress) {
        let Some(source) = self.sound(PageSourceView::read(self.memory, address)) else {
            return;
        };
        let raw = source.raw();
        self.refer(raw.port.address(), ObjectType::PORT);
        self.meet(raw.pager.address(), Some(ObjectType::PAGER));
        self.sources_with_pager += u64::from(!raw.pager.is_none());
        let vmo = raw.vmo.address();
        let owner = self.meet(vmo, Some(ObjectType::VMO))
            && crate::objects::VmoView::read(self.memory, GuestAddress(vmo))
                .is_ok_and(|vmo| vmo.raw().page_source.address() == address.0);
        self.rule(
            address,
            owner,
            format_args!("the VMO that it belongs to has another, or none"),
        );
        let (mut count, mut least) = (0u64, 0);
        for request in source.requests(self.memory) {
            let Some(request) = self.sound(request) else {
                break;
            };
            let raw = *request.raw();
            if !self.meet_request(request.address()) {
                break;
            }
            count += 1;
            self.rule(
                address,
                raw.offset >= least
                    && raw.offset.is_multiple_of(PAGE_SIZE)
                    && raw.length.is_multiple_of(PAGE_SIZE)
                    && raw.length > 0
                    && raw.offset.checked_add(raw.length).is_some(),
                format_args!(
                    "it has a request for {:#x} bytes at {:#x}, out of order or of no sense",
                    raw.length, raw.offset
                ),
            );
            least = raw.offset;
        }
        let said = u64::from(raw.request_count);
        self.rule(
            address,
            count == said,
            format_args!("it says {said} requests, but it has {count}"),
        );
    }

    /// Every page source with a pager is in that pager's list.
    pub(super) fn check_pagers(&mut self) {
        let (listed, linked) = (self.sources_of_pagers, self.sources_with_pager);
        if listed != linked {
            self.found(format_args!(
                "{linked} page sources have a pager, but pagers have {listed}"
            ));
        }
    }

    pub(super) fn look_into_port(&mut self, address: GuestAddress) {
        let Some(port) = self.sound(PortView::read(self.memory, address)) else {
            return;
        };
        let (mut count, mut last) = (0, 0);
        for packet in port.packets(self.memory) {
            let Some(packet) = self.sound(packet) else {
                break;
            };
            if !self.meet_packet(packet.address()) {
                break;
            }
            count += 1;
            last = packet.address().0;
        }
        let said = port.raw().packet_count;
        self.rule(
            address,
            count == said,
            format_args!("it says {said} packets, but it has {count}"),
        );
        self.rule(
            address,
            port.raw().last_packet.address() == last,
            format_args!("its last packet is not the last of its packets"),
        );
    }
}
