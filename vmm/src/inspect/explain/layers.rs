//! Where the page behind an offset of a VMO really lives: the VMO itself, what it is a part
//! of, what it looks through to.

use crate::calls::CallError;
use crate::inspect::Hex;
use crate::memory::{PhysicalMemory, VmoOffset};
use crate::objects::{VmoView, Window};
use crate::translate::PageSlot;
use abi::layout::{MAX_CLONE_DEPTH, PAGE_SIZE};
use serde::Serialize;
use vm_memory::GuestAddress;

/// A VMO on the way from an offset to its page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Layer {
    /// Its koid; 0 for a private copy.
    pub koid: u64,
    /// Its name.
    pub name: String,
    /// How it stands to the one before it: `"itself"`, `"slice of"`, `"reference to"`,
    /// `"looks through to"`.
    pub relation: &'static str,
    /// The offset in it, in bytes.
    pub offset: u64,
    /// Where it stands.
    pub address: Hex,
}

/// What an offset of a VMO reads as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Lives {
    /// A page of the last layer.
    Page {
        /// Its guest-physical address.
        frame: Hex,
        /// Whether that layer may store there without further ado: it shares it with no
        /// snapshot, and it is not a clean page of a pager.
        writable: bool,
    },
    /// Nothing was ever stored there: zeros.
    Zeros,
    /// The last layer's pager must supply it first.
    Pager,
    /// A physical VMO: whatever stands at that address.
    Physical {
        /// The guest-physical address.
        frame: Hex,
    },
    /// Its pages were taken, and it was not locked since.
    Discarded,
    /// Beyond the VMO's end.
    BeyondEnd,
}

/// The layers from `vmo` down to where the page of `offset` lives, and what is there.
///
/// # Errors
/// [`CallError`] if a VMO on the way or its page list is broken.
pub fn lives<M: PhysicalMemory>(
    memory: &M,
    vmo: &VmoView,
    offset: u64,
) -> Result<(Vec<Layer>, Lives), CallError> {
    let mut layers = vec![layer(vmo, "itself", offset)];
    let mut at = *vmo;
    let relation = if vmo.is_alias() && vmo.options().contains(abi::objects::VmoOptions::SLICE) {
        "slice of"
    } else {
        "reference to"
    };
    let Window { base, size } = at.enter(memory)?;
    if offset >= size {
        return Ok((layers, Lives::BeyondEnd));
    }
    let mut offset = base.saturating_add(offset);
    if vmo.is_alias() {
        layers.push(layer(&at, relation, offset));
    }
    let page = |offset: u64| offset & !(PAGE_SIZE - 1);
    if at.is_physical() {
        let frame = Hex(at.raw().physical_base.wrapping_add(page(offset)));
        return Ok((layers, Lives::Physical { frame }));
    }
    if at.is_discarded() {
        return Ok((layers, Lives::Discarded));
    }
    for _ in 0..=MAX_CLONE_DEPTH {
        let raw = *at.raw();
        if offset >= raw.size {
            return Ok((layers, Lives::Zeros));
        }
        let slot = at.pages(memory).run(VmoOffset(page(offset)), 1)?.slot;
        if let PageSlot::Present { start, writable } = slot {
            let frame = Hex(start.0);
            return Ok((layers, Lives::Page { frame, writable }));
        }
        if raw.source.is_none() || offset >= raw.source_limit {
            let pager = offset < raw.pager_limit;
            let lives = if pager { Lives::Pager } else { Lives::Zeros };
            return Ok((layers, lives));
        }
        offset = offset.saturating_add(raw.source_offset);
        at = VmoView::read(memory, GuestAddress(raw.source.address()))?;
        layers.push(layer(&at, "looks through to", offset));
    }
    // The calls find this out in their own way, and say so.
    at.contents(memory).run(VmoOffset(offset), 1)?;
    Ok((layers, Lives::Zeros))
}

fn layer(vmo: &VmoView, relation: &'static str, offset: u64) -> Layer {
    Layer {
        koid: vmo.koid(),
        name: vmo.name().into_owned(),
        relation,
        offset,
        address: Hex(vmo.address().0),
    }
}
