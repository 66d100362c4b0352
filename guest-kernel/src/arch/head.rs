//! The PVH entry: from 32-bit protected mode to Rust in the higher half.
//!
//! The tables of the first GiB are built by the assembler, so that booting costs a
//! handful of instructions: ring-0 code is slow where KVM emulates it.

use core::arch::global_asm;

global_asm!(
    r#"
    .section .note.pvh, "a", @note
    .balign 4
    .long 4                         # bytes of the name
    .long 4                         # bytes of the descriptor
    .long 18                        # XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .balign 4
    .long pvh_entry_physical
    .balign 4

    # The first GiB of guest-physical memory, three times: at 0 (until the kernel runs
    # high), at the start of the physmap, and at KERNEL_IMAGE_BASE.
    .section .boot.tables, "aw", @progbits
    .balign 4096
    .global boot_pml4
boot_pml4:
    .quad boot_pdpt_physical + 3
    .fill 510, 8, 0
    .quad boot_pdpt_physical + 3
    .global boot_pdpt
boot_pdpt:
    .quad boot_pd_physical + 3
    .fill 509, 8, 0
    .quad boot_pd_physical + 3
    .quad 0
    .global boot_pd
boot_pd:
    .set page, 0
    .rept 512
    .quad (page << 21) + 0x83       # present, writable, 2 MiB
    .set page, page + 1
    .endr

    # Linux's selectors, which every KVM is known to handle: kernel 0x10 and 0x18, user
    # 0x2b and 0x33; a TSS descriptor follows at 0x38.
    .global boot_gdt
boot_gdt:
    .quad 0
    .quad 0
    .quad 0x00AF9B000000FFFF        # 0x10: kernel code, 64 bit
    .quad 0x00CF93000000FFFF        # 0x18: kernel data
    .quad 0
    .quad 0x00CFF3000000FFFF        # 0x2b: user data
    .quad 0x00AFFB000000FFFF        # 0x33: user code, 64 bit
    .quad 0                         # 0x38: TSS, filled in later
    .quad 0
boot_gdt_end:
    .global boot_gdt_pointer
boot_gdt_pointer:
    .word boot_gdt_end - boot_gdt - 1
    .quad boot_gdt_physical

    .section .boot, "ax"
    .code32
    .global pvh_entry
pvh_entry:
    outb %al, ${port_boot}          # the first instruction: the host takes the time
    movl %ebx, %edi                 # start_info
    movl %cr4, %eax
    orl ${cr4}, %eax
    movl %eax, %cr4
    movl $boot_pml4_physical, %eax
    movl %eax, %cr3
    movl $0xC0000080, %ecx          # EFER
    rdmsr
    orl ${efer}, %eax
    wrmsr
    movl ${cr0}, %eax
    movl %eax, %cr0
    lgdt boot_gdt_pointer_physical
    ljmp $0x10, $entry64_low_physical
    .code64
    .global entry64_low
entry64_low:
    movabsq $entry64_high, %rax
    jmp *%rax
entry64_high:
    movl $0x18, %eax
    movl %eax, %ss
    movl %eax, %ds
    movl %eax, %es
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    leaq kernel_stack_top(%rip), %rsp
    xorl %ebp, %ebp
    movl %edi, %edi                 # upper half: zero
    call kernel_main
    ud2
    .text
    "#,
    port_boot = const abi::layout::PORT_BOOT,
    // PAE, OSFXSR, OSXMMEXCPT (SDM vol. 3, 2.5).
    cr4 = const (1 << 5) | (1 << 9) | (1 << 10),
    // SCE, LME, NXE.
    efer = const 1 | (1 << 8) | (1 << 11),
    // PE, MP, ET, NE, WP, PG.
    cr0 = const 0x8001_0033u32,
    options(att_syntax)
);
