//! A guest without a machine: every structure of the ABI, built by hand in
//! [`MockRam`](crate::memory::MockRam), for tests of whatever reads them.
//!
//! [`MockGuest`] makes processes, handles, VMOs with pages, mappings and page tables;
//! [`MockGuest::resolve`] answers the host's requests for pages as the kernel would;
//! [`MockGuest::call`] puts a call into the call page and serves it to its end. What it
//! builds is well formed; [`MockGuest::edit`] is for making it otherwise.

mod call;
mod guest;
mod kernel;
mod object;
mod others;
mod pages;
mod vmo;

pub use call::MockOutcome;
pub use guest::{MockError, MockGuest};
