//! The PVH start info (Xen's `hvm_start_info`, public/arch-x86/hvm/start_info.h).

use abi::layout::HIGH_RAM_BASE;

use crate::panic;
use crate::state::{Follow, Ptr};
use abi::Link;

const MAGIC: u32 = 0x336e_c578;
const MEMORY_IS_RAM: u32 = 1;

#[derive(Clone, Copy)]
#[repr(C)]
struct StartInfo {
    magic: u32,
    version: u32,
    flags: u32,
    module_count: u32,
    modules: Link<Module>,
    command_line: Link<u8>,
    rsdp: u64,
    memory_map: Link<MemoryRange>,
    memory_map_count: u32,
    reserved: u32,
}

/// A module: here, a program.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Module {
    /// Guest-physical address.
    pub address: u64,
    /// Bytes.
    pub size: u64,
    command_line: u64,
    reserved: u64,
}

#[derive(Clone, Copy)]
#[repr(C)]
struct MemoryRange {
    address: u64,
    size: u64,
    kind: u32,
    reserved: u32,
}

/// What the kernel needs to know of it.
#[derive(Clone, Copy)]
pub struct Info {
    /// End of RAM below the hole.
    pub low_end: u64,
    /// End of RAM above the hole, 0 if there is none.
    pub high_end: u64,
    /// The command line.
    pub command_line: Option<Ptr<u8>>,
    modules: Option<Ptr<Module>>,
    /// Number of modules.
    pub module_count: usize,
}

/// Reads the start info at a guest-physical address.
pub fn read(address: u64) -> Info {
    let info = Ptr::new(Link::<StartInfo>::new(address));
    if info.magic != MAGIC || info.version < 1 {
        panic::stop(format_args!("no PVH start info at {address:#x}"));
    }
    let mut low_end = 0;
    let mut high_end = 0;
    if let Some(ranges) = info.memory_map.get() {
        for i in 0..info.memory_map_count as usize {
            // SAFETY: the host says that there are so many.
            let range = unsafe { ranges.raw().add(i).read() };
            let end = range.address + range.size;
            if range.kind != MEMORY_IS_RAM {
                continue;
            }
            if range.address < HIGH_RAM_BASE {
                low_end = end.max(low_end);
            } else {
                high_end = end.max(high_end);
            }
        }
    }
    Info {
        low_end,
        high_end,
        command_line: info.command_line.get(),
        modules: info.modules.get(),
        module_count: info.module_count as usize,
    }
}

impl Info {
    /// The module with that index.
    pub fn module(&self, index: usize) -> Option<Module> {
        if index >= self.module_count {
            return None;
        }
        // SAFETY: the host says that there are so many.
        self.modules
            .map(|first| unsafe { first.raw().add(index).read() })
    }

    /// Where the last module ends.
    pub fn modules_end(&self) -> u64 {
        (0..self.module_count)
            .filter_map(|i| self.module(i))
            .map(|module| module.address + module.size)
            .max()
            .unwrap_or(0)
    }
}
