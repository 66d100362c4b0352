//! Where things stand in guest RAM at the start, and how much of it that takes.

use abi::layout::{HIGH_RAM_BASE, LOW_RAM_END, PAGE_SIZE};
use abi::objects::FrameEntry;

/// The PVH start info.
pub(crate) const START_INFO: u64 = 0x6000;
/// The memory map.
pub(super) const MEMORY_MAP: u64 = 0x7000;
/// The module list, up to [`COMMAND_LINE`].
pub(super) const MODULE_LIST: u64 = 0x8000;
/// The command line, one page.
pub(super) const COMMAND_LINE: u64 = 0x2_0000;
/// The most programs: a number that the module list has room for, and far more than
/// anybody watches at a time.
pub(super) const MAX_PROGRAMS: usize = 1024;

/// What a kernel needs for page tables, processes and the like before any program has
/// run, in bytes.
const WORKING_RAM: u64 = 2 << 20;
const MIB: u64 = 1 << 20;
/// The most RAM, in bytes: its frame table, which stands below 3 GiB, is then 512 MiB.
pub(super) const MAX_RAM: u64 = crate::memory::MAX_RAM;

/// Bytes of the frame table for so much RAM.
const fn frame_table_size(ram: u64) -> u64 {
    let highest = if ram <= LOW_RAM_END {
        ram
    } else {
        HIGH_RAM_BASE + (ram - LOW_RAM_END)
    };
    highest / PAGE_SIZE * size_of::<FrameEntry>() as u64
}

/// Whether a kernel can start whose image and modules end at `modules_end`.
pub(super) const fn fits(ram: u64, modules_end: u64) -> bool {
    let low_end = if ram < LOW_RAM_END { ram } else { LOW_RAM_END };
    modules_end
        .saturating_add(frame_table_size(ram))
        .saturating_add(WORKING_RAM)
        <= low_end
}

/// The least RAM, in bytes and whole MiB, in which a kernel can start whose image and
/// modules end at guest-physical `modules_end`.
#[must_use]
pub const fn required_ram(modules_end: u64) -> u64 {
    let base = modules_end.saturating_add(WORKING_RAM);
    let mut size = base.div_ceil(MIB).saturating_mul(MIB);
    // The frame table grows by 2 KiB with each MiB, so a few rounds find the size.
    while size < LOW_RAM_END && !fits(size, modules_end) {
        let needed = base.saturating_add(frame_table_size(size));
        let rounded = needed.div_ceil(MIB).saturating_mul(MIB);
        size = if rounded > size { rounded } else { size + MIB };
    }
    size
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_required_ram_is_the_least_that_fits() {
        for modules_end in [0x10_0000, 0x30_1000, 3 << 20, 100 << 20, (1 << 30) + 4096] {
            let size = required_ram(modules_end);
            assert!(fits(size, modules_end), "{modules_end:#x}");
            assert!(!fits(size - MIB, modules_end), "{modules_end:#x}");
            assert_eq!(size % MIB, 0);
        }
    }

    #[test]
    fn images_that_no_ram_can_hold_do_not_make_it_run_for_ever() {
        assert!(required_ram(u64::MAX) >= LOW_RAM_END);
        assert!(!fits(MAX_RAM, u64::MAX));
    }

    #[test]
    fn the_frame_table_of_the_most_ram_still_leaves_room() {
        assert!(fits(MAX_RAM, 1 << 30));
        assert_eq!(frame_table_size(LOW_RAM_END), 6 << 20);
        assert_eq!(frame_table_size(8 << 30), (9 << 30) / 4096 * 8);
    }
}
