//! The control socket of a running VM: attaching, pausing, writing, watching.
//!
//! `docs/control-protocol.md` has the protocol. [`Server`] is the monitor's side,
//! [`Connection`] the inspector's; [`find`] says which VM is meant.

mod connection;
mod folder;
mod lines;
mod protocol;
mod server;
mod session;
mod socket;

pub use connection::Connection;
pub use folder::{find, is_name, runtime_folder, socket_of};
pub use protocol::{PROTOCOL, Status};
pub use server::Server;
