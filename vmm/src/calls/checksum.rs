//! What a call moved: a checksum of it, so that traces can be compared without the data, and
//! the first of its bytes.

use super::{CallError, CompletedCall};
use crate::memory::{PhysicalMemory, VmoOffset};
use crate::objects::{Content, VmoView};
use abi::layout::PAGE_SIZE;
use crc32fast::Hasher;

const PAGE: usize = 4096;
const ZEROS: [u8; PAGE] = [0; PAGE];
const _: () = assert!(PAGE as u64 == PAGE_SIZE);

/// The CRC-32 (IEEE) of the bytes that an answered call moved, read from the VMO that they
/// went to or came from; `None` if it moved none.
///
/// # Errors
/// [`CallError`] if the VMO is broken.
pub fn checksum<M: PhysicalMemory>(
    memory: &M,
    call: &CompletedCall,
) -> Result<Option<u32>, CallError> {
    let mut hasher = Hasher::new();
    let some = for_each_part(memory, call, call.bytes, |bytes| hasher.update(bytes))?;
    Ok(some.then(|| hasher.finalize()))
}

/// The first bytes that an answered call moved, at most `most`, read from the VMO that they
/// went to or came from; `None` if it moved none.
///
/// # Errors
/// [`CallError`] if the VMO is broken.
pub fn moved_bytes<M: PhysicalMemory>(
    memory: &M,
    call: &CompletedCall,
    most: u64,
) -> Result<Option<Vec<u8>>, CallError> {
    let mut all = Vec::new();
    let some = for_each_part(memory, call, most, |bytes| all.extend_from_slice(bytes))?;
    Ok(some.then_some(all))
}

/// Hands on the first `most` bytes that a call moved, a page at most at a time; says whether
/// it moved any.
fn for_each_part<M: PhysicalMemory>(
    memory: &M,
    call: &CompletedCall,
    most: u64,
    mut take: impl FnMut(&[u8]),
) -> Result<bool, CallError> {
    let Some(place) = call.place.filter(|_| call.bytes > 0) else {
        return Ok(false);
    };
    let wanted = call.bytes.min(most);
    let vmo = VmoView::read(memory, place.vmo)?;
    let mut contents = vmo.contents(memory);
    let mut page = ZEROS;
    let mut done = 0;
    while done < wanted {
        let Some(offset) = place.offset.checked_add(done) else {
            break;
        };
        let to_page_end = PAGE_SIZE - offset % PAGE_SIZE;
        let run = contents.run(VmoOffset(offset), to_page_end.min(wanted - done))?;
        // At most a page, by the limit given.
        let length = usize::try_from(run.length).unwrap_or(0).min(ZEROS.len());
        match (run.content, page.get_mut(..length), ZEROS.get(..length)) {
            (Content::At(start), Some(bytes), _) => {
                memory.read_bytes(start, bytes)?;
                take(bytes);
            }
            // A page of a pager may be gone again if the call was blocked in between.
            (Content::Zeros | Content::Pager, _, Some(zeros)) => take(zeros),
            _ => {}
        }
        done += run.length;
    }
    Ok(true)
}
