//! The owner of a frame, for a person and for JSON.

use super::FrameKind;
use crate::inspect::{Hex, ProcessRecord};
use crate::objects::VmoView;
use serde::Serialize;
use std::fmt;

/// The koid and the name of a process or a VMO.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Its koid; 0 for a private clone.
    pub koid: u64,
    /// Its name, as the guest has it.
    pub name: String,
}

impl Named {
    /// Those of a process.
    #[must_use]
    pub fn process(process: &ProcessRecord) -> Self {
        Self {
            koid: process.koid(),
            name: process.view.name().into_owned(),
        }
    }

    /// Those of a VMO.
    #[must_use]
    pub fn vmo(vmo: &VmoView) -> Self {
        Self {
            koid: vmo.koid(),
            name: vmo.name().into_owned(),
        }
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.koid, self.name.as_str()) {
            (0, "") => f.write_str("(private)"),
            (0, name) => write!(f, "(private) {name}"),
            (koid, "") => write!(f, "{koid}"),
            (koid, name) => write!(f, "{koid} {name}"),
        }
    }
}

/// Another VMO that has the same page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PageShare<'t> {
    /// Which one.
    pub vmo: Option<&'t Named>,
    /// Offset of the page in it.
    pub offset: u64,
}

/// Who owns a frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FrameOwner<'t> {
    /// What it is used for.
    pub kind: FrameKind,
    /// Of a pool: what the objects are, such as `vmo`.
    pub object: Option<&'static str>,
    /// Of a page table: whose it is.
    pub process: Option<&'t Named>,
    /// Of a page, or a table of a page list: whose it is. Of a shared page: one of them.
    pub vmo: Option<&'t Named>,
    /// Of a page table: 4 for the topmost, 1 for one whose entries lead to pages; null for one
    /// that its process has but no other table leads to. Of a table of a page list: 1 for one
    /// whose entries lead to pages.
    pub level: Option<u32>,
    /// Of a page table: the first address that it is for.
    pub address: Option<Hex>,
    /// Of a page, or a table of a page list: its offset in the VMO.
    pub offset: Option<u64>,
    /// Of a page: the other VMOs that have it.
    pub shared_with: Vec<PageShare<'t>>,
}

impl FrameOwner<'_> {
    pub(super) const fn of(kind: FrameKind) -> Self {
        Self {
            kind,
            object: None,
            process: None,
            vmo: None,
            level: None,
            address: None,
            offset: None,
            shared_with: Vec::new(),
        }
    }

    /// Whether it belongs to the process or the VMO with that koid, shared or not.
    #[must_use]
    pub fn is_of(&self, koid: u64) -> bool {
        let is = |named: Option<&Named>| named.is_some_and(|named| named.koid == koid);
        is(self.process) || is(self.vmo) || self.shared_with.iter().any(|share| is(share.vmo))
    }
}

/// One line for a person, such as `page 0x3000 of VMO 1030 data`.
impl fmt::Display for FrameOwner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nobody = Named {
            koid: 0,
            name: String::new(),
        };
        let offset = Hex(self.offset.unwrap_or(0));
        let vmo = self.vmo.unwrap_or(&nobody);
        match self.kind {
            FrameKind::Unmanaged => f.write_str("not managed by the kernel"),
            FrameKind::Kernel => f.write_str("kernel image"),
            FrameKind::RootBlock => f.write_str("root block"),
            FrameKind::CallPage => f.write_str("call page"),
            FrameKind::Module => f.write_str("boot module"),
            FrameKind::FrameTable => f.write_str("frame table"),
            FrameKind::KernelPageTable => f.write_str("page table of the kernel"),
            FrameKind::ZeroFrame => f.write_str("the frame of zeros"),
            FrameKind::HandleTable => f.write_str("handle table"),
            FrameKind::Pool => write!(f, "objects: {}", self.object.unwrap_or("?")),
            FrameKind::PageTable => {
                let process = self.process.unwrap_or(&nobody);
                match (self.level, self.address) {
                    (Some(level), Some(address)) => {
                        write!(
                            f,
                            "page table (level {level}, {address}) of process {process}"
                        )
                    }
                    _ => write!(f, "page table (in no other) of process {process}"),
                }
            }
            FrameKind::PageListTable => {
                let level = self.level.unwrap_or(0);
                write!(f, "page list (level {level}, {offset}) of VMO {vmo}")
            }
            FrameKind::PhysicalVmo => write!(f, "{offset} of physical VMO {vmo}"),
            FrameKind::VmoPage => {
                write!(f, "page {offset} of VMO {vmo}")?;
                for share in self.shared_with.iter().take(3) {
                    let other = share.vmo.unwrap_or(&nobody);
                    write!(f, ", {} of {other}", Hex(share.offset))?;
                }
                match self.shared_with.len().saturating_sub(3) {
                    0 => Ok(()),
                    more => write!(f, " and {more} more"),
                }
            }
            FrameKind::FreeClean => f.write_str("free, zeroed"),
            FrameKind::FreeDirty => f.write_str("free, not zeroed"),
            FrameKind::NeverUsed => f.write_str("never used"),
            FrameKind::Lost => f.write_str("lost: nothing leads to it"),
        }
    }
}

/// Frames in a row that are alike: of one kind and one owner, and pages of a VMO in the order
/// of its offsets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FrameRun<'t> {
    /// Guest-physical address of the first.
    pub start: Hex,
    /// One past the last byte of the last.
    pub end: Hex,
    /// How many.
    pub frames: u64,
    /// Whose they are. Offsets and addresses are the first one's.
    #[serde(flatten)]
    pub owner: FrameOwner<'t>,
}

/// How many frames there are of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FrameTotal {
    /// The kind.
    pub kind: FrameKind,
    /// Of pools: what the objects are.
    pub object: Option<&'static str>,
    /// How many frames.
    pub frames: u64,
    /// Bytes of them.
    pub bytes: u64,
}
