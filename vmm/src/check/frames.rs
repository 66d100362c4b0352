//! Who owns which frame.

use super::Checker;
use crate::memory::PhysicalMemory;
use abi::entry::{ADDRESS_MASK, LARGE, PRESENT};
use abi::layout::{HIGH_RAM_BASE, PAGE_SHIFT, PAGE_SIZE};
use abi::objects::{FREE_FRAME, FrameEntry};
use std::mem::size_of;
use vm_memory::GuestAddress;

/// What a frame is used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Use {
    /// For nothing that was found.
    #[default]
    Nothing,
    /// In a free list.
    Free,
    /// The frame of zeros.
    Zero,
    /// A page of the handle table.
    Handles,
    /// A page of objects.
    Pool,
    /// A page of a VMO.
    Page,
    /// A table of a page list.
    ListTable,
    /// A page table of a process.
    PageTable,
    /// A page table of the kernel.
    KernelTable,
}

impl Use {
    const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Free => "a free frame",
            Self::Zero => "the frame of zeros",
            Self::Handles => "a page of the handle table",
            Self::Pool => "a page of objects",
            Self::Page => "a page of a VMO",
            Self::ListTable => "a table of a page list",
            Self::PageTable => "a page table",
            Self::KernelTable => "a page table of the kernel",
        }
    }
}

/// What is known of one frame.
#[derive(Clone, Copy, Debug, Default)]
struct Frame {
    used: Use,
    /// Some owner takes it to be its alone.
    alone: bool,
    /// Page lists that it is in.
    owners: u32,
}

/// What is known of every frame of RAM.
#[derive(Debug)]
pub(super) struct Frames {
    low: Vec<Frame>,
    high: Vec<Frame>,
    /// Frames with a use.
    claimed: u64,
}

impl Frames {
    pub(super) fn new<M: PhysicalMemory>(memory: &M) -> Self {
        let piece = |base| {
            let frames = memory.contiguous_from(GuestAddress(base)) >> PAGE_SHIFT;
            vec![Frame::default(); usize::try_from(frames).unwrap_or(0)]
        };
        let low = piece(0);
        // RAM that goes on without a hole is in the first piece already.
        let high = if (low.len() as u64) << PAGE_SHIFT > HIGH_RAM_BASE {
            Vec::new()
        } else {
            piece(HIGH_RAM_BASE)
        };
        Self {
            low,
            high,
            claimed: 0,
        }
    }

    pub(super) const fn count(&self) -> u64 {
        self.claimed
    }

    fn get_mut(&mut self, address: u64) -> Option<&mut Frame> {
        let index = |base: u64| usize::try_from((address - base) >> PAGE_SHIFT).ok();
        if address >= HIGH_RAM_BASE && !self.high.is_empty() {
            self.high.get_mut(index(HIGH_RAM_BASE)?)
        } else {
            self.low.get_mut(index(0)?)
        }
    }

    /// Every frame with its address.
    fn all(&self) -> impl Iterator<Item = (u64, Frame)> {
        let low = (0..).step_by(4096).zip(self.low.iter().copied());
        let high = (HIGH_RAM_BASE..)
            .step_by(4096)
            .zip(self.high.iter().copied());
        low.chain(high)
    }
}

impl<M: PhysicalMemory> Checker<'_, M> {
    /// Notes that the frame at `address` is used for something; false, with a finding,
    /// if it is for something already.
    pub(super) fn claim(&mut self, address: u64, used: Use) -> bool {
        let found = match self.frames.get_mut(address) {
            Some(frame) if frame.used == Use::Nothing => {
                frame.used = used;
                self.frames.claimed += 1;
                return true;
            }
            Some(frame) => frame.used.name(),
            None => "no RAM",
        };
        let wanted = used.name();
        self.found(format_args!(
            "the frame at {address:#x} is {wanted}, but it is {found} already"
        ));
        false
    }

    /// Notes that the frame is a page of objects, which it may have been before.
    pub(super) fn claim_pool(&mut self, address: u64) {
        let known = self.frames.get_mut(address);
        if known.is_none_or(|frame| frame.used != Use::Pool) {
            self.claim(address, Use::Pool);
        }
    }

    /// Notes that the frame is in a page list; `alone` if it is said to be in no other.
    pub(super) fn claim_page(&mut self, address: u64, alone: bool) {
        let known = self.frames.get_mut(address);
        if known.is_none_or(|frame| frame.used != Use::Page) && !self.claim(address, Use::Page) {
            return;
        }
        if let Some(frame) = self.frames.get_mut(address) {
            frame.owners = frame.owners.saturating_add(1);
            frame.alone |= alone;
        }
    }

    /// The frame's entry in the frame table.
    pub(super) fn frame_entry(&self, address: u64) -> Option<FrameEntry> {
        let number = address >> PAGE_SHIFT;
        let offset = number.checked_mul(size_of::<FrameEntry>() as u64)?;
        let at = self.root.frame_table.address().checked_add(offset)?;
        if number >= self.root.frame_count {
            return None;
        }
        self.memory.read_object(GuestAddress(at)).ok()
    }

    /// The first frame that the kernel gives out.
    fn first_managed(&self) -> u64 {
        let bytes = self
            .root
            .frame_count
            .saturating_mul(size_of::<FrameEntry>() as u64);
        let end = self.root.frame_table.address().saturating_add(bytes);
        end.checked_next_multiple_of(PAGE_SIZE).unwrap_or(u64::MAX)
    }

    /// The frames that no object leads to: the free ones, the zeros, the kernel's tables.
    pub(super) fn claim_fixed_frames(&mut self) {
        self.claim(self.root.zero_frame, Use::Zero);
        self.claim_kernel_tables();
        let free = self.claim_free(self.root.first_clean) + self.claim_free(self.root.first_dirty);
        let said = self.root.free_frames;
        let total = free + self.fresh_frames();
        if total != said {
            self.found(format_args!(
                "{total} frames are free, but the root block says {said}"
            ));
        }
    }

    /// A list of free frames; returns its length.
    fn claim_free(&mut self, first: u64) -> u64 {
        let (mut number, mut count) = (first, 0);
        while number != 0 {
            let address = number.saturating_mul(PAGE_SIZE);
            // A list that runs in a circle claims a frame twice.
            if !self.claim(address, Use::Free) {
                break;
            }
            count += 1;
            let entry = self.frame_entry(address);
            if entry.map(|entry| entry.extra_owners) != Some(FREE_FRAME) {
                self.found(format_args!(
                    "the frame at {address:#x} is in a free list, but not marked as free"
                ));
            }
            number = entry.map_or(0, |entry| u64::from(entry.next_free));
        }
        count
    }

    /// The tables through which the kernel sees RAM, if they are not in its image.
    fn claim_kernel_tables(&mut self) {
        let top = self.read_table(self.root.kernel_page_table);
        self.kernel_entry = top.and_then(|top| top.last().copied()).unwrap_or(0);
        if self.kernel_entry & PRESENT == 0 {
            return;
        }
        let first_managed = self.first_managed();
        let Some(third) = self.read_table(self.kernel_entry & ADDRESS_MASK) else {
            return;
        };
        for entry in third.iter().copied() {
            let table = entry & ADDRESS_MASK;
            if entry & (PRESENT | LARGE) == PRESENT && table >= first_managed {
                self.claim(table, Use::KernelTable);
            }
        }
    }

    /// Frames that were never used.
    fn fresh_frames(&self) -> u64 {
        let next = self.root.next_fresh;
        let bytes = |at| self.memory.contiguous_from(GuestAddress(at));
        let behind = if next < HIGH_RAM_BASE && bytes(next) <= HIGH_RAM_BASE - next {
            bytes(HIGH_RAM_BASE)
        } else {
            0
        };
        (bytes(next) + behind) >> PAGE_SHIFT
    }

    /// Every frame has one use, and the counts are right.
    pub(super) fn check_frames(&mut self) {
        let (from, next_fresh) = (self.first_managed(), self.root.next_fresh);
        let mut findings = Vec::new();
        for (address, frame) in self.frames.all() {
            let fresh = address >= next_fresh;
            let finding = match frame.used {
                Use::Nothing if address >= from && !fresh => "it belongs to nobody".to_owned(),
                Use::Nothing => continue,
                used if fresh => format!("it was never given out, but is {}", used.name()),
                Use::Page => match self.page_problem(address, frame) {
                    Some(problem) => problem,
                    None => continue,
                },
                _ => continue,
            };
            // Told are few of them anyway.
            if findings.len() < 1 << 10 {
                findings.push((address, finding));
            }
        }
        for (address, finding) in findings {
            self.found(format_args!("the frame at {address:#x}: {finding}"));
        }
        let total = self.frames.claimed + self.fresh_frames();
        let said = self.root.managed_frames;
        if total != said {
            self.found(format_args!(
                "{total} frames are in use or free, but the root block says {said} in all"
            ));
        }
        let (pools, said) = (self.registry.pool_count(), self.root.pool_frames);
        if pools != said {
            self.found(format_args!(
                "objects were found in {pools} pages, but the root block says {said}"
            ));
        }
    }

    fn page_problem(&self, address: u64, frame: Frame) -> Option<String> {
        let owners = frame.owners;
        if frame.alone && owners > 1 {
            return Some(format!(
                "{owners} page lists have it, and one of them as its own"
            ));
        }
        let said = self.frame_entry(address)?.extra_owners;
        (said.checked_add(1) != Some(owners)).then(|| {
            format!("{owners} page lists have it, but its entry says {said} more than one")
        })
    }
}
