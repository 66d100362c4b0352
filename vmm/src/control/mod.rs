//! The control socket of a running VM: attaching, pausing, writing, watching.
//!
//! `docs/control-protocol.md` has the protocol. [`Server`] is the monitor's side,
//! [`Connection`] the inspector's; [`find`] says which VM is meant.

mod call_line;
mod connection;
mod folder;
mod lines;
mod protocol;
mod server;
mod session;
mod socket;
mod trace_filter;
mod traces;

pub use call_line::format_call_event;
pub use connection::{Connection, TraceStream};
pub use folder::{find, is_name, runtime_folder, socket_of};
pub use protocol::{PROTOCOL, Status};
pub use server::Server;
pub use trace_filter::{AddressRange, MAX_FOLLOWED, StatusFilter, TraceFilter, call_named};
pub use traces::TraceServer;
