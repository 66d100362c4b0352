//! A checksum of what a call moved, so that traces can be compared without the data.

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
    let Some(place) = call.place.filter(|_| call.bytes > 0) else {
        return Ok(None);
    };
    let vmo = VmoView::read(memory, place.vmo)?;
    let mut contents = vmo.contents(memory);
    let mut hasher = Hasher::new();
    let mut page = ZEROS;
    let mut done = 0;
    while done < call.bytes {
        let Some(offset) = place.offset.checked_add(done) else {
            break;
        };
        let to_page_end = PAGE_SIZE - offset % PAGE_SIZE;
        let run = contents.run(VmoOffset(offset), to_page_end.min(call.bytes - done))?;
        // At most a page, by the limit given.
        let length = usize::try_from(run.length).unwrap_or(0).min(ZEROS.len());
        match (run.content, page.get_mut(..length), ZEROS.get(..length)) {
            (Content::At(start), Some(bytes), _) => {
                memory.read_bytes(start, bytes)?;
                hasher.update(bytes);
            }
            // A page of a pager may be gone again if the call was blocked in between.
            (Content::Zeros | Content::Pager, _, Some(zeros)) => hasher.update(zeros),
            _ => {}
        }
        done += run.length;
    }
    Ok(Some(hasher.finalize()))
}
