//! The guest kernel: Zircon-style processes, handles and VMOs in ring 0.
//!
//! It owns every structure of the guest; the host reads them and moves data (see the
//! `abi` crate). It is readable in a day, on purpose: one vCPU, never preempted, one
//! kernel stack. A thread that blocks leaves nothing on that stack; everything about it
//! is in its `Thread` record.
//!
//! Interrupts are off in ring 0 and on in ring 3, so kernel code needs no locks: the
//! "kernel lock" is being in the kernel.

#![cfg_attr(target_os = "none", no_std)]
#![cfg_attr(target_os = "none", no_main)]
#![allow(
    clippy::cast_possible_truncation,
    reason = "u64 and usize are the same here; of 32-bit arguments of system calls the upper halves are ignored by the ABI"
)]

#[cfg(target_os = "none")]
mod arch;
#[cfg(target_os = "none")]
mod boot;
#[cfg(target_os = "none")]
mod calls;
#[cfg(target_os = "none")]
mod fault;
#[cfg(target_os = "none")]
mod host;
#[cfg(target_os = "none")]
mod mem;
#[cfg(target_os = "none")]
mod object;
#[cfg(target_os = "none")]
mod panic;
#[cfg(target_os = "none")]
mod random;
#[cfg(target_os = "none")]
mod resolve;
#[cfg(target_os = "none")]
mod sched;
#[cfg(target_os = "none")]
mod state;
#[cfg(target_os = "none")]
mod user_copy;

/// The host's build of this crate holds nothing: the kernel exists only for
/// `x86_64-unknown-none`.
#[cfg(not(target_os = "none"))]
fn main() {}
