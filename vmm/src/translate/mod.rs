//! From addresses to guest-physical runs: page tables of the CPU, page lists of VMOs.
//!
//! A walk reads each entry once, has a fixed depth, and keeps nothing that outlives the
//! call it is made for: there is no cache that could be stale.

mod fault;
mod page_list;
mod paging;

pub use fault::{Access, Fault, FaultReason};
pub use page_list::{MAX_LEVELS, PageListCursor, PageListError, PageListRun, PageSlot};
pub use paging::{AddressSpace, PageCursor, Run, translate};

#[cfg(test)]
mod tests;
