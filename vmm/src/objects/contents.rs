//! What the bytes of a VMO read as: its own pages, those that it looks through to, what a
//! pager has yet to supply, zeros ([`abi::objects::Vmo`]).

use super::{Problem, ViewError, VmoView, vmo};
use crate::memory::{PhysicalMemory, VmoOffset};
use crate::translate::{PageListCursor, PageListError, PageListRun, PageSlot};
use abi::layout::MAX_CLONE_DEPTH;
use vm_memory::GuestAddress;

/// Steps from clone to source that are taken at most.
const LONGEST_CHAIN: usize = MAX_CLONE_DEPTH as usize;

/// What a VMO shows at an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// The byte that stands there, in a page of the VMO or of one that it looks through to.
    At(GuestAddress),
    /// Zero.
    Zeros,
    /// A byte that the pager must supply first.
    Pager,
}

/// A stretch of a VMO that is alike and, if it is there, physically contiguous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentRun {
    /// What the VMO shows at its first byte.
    pub content: Content,
    /// Bytes; at least 1.
    pub length: u64,
}

/// Something is broken between a VMO and its bytes: a fault of the guest's kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// A VMO on the way.
    #[error(transparent)]
    View(#[from] ViewError),
    /// The page list of one.
    #[error(transparent)]
    PageList(#[from] PageListError),
}

/// Looks up what ascending offsets of a VMO read as.
///
/// It must not outlive the service of one call: what it remembers is valid only while
/// the guest does not run.
#[derive(Debug)]
pub enum VmoContents<'m, M> {
    /// What has no page is zero.
    Plain(PageListCursor<'m, M>),
    /// What has no page may be looked up further.
    Layered(Box<Layers<'m, M>>),
}

impl<'m, M: PhysicalMemory> VmoContents<'m, M> {
    /// A cursor for `vmo`, which is no slice and no reference.
    #[inline]
    #[must_use]
    pub fn new(memory: &'m M, vmo: &VmoView) -> Self {
        if vmo.is_layered() {
            Self::Layered(Box::new(Layers::new(memory, vmo)))
        } else {
            Self::Plain(vmo.pages(memory))
        }
    }

    /// The longest stretch at `offset` that is alike, at most `limit` bytes (and at least
    /// 1); it may be given in pieces.
    ///
    /// # Errors
    /// [`ContentError`] if something on the way to the byte at `offset` is broken.
    #[inline]
    pub fn run(&mut self, offset: VmoOffset, limit: u64) -> Result<ContentRun, ContentError> {
        match self {
            Self::Plain(pages) => {
                let PageListRun { slot, length } = pages.run(offset, limit)?;
                let content = match slot {
                    PageSlot::Present { start, .. } => Content::At(start),
                    PageSlot::Absent => Content::Zeros,
                };
                Ok(ContentRun { content, length })
            }
            Self::Layered(layers) => layers.run(offset, limit),
        }
    }
}

/// A VMO and those that it looks through to, as far as they were needed.
#[derive(Debug)]
pub struct Layers<'m, M> {
    memory: &'m M,
    layers: Vec<Layer<'m, M>>,
}

#[derive(Debug)]
struct Layer<'m, M> {
    vmo: VmoView,
    pages: PageListCursor<'m, M>,
    /// Offsets from, up to but not including, that are known to have no page: so each
    /// entry of a page list is looked at once, however often another layer interrupts.
    absent: (u64, u64),
}

impl<'m, M: PhysicalMemory> Layers<'m, M> {
    fn new(memory: &'m M, vmo: &VmoView) -> Self {
        Self {
            memory,
            layers: vec![Layer::new(memory, *vmo)],
        }
    }

    fn run(&mut self, offset: VmoOffset, limit: u64) -> Result<ContentRun, ContentError> {
        let mut at = offset.0;
        let mut length = limit.max(1);
        for depth in 0..=LONGEST_CHAIN {
            let layer = self.layer(depth)?;
            let raw = *layer.vmo.raw();
            if at >= raw.size {
                let content = Content::Zeros;
                return Ok(ContentRun { content, length });
            }
            let run = layer.own(at, length.min(raw.size - at))?;
            length = run.length;
            let content = match run.slot {
                PageSlot::Present { start, .. } => Content::At(start),
                PageSlot::Absent if !raw.source.is_none() && at < raw.source_limit => {
                    length = length.min(raw.source_limit - at);
                    // The view has checked that this does not wrap.
                    at += raw.source_offset;
                    continue;
                }
                PageSlot::Absent if at < raw.pager_limit => {
                    length = length.min(raw.pager_limit - at);
                    Content::Pager
                }
                PageSlot::Absent => Content::Zeros,
            };
            return Ok(ContentRun { content, length });
        }
        Err(self.too_long().into())
    }

    /// The layer at that depth, 0 for the VMO itself; those above it are there.
    fn layer(&mut self, depth: usize) -> Result<&mut Layer<'m, M>, ViewError> {
        if depth == self.layers.len() {
            let above = self.layers.last().and_then(|above| above.vmo.source());
            let source = VmoView::read_source(self.memory, above.unwrap_or_default())?;
            self.layers.push(Layer::new(self.memory, source));
        }
        let error = self.too_long();
        self.layers.get_mut(depth).ok_or(error)
    }

    fn too_long(&self) -> ViewError {
        let address = self.layers.first().map(|top| top.vmo.address());
        let limit = LONGEST_CHAIN;
        let problem = Problem::LongChain { limit };
        ViewError::new(vmo::NAME, address.unwrap_or_default(), problem)
    }
}

impl<'m, M: PhysicalMemory> Layer<'m, M> {
    fn new(memory: &'m M, vmo: VmoView) -> Self {
        Self {
            pages: vmo.pages(memory),
            vmo,
            absent: (0, 0),
        }
    }

    /// What the VMO has itself at `at`, at most `limit` bytes.
    fn own(&mut self, at: u64, limit: u64) -> Result<PageListRun, PageListError> {
        let (from, to) = self.absent;
        if at >= from && at < to {
            return Ok(PageListRun {
                slot: PageSlot::Absent,
                length: limit.min(to - at),
            });
        }
        let run = self.pages.run(VmoOffset(at), limit)?;
        if run.slot == PageSlot::Absent {
            self.absent = (at, at.saturating_add(run.length));
        }
        Ok(run)
    }
}

/// Whether bytes of `vmo`, which is no slice and no reference, may come from a pager,
/// through however many clones.
///
/// # Errors
/// [`ViewError`] if a VMO on the way is broken.
pub fn pager_at_root<M: PhysicalMemory>(memory: &M, vmo: &VmoView) -> Result<bool, ViewError> {
    let mut at = *vmo;
    for _ in 0..=LONGEST_CHAIN {
        if at.has_pager() {
            return Ok(true);
        }
        match at.source() {
            None => return Ok(false),
            Some(source) => at = VmoView::read_source(memory, source)?,
        }
    }
    let limit = LONGEST_CHAIN;
    let problem = Problem::LongChain { limit };
    Err(ViewError::new(vmo::NAME, vmo.address(), problem))
}
