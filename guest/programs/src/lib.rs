//! What the guest programs share: the demo's board, the frame of the test guests and
//! the calls that they make on purpose with bad arguments.
//!
//! Each program is a file of `src/bin`, and its name there is the name that
//! `vmm run NAME` knows it by.

#![cfg_attr(not(test), no_std)]

pub use libzx::{ensure, expect_eq};

pub mod background;
pub mod beacon;
pub mod board;
pub mod cases;
pub mod child;
pub mod explained;
pub mod given;
pub mod inspect;
pub mod inspected;
pub mod memory;
pub mod model;
pub mod modes;
pub mod pattern;
pub mod probe;
pub mod random;
pub mod regions;
pub mod subject;
pub mod suite;
pub mod text;
pub mod toucher;
pub mod victim;
