//! What stands behind an address: VMARs, the mapping, the VMO, the page.

use super::fault::extra_owners;
use super::layers::{Layer, Lives, lives};
use crate::inspect::look::{permissions_text, vmo_kind};
use crate::inspect::{Hex, Problems, ProcessRecord};
use crate::memory::{GuestVirtAddr, PhysicalMemory};
use crate::objects::{FoundMapping, RegionView, VmoView, find_mapping};
use abi::RootBlock;
use abi::layout::PAGE_SIZE;
use abi::objects::{CachePolicy, MappingFlags, Permissions};
use serde::Serialize;
use vm_memory::GuestAddress;

/// A VMAR that an address is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VmarPlace {
    /// Its koid.
    pub koid: u64,
    /// First address.
    pub base: Hex,
    /// One past the last address.
    pub end: Hex,
}

/// The mapping that an address is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MappingPlace {
    /// First address of the part with these permissions.
    pub base: Hex,
    /// One past its last address.
    pub end: Hex,
    /// First address of the whole mapping, which may have parts with other permissions.
    pub whole_base: Hex,
    /// One past its last address.
    pub whole_end: Hex,
    /// Permissions now, such as `r-x`.
    pub permissions: String,
    /// Permissions that it could be given.
    pub maximum: String,
    /// What else is to be known: `"PRIVATE_COPY"`, `"VDSO"`, `"FAULT_BEYOND_STREAM_SIZE"` and
    /// so on.
    pub flags: Vec<String>,
    /// Offset in the VMO of its first byte.
    pub vmo_offset: u64,
}

/// A mapping next to a gap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Neighbour {
    /// `"below"` or `"above"`.
    pub side: &'static str,
    /// First address.
    pub base: Hex,
    /// One past the last address.
    pub end: Hex,
    /// Bytes between it and the address.
    pub distance: u64,
}

/// The VMO behind an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VmoPlace {
    /// Its koid; 0 for a private copy.
    pub koid: u64,
    /// Its name.
    pub name: String,
    /// As in [`VmoInfo::kind`](crate::inspect::look::VmoInfo::kind).
    pub kind: &'static str,
    /// Its bytes.
    pub size: u64,
    /// Offset in it of the address.
    pub offset: u64,
    /// `"cached"`, `"uncached"`, `"uncached_device"` or `"write_combining"`.
    pub cache_policy: &'static str,
    /// From this VMO to the one that the page lives in.
    pub layers: Vec<Layer>,
    /// What is there; null if it cannot be told.
    pub lives: Option<Lives>,
    /// Whether a page is there, its own or one of a VMO behind it.
    pub resident: bool,
}

/// The frame that an address leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FramePlace {
    /// Its guest-physical address.
    pub address: Hex,
    /// `"vmo"` (the page that the VMO shows there), `"zero"` (the frame of zeros that all
    /// share), `"kernel"` (the kernel maps it), or `"other"`.
    pub owner: &'static str,
    /// Page lists that share it, beyond the first.
    pub extra_owners: u32,
}

/// What stands behind an address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The VMARs that it is in, the root VMAR first.
    pub vmars: Vec<VmarPlace>,
    /// The mapping; null if it is in none.
    pub mapping: Option<MappingPlace>,
    /// The nearest mappings, if it is in none.
    pub neighbours: Vec<Neighbour>,
    /// The VMO; null without a mapping.
    pub vmo: Option<VmoPlace>,
    /// The frame that the page tables lead to; null if they lead nowhere.
    pub frame: Option<FramePlace>,
}

impl Place {
    /// What stands behind `address` of a process; with it the VMO and the offset in it.
    pub(super) fn new<M: PhysicalMemory>(
        memory: &M,
        root: &RootBlock,
        process: &ProcessRecord,
        (address, physical): (u64, Option<Hex>),
        problems: &mut Problems,
    ) -> (Self, Option<(GuestAddress, u64)>) {
        let mut this = Self {
            vmars: vmars(process, address),
            ..Self::default()
        };
        let found = process.view.root_vmar().and_then(|vmar| {
            let found = find_mapping(memory, vmar, GuestVirtAddr(address));
            problems.sound(found).flatten()
        });
        let mut behind = None;
        if let Some(found) = found {
            this.mapping = Some(mapping(&found));
            let raw = found.piece.raw();
            let offset = raw.vmo_offset.saturating_add(address - found.piece.base());
            if let Some(vmo) = problems.sound(VmoView::read(memory, found.piece.vmo())) {
                behind = Some((vmo.address(), offset));
                this.vmo = Some(VmoPlace::new(memory, &vmo, offset, problems));
            }
        } else {
            this.neighbours = neighbours(process, address);
        }
        if let Some(physical) = physical {
            let frame = physical.0 & !(PAGE_SIZE - 1);
            let shown = this.vmo.as_ref().and_then(|vmo| vmo.lives);
            let owner = match shown {
                _ if frame == root.zero_frame => "zero",
                Some(Lives::Page { frame: own, .. } | Lives::Physical { frame: own })
                    if own.0 == frame =>
                {
                    "vmo"
                }
                _ if address >> 47 != 0 => "kernel",
                _ => "other",
            };
            this.frame = Some(FramePlace {
                address: Hex(frame),
                owner,
                extra_owners: match shown {
                    Some(Lives::Page { .. }) if owner == "vmo" => extra_owners(memory, root, frame),
                    _ => 0,
                },
            });
        }
        (this, behind)
    }
}

fn vmars(process: &ProcessRecord, address: u64) -> Vec<VmarPlace> {
    let regions = process.regions.iter();
    regions
        .filter_map(|region| match &region.view {
            RegionView::Vmar(vmar) if (vmar.base()..vmar.end()).contains(&address) => {
                Some(VmarPlace {
                    koid: vmar.raw().region.header.koid,
                    base: Hex(vmar.base()),
                    end: Hex(vmar.end()),
                })
            }
            _ => None,
        })
        .collect()
}

fn mapping(found: &FoundMapping) -> MappingPlace {
    let piece = &found.piece;
    let raw = piece.raw();
    let now = Permissions::from_bits_truncate(raw.permissions);
    // Those two are about how the kernel keeps it, not about what it is.
    let kept = MappingFlags::ZERO_FRAMES | MappingFlags::JOINED;
    let flags = piece.flags().difference(kept);
    MappingPlace {
        base: Hex(piece.base()),
        end: Hex(piece.end()),
        whole_base: Hex(found.base),
        whole_end: Hex(found.end),
        permissions: permissions_text(now),
        maximum: permissions_text(piece.maximum()),
        flags: flags
            .iter_names()
            .map(|(name, _)| name.to_owned())
            .collect(),
        vmo_offset: raw.vmo_offset,
    }
}

fn neighbours(process: &ProcessRecord, address: u64) -> Vec<Neighbour> {
    let below = process
        .mappings()
        .filter(|mapping| mapping.end() <= address);
    let above = process
        .mappings()
        .filter(|mapping| mapping.base() > address);
    let below = below.max_by_key(|mapping| mapping.end());
    let above = above.min_by_key(|mapping| mapping.base());
    [("below", below), ("above", above)]
        .into_iter()
        .filter_map(|(side, mapping)| {
            let mapping = mapping?;
            Some(Neighbour {
                side,
                base: Hex(mapping.base()),
                end: Hex(mapping.end()),
                distance: if side == "below" {
                    address - mapping.end()
                } else {
                    mapping.base() - address
                },
            })
        })
        .collect()
}

impl VmoPlace {
    fn new<M: PhysicalMemory>(
        memory: &M,
        vmo: &VmoView,
        offset: u64,
        problems: &mut Problems,
    ) -> Self {
        let (layers, lives) = match lives(memory, vmo, offset) {
            Ok((layers, lives)) => (layers, Some(lives)),
            Err(error) => {
                problems.note(error);
                (Vec::new(), None)
            }
        };
        let mut target = *vmo;
        let window = target.enter(memory);
        let size = window.map_or(vmo.size(), |window| window.size);
        Self {
            koid: vmo.koid(),
            name: vmo.name().into_owned(),
            kind: vmo_kind(vmo),
            size,
            offset,
            cache_policy: match CachePolicy(target.raw().cache_policy) {
                CachePolicy::CACHED => "cached",
                CachePolicy::UNCACHED => "uncached",
                CachePolicy::UNCACHED_DEVICE => "uncached_device",
                _ => "write_combining",
            },
            layers,
            lives,
            resident: matches!(lives, Some(Lives::Page { .. } | Lives::Physical { .. })),
        }
    }
}
