//! The served calls: `zx_vmo_read`, `zx_vmo_write`, `zx_process_read_memory` and
//! `zx_process_write_memory`, answered over the call page in one exit.
//!
//! ```text
//! server     the call page in, the outcome out; answers vmoscope_check by itself
//!  ├ vmo_read, vmo_write                  one file per call: the order of its checks
//!  ├ process_read_memory, process_write_memory
//!  │   ├ vmo_call, process_call           what two calls have in common
//!  │   ├ transfer                         the copy loop
//!  │   ├ actual                           `*actual`
//!  │   └ error_mode                       where documents and kernel differ
//!  ├ forecast                             what a call would come to, not made
//!  └ request, resolve, stop               one call on its way through
//! ```
//!
//! Nothing is kept from one exit to the next but what stands in the call page, and that
//! is checked again; so a call that resumes is safe whatever the guest did meanwhile.

mod actual;
mod buffer;
mod checksum;
mod error;
mod error_mode;
mod forecast;
mod missing;
mod process_call;
mod process_read_memory;
mod process_write_memory;
mod request;
mod resolve;
mod served;
mod server;
mod stop;
mod transfer;
mod vmo_call;
mod vmo_read;
mod vmo_write;

pub use checksum::{checksum, moved_bytes};
pub use error::{CallError, ResolveAnswer};
pub use error_mode::{ErrorMode, Family};
pub use forecast::{Forecast, ForecastEnd, ForecastStage, Forecaster, Provider, Provision};
pub use served::{CompletedCall, Served, VmoPlace};
pub use server::CallServer;

#[cfg(test)]
mod tests;
