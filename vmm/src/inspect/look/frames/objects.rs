//! Pages of objects: whatever leads to an object says that its page is one of its pool.

use super::POOLS;
use super::claims::Claims;
use crate::inspect::{InspectedRam, Survey};
use crate::objects::{ObjectView, PageSourceView, PagerView, PortView, RegionView};
use abi::objects::ObjectType;
use std::collections::HashSet;
use vm_memory::GuestAddress;

/// Claims the pages of every object that something leads to.
pub(super) fn claim_objects(claims: &mut Claims<'_, '_>, memory: &InspectedRam, survey: &Survey) {
    let mut walk = Walk {
        claims,
        memory,
        met: HashSet::new(),
        waiting: Vec::new(),
    };
    if let Some(job) = &survey.job {
        walk.meet(job.address(), ObjectType::JOB);
    }
    for vmo in &survey.vmos {
        walk.meet(vmo.address(), ObjectType::VMO);
        walk.meet_link(vmo.raw().page_source.address(), ObjectType::PAGE_SOURCE);
    }
    walk.meet_link(survey.current_thread, ObjectType::THREAD);
    for process in &survey.processes {
        walk.meet(process.view.address(), ObjectType::PROCESS);
        for thread in &process.threads {
            walk.meet(thread.address(), ObjectType::THREAD);
            walk.meet_any(thread.raw().held.address());
        }
        for region in &process.regions {
            match &region.view {
                RegionView::Vmar(vmar) => walk.meet(vmar.address(), ObjectType::VMAR),
                RegionView::Mapping(mapping) => walk.meet(mapping.address(), ObjectType::MAPPING),
            }
        }
        for handle in &process.handles {
            walk.meet(handle.object, handle.object_type);
        }
    }
    walk.run();
}

struct Walk<'w, 'o, 'm> {
    claims: &'w mut Claims<'o, 'm>,
    memory: &'w InspectedRam,
    /// Objects that were claimed.
    met: HashSet<u64>,
    /// Of those: what leads further and was not looked into.
    waiting: Vec<(GuestAddress, ObjectType)>,
}

/// The pool of an object's type, a place in [`POOLS`].
fn pool_of(kind: ObjectType) -> Option<u32> {
    let name = match kind {
        ObjectType::JOB | ObjectType::RESOURCE | ObjectType::BTI => "plain object",
        _ => kind.name()?,
    };
    pool_named(name)
}

fn pool_named(name: &str) -> Option<u32> {
    let place = POOLS.iter().position(|pool| *pool == name)?;
    u32::try_from(place).ok()
}

impl Walk<'_, '_, '_> {
    fn meet(&mut self, address: GuestAddress, kind: ObjectType) {
        let Some(pool) = pool_of(kind) else { return };
        if self.met.insert(address.0) {
            self.claims.claim_object(address, pool);
            if matches!(
                kind,
                ObjectType::PAGE_SOURCE | ObjectType::PAGER | ObjectType::PORT
            ) {
                self.waiting.push((address, kind));
            }
        }
    }

    fn meet_link(&mut self, address: u64, kind: ObjectType) {
        if address != 0 {
            self.meet(GuestAddress(address), kind);
        }
    }

    /// An object of whatever type, 0 for none.
    fn meet_any(&mut self, address: u64) {
        if address == 0 || self.met.contains(&address) {
            return;
        }
        let view = ObjectView::read(self.memory, GuestAddress(address));
        if let Some(view) = self.claims.problems().sound(view) {
            self.meet(view.address(), view.object_type());
        }
    }

    /// A packet or a request; false if it was met before.
    fn meet_record(&mut self, address: GuestAddress, pool: &str) -> bool {
        let new = self.met.insert(address.0);
        if let (true, Some(pool)) = (new, pool_named(pool)) {
            self.claims.claim_object(address, pool);
        }
        new
    }

    fn run(&mut self) {
        while let Some((address, kind)) = self.waiting.pop() {
            match kind {
                ObjectType::PORT => self.port(address),
                ObjectType::PAGER => self.pager(address),
                _ => self.page_source(address),
            }
        }
    }

    fn port(&mut self, address: GuestAddress) {
        let port = PortView::read(self.memory, address);
        let Some(port) = self.claims.problems().sound(port) else {
            return;
        };
        for packet in port.packets(self.memory) {
            let packet = self.claims.problems().sound(packet);
            let Some(packet) = packet else { break };
            if !self.meet_record(packet.address(), "packet") {
                break;
            }
        }
    }

    fn pager(&mut self, address: GuestAddress) {
        let pager = PagerView::read(self.memory, address);
        let Some(pager) = self.claims.problems().sound(pager) else {
            return;
        };
        for source in pager.sources(self.memory) {
            let Some(source) = self.claims.problems().sound(source) else {
                break;
            };
            self.meet(source.address(), ObjectType::PAGE_SOURCE);
        }
    }

    fn page_source(&mut self, address: GuestAddress) {
        let source = PageSourceView::read(self.memory, address);
        let Some(source) = self.claims.problems().sound(source) else {
            return;
        };
        self.meet_link(source.raw().port.address(), ObjectType::PORT);
        self.meet_link(source.raw().pager.address(), ObjectType::PAGER);
        for request in source.requests(self.memory) {
            let request = self.claims.problems().sound(request);
            let Some(request) = request else { break };
            if !self.meet_record(request.address(), "standing request") {
                break;
            }
        }
    }
}
