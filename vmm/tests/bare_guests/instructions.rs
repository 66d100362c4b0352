//! Exits that none of our kernels makes.

use crate::guest::{FIRST, breaks, kernel, machine, report_says, runs_into_the_limit};
use crate::{Outcome, check, vm};
use abi::CallPage;
use libtest_mimic::Trial;
use zerocopy::FromZeros;

/// The first instruction, then these.
fn after_first(code: &[u8]) -> Vec<u8> {
    FIRST.iter().chain(code).copied().collect()
}

fn first_instruction() -> Outcome {
    let code = after_first(&[0xE6, 0xE4]);
    let mut machine = machine(&kernel(&code, &CallPage::new_zeroed(), &[]))?;
    let end = machine.run_to_first_instruction()?;
    check(end.is_none(), &end)?;
    // It was that one and no later one: the next exit is the hypercall.
    let end = machine.run_to_first_instruction()?;
    check(end.is_some(), &end)
}

fn no_first_instruction() -> Outcome {
    // mov al, 7; out 0x80, al
    let code = [0xB0, 7, 0xE6, 0x80];
    let mut machine = machine(&kernel(&code, &CallPage::new_zeroed(), &[]))?;
    match machine.run_to_first_instruction()? {
        Some(end) => report_says(&end, "port 0x80: [07]"),
        None => Err("there is none, and yet it was found".into()),
    }
}

pub fn tests() -> Vec<Trial> {
    vec![
        vm(
            "a_machine_can_be_stopped_after_its_first_instruction",
            first_instruction,
        ),
        vm(
            "a_machine_that_breaks_before_its_first_instruction_says_why",
            no_first_instruction,
        ),
        vm("a_write_to_an_unknown_port_is_reported", || {
            // mov al, 7; out 0x80, al
            breaks(&after_first(&[0xB0, 7, 0xE6, 0x80]), "port 0x80: [07]")
        }),
        vm("a_read_from_an_unknown_port_is_reported", || {
            // in al, 0x60
            breaks(&after_first(&[0xE4, 0x60]), "port 0x60")
        }),
        vm("a_boot_signal_of_a_wrong_width_is_reported", || {
            // out PORT_BOOT, ax
            breaks(&after_first(&[0x66, 0xE7, 0xE5]), "2 bytes")
        }),
        vm("a_read_outside_ram_is_reported_with_its_address", || {
            // mov eax, [0xD0000000]
            let code = after_first(&[0xA1, 0, 0, 0, 0xD0]);
            breaks(&code, "4 bytes at 0xd0000000")
        }),
        vm("a_write_outside_ram_is_reported_with_its_address", || {
            // mov [0xD0000000], al
            let code = after_first(&[0xA2, 0, 0, 0, 0xD0]);
            breaks(&code, "1 bytes at 0xd0000000")
        }),
        vm("a_triple_fault_is_reported", || {
            // lidt [0x101000], where the limit reads as that of an empty table; ud2
            let code = [0x0F, 0x01, 0x1D, 0, 0x80, 0x10, 0, 0x0F, 0x0B];
            breaks(&after_first(&code), "triple fault")
        }),
        vm("hlt_is_reported", || breaks(&after_first(&[0xF4]), "hlt")),
        vm("a_hypercall_before_the_root_block_is_reported", || {
            breaks(&after_first(&[0xE6, 0xE4]), "before the kernel told")
        }),
        vm("a_root_block_that_is_none_is_reported", || {
            // mov eax, 0x108; out PORT_BOOT, eax
            let code = after_first(&[0xB8, 8, 1, 0, 0, 0xE7, 0xE5]);
            breaks(
                &code,
                "root block at guest-physical 0x108000: its magic number",
            )
        }),
        vm("a_root_block_outside_ram_is_reported", || {
            // mov eax, -1; out PORT_BOOT, eax
            let code = after_first(&[0xB8, 0xFF, 0xFF, 0xFF, 0xFF, 0xE7, 0xE5]);
            breaks(&code, "are not RAM")
        }),
        vm(
            "an_endless_loop_in_the_kernel_ends_at_the_time_limit",
            || {
                let code = after_first(&[0xEB, 0xFE]);
                runs_into_the_limit(&kernel(&code, &CallPage::new_zeroed(), &[]))
            },
        ),
    ]
}
