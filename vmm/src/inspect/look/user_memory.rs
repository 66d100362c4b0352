//! The bytes of a process, whether its page tables lead to them or not.

use crate::inspect::{InspectedRam, ProcessRecord, Survey};
use crate::memory::{PhysicalMemory, VmoOffset};
use crate::objects::Content;
use abi::layout::PAGE_SIZE;

/// Fills `into` with what the process has at `address`; `None` if not all of it is mapped, or
/// if a page is not there and is not zeros either.
pub(super) fn read(
    memory: &InspectedRam,
    survey: &Survey,
    process: &ProcessRecord,
    address: u64,
    into: &mut [u8],
) -> Option<()> {
    let mut at = address;
    let mut rest = into;
    while !rest.is_empty() {
        let in_page = usize::try_from(PAGE_SIZE - at % PAGE_SIZE).ok()?;
        let (part, behind) = rest.split_at_mut(in_page.min(rest.len()));
        read_part(memory, survey, process, at, part)?;
        at = at.checked_add(part.len() as u64)?;
        rest = behind;
    }
    Some(())
}

/// The word at `address`.
pub(super) fn read_u64(
    memory: &InspectedRam,
    survey: &Survey,
    process: &ProcessRecord,
    address: u64,
) -> Option<u64> {
    let mut bytes = [0; 8];
    read(memory, survey, process, address, &mut bytes)?;
    Some(u64::from_le_bytes(bytes))
}

/// Bytes of one page.
fn read_part(
    memory: &InspectedRam,
    survey: &Survey,
    process: &ProcessRecord,
    address: u64,
    into: &mut [u8],
) -> Option<()> {
    let mapping = process.mapping_at(address)?;
    let mut vmo = *survey.vmo_at(mapping.vmo())?;
    let window = vmo.enter(memory).ok()?;
    let offset = mapping
        .raw()
        .vmo_offset
        .checked_add(address - mapping.base())?;
    if offset >= window.size {
        return None;
    }
    let offset = window.base.checked_add(offset)?;
    if vmo.is_physical() {
        let at = vmo.raw().physical_base.checked_add(offset)?;
        return memory.read_bytes(vm_memory::GuestAddress(at), into).ok();
    }
    let run = vmo
        .contents(memory)
        .run(VmoOffset(offset), into.len() as u64);
    match run.ok()?.content {
        Content::At(start) => memory.read_bytes(start, into).ok(),
        Content::Zeros => {
            into.fill(0);
            Some(())
        }
        Content::Pager => None,
    }
}
