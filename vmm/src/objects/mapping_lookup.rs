//! Which mapping of a process an address is in.

use super::load::check_field;
use super::{MappingEnd, MappingView, Problem, RegionView, ViewError, VmarView};
use crate::memory::{GuestVirtAddr, PhysicalMemory};
use vm_memory::GuestAddress;

/// The deepest nesting of VMARs that is looked into.
pub const MAX_VMAR_DEPTH: usize = abi::layout::MAX_VMAR_DEPTH as usize;
/// The most regions of one VMAR that are looked at.
const MAX_REGIONS: usize = 1 << 20;

/// A mapping, found by an address in it.
///
/// A mapping whose permissions differ from part to part consists of several pieces; it
/// counts as one all the same (reference §5.2).
#[derive(Clone, Copy, Debug)]
pub struct FoundMapping {
    /// The piece that the address is in.
    pub piece: MappingView,
    /// Where its first piece stands.
    pub first: GuestAddress,
    /// The first address of its first piece.
    pub base: u64,
    /// One past the last address of its last piece.
    pub end: u64,
}

/// The mapping that contains `address` in the address space with that root VMAR, through
/// sub-VMARs (reference §5.1 step 5); `None` if there is none.
///
/// # Errors
/// [`ViewError`] if a VMAR on the way is broken: its regions must ascend, be disjoint and
/// lie within it. What lies beyond the mapping and the region after it is not looked at.
pub fn find_mapping<M: PhysicalMemory>(
    memory: &M,
    root_vmar: GuestAddress,
    address: GuestVirtAddr,
) -> Result<Option<FoundMapping>, ViewError> {
    let mut vmar = VmarView::read(memory, root_vmar)?;
    if address.0 < vmar.base() || address.0 >= vmar.end() {
        return Ok(None);
    }
    for _ in 0..MAX_VMAR_DEPTH {
        match find_region(memory, &vmar, address)? {
            None => return Ok(None),
            Some(Found::Mapping(mapping)) => return Ok(Some(mapping)),
            Some(Found::Vmar(inner)) => vmar = inner,
        }
    }
    let limit = MAX_VMAR_DEPTH;
    let problem = Problem::TooDeep { limit };
    Err(ViewError::new(super::vmar::NAME, root_vmar, problem))
}

enum Found {
    Vmar(VmarView),
    Mapping(FoundMapping),
}

/// The region of `vmar` that `address` is in.
fn find_region<M: PhysicalMemory>(
    memory: &M,
    vmar: &VmarView,
    address: GuestVirtAddr,
) -> Result<Option<Found>, ViewError> {
    let mut regions = Regions::of(vmar);
    // The first piece of the mapping that the walk is in, and where the piece before this
    // one has ended.
    let mut first = None;
    let mut before = None;
    while let Some(region) = regions.next(memory)? {
        if address.0 < region.base() {
            return Ok(None);
        }
        let mapping = match region {
            RegionView::Vmar(inner) if address.0 < inner.end() => {
                return Ok(Some(Found::Vmar(inner)));
            }
            RegionView::Vmar(_) => {
                before = None;
                continue;
            }
            RegionView::Mapping(mapping) => mapping,
        };
        if mapping.is_joined() {
            mapping.check_continues(before)?;
        } else {
            first = Some((mapping.address(), mapping.base()));
        }
        if address.0 < mapping.end() {
            let (first, base) = first.unwrap_or((mapping.address(), mapping.base()));
            return Ok(Some(Found::Mapping(FoundMapping {
                piece: mapping,
                first,
                base,
                end: end_of(memory, mapping.finish(), &mut regions)?.unwrap_or(mapping.end()),
            })));
        }
        before = Some(mapping.finish());
    }
    Ok(None)
}

/// The end of the last piece of a mapping, if more are joined to the one that has ended
/// where `before` says; `regions` goes on behind that.
#[inline]
fn end_of<M: PhysicalMemory>(
    memory: &M,
    mut before: MappingEnd,
    regions: &mut Regions,
) -> Result<Option<u64>, ViewError> {
    let mut end = None;
    while let Some(RegionView::Mapping(next)) = regions.next(memory)?
        && next.is_joined()
    {
        next.check_continues(Some(before))?;
        before = next.finish();
        end = Some(next.end());
    }
    Ok(end)
}

/// The regions of a VMAR, in ascending order: yields each, or the first error, and then
/// ends.
#[derive(Debug)]
pub struct RegionList<'m, M> {
    memory: &'m M,
    regions: Regions,
}

impl<'m, M> RegionList<'m, M> {
    pub(super) const fn of(memory: &'m M, vmar: &VmarView) -> Self {
        Self {
            memory,
            regions: Regions::of(vmar),
        }
    }
}

impl<M: PhysicalMemory> Iterator for RegionList<'_, M> {
    type Item = Result<RegionView, ViewError>;

    fn next(&mut self) -> Option<Self::Item> {
        let region = self.regions.next(self.memory);
        if region.is_err() {
            self.regions.at = 0;
        }
        region.transpose()
    }
}

/// A walk over the regions of a VMAR.
#[derive(Debug)]
struct Regions {
    vmar: GuestAddress,
    at: u64,
    /// Where the next region may start at the earliest, and where it must end at the
    /// latest.
    room: (u64, u64),
    left: usize,
}

impl Regions {
    const fn of(vmar: &VmarView) -> Self {
        Self {
            vmar: vmar.address(),
            at: vmar.raw().first_child.address(),
            room: (vmar.base(), vmar.end()),
            left: MAX_REGIONS,
        }
    }

    fn next<M: PhysicalMemory>(&mut self, memory: &M) -> Result<Option<RegionView>, ViewError> {
        if self.at == 0 {
            return Ok(None);
        }
        if self.left == 0 {
            let limit = MAX_REGIONS;
            let problem = Problem::EndlessList { limit };
            return Err(ViewError::new("region", self.vmar, problem));
        }
        let address = GuestAddress(self.at);
        let region = RegionView::read(memory, address)?;
        let (free, end) = self.room;
        // As each region starts where the one before has ended, or later, a list that
        // passes this check cannot run in a circle.
        check_field(
            "region",
            address,
            ("base", region.base()),
            region.base() >= free && region.end() <= end,
            "regions of a VMAR ascend, are disjoint and lie within it",
        )?;
        self.left -= 1;
        self.room.0 = region.end();
        self.at = region.raw().next.address();
        Ok(Some(region))
    }
}
