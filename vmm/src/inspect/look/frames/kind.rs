//! What a frame can be used for.

use serde::Serialize;
use std::fmt;

/// What a frame of RAM is used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum FrameKind {
    /// RAM that the kernel does not give out: below its image.
    Unmanaged,
    /// The kernel's image.
    Kernel,
    /// The root block.
    RootBlock,
    /// A call page.
    CallPage,
    /// A file that the machine was started with and that is no VMO's page (any more).
    Module,
    /// The frame table.
    FrameTable,
    /// A page table of the kernel's own.
    KernelPageTable,
    /// The frame of zeros, which stands for absent pages that are only read.
    ZeroFrame,
    /// A page of the handle table.
    HandleTable,
    /// A page of objects, all of one kind.
    Pool,
    /// A page table of a process.
    PageTable,
    /// A table of a VMO's page list.
    PageListTable,
    /// A page of a VMO, or of several that share it.
    VmoPage,
    /// RAM that a physical VMO names and the kernel does not give out.
    PhysicalVmo,
    /// Free, and known to be zero.
    FreeClean,
    /// Free, and not zeroed yet.
    FreeDirty,
    /// Free, and never used.
    NeverUsed,
    /// Given out, and nothing leads to it.
    #[default]
    Lost,
}

impl FrameKind {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 18] = [
        Self::Unmanaged,
        Self::Kernel,
        Self::RootBlock,
        Self::CallPage,
        Self::Module,
        Self::FrameTable,
        Self::KernelPageTable,
        Self::ZeroFrame,
        Self::HandleTable,
        Self::Pool,
        Self::PageTable,
        Self::PageListTable,
        Self::VmoPage,
        Self::PhysicalVmo,
        Self::FreeClean,
        Self::FreeDirty,
        Self::NeverUsed,
        Self::Lost,
    ];

    /// Its name in JSON and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unmanaged => "unmanaged",
            Self::Kernel => "kernel",
            Self::RootBlock => "root_block",
            Self::CallPage => "call_page",
            Self::Module => "module",
            Self::FrameTable => "frame_table",
            Self::KernelPageTable => "kernel_page_table",
            Self::ZeroFrame => "zero_frame",
            Self::HandleTable => "handle_table",
            Self::Pool => "pool",
            Self::PageTable => "page_table",
            Self::PageListTable => "page_list_table",
            Self::VmoPage => "vmo_page",
            Self::PhysicalVmo => "physical_vmo",
            Self::FreeClean => "free_clean",
            Self::FreeDirty => "free_dirty",
            Self::NeverUsed => "never_used",
            Self::Lost => "lost",
        }
    }

    /// Whether the kernel can still give it out.
    #[must_use]
    pub const fn is_free(self) -> bool {
        matches!(self, Self::FreeClean | Self::FreeDirty | Self::NeverUsed)
    }
}

impl fmt::Display for FrameKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_json_and_numbers_those_of_the_list() {
        for (number, kind) in FrameKind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, number);
            let json = serde_json::to_value(kind).unwrap();
            assert_eq!(json, kind.name());
        }
    }
}
