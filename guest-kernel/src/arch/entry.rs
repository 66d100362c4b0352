//! The ways into the kernel and out of it.
//!
//! `TSS.rsp0` points to the end of the current thread's `Registers`, so the CPU itself
//! pushes the user's state to where it belongs; the code here pushes the rest, moves to
//! the one kernel stack and calls Rust. A switch of threads is a change of that pointer.
//!
//! A call that the host serves takes a short cut: store the arguments, one write to the
//! port, return. No register is saved for it, because nothing changes any.
//!
//! A system call is accepted only from its own stub in the vDSO (reference §18). The short
//! cut compares the return address with what [`expect_calls_from`] has written down, two
//! instructions; the long way leads to `calls::dispatch`, which looks for itself.

use core::arch::global_asm;

use abi::vdso::{STUB_SIZE, SYSCALL_END};
use abi::{Call, CallPage};
use core::cell::UnsafeCell;
use core::mem::offset_of;

use super::descriptors::Shared;

/// The return addresses of the calls that the host serves, in the process that runs.
static RETURN_ADDRESSES: Shared<[u64; Call::LAST_SERVED as usize + 1]> =
    Shared(UnsafeCell::new([0; Call::LAST_SERVED as usize + 1]));

/// The return address of call `number` in a process that has the vDSO's code at `code`;
/// with none, an address that no call can come from.
pub const fn return_address(code: u64, number: u32) -> u64 {
    if code == 0 {
        return u64::MAX;
    }
    code + number as u64 * STUB_SIZE + SYSCALL_END
}

/// From now on a process runs that has the vDSO's code at `code`; 0 if it has none.
pub fn expect_calls_from(code: u64) {
    let first = RETURN_ADDRESSES.0.get().cast::<u64>();
    for number in 0..=Call::LAST_SERVED {
        // SAFETY: the static has that many elements; nobody else uses them meanwhile.
        unsafe {
            first
                .add(number as usize)
                .write(return_address(code, number))
        };
    }
}

/// `Registers::vector` of a served call that the host could not finish by itself.
pub const SERVED_VECTOR: u64 = 0x101;

global_asm!(
    r#"
    .macro push_registers
    push rax
    push rbx
    push rcx
    push rdx
    push rsi
    push rdi
    push rbp
    push r8
    push r9
    push r10
    push r11
    push r12
    push r13
    push r14
    push r15
    .endm

    .macro stub vector, has_error_code
    .balign 16
stub_\vector:
    .if \has_error_code == 0
    push 0
    .endif
    push \vector
    jmp trap_common
    .endm

    .text
    .set i, 0
    .altmacro
    .macro stub_for vector
    .if (\vector == 8) || ((\vector >= 10) && (\vector <= 13)) || (\vector == 17) || (\vector == 21) || (\vector == 29) || (\vector == 30)
    stub \vector, 1
    .else
    stub \vector, 0
    .endif
    .endm
    .rept 14
    stub_for %i
    .set i, i + 1
    .endr

    # Page faults. PVM quirk: the software KVM's `syscall` jumps to LSTAR with RCX and
    # R11 set but stays in ring 3, so the first fetch faults. Exactly that fault is the
    # system call it was meant to be. A program that jumps there by hand only makes a
    # system call; that is why RCX and R11 are checked here. It can put a return address
    # into RCX that lies in the vDSO; so it could by a jump to that stub's `syscall`.
    .balign 16
stub_14:
    cmp qword ptr [rsp + 8], offset syscall_entry
    jne 2f
    cmp qword ptr [rsp + 16], {user_cs}
    jne 2f
    and r11d, {user_flags}
    or r11d, 0x202
    mov [rsp + 8], rcx
    mov [rsp + 24], r11
    cmp dword ptr [rsp + 12], 0x7FFF
    jbe syscall_common
    push 13                         # returning there would fault: not a system call
    jmp trap_common
2:  push 14
    jmp trap_common

    .set i, 15
    .rept {last_vector} - 14
    stub_for %i
    .set i, i + 1
    .endr
    .noaltmacro

    .balign 16
    .global syscall_entry
syscall_entry:
    mov [rip + {user_rsp}], rsp
    mov rsp, [rip + {tss} + 4]
    push {user_ss}
    push [rip + {user_rsp}]
    push r11
    push {user_cs}
    push rcx
    push 0
syscall_common:
    cmp rax, {last_served}
    ja 3f
    cmp rcx, [rax * 8 + {return_addresses}]
    jne 3f
    mov [rip + {page} + {op}], eax
    mov [rip + {page} + {args}], rdi
    mov [rip + {page} + {args} + 8], rsi
    mov [rip + {page} + {args} + 16], rdx
    mov [rip + {page} + {args} + 24], r10
    mov [rip + {page} + {args} + 32], r8
    mov dword ptr [rip + {page} + {phase}], 0
    out {port}, al
    cmp dword ptr [rip + {page} + {state}], 0
    jne 4f
    mov rax, [rip + {page} + {result}]
    add rsp, 8
    iretq
4:  push {served_vector}
    jmp 5f
3:  push {syscall_vector}
5:  push_registers
    jmp enter_rust

trap_common:
    test byte ptr [rsp + 24], 3     # from ring 3?
    jz 6f
    push_registers
enter_rust:
    mov rdi, rsp
    lea rsp, [rip + kernel_stack_top]
    xor ebp, ebp
    cld
    call {trap}
    mov rsp, rax
    .global return_to_user
return_to_user:
    pop r15
    pop r14
    pop r13
    pop r12
    pop r11
    pop r10
    pop r9
    pop r8
    pop rbp
    pop rdi
    pop rsi
    pop rdx
    pop rcx
    pop rbx
    pop rax
    add rsp, 16
    iretq

    # An exception in the kernel itself: report and stop.
6:  push_registers
    mov rdi, rsp
    and rsp, -16
    cld
    call {kernel_exception}
    ud2

    # Enters ring 3 for the first time: rdi = the registers to load.
    .global enter_user
enter_user:
    mov rsp, rdi
    jmp return_to_user

    .section .rodata
    .balign 8
    .global stub_table
stub_table:
    .altmacro
    .macro stub_address vector
    .quad stub_\vector
    .endm
    .set i, 0
    .rept {last_vector} + 1
    stub_address %i
    .set i, i + 1
    .endr
    .noaltmacro

    .section .bss
    .balign 4096
    .skip {stack_size}
    .global kernel_stack_top
kernel_stack_top:
    .text
    "#,
    user_cs = const super::descriptors::USER_CODE,
    user_ss = const super::descriptors::USER_DATA,
    // CF PF AF ZF SF TF DF OF AC ID: what a program may set (SDM vol. 1, 3.4.3).
    user_flags = const 0x0024_0DD5,
    user_rsp = sym super::descriptors::USER_RSP,
    tss = sym super::descriptors::TSS,
    last_served = const Call::LAST_SERVED,
    return_addresses = sym RETURN_ADDRESSES,
    page = sym crate::host::CALL_PAGE,
    op = const offset_of!(CallPage, op),
    args = const offset_of!(CallPage, args),
    phase = const offset_of!(CallPage, progress),
    state = const offset_of!(CallPage, state),
    result = const offset_of!(CallPage, result),
    port = const abi::layout::PORT_CALL,
    served_vector = const SERVED_VECTOR,
    syscall_vector = const abi::objects::Registers::SYSCALL_VECTOR,
    last_vector = const abi::layout::TICK_VECTOR,
    stack_size = const 32 * 1024,
    trap = sym super::trap::trap,
    kernel_exception = sym super::trap::kernel_exception,
);
