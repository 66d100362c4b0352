//! The tables of the inspector: what there is in a guest, each answer a plain structure.
//!
//! Each function takes what it looks at and a list for what it cannot read. Numbers that
//! `zx_object_get_info` tells as well are computed as the guest's kernel does.

mod accounts;
mod backtrace;
mod frames;
mod handles;
mod lineage;
mod maps;
mod page_tables;
mod symbols;
mod tasks;
mod threads;
mod unwind;
mod user_memory;
mod vmos;
mod words;

pub use accounts::PageCounts;
pub use backtrace::StackFrame;
pub use frames::{
    FrameKind, FrameOwner, FrameOwners, FrameRun, FrameTotal, Named, PageShare, frame_owners,
};
pub use handles::{HandleInfo, HandleList, handles};
pub use lineage::{Lineage, PageRange, Relative, lineage};
pub use maps::{MapRegion, MappingInfo, ProcessMaps, maps};
pub use symbols::ProgramSymbols;
pub use tasks::{JobTask, ProcessTask, TaskMemory, TaskTree, ThreadTask, tasks};
pub use threads::{FaultInfo, ThreadInfo, ThreadList, WaitInfo, threads};
pub use vmos::{VmoInfo, VmoList, vmo, vmo_kind, vmos};
pub use words::{cache_policy_name, permissions_text, rights_names, thread_state_name};

#[cfg(test)]
mod tests;
