//! vmoscope's host side: a minimal KVM monitor, the served calls, and typed views of
//! everything that lives in a guest.

pub mod boot;
pub mod calls;
pub mod check;
pub mod control;
pub mod doctor;
pub mod events;
pub mod inspect;
pub mod machine;
pub mod memory;
pub mod objects;
pub mod size;
pub mod testing;
pub mod translate;
