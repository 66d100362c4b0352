//! The machine: KVM, one vCPU, the run loop.
//!
//! Files are named after KVM's own objects. [`Machine::new`] makes everything ready,
//! [`Machine::run`] runs it to its end with ticks and limits, [`Machine::step`] runs it in
//! the calling thread from one answered call to the next, for benchmarks.

mod clock;
mod deadline;
mod error;
mod fault_text;
mod kick;
mod kvm;
mod outcome;
mod processes;
mod register_rows;
mod remote;
mod report;
mod requests;
mod run_loop;
mod vcpu;
mod vcpu_state;
mod vm;

pub(crate) use clock::Clock;
pub use deadline::Deadline;
pub use error::{KvmError, MachineError};
pub use kick::{install_signal_handlers, interrupt, interrupted};
pub use kvm::open as open_kvm;
pub use outcome::{End, Limits, RunOutcome, Until};
pub use remote::{Held, PauseError, Remote};
pub use report::Report;
pub use run_loop::Step;
pub use vm::{Machine, MachineConfig};
