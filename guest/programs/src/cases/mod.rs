//! The cases of the longer test guests, one module each; a short test guest has its cases
//! in its own file.

pub mod fpu;
pub mod garbage;
pub mod info;
pub mod pager;
pub mod process_memory;
pub mod property;
pub mod protect;
pub mod races;
pub mod tasks;
pub mod vdso;
pub mod vdso_map;
pub mod vmar;
pub mod vmar_tree;
pub mod vmo;
pub mod vmo_cache;
pub mod vmo_child;
pub mod vmo_create;
pub mod vmo_kinds;
pub mod vmo_ops;
pub mod vmo_size;
pub mod waits;
