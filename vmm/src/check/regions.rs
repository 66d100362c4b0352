//! VMARs and the mappings in them.

use super::Checker;
use crate::memory::PhysicalMemory;
use crate::objects::{MappingView, ProcessView, RegionView, VmarView};
use abi::objects::ObjectType;
use vm_memory::GuestAddress;

impl<M: PhysicalMemory> Checker<'_, M> {
    pub(super) fn look_into_vmar(&mut self, address: GuestAddress) {
        let Some(vmar) = self.sound(VmarView::read(self.memory, address)) else {
            return;
        };
        let mut count = 0u64;
        let mut before = None;
        for region in vmar.regions(self.memory) {
            let Some(region) = self.sound(region) else {
                break;
            };
            count += 1;
            let (at, kind, process) = match &region {
                RegionView::Vmar(inner) => (inner.address(), ObjectType::VMAR, inner.raw().process),
                RegionView::Mapping(mapping) => (
                    mapping.address(),
                    ObjectType::MAPPING,
                    mapping.raw().process,
                ),
            };
            self.rule(
                at,
                region.raw().parent.address() == address.0 && process == vmar.raw().process,
                format_args!("it stands in a VMAR, or a process, that is not its own"),
            );
            self.refer(at.0, kind);
            before = match region {
                RegionView::Vmar(_) => None,
                RegionView::Mapping(mapping) => {
                    if mapping.is_joined() {
                        self.sound(mapping.check_continues(before));
                    }
                    Some(mapping.finish())
                }
            };
        }
        let said = u64::from(vmar.raw().child_count);
        self.rule(
            address,
            count == said,
            format_args!("it says {said} regions, but it has {count}"),
        );
        self.rule(
            address,
            !vmar.raw().process.is_none() || count == 0,
            format_args!("it is destroyed and has regions"),
        );
    }

    pub(super) fn look_into_mapping(&mut self, address: GuestAddress) {
        if let Some(mapping) = self.sound(MappingView::read(self.memory, address)) {
            self.refer(mapping.vmo().0, ObjectType::VMO);
            let raw = mapping.raw();
            self.rule(
                address,
                raw.permissions & !raw.maximum == 0,
                format_args!("it has permissions that it could never be given"),
            );
        }
    }

    /// All mappings of a process, in ascending order.
    pub(super) fn mappings_of(&mut self, process: &ProcessView) -> Vec<MappingView> {
        let mut mappings = Vec::new();
        let Some(root) = process.root_vmar() else {
            return mappings;
        };
        // The tree was looked into; here only what is sound of it counts. As VMARs lie in
        // each other, a tree that is none is left after so many steps.
        let Ok(root) = VmarView::read(self.memory, root) else {
            return mappings;
        };
        let mut open = vec![root.regions(self.memory)];
        while let Some(top) = open.last_mut() {
            match top.next() {
                Some(Ok(RegionView::Mapping(mapping))) => mappings.push(mapping),
                Some(Ok(RegionView::Vmar(inner))) => {
                    if open.len() > crate::objects::MAX_VMAR_DEPTH {
                        self.found(format_args!(
                            "VMARs of process {} are nested too deep",
                            process.raw().header.koid
                        ));
                        return mappings;
                    }
                    open.push(inner.regions(self.memory));
                }
                Some(Err(_)) | None => {
                    open.pop();
                }
            }
        }
        mappings
    }
}
