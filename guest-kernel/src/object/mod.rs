//! The objects: what they are and what can be done with them. System calls
//! (`crate::calls`) are thin shells over this; nothing here knows of calls.

pub mod attribution;
pub mod clone;
pub mod fault_in;
pub mod handle;
pub mod header;
pub mod mapping;
pub mod page_list;
pub mod pager;
pub mod pages;
pub mod plain;
pub mod port;
pub mod process;
pub mod signals;
pub mod thread;
pub mod vmar;
pub mod vmo;
pub mod vmo_ops;
pub mod vmo_size;
pub mod writeback;
