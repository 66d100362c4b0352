//! Writes the vDSO's assembly from the lists of calls and statuses in `abi`, and tells the
//! linker what shape the image has.

use abi::calls::Returns;
use abi::vdso::{STUB_SIZE, SYSCALL_END};
use abi::{Call, Status};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::exit;
use std::{env, fs};

/// Bytes of the `syscall` instruction.
const SYSCALL_SIZE: u64 = 2;

/// Functions that need no system call, and `zx_deadline_after`, which makes one by its stub.
const FUNCTIONS: &str = r#"
    .macro function name
    .balign 16, 0xCC
    .globl _\name
    .type _\name, @function
_\name:
    .weak \name
    .type \name, @function
    .set \name, _\name
    .endm

    .macro end name
    .size _\name, . - _\name
    .size \name, . - _\name
    .endm

    .section .text.functions, "ax", @progbits

    function zx_system_get_page_size
    mov eax, 4096
    ret
    end zx_system_get_page_size

    # Ticks are nanoseconds.
    function zx_ticks_per_second
    mov eax, 1000000000
    ret
    end zx_ticks_per_second

    # rdi = nanoseconds from now; saturates at both ends.
    function zx_deadline_after
    push rdi
    call zx_clock_get_monotonic_stub
    pop rdi
    add rax, rdi
    jno 1f
    sar rdi, 63
    movabs rax, 0x7FFFFFFFFFFFFFFF
    xor rax, rdi
1:  ret
    end zx_deadline_after

    # edi = status. Each entry of the table is a status and where its name starts, counted
    # from the table's start; 0 ends it.
    function zx_status_get_string
    lea rax, [rip + status_table]
    mov rdx, rax
1:  mov ecx, [rdx + 4]
    test ecx, ecx
    jz 2f
    cmp edi, [rdx]
    lea rdx, [rdx + 8]
    jne 1b
    add rax, rcx
    ret
2:  lea rax, [rip + unknown_status]
    ret
    end zx_status_get_string
"#;

fn main() {
    println!("cargo::rerun-if-changed=vdso.ld");
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(variable("OUT_DIR"));
    let mut text = String::new();
    stubs(&mut text);
    text.push_str(FUNCTIONS);
    statuses(&mut text);
    if let Err(error) = fs::write(out.join("vdso.s"), text) {
        fail(&format!("cannot write the assembly: {error}"));
    }
    if variable("CARGO_CFG_TARGET_OS") == "none" {
        let folder = variable("CARGO_MANIFEST_DIR");
        for argument in [
            &*format!("-T{folder}/vdso.ld"),
            // The target's default is an executable; the last word counts.
            "--no-pie",
            "-shared",
            "-soname=libzircon.so",
            "-Bsymbolic",
            "--hash-style=both",
            // `.dynamic` is never written: nothing in the image needs to be relocated.
            "-zrodynamic",
            "-znorelro",
            "-ztext",
            "--no-undefined",
            "-zmax-page-size=4096",
            "--strip-all",
            "--build-id=none",
        ] {
            println!("cargo::rustc-link-arg-bins={argument}");
        }
    }
}

/// The table of stubs; a number that no call has is a stub of traps.
fn stubs(text: &mut String) {
    let _ = writeln!(text, "    .section .text.stubs, \"ax\", @progbits\nstubs:");
    for call in Call::ALL {
        stub(text, *call);
    }
    // The last stub is as long as the others.
    let end = (u64::from(Call::LAST) + 1) * STUB_SIZE;
    let _ = writeln!(text, "    .org stubs + {end}, 0xCC");
}

/// From the C calling convention to the kernel's (reference §19.1). The seventh and
/// eighth argument need two registers that the caller wants back.
fn stub(text: &mut String, call: Call) {
    let signature = call.signature();
    let (name, number) = (signature.name, call.number());
    let start = u64::from(number) * STUB_SIZE;
    let mut room = SYSCALL_END - SYSCALL_SIZE;
    // Instruction and bytes.
    let mut before = |instruction: &str, bytes: u64| {
        room -= bytes;
        format!("    {instruction}\n")
    };
    let long = signature.arguments.len() > 6;
    let mut shuffle = String::new();
    if long {
        shuffle += &before("push r12", 2);
        shuffle += &before("push r13", 2);
        shuffle += &before("mov r12, [rsp + 24]", 5);
        shuffle += &before("mov r13, [rsp + 32]", 5);
    }
    if signature.arguments.len() > 3 {
        shuffle += &before("mov r10, rcx", 3);
    }
    shuffle += &before(&format!("mov eax, {number}"), 5);
    let _ = write!(
        text,
        "    .org stubs + {start}, 0xCC
    .globl _{name}
    .type _{name}, @function
_{name}:
{name}_stub:
    .weak {name}
    .type {name}, @function
    .set {name}, _{name}
{shuffle}
    .nops {room}
    syscall
"
    );
    // Argument registers come back zeroed. The kernel leaves them as they were; here it
    // costs nothing even where ring 0 is emulated.
    for register in ["edi", "esi", "edx", "r10d", "r8d", "r9d"] {
        let _ = writeln!(text, "    xor {register}, {register}");
    }
    if long {
        text.push_str("    pop r13\n    pop r12\n");
    }
    text.push_str(match signature.returns {
        Returns::Never => "    ud2\n",
        Returns::Status | Returns::Time => "    ret\n",
    });
    let _ = write!(
        text,
        "    .size _{name}, . - _{name}
    .size {name}, . - _{name}
"
    );
}

/// The names of statuses: a table, then the strings.
fn statuses(text: &mut String) {
    text.push_str(
        "
    .section .rodata.vdso, \"a\", @progbits
    .balign 8
status_table:
",
    );
    let named: Vec<_> = (-1024..=0)
        .rev()
        .filter_map(|value| Some((value, Status(value).name()?)))
        .collect();
    for (value, name) in &named {
        let _ = writeln!(text, "    .long {value}, {name}_name - status_table");
    }
    text.push_str("    .long 0, 0\n");
    for (_, name) in &named {
        let _ = writeln!(text, "{name}_name: .asciz \"{name}\"");
    }
    // Zircon's word for a number that is none.
    text.push_str("unknown_status: .asciz \"(UNKNOWN)\"\n    .text\n");
}

fn variable(name: &str) -> String {
    match env::var(name) {
        Ok(value) => value,
        Err(error) => fail(&format!("{name}: {error}")),
    }
}

fn fail(message: &str) -> ! {
    println!("cargo::error={message}");
    exit(1)
}
