//! The cases of the longer test guests, one module each; a short test guest has its cases
//! in its own file.

pub mod garbage;
pub mod process_memory;
pub mod vdso;
pub mod vmar;
pub mod vmo;
