//! Reading, writing, searching and comparing bytes.
//!
//! ```text
//! SpaceSelector  which space of bytes: a process, a VMO, all of RAM
//!  └ Space          what is where in it, stretch by stretch, and the holes
//!     ├ read           gathers bytes
//!     ├ write          checks every rule, then stores
//!     └ search         goes through it in its own order
//! diff           compares two guests, VMO by VMO and frame by frame
//! ```

mod diff;
mod disasm;
mod hexdump;
mod metered;
mod owner;
mod pattern;
mod place;
mod process_space;
mod read;
mod read_virtual;
mod scanner;
mod search;
mod space;
mod strings;
mod vmo_space;
mod write;

pub use diff::{
    ChangedGroup, ChangedRange, DiffHandle, DiffObject, DiffOptions, Difference, ObjectChanges,
    diff,
};
pub use disasm::{Disassembler, Instruction, LONGEST_INSTRUCTION};
pub use hexdump::HexDump;
pub use owner::{MappedAt, MatchOwner, ShownIn};
pub use pattern::{LONGEST_REGEX_MATCH, Pattern};
pub use place::SpaceSelector;
pub use read::{Contents, HexBytes, MAX_READ, Piece};
pub use read_virtual::read_virtual;
pub use search::{Match, Matches, Search, SearchProgress};
pub use space::{Gap, Via};
pub use strings::{FoundString, Strings};
pub use write::{BrokenRule, MAX_WRITE, Rule, WriteRequest, Written, WrittenPiece};

#[cfg(test)]
mod tests;
