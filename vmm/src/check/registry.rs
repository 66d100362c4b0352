//! Which objects there are, and how many references lead to each.

use super::{Checker, Moment};
use crate::memory::PhysicalMemory;
use crate::objects::ObjectView;
use abi::layout::PAGE_SIZE;
use abi::objects::{
    Mapping, OBJECT_MAGIC, ObjectHeader, ObjectType, PageSource, Pager, PlainObject, Port, Process,
    QueuedPacket, StandingRequest, Thread, Vmar, Vmo,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::mem::size_of;
use vm_memory::GuestAddress;

/// An object that something led to.
#[derive(Clone, Copy, Debug)]
struct Object {
    header: ObjectHeader,
    /// References found.
    references: u64,
    /// Handles found.
    handles: u64,
    /// Whether it was met in the list where each of its kind must be once.
    listed: bool,
}

/// What a page of objects holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slots {
    name: &'static str,
    /// Bytes from one slot to the next.
    stride: u64,
    /// Bytes from the page's start to some slot.
    one: u64,
    has_header: bool,
}

/// All objects that something led to.
#[derive(Debug, Default)]
pub(super) struct Registry {
    objects: BTreeMap<u64, Object>,
    /// Met, and not looked into yet.
    waiting: Vec<(u64, ObjectType)>,
    /// Records without a header: packets and requests.
    records: BTreeSet<u64>,
    pools: BTreeMap<u64, Slots>,
    /// The process of each thread.
    owners: HashMap<u64, u64>,
}

impl Registry {
    pub(super) fn next(&mut self) -> Option<(GuestAddress, ObjectType)> {
        let (address, kind) = self.waiting.pop()?;
        Some((GuestAddress(address), kind))
    }

    /// The objects of that type, by address.
    pub(super) fn of_type(&self, kind: ObjectType) -> Vec<u64> {
        let of_type = |(address, object): (&u64, &Object)| {
            (object.header.object_type == kind.0).then_some(*address)
        };
        self.objects.iter().filter_map(of_type).collect()
    }

    pub(super) fn count(&self) -> usize {
        self.objects.len()
    }

    /// How many pages the objects stand in.
    pub(super) fn pool_count(&self) -> u64 {
        self.pools.len() as u64
    }

    pub(super) fn set_owner(&mut self, thread: u64, process: u64) {
        self.owners.insert(thread, process);
    }

    /// The process of the thread that stands there.
    pub(super) fn owner_of(&self, thread: u64) -> Option<u64> {
        self.owners.get(&thread).copied()
    }
}

/// The name of an object's pool, and the bytes of a slot there.
fn pool_of(kind: ObjectType) -> Option<(&'static str, usize)> {
    Some(match kind {
        ObjectType::PROCESS => ("process", size_of::<Process>()),
        ObjectType::THREAD => ("thread", size_of::<Thread>()),
        ObjectType::VMO => ("vmo", size_of::<Vmo>()),
        ObjectType::VMAR => ("vmar", size_of::<Vmar>()),
        ObjectType::MAPPING => ("mapping", size_of::<Mapping>()),
        ObjectType::PAGER => ("pager", size_of::<Pager>()),
        ObjectType::PAGE_SOURCE => ("page source", size_of::<PageSource>()),
        ObjectType::PORT => ("port", size_of::<Port>()),
        ObjectType::JOB | ObjectType::RESOURCE | ObjectType::BTI => {
            ("plain object", size_of::<PlainObject>())
        }
        _ => return None,
    })
}

impl<M: PhysicalMemory> Checker<'_, M> {
    /// Counts a reference to the object at `address`, 0 for none.
    pub(super) fn refer(&mut self, address: u64, kind: ObjectType) {
        if self.meet(address, Some(kind))
            && let Some(object) = self.registry.objects.get_mut(&address)
        {
            object.references += 1;
        }
    }

    /// Counts a reference to an object of whatever type.
    pub(super) fn refer_any(&mut self, address: u64) {
        if self.meet(address, None)
            && let Some(object) = self.registry.objects.get_mut(&address)
        {
            object.references += 1;
        }
    }

    /// Counts a handle.
    pub(super) fn refer_by_handle(&mut self, address: u64) {
        self.refer_any(address);
        if let Some(object) = self.registry.objects.get_mut(&address) {
            object.handles += 1;
        }
    }

    /// Notes that the object at `address` (0 for none) is in the list where each of its
    /// kind must be once; false if it was met there before, or is none.
    pub(super) fn list(&mut self, address: u64, kind: ObjectType) -> bool {
        if !self.meet(address, Some(kind)) {
            return false;
        }
        let Some(object) = self.registry.objects.get_mut(&address) else {
            return false;
        };
        let again = std::mem::replace(&mut object.listed, true);
        if again {
            let what = self.describe(address);
            self.found(format_args!("{what} is in its list twice"));
        }
        !again
    }

    /// Whether an object of that type stands at `address`; it is looked into later.
    pub(super) fn meet(&mut self, address: u64, kind: Option<ObjectType>) -> bool {
        if address == 0 {
            return false;
        }
        if let Some(object) = self.registry.objects.get(&address) {
            let found = ObjectType(object.header.object_type);
            return self.check_type(address, found, kind);
        }
        let Some(view) = self.sound(ObjectView::read(self.memory, GuestAddress(address))) else {
            return false;
        };
        let object = Object {
            header: *view.header(),
            references: 0,
            handles: 0,
            listed: false,
        };
        self.registry.objects.insert(address, object);
        self.registry.waiting.push((address, view.object_type()));
        if let Some((name, size)) = pool_of(view.object_type()) {
            self.take_slot(address, name, size, true);
        }
        self.check_type(address, view.object_type(), kind)
    }

    fn check_type(&mut self, address: u64, found: ObjectType, kind: Option<ObjectType>) -> bool {
        let fits = kind.is_none_or(|kind| kind == found);
        if !fits {
            let what = self.describe(address);
            let wanted = kind.and_then(ObjectType::name).unwrap_or("?");
            self.found(format_args!("{what} stands where a {wanted} must stand"));
        }
        fits
    }

    /// Notes that a packet or a request stands at `address`; false if it did before.
    pub(super) fn meet_packet(&mut self, address: GuestAddress) -> bool {
        self.meet_record(address, "packet", size_of::<QueuedPacket>())
    }

    /// See [`Checker::meet_packet`].
    pub(super) fn meet_request(&mut self, address: GuestAddress) -> bool {
        self.meet_record(address, "standing request", size_of::<StandingRequest>())
    }

    fn meet_record(&mut self, address: GuestAddress, name: &'static str, size: usize) -> bool {
        let fresh = self.registry.records.insert(address.0);
        if fresh {
            self.take_slot(address.0, name, size, false);
        } else {
            self.found(format_args!(
                "the {name} at {:#x} is in two lists",
                address.0
            ));
        }
        fresh
    }

    /// Notes that the page of an object is one of its pool.
    fn take_slot(&mut self, address: u64, name: &'static str, size: usize, has_header: bool) {
        let page = address & !(PAGE_SIZE - 1);
        let stride = size.next_multiple_of(16) as u64;
        let one = address - page;
        let slots = Slots {
            name,
            stride,
            one,
            has_header,
        };
        let known = *self.registry.pools.entry(page).or_insert(slots);
        if known.name != name {
            self.found(format_args!(
                "the page at {page:#x} holds a {name} and a {}",
                known.name
            ));
        } else if known.one % stride != one % stride {
            self.found(format_args!(
                "the {name} at {address:#x} overlaps another one"
            ));
        }
        self.claim_pool(page);
    }

    /// A name for the object that stands there, for a person.
    pub(super) fn describe(&self, address: u64) -> String {
        let header = self.registry.objects.get(&address);
        let kind = header.map(|object| ObjectType(object.header.object_type));
        let name = kind.and_then(ObjectType::name).unwrap_or("object");
        match header.map(|object| object.header.koid) {
            Some(koid) if koid != 0 => format!("{name} {koid} at {address:#x}"),
            _ => format!("{name} at {address:#x}"),
        }
    }

    /// Compares what was counted with what the objects say.
    pub(super) fn check_registry(&mut self) {
        let mut koids = HashMap::new();
        for (address, object) in self.registry.objects.clone() {
            let Object {
                header,
                references,
                handles,
                ..
            } = object;
            let at = GuestAddress(address);
            let held = u64::from(header.references);
            let ending = self.moment == Moment::Ending(at) && held > references;
            self.rule(
                at,
                held == references || ending,
                format_args!("it says {held} references, but {references} lead to it"),
            );
            let said = u64::from(header.handles);
            self.rule(
                at,
                said == handles,
                format_args!("it says {said} handles, but it has {handles}"),
            );
            self.rule(
                at,
                header.koid < self.root.next_koid,
                format_args!("its koid was not given out yet"),
            );
            if header.koid != 0
                && let Some(other) = koids.insert(header.koid, address)
            {
                let other = self.describe(other);
                self.rule(at, false, format_args!("{other} has the same koid"));
            }
            let must_be_listed = matches!(
                ObjectType(header.object_type),
                ObjectType::PROCESS
                    | ObjectType::VMO
                    | ObjectType::MAPPING
                    | ObjectType::PAGE_SOURCE
            );
            self.rule(
                at,
                object.listed || !must_be_listed,
                format_args!("it is not in the list where it belongs"),
            );
        }
        self.check_pools();
    }

    /// Looks for objects in pools that nothing leads to.
    fn check_pools(&mut self) {
        for (page, slots) in self.registry.pools.clone() {
            if !slots.has_header {
                continue;
            }
            // The head of a pool's page takes 32 bytes.
            let first = match slots.one % slots.stride {
                low if low < 32 => low + slots.stride,
                first => first,
            };
            let mut at = first;
            while at + slots.stride <= PAGE_SIZE {
                let address = page + at;
                at += slots.stride;
                let magic = self.memory.read_u64(GuestAddress(address)).unwrap_or(0);
                let [a, b, c, d, ..] = magic.to_le_bytes();
                let alive = u32::from_le_bytes([a, b, c, d]) == OBJECT_MAGIC;
                if alive && !self.registry.objects.contains_key(&address) {
                    let name = slots.name;
                    self.found(format_args!("nothing leads to the {name} at {address:#x}"));
                }
            }
        }
    }
}
