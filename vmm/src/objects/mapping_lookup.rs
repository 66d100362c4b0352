//! Which mapping of a process an address is in.

use super::load::check_field;
use super::{MappingView, Problem, RegionView, ViewError, VmarView};
use crate::memory::{GuestVirtAddr, PhysicalMemory};
use vm_memory::GuestAddress;

/// The deepest nesting of VMARs that is looked into.
pub const MAX_VMAR_DEPTH: usize = 64;
/// The most regions of one VMAR that are looked at.
const MAX_REGIONS: usize = 1 << 20;

/// The mapping that contains `address` in the address space with that root VMAR, through
/// sub-VMARs (reference §5.1 step 5); `None` if there is none.
///
/// # Errors
/// [`ViewError`] if a VMAR on the way is broken: its regions must ascend, be disjoint and
/// lie within it. What lies beyond `address` is not looked at.
pub fn find_mapping<M: PhysicalMemory>(
    memory: &M,
    root_vmar: GuestAddress,
    address: GuestVirtAddr,
) -> Result<Option<MappingView>, ViewError> {
    let mut vmar = VmarView::read(memory, root_vmar)?;
    if address.0 < vmar.base() || address.0 >= vmar.end() {
        return Ok(None);
    }
    for _ in 0..MAX_VMAR_DEPTH {
        match find_region(memory, &vmar, address)? {
            None => return Ok(None),
            Some(RegionView::Mapping(mapping)) => return Ok(Some(mapping)),
            Some(RegionView::Vmar(inner)) => vmar = inner,
        }
    }
    let limit = MAX_VMAR_DEPTH;
    let problem = Problem::TooDeep { limit };
    Err(ViewError::new(super::vmar::NAME, root_vmar, problem))
}

/// The region of `vmar` that `address` is in.
fn find_region<M: PhysicalMemory>(
    memory: &M,
    vmar: &VmarView,
    address: GuestVirtAddr,
) -> Result<Option<RegionView>, ViewError> {
    let mut at = vmar.raw().first_child.address();
    let mut free = vmar.base();
    for _ in 0..MAX_REGIONS {
        if at == 0 {
            return Ok(None);
        }
        let region = RegionView::read(memory, GuestAddress(at))?;
        // As each region starts where the one before has ended, or later, a list that
        // passes this check cannot run in a circle.
        check_field(
            "region",
            GuestAddress(at),
            ("base", region.base()),
            region.base() >= free && region.end() <= vmar.end(),
            "regions of a VMAR ascend, are disjoint and lie within it",
        )?;
        if address.0 < region.base() {
            return Ok(None);
        }
        if address.0 < region.end() {
            return Ok(Some(region));
        }
        free = region.end();
        at = region.raw().next.address();
    }
    let limit = MAX_REGIONS;
    let problem = Problem::EndlessList { limit };
    Err(ViewError::new("region", vmar.address(), problem))
}
