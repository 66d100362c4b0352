//! A guest without a machine: every structure of the ABI, built by hand in
//! [`MockRam`](crate::memory::MockRam), for tests of whatever reads them.
//!
//! [`MockGuest`] makes processes, handles, VMOs with pages, mappings and page tables;
//! [`MockGuest::resolve`] answers the host's requests for pages as the kernel would;
//! [`MockGuest::call`] puts a call into the call page and serves it to its end. What it
//! builds is well formed; [`MockGuest::edit`] is for making it otherwise.
//!
//! ```
//! use abi::objects::Permissions;
//! use abi::{Call, Rights, Status};
//! use vmm::inspect::{Inspector, ProcessSelector};
//! use vmm::objects::mock::MockGuest;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut guest = MockGuest::new(1 << 20)?;
//! let process = guest.process("shell")?;
//! // Memory with all that belongs to it, and a VMO of two pages that is mapped read-only.
//! guest.user_memory(process, 0x1000_0000, 0x1000)?;
//! let vmo = guest.vmo("data", 0x2000)?;
//! guest.write_vmo(vmo, 0, b"hello")?;
//! guest.map(process, 0x2000_0000, 0x2000, (vmo, 0), Permissions::READ)?;
//!
//! // A call, served as the monitor serves it.
//! let handle = guest.handle(process, vmo, Rights::DEFAULT_VMO)?;
//! let read = guest.call(process, Call::VmoRead, &[handle.into(), 0x1000_0000, 0, 5])?;
//! assert_eq!(read.call.status, Status::OK);
//! assert_eq!(guest.read_user(process, 0x1000_0000, 5)?, b"hello");
//!
//! // And the inspector sees it as it sees a guest that runs.
//! let mut inspector = Inspector::mock(&guest);
//! let (survey, _) = inspector.survey()?;
//! let shell = survey.process(&ProcessSelector::Name("shell".to_owned()))?;
//! let mapping = shell.mapping_at(0x2000_1000).ok_or("no mapping")?;
//! assert_eq!(survey.vmo_at(mapping.vmo()).ok_or("no VMO")?.name(), "data");
//! # Ok(())
//! # }
//! ```

mod call;
mod guest;
mod kernel;
mod object;
mod others;
mod pages;
mod vmo;

pub use call::MockOutcome;
pub use guest::{MockError, MockGuest};
