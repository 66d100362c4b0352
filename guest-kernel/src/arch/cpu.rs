//! Single instructions.

use core::arch::asm;

use abi::objects::VectorState;

/// Writes a model-specific register.
///
/// # Safety
/// The value must be one that the kernel can live with.
pub unsafe fn write_msr(register: u32, value: u64) {
    // SAFETY: the caller's.
    unsafe {
        asm!("wrmsr", in("ecx") register, in("eax") value as u32, in("edx") (value >> 32) as u32,
             options(nostack, preserves_flags));
    }
}

/// Sets the base of the FS segment, which is the programs' own.
pub fn set_fs_base(base: u64) {
    /// IA32_FS_BASE (SDM vol. 4, 2.1).
    const FS_BASE: u32 = 0xC000_0100;
    // SAFETY: the kernel uses no FS; the base was checked to be canonical.
    unsafe { write_msr(FS_BASE, base) };
}

/// Stores the x87 and SSE registers, which the kernel itself never touches.
pub fn save_vectors(to: &mut VectorState) {
    // SAFETY: 512 bytes that are the caller's, at a multiple of 16 as its record says.
    unsafe { asm!("fxsave64 [{}]", in(reg) to, options(nostack, preserves_flags)) };
}

/// Loads the x87 and SSE registers.
pub fn load_vectors(from: &VectorState) {
    // SAFETY: as above. MXCSR has no reserved bit set: the bytes are those of a fresh
    // state or of `save_vectors`.
    unsafe { asm!("fxrstor64 [{}]", in(reg) from, options(nostack, preserves_flags, readonly)) };
}

/// The address of the latest page fault.
pub fn fault_address() -> u64 {
    let address;
    // SAFETY: reading CR2 has no effect.
    unsafe { asm!("mov {}, cr2", out(reg) address, options(nomem, nostack, preserves_flags)) };
    address
}

/// Switches to the page tables at guest-physical `table`, forgetting all translations.
///
/// # Safety
/// The table must map the kernel as every other does.
pub unsafe fn set_page_table(table: u64) {
    // SAFETY: the caller's.
    unsafe { asm!("mov cr3, {}", in(reg) table, options(nostack, preserves_flags)) };
}

/// Whether the CPU knows pages of 1 GiB (SDM vol. 2, CPUID leaf 80000001H, EDX bit 26).
pub fn has_gigabyte_pages() -> bool {
    const LEAF: u32 = 0x8000_0001;
    core::arch::x86_64::__cpuid(0x8000_0000).eax >= LEAF
        && core::arch::x86_64::__cpuid(LEAF).edx & (1 << 26) != 0
}

/// Forgets the translation of one address.
pub fn invalidate_page(address: u64) {
    // SAFETY: forgetting a translation is always allowed.
    unsafe { asm!("invlpg [{}]", in(reg) address, options(nostack, preserves_flags)) };
}

/// Writes `count` zeros.
///
/// # Safety
/// The memory must be the caller's to write.
pub unsafe fn clear(start: *mut u64, count: usize) {
    // SAFETY: the caller's; the direction flag is clear in the kernel.
    unsafe {
        asm!("rep stosq", inout("rcx") count => _, inout("rdi") start => _, in("rax") 0u64,
             options(nostack, preserves_flags));
    }
}

/// Writes one byte to the hypercall port: the host serves the call page. All memory may
/// have changed when it returns.
pub fn hypercall() {
    // SAFETY: the host answers in the call page, which is always valid.
    unsafe {
        asm!("out {}, al", const abi::layout::PORT_CALL, in("al") 0u8, options(nostack, preserves_flags));
    }
}

/// Announces the root block's page number.
pub fn announce_root(page: u32) {
    // SAFETY: as above.
    unsafe {
        asm!("out {}, eax", const abi::layout::PORT_BOOT, in("eax") page, options(nostack, preserves_flags));
    }
}
