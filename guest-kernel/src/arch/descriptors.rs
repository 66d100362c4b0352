//! GDT, IDT, TSS and the system call registers.

use core::arch::asm;
use core::cell::UnsafeCell;

use abi::layout::TICK_VECTOR;

use super::cpu;

/// The selector of ring-3 code.
pub const USER_CODE: u64 = 0x33;
/// The selector of ring-3 data.
pub const USER_DATA: u64 = 0x2b;
const KERNEL_CODE: u16 = 0x10;
const TSS_SELECTOR: u16 = 0x38;

const IDT_ENTRIES: usize = TICK_VECTOR as usize + 1;

/// A static that only the kernel's one thread of execution touches, and the CPU.
#[derive(Debug)]
#[repr(transparent)]
pub struct Shared<T>(pub UnsafeCell<T>);

// SAFETY: there is one vCPU and ring 0 is never interrupted, so there is no concurrency.
unsafe impl<T> Sync for Shared<T> {}

/// The task state segment (SDM vol. 3, 8.7): where the CPU finds stacks.
#[derive(Debug)]
#[repr(C, packed(4))]
pub struct TaskState {
    reserved0: u32,
    /// The end of the current thread's registers.
    pub rsp0: u64,
    other_rsp: [u64; 2],
    reserved1: u64,
    ist: [u64; 7],
    reserved2: u64,
    reserved3: u16,
    io_map_base: u16,
}

/// The one TSS.
pub static TSS: Shared<TaskState> = Shared(UnsafeCell::new(TaskState {
    reserved0: 0,
    rsp0: 0,
    other_rsp: [0; 2],
    reserved1: 0,
    ist: [0; 7],
    reserved2: 0,
    reserved3: 0,
    // Beyond the limit: ring 3 has no port at all.
    io_map_base: 104,
}));

/// Where the `syscall` path parks the user's stack pointer for an instant.
pub static USER_RSP: Shared<u64> = Shared(UnsafeCell::new(0));

static IDT: Shared<[[u64; 2]; IDT_ENTRIES]> = Shared(UnsafeCell::new([[0; 2]; IDT_ENTRIES]));

/// The stack of double faults, which may have broken every other one.
static FAULT_STACK: Shared<[u64; 512]> = Shared(UnsafeCell::new([0; 512]));

unsafe extern "C" {
    static stub_table: [u64; IDT_ENTRIES];
    static mut boot_gdt: [u64; 9];
    fn syscall_entry();
}

#[repr(C, packed)]
struct TablePointer {
    limit: u16,
    base: u64,
}

/// Loads GDT, TSS, IDT and the system call registers.
///
/// # Safety
/// Once, at boot, on the kernel's own page tables.
pub unsafe fn load() {
    let tss = TSS.0.get() as u64;
    // SAFETY: boot is the only user of the GDT, IDT and TSS; the formats are those of
    // SDM vol. 3, 3.4.5, 6.14.1 and 8.2.3.
    unsafe {
        let gdt = &raw mut boot_gdt;
        let low = 103 | ((tss & 0xFF_FFFF) << 16) | (0x89 << 40) | ((tss >> 24 & 0xFF) << 56);
        (&raw mut (*gdt)[7]).write(low);
        (&raw mut (*gdt)[8]).write(tss >> 32);
        let pointer = TablePointer {
            limit: 9 * 8 - 1,
            base: gdt as u64,
        };
        asm!("lgdt [{}]", in(reg) &raw const pointer, options(readonly, nostack));

        (&raw mut (*TSS.0.get()).ist[0]).write_unaligned(FAULT_STACK.0.get().add(1) as u64);
        asm!("ltr {:x}", in(reg) TSS_SELECTOR, options(nostack));

        let idt = IDT.0.get().cast::<[u64; 2]>();
        let stubs = (&raw const stub_table).cast::<u64>();
        for vector in 0..IDT_ENTRIES {
            let stub = stubs.add(vector).read();
            // Programs may execute int3 and into; a double fault gets its own stack.
            let ring: u64 = if vector == 3 || vector == 4 { 3 } else { 0 };
            let stack = u64::from(vector == 8);
            let attributes = (0x8E00 | (ring << 13) | stack) << 32;
            let gate = (stub & 0xFFFF)
                | (u64::from(KERNEL_CODE) << 16)
                | attributes
                | ((stub >> 16 & 0xFFFF) << 48);
            idt.add(vector).write([gate, stub >> 32]);
        }
        let pointer = TablePointer {
            limit: (IDT_ENTRIES * 16 - 1) as u16,
            base: idt as u64,
        };
        asm!("lidt [{}]", in(reg) &raw const pointer, options(readonly, nostack));

        // STAR, LSTAR, FMASK: the mask clears IF, TF, DF, IOPL, NT and AC.
        cpu::write_msr(0xC000_0081, 0x0023_0010 << 32);
        cpu::write_msr(0xC000_0082, syscall_entry as *const () as u64);
        cpu::write_msr(0xC000_0084, 0x0004_7700);
    }
}

/// Makes the CPU save the next trap's registers below `end`.
pub fn set_register_save_area(end: u64) {
    // SAFETY: the TSS is a static; nothing else writes rsp0.
    unsafe { (&raw mut (*TSS.0.get()).rsp0).write_unaligned(end) }
}
