//! Reading, writing, searching and comparing bytes.
//!
//! ```text
//! SpaceSelector  which space of bytes: a process, a VMO, all of RAM
//!  └ Space     what is where in it, stretch by stretch, and the holes
//!     ├ read      gathers bytes
//!     ├ write     checks every rule, then stores
//!     └ search    goes through it in its own order
//! diff      compares two guests, VMO by VMO and frame by frame
//! ```

mod disasm;
mod hexdump;
mod metered;
mod place;
mod process_space;
mod read;
mod space;
mod strings;
mod vmo_space;

pub use disasm::{Disassembler, Instruction};
pub use hexdump::HexDump;
pub use place::SpaceSelector;
pub use read::{Contents, HexBytes, MAX_READ, Piece, digits};
pub use space::{Gap, Via};
pub use strings::{FoundString, Strings};

#[cfg(test)]
mod tests;
