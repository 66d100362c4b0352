//! The addresses of a process: what its page tables lead to, and what its mappings will show
//! where the program was not yet.

use super::super::ProcessRecord;
use super::metered::Metered;
use super::space::{Gap, Stretch, Via};
use super::vmo_space::VmoSpace;
use crate::memory::GuestVirtAddr;
use crate::objects::{MappingView, VmoView};
use crate::translate::{Access, Fault, FaultReason, PageCursor};
use abi::layout::{PAGE_SHIFT, PAGE_SIZE, USER_TOP};
use abi::objects::{MappingFlags, VmoOptions};

/// A process, by its addresses.
#[derive(Debug)]
pub(super) struct ProcessSpace<'m, 'r> {
    memory: &'m Metered<'r>,
    /// `None` once its page tables are gone.
    tables: Option<PageCursor<'m, Metered<'r>>>,
    /// In ascending order.
    mappings: Vec<MappingView>,
    /// The VMO of the mapping with that base, if it can be read.
    shown: Option<(u64, Result<VmoSpace<'m, 'r>, String>)>,
}

impl<'m, 'r> ProcessSpace<'m, 'r> {
    pub(super) fn new(memory: &'m Metered<'r>, process: &ProcessRecord) -> Self {
        let space = process.view.address_space();
        Self {
            memory,
            tables: space.map(|space| PageCursor::new(memory, space, Access::Read)),
            mappings: process.mappings().copied().collect(),
            shown: None,
        }
    }

    pub(super) const fn memory(&self) -> &'m Metered<'r> {
        self.memory
    }

    /// See [`super::space::Space::stretch`].
    pub(super) fn stretch(&mut self, at: u64, limit: u64) -> Stretch {
        if at >= USER_TOP {
            return Stretch::Hole {
                length: limit,
                gap: Gap::NotForPrograms,
            };
        }
        let limit = limit.min(USER_TOP - at);
        let tables = self.tables.as_mut();
        let fault = match tables.map(|tables| tables.run(GuestVirtAddr(at), limit)) {
            Some(Ok(run)) => {
                return Stretch::Bytes {
                    start: run.start,
                    length: run.length,
                    via: Via::PageTables,
                };
            }
            Some(Err(fault)) => Some(fault),
            None => None,
        };
        let limit = limit.min(fault.map_or(u64::MAX, |fault| reach(&fault)));
        match fault {
            Some(fault) if !fault.is_resolvable() => Stretch::Hole {
                length: limit,
                gap: Gap::Broken {
                    detail: fault.to_string(),
                },
            },
            _ => self.behind_tables(at, limit),
        }
    }

    /// What is at an address that no page table leads to.
    fn behind_tables(&mut self, at: u64, limit: u64) -> Stretch {
        let Some(mapping) = self.mapping_at(at) else {
            let above = self
                .mappings
                .partition_point(|mapping| mapping.base() <= at);
            let next = self.mappings.get(above).map_or(u64::MAX, MappingView::base);
            return Stretch::Hole {
                length: limit.min(next - at),
                gap: Gap::NotMapped,
            };
        };
        let limit = limit.min(mapping.end() - at);
        let offset = mapping.raw().vmo_offset + (at - mapping.base());
        match self.shown(&mapping) {
            Ok(vmo) => match vmo.stretch(offset, limit) {
                Stretch::Bytes { start, length, .. } => Stretch::Bytes {
                    start,
                    length,
                    via: Via::Mapping,
                },
                hole => hole,
            },
            Err(detail) => Stretch::Hole {
                length: limit,
                gap: Gap::Broken {
                    detail: detail.clone(),
                },
            },
        }
    }

    /// The mapping that an address is in.
    pub(super) fn mapping_at(&self, at: u64) -> Option<MappingView> {
        let above = self
            .mappings
            .partition_point(|mapping| mapping.base() <= at);
        let mapping = self.mappings.get(above.checked_sub(1)?)?;
        (at < mapping.end()).then_some(*mapping)
    }

    /// The VMO of a mapping, as much of it as can be reached; by offsets.
    pub(super) fn shown(
        &mut self,
        mapping: &MappingView,
    ) -> Result<&mut VmoSpace<'m, 'r>, &String> {
        let memory = self.memory;
        let base = mapping.base();
        let shown = match self.shown.take() {
            Some((known, space)) if known == base => (base, space),
            _ => (base, show(memory, mapping)),
        };
        self.shown.insert(shown).1.as_mut().map_err(|error| &*error)
    }
}

/// The VMO of a mapping, as much of it as can be reached.
fn show<'m, 'r>(
    memory: &'m Metered<'r>,
    mapping: &MappingView,
) -> Result<VmoSpace<'m, 'r>, String> {
    let vmo = VmoView::read(memory, mapping.vmo()).map_err(|error| error.to_string())?;
    let space = VmoSpace::whole(memory, vmo).map_err(|error| error.to_string())?;
    let cut = mapping
        .flags()
        .contains(MappingFlags::FAULT_BEYOND_STREAM_SIZE);
    if !cut {
        return Ok(space);
    }
    // A reference has the stream size of its source, a slice its own.
    let stream = if vmo.options().contains(VmoOptions::SLICE) {
        vmo.raw().stream_size
    } else {
        space.holder().raw().stream_size
    };
    let whole = stream.checked_next_multiple_of(PAGE_SIZE);
    Ok(space.cut(whole.unwrap_or(u64::MAX)))
}

/// Bytes from the address of a fault on that have the same fault: what the entry that
/// stopped the walk covers.
const fn reach(fault: &Fault) -> u64 {
    let span = match fault.reason {
        // The entry that denies need not be the one that leads there.
        FaultReason::Supervisor | FaultReason::PageOutsideRam => PAGE_SIZE,
        _ if fault.level >= 1 && fault.level <= 4 => {
            1 << (PAGE_SHIFT + 9 * (fault.level as u32 - 1))
        }
        _ => PAGE_SIZE,
    };
    span - (fault.address.0 & (span - 1))
}
