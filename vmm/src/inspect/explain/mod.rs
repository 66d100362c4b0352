//! Why an access to an address comes to what it comes to: the page tables entry by entry,
//! the mapping and the VMO behind it, and what the CPU and the calls make of it.
//!
//! ```text
//! walk         the entries of the page tables, decoded  (Paused::translate)
//!  ├ entry     an entry's flags by Intel's names
//!  └ rights    what the entries grant together, and what CR0, CR4 and EFER have to say
//! place        the VMARs, the mapping, the VMO, and where the page really lives
//! fault        what the kernel's page-fault handler would do
//! cpu          what the CPU does, and the kernel then
//! verdict      what the served calls would give, and by which rule
//! explanation  all of it for one access                 (Paused::explain)
//! reverse      which addresses lead to a frame          (Paused::mapped_at)
//! ```
//!
//! The rules are not written down here a second time. The walk is
//! [`translate`](crate::translate::translate) watched while it reads; the verdicts come from the
//! checks of the calls themselves ([`crate::calls::Forecaster`]). Only what the guest's kernel
//! would do is foretold by code of its own ([`FaultHandler`]), for the kernel is in the guest.

mod cpu;
mod entry;
mod explanation;
mod fault;
mod layers;
mod place;
mod reverse;
mod rights;
mod verdict;
mod walk;

pub use cpu::{CpuEnd, CpuVerdict, PageFault};
pub use entry::{Flag, LeadsTo, Level};
pub use explanation::{Ask, Explanation, MAX_LENGTH, ProcessName};
pub use fault::{FaultHandler, Handling, Supply};
pub use layers::{Layer, Lives, lives};
pub use place::{FramePlace, MappingPlace, Neighbour, Place, VmarPlace, VmoPlace};
pub use reverse::{MappedAt, Reverse};
pub use rights::{Control, Denial, Granted, Rights};
pub use verdict::{CallVerdict, Outcome, StatusName};
pub use walk::{AddressKind, Translation};

#[cfg(test)]
mod tests;
