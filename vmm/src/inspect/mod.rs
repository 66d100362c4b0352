//! The inspector: everything that lives in a guest, seen from outside, whether the guest
//! runs, was saved, or was made up by a test.
//!
//! ```text
//! Inspector        a guest to look at: live, from an image, or a mock
//!  └ Paused        the guest stands still for as long as this exists
//!     ├ memory()   its RAM ([`InspectedRam`])
//!     ├ machine()  its vCPUs and totals ([`MachineState`])
//!     └ survey()   a copy of every object ([`Survey`]); it outlives the pause
//! ```
//!
//! Whatever can be answered from a [`Survey`] is answered from it, so that a live guest
//! stands still only while its structures are copied. What needs page tables, page lists or
//! bytes reads them from a [`Paused`] guest.
//!
//! **Nothing read is trusted.** A broken structure is a line in [`Problems`], never the end
//! of an answer, and every walk has a bound: the inspector is for guests that are broken.
//!
//! **Answers** are plain structures that implement `Serialize`: the command line prints
//! them, `--json` writes them as they are. Addresses, page-table entries and registers are
//! [`Hex`]: strings such as `"0xffff8000"`; sizes, offsets, counts and koids are numbers.

mod error;
pub mod explain;
mod find;
mod hex;
mod image;
mod inspector;
pub mod look;
mod machine_state;
mod memory;
mod problems;
pub mod report;
mod save;
mod selector;
mod survey;
pub mod top;

pub use error::InspectError;
pub use find::{
    BrokenRule, ChangedGroup, ChangedRange, Contents, DiffHandle, DiffObject, DiffOptions,
    Difference, Disassembler, FoundString, Gap, HexBytes, HexDump, Instruction,
    LONGEST_INSTRUCTION, LONGEST_REGEX_MATCH, MAX_READ, MAX_WRITE, MappedAt, Match, MatchOwner,
    Matches, ObjectChanges, Pattern, Piece, Rule, Search, SearchProgress, ShownIn, SpaceSelector,
    Strings, Via, WriteRequest, Written, WrittenPiece, diff, read_virtual,
};
pub use hex::{Hex, digits, undigits};
pub use inspector::{Inspector, Origin, Paused, Standstill};
pub(crate) use machine_state::general_registers;
pub use machine_state::{
    DescriptorTable, GeneralRegisters, MachineState, Place, Segment, VcpuState,
};
pub use memory::{InspectedRam, RamPiece};
pub use problems::Problems;
pub use save::{Core, CoreThread, Dump, DumpFormat, LoadedElf, Output, SavedPiece};
pub use selector::{ProcessSelector, VmoSelector};
pub use survey::{HandleRecord, ProcessRecord, RegionRecord, Survey};

#[cfg(test)]
mod tests_hostile;
