//! The last step of booting: everything into RAM, with the PVH start info in front
//! (Xen's `public/arch-x86/hvm/start_info.h`).

use super::layout::{self, COMMAND_LINE, MAX_PROGRAMS, MEMORY_MAP, MODULE_LIST, START_INFO};
use super::{BootError, CommandLine, KernelImage, ProgramImage, VdsoImage};
use crate::memory::{BulkMemory, GuestAddress, GuestRam};
use abi::layout::PAGE_SIZE;
use linux_loader::configurator::pvh::PvhBootConfigurator;
use linux_loader::configurator::{BootConfigurator, BootParams};
use linux_loader::loader::elf::start_info::{
    XEN_HVM_MEMMAP_TYPE_RAM, XEN_HVM_START_MAGIC_VALUE, hvm_memmap_table_entry, hvm_modlist_entry,
    hvm_start_info,
};

/// The version of the start info that has a memory map.
const START_INFO_VERSION: u32 = 1;

/// What the vCPU starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BootState {
    /// Guest-physical address of the first instruction, in 32-bit mode without paging.
    pub entry: GuestAddress,
    /// Guest-physical address of the start info, for `ebx`.
    pub start_info: GuestAddress,
}

/// Lays a guest out in fresh RAM.
///
/// # Errors
/// [`BootError`] if RAM is too small or too large, if there are too many programs, or if
/// the kernel has no entry.
pub fn load(
    ram: &GuestRam,
    kernel: &KernelImage<'_>,
    vdso: &VdsoImage,
    programs: &[ProgramImage],
    command_line: &CommandLine,
) -> Result<BootState, BootError> {
    if programs.len() > MAX_PROGRAMS {
        return Err(BootError::TooManyPrograms {
            count: programs.len(),
            limit: MAX_PROGRAMS,
        });
    }
    let contents = || std::iter::once(vdso.bytes()).chain(programs.iter().map(ProgramImage::bytes));
    let (modules, modules_end) = place(kernel.end(), contents());
    let size = ram.size();
    if size > layout::MAX_RAM {
        let limit = layout::MAX_RAM;
        return Err(BootError::RamTooLarge { size, limit });
    }
    if !layout::fits(size, modules_end) {
        let needed = layout::required_ram(modules_end);
        return Err(BootError::RamTooSmall { size, needed });
    }

    let entry = kernel.load(ram)?;
    let written = |at: u64, bytes: &[u8]| {
        ram.write_bytes(GuestAddress(at), bytes)
            .map_err(|error| BootError::Write(error.to_string()))
    };
    for (module, bytes) in modules.iter().zip(contents()) {
        written(module.paddr, bytes)?;
    }
    // The NUL at its end is there already: RAM is zero.
    written(COMMAND_LINE, command_line.as_str().as_bytes())?;

    let memory_map: Vec<_> = ram
        .regions()
        .map(|region| hvm_memmap_table_entry {
            addr: region.base.0,
            size: region.length,
            type_: XEN_HVM_MEMMAP_TYPE_RAM,
            reserved: 0,
        })
        .collect();
    let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let start_info = hvm_start_info {
        magic: XEN_HVM_START_MAGIC_VALUE,
        version: START_INFO_VERSION,
        nr_modules: count(modules.len()),
        modlist_paddr: MODULE_LIST,
        cmdline_paddr: COMMAND_LINE,
        memmap_paddr: MEMORY_MAP,
        memmap_entries: count(memory_map.len()),
        ..hvm_start_info::default()
    };
    let mut params = BootParams::new(&start_info, GuestAddress(START_INFO));
    params.set_sections(&memory_map, GuestAddress(MEMORY_MAP));
    params.set_modules(&modules, GuestAddress(MODULE_LIST));
    PvhBootConfigurator::write_bootparams(&params, ram.guest_memory())
        .map_err(|error| BootError::Write(error.to_string()))?;
    Ok(BootState {
        entry,
        start_info: GuestAddress(START_INFO),
    })
}

/// Finds each module a place behind the kernel; returns where the last one ends, too.
fn place<'a>(
    kernel_end: u64,
    contents: impl Iterator<Item = &'a [u8]>,
) -> (Vec<hvm_modlist_entry>, u64) {
    let mut end = kernel_end.next_multiple_of(PAGE_SIZE);
    let modules = contents
        .map(|bytes| {
            let size = bytes.len() as u64;
            let paddr = end;
            // At most 1025 modules of 512 MiB each: no overflow.
            end += size.next_multiple_of(PAGE_SIZE);
            hvm_modlist_entry {
                paddr,
                size,
                cmdline_paddr: 0,
                reserved: 0,
            }
        })
        .collect();
    (modules, end)
}

#[cfg(test)]
mod tests {
    use super::super::{KERNEL, Program, VDSO, builtin_program};
    use super::*;
    use crate::memory::PhysicalMemory;
    use abi::program::PROGRAM_MAGIC;
    use abi::vdso::VDSO_MAGIC;

    fn hello() -> ProgramImage {
        let elf = builtin_program("hello").unwrap().to_vec();
        let program = Program {
            name: "hello".into(),
            elf,
            args: vec![],
            env: vec![],
        };
        ProgramImage::new(&program, &[]).unwrap()
    }

    #[test]
    fn start_info_leads_to_map_modules_and_command_line() {
        let ram = GuestRam::new(64 << 20).unwrap();
        let kernel = KernelImage::new(KERNEL).unwrap();
        let command_line = CommandLine::parse("vmoscope.seed=7").unwrap();
        let programs = [hello(), hello()];
        let vdso = VdsoImage::new(VDSO).unwrap();
        let state = load(&ram, &kernel, &vdso, &programs, &command_line).unwrap();

        let word = |at: u64| ram.read_u64(GuestAddress(at)).unwrap();
        let info = state.start_info.0;
        assert_eq!(word(info), u64::from(XEN_HVM_START_MAGIC_VALUE) | 1 << 32);
        assert_eq!(word(info + 8) >> 32, 3, "modules");
        let (modules, text, map) = (word(info + 16), word(info + 24), word(info + 40));
        assert_eq!((word(map), word(map + 8)), (0, 64 << 20));
        let mut bytes = [0; 16];
        ram.read_bytes(GuestAddress(text), &mut bytes).unwrap();
        assert_eq!(&bytes, b"vmoscope.seed=7\0");
        let mut end = kernel.end();
        let program = |index: usize| (programs[index].bytes().len(), PROGRAM_MAGIC);
        let wanted = [(vdso.bytes().len(), VDSO_MAGIC), program(0), program(1)];
        for (index, (length, magic)) in wanted.into_iter().enumerate() {
            let entry = modules + 32 * index as u64;
            let (address, size) = (word(entry), word(entry + 8));
            assert!(address >= end && address.is_multiple_of(PAGE_SIZE));
            assert_eq!(size, length as u64);
            assert_eq!(word(address), magic);
            end = address + size;
        }
    }

    #[test]
    fn too_little_ram_is_answered_with_how_much_would_do() {
        let kernel = KernelImage::new(KERNEL).unwrap();
        let vdso = VdsoImage::new(VDSO).unwrap();
        let try_with = |size| {
            let ram = GuestRam::new(size).unwrap();
            load(&ram, &kernel, &vdso, &[hello()], &CommandLine::default())
        };
        let Err(BootError::RamTooSmall { size, needed }) = try_with(2 << 20) else {
            panic!("2 MiB are enough?");
        };
        assert_eq!(size, 2 << 20);
        assert!(try_with(needed).is_ok());
        assert!(matches!(
            try_with(needed - (1 << 20)),
            Err(BootError::RamTooSmall { needed: n, .. }) if n == needed
        ));
    }
}
