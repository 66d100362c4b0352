//! Typed, validated, read-only views of what lives in guest memory.
//!
//! A view is a copy: it was read once, checked, and does not change. It works over
//! anything that implements [`PhysicalMemory`](crate::memory::PhysicalMemory): a live
//! machine that stands still, a saved image, a mock. Its methods give the fields that
//! were checked; `raw()` gives all of them.
//!
//! Two families of errors are kept apart: a [`ViewError`] is a broken structure, a fault
//! of the guest's kernel; a [`Status`](abi::Status) is an answer to a program.

mod any;
mod contents;
mod error;
mod handle;
mod list;
mod load;
mod mapping;
mod mapping_lookup;
pub mod mock;
mod pager;
mod plain;
mod port;
mod process;
mod region;
mod root;
mod thread;
mod vmar;
mod vmo;

pub use any::ObjectView;
pub use contents::{Content, ContentError, ContentRun, VmoContents, pager_at_root};
pub use error::{Problem, ViewError};
pub use handle::HandleView;
pub use list::List;
pub use mapping::{MappingEnd, MappingView};
pub use mapping_lookup::{FoundMapping, MAX_VMAR_DEPTH, RegionList, find_mapping};
pub use pager::{PageSourceView, PagerView, RequestView};
pub use plain::PlainView;
pub use port::{PacketView, PortView};
pub use process::ProcessView;
pub use region::RegionView;
pub use root::RootView;
pub use thread::ThreadView;
pub use vmar::VmarView;
pub use vmo::{VmoView, Window};

#[cfg(test)]
mod tests;
