//! VMOs: their list, families, sources, and who maps them.

use super::Checker;
use crate::memory::PhysicalMemory;
use crate::objects::VmoView;
use abi::objects::{ObjectType, VmoOptions};
use vm_memory::GuestAddress;

impl<M: PhysicalMemory> Checker<'_, M> {
    /// The list of all VMOs.
    pub(super) fn meet_vmos(&mut self) {
        let Some(list) = self.sound(self.view.vmos(self.memory)) else {
            return;
        };
        let mut previous = 0;
        for vmo in list {
            let Some(vmo) = self.sound(vmo) else { break };
            self.list(vmo.address().0, ObjectType::VMO);
            self.rule(
                vmo.address(),
                vmo.raw().previous.address() == previous,
                format_args!("its link back leads elsewhere"),
            );
            previous = vmo.address().0;
        }
    }

    pub(super) fn look_into_vmo(&mut self, address: GuestAddress) {
        let Some(vmo) = self.sound(VmoView::read(self.memory, address)) else {
            return;
        };
        let raw = vmo.raw();
        self.refer(raw.source.address(), ObjectType::VMO);
        self.refer(raw.page_source.address(), ObjectType::PAGE_SOURCE);
        self.list(raw.page_source.address(), ObjectType::PAGE_SOURCE);
        self.check_mappings_of(&vmo);
        self.check_children_of(&vmo);
        self.check_dependents_of(&vmo);
        self.check_limits_of(&vmo);
        if vmo.is_alias() || vmo.is_physical() {
            self.rule(
                address,
                raw.pages == 0 && raw.page_count == 0,
                format_args!("it has pages of its own and may have none"),
            );
        } else {
            self.check_page_list(&vmo);
        }
    }

    /// Each mapping of it is in its list, which the mapping's own view is compared with.
    fn check_mappings_of(&mut self, vmo: &VmoView) {
        let mut previous = 0;
        for mapping in vmo.mappings(self.memory) {
            let Some(mapping) = self.sound(mapping) else {
                break;
            };
            let fits = mapping.vmo() == vmo.address()
                && mapping.raw().previous_of_vmo.address() == previous;
            self.rule(
                mapping.address(),
                fits,
                format_args!("it stands wrongly in the list of its VMO"),
            );
            previous = mapping.address().0;
            if !fits || !self.list(previous, ObjectType::MAPPING) {
                break;
            }
        }
    }

    fn check_children_of(&mut self, vmo: &VmoView) {
        let (mut count, mut previous) = (0, 0);
        for child in vmo.children(self.memory) {
            let Some(child) = self.sound(child) else {
                break;
            };
            let raw = child.raw();
            let fits = raw.parent.address() == vmo.address().0
                && raw.previous_sibling.address() == previous;
            self.rule(
                child.address(),
                fits,
                format_args!("it stands wrongly among the children of its parent"),
            );
            if !fits {
                break;
            }
            count += 1;
            previous = child.address().0;
        }
        let said = u64::from(vmo.raw().child_count);
        self.rule(
            vmo.address(),
            count == said,
            format_args!("it says {said} children, but it has {count}"),
        );
        self.children += count;
        self.parents += u64::from(!vmo.raw().parent.is_none());
    }

    fn check_dependents_of(&mut self, vmo: &VmoView) {
        let (mut aliases, mut clones, mut previous) = (0, 0, 0);
        for dependent in vmo.dependents(self.memory) {
            let Some(dependent) = self.sound(dependent) else {
                break;
            };
            let raw = dependent.raw();
            let fits = raw.source.address() == vmo.address().0
                && raw.previous_dependent.address() == previous;
            self.rule(
                dependent.address(),
                fits,
                format_args!("it stands wrongly among those with its source"),
            );
            if !fits {
                break;
            }
            self.rule(
                dependent.address(),
                u64::from(raw.depth) == u64::from(vmo.raw().depth) + 1,
                format_args!("its depth is not one more than its source's"),
            );
            if dependent.is_alias() {
                aliases += 1;
            } else {
                clones += 1;
            }
            previous = dependent.address().0;
        }
        let said = (vmo.raw().alias_count, vmo.raw().clone_count);
        self.rule(
            vmo.address(),
            said == (aliases, clones),
            format_args!(
                "it says {} aliases and {} clones, but it has {aliases} and {clones}",
                said.0, said.1
            ),
        );
        self.dependents += u64::from(aliases) + u64::from(clones);
        self.sources += u64::from(!vmo.raw().source.is_none());
    }

    fn check_limits_of(&mut self, vmo: &VmoView) {
        let raw = vmo.raw();
        let options = vmo.options();
        let at = vmo.address();
        let alias = vmo.is_alias();
        self.rule(
            at,
            !alias || !raw.source.is_none(),
            format_args!("it has no bytes of its own and no source"),
        );
        self.rule(
            at,
            alias || (raw.source_limit <= raw.size && raw.pager_limit <= raw.size),
            format_args!("more comes from its source or its pager than there is of it"),
        );
        self.rule(
            at,
            raw.depth == 0 || !raw.source.is_none(),
            format_args!("it has a depth and no source"),
        );
        let seen = raw.header.handles != 0 || !raw.first_mapping.is_none();
        self.rule(
            at,
            !(seen && options.contains(VmoOptions::ORPHAN)),
            format_args!("it counts as seen by nobody, and has handles or mappings"),
        );
        self.rule(
            at,
            raw.page_count == 0 || !options.contains(VmoOptions::DISCARDED),
            format_args!("its pages are discarded, and it has some"),
        );
        self.rule(
            at,
            alias
                || !options.contains(VmoOptions::CONTIGUOUS)
                || raw.page_count.checked_mul(abi::layout::PAGE_SIZE) == Some(raw.size),
            format_args!("it is contiguous, and not all of its pages are there"),
        );
        let aligned = raw.physical_base.trailing_zeros() >= raw.alignment_log2;
        self.rule(
            at,
            aligned,
            format_args!(
                "it starts at {:#x}, not aligned as asked for",
                raw.physical_base
            ),
        );
        self.check_relatives_of(vmo);
    }

    /// The ring of those that share pages with it leads back to it at each step.
    fn check_relatives_of(&mut self, vmo: &VmoView) {
        let raw = vmo.raw();
        let (next, previous) = (raw.next_relative.address(), raw.previous_relative.address());
        self.rule(
            vmo.address(),
            (next == 0) == (previous == 0) && next != vmo.address().0,
            format_args!("its ring of relatives is open"),
        );
        if next == 0 {
            return;
        }
        let Some(next) = self.sound(VmoView::read(self.memory, GuestAddress(next))) else {
            return;
        };
        self.rule(
            vmo.address(),
            next.raw().previous_relative.address() == vmo.address().0,
            format_args!("its next relative does not lead back to it"),
        );
    }

    /// Every VMO with a parent or a source is in that one's list.
    pub(super) fn check_families(&mut self) {
        let (children, parents) = (self.children, self.parents);
        if children != parents {
            self.found(format_args!(
                "{parents} VMOs have a parent, but parents have {children} children"
            ));
        }
        let (dependents, sources) = (self.dependents, self.sources);
        if dependents != sources {
            self.found(format_args!(
                "{sources} VMOs have a source, but sources have {dependents} dependents"
            ));
        }
    }
}
