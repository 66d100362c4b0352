//! Saving: the whole machine ([`Paused::dump`]), one process ([`Paused::core`]).

mod elf;
pub(in crate::inspect) mod layout;
mod machine;
mod output;
mod page_tables;
mod process;
mod process_memory;
mod program;
#[cfg(test)]
mod tests;
mod threads;

pub(in crate::inspect) use elf::NO_PHYSICAL;
pub use machine::{Dump, DumpFormat, SavedPiece};
pub use output::Output;
pub use process::Core;
pub use program::LoadedElf;
pub use threads::CoreThread;

#[cfg(doc)]
use super::Paused;
use super::{InspectError, InspectedRam};
use crate::memory::{AccessError, PhysicalMemory};
use vm_memory::GuestAddress;

/// Bytes of a mapping that are written in one go: many, and few enough for a progress bar to
/// move.
const CHUNK: u64 = 8 << 20;

/// Writes RAM, as far as it goes; `progress` is told how many bytes are done.
fn copy(
    memory: &InspectedRam,
    from: GuestAddress,
    length: u64,
    output: &mut Output,
    progress: &mut dyn FnMut(u64),
) -> Result<(), InspectError> {
    let file = memory.file();
    let in_file = |at: GuestAddress| {
        let (file, pieces) = file.as_ref()?;
        pieces.iter().find_map(|piece| {
            let inside = at.0.checked_sub(piece.base.0)?;
            (inside < piece.length).then_some((file, piece.file_offset + inside))
        })
    };
    let mut done = 0;
    while done < length {
        let at = GuestAddress(from.0.saturating_add(done));
        let step = (length - done).min(memory.contiguous_from(at));
        if step == 0 {
            return Err(InspectError::Access(AccessError {
                address: at,
                length: length - done,
            }));
        }
        let sent = match in_file(at) {
            Some((file, offset)) => {
                output.send(file, offset, step, &mut |sent| progress(done + sent))?
            }
            None => 0,
        };
        if sent == 0 {
            let step = step.min(CHUNK);
            output.write_slice(&memory.slice(at, step)?)?;
            done += step;
            progress(done);
        }
        done += sent;
    }
    Ok(())
}
