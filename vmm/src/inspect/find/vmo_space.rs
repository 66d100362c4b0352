//! The bytes of a VMO.

use super::metered::Metered;
use super::space::{Gap, Stretch, Via};
use crate::memory::{PhysicalMemory, VmoOffset};
use crate::objects::{Content, ViewError, VmoContents, VmoView};
use vm_memory::GuestAddress;

/// A VMO, by offsets, or as much of it as a mapping can reach.
#[derive(Debug)]
pub(super) struct VmoSpace<'m, 'r> {
    memory: &'m Metered<'r>,
    /// The VMO that has the bytes.
    vmo: VmoView,
    /// Where the VMO that is meant starts in that one.
    base: u64,
    /// Bytes that there are.
    size: u64,
    contents: VmoContents<'m, Metered<'r>>,
}

impl<'m, 'r> VmoSpace<'m, 'r> {
    /// All of a VMO.
    pub(super) fn whole(memory: &'m Metered<'r>, mut vmo: VmoView) -> Result<Self, ViewError> {
        let window = vmo.enter(memory)?;
        Ok(Self {
            memory,
            contents: vmo.contents(memory),
            vmo,
            base: window.base,
            size: window.size,
        })
    }

    /// No more of it than `size` bytes.
    pub(super) fn cut(mut self, size: u64) -> Self {
        self.size = self.size.min(size);
        self
    }

    pub(super) const fn memory(&self) -> &'m Metered<'r> {
        self.memory
    }

    /// The VMO that has the bytes.
    pub(super) const fn holder(&self) -> &VmoView {
        &self.vmo
    }

    /// The offset in [`VmoSpace::holder`] of an offset; `None` beyond the end.
    pub(super) const fn offset(&self, at: u64) -> Option<u64> {
        if at < self.size {
            self.base.checked_add(at)
        } else {
            None
        }
    }

    /// Bytes that there are.
    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    /// See [`super::space::Space::stretch`].
    pub(super) fn stretch(&mut self, at: u64, limit: u64) -> Stretch {
        let Some(offset) = self.offset(at) else {
            return Stretch::Hole {
                length: limit,
                gap: Gap::BeyondVmo,
            };
        };
        let limit = limit.min(self.size - at);
        if self.vmo.is_physical() {
            return self.physical(offset, limit);
        }
        match self.contents.run(VmoOffset(offset), limit) {
            Ok(run) => match run.content {
                Content::At(start) => Stretch::Bytes {
                    start,
                    length: run.length,
                    via: Via::Vmo,
                },
                Content::Zeros => Stretch::Hole {
                    length: run.length,
                    gap: Gap::NoPage,
                },
                Content::Pager => Stretch::Hole {
                    length: run.length,
                    gap: Gap::Pager,
                },
            },
            Err(error) => {
                let to_next = abi::layout::PAGE_SIZE - VmoOffset(offset).page_offset();
                Stretch::Hole {
                    length: limit.min(to_next),
                    gap: Gap::Broken {
                        detail: error.to_string(),
                    },
                }
            }
        }
    }

    fn physical(&self, offset: u64, limit: u64) -> Stretch {
        let start = GuestAddress(self.vmo.raw().physical_base.wrapping_add(offset));
        match self.memory.contiguous_from(start).min(limit) {
            0 => Stretch::Hole {
                length: limit.min(abi::layout::PAGE_SIZE - VmoOffset(offset).page_offset()),
                gap: Gap::NotRam,
            },
            length => Stretch::Bytes {
                start,
                length,
                via: Via::Vmo,
            },
        }
    }
}
