//! Handles and the system call ABI (reference §2, §14, §19.1).

#![cfg_attr(target_os = "none", no_std, no_main)]

use guest_programs::inspect::koid;
use guest_programs::memory::{Area, BAD_ADDRESSES, PAGE};
use guest_programs::probe::{
    close, duplicate, out, replace, status, vmo_create, vmo_read, vmo_write,
};
use guest_programs::suite::Outcome;
use guest_programs::{ensure, expect_eq, probe};
use libzx::{Call, Rights, Status, guest_test, startup};

const SAME: u32 = Rights::SAME_RIGHTS;

#[guest_test(name = "values are well formed [2.1/2]")]
fn values_are_well_formed() -> Outcome {
    let handles = [vmo_create(1, 0)?, vmo_create(1, 0)?, vmo_create(1, 0)?];
    for handle in handles {
        expect_eq!(handle & 3, 3);
    }
    let [a, b, c] = handles;
    ensure!(
        a != b && b != c && a != c,
        "{a:#x}, {b:#x}, {c:#x} are not distinct"
    );
    for handle in handles {
        expect_eq!(close(handle), Status::OK);
    }
    Ok(())
}

#[guest_test(name = "badly formed values are refused [2.1/1 2.1/3 2.2/1]")]
fn badly_formed_values_are_refused() -> Outcome {
    let handle = vmo_create(1, 0)?;
    for value in [0, 1, 2, handle & !3, handle & !1, handle & !2, !3] {
        expect_eq!(probe::vmo_get_size(value), Err(Status::BAD_HANDLE));
    }
    expect_eq!(close(handle & !3), Status::BAD_HANDLE);
    expect_eq!(close(handle), Status::OK);
    Ok(())
}

#[guest_test(name = "close takes zero and each handle once [14/1 14/2 14/3]")]
fn close_takes_zero_and_each_handle_once() -> Outcome {
    expect_eq!(close(0), Status::OK);
    let handle = vmo_create(1, 0)?;
    expect_eq!(close(handle), Status::OK);
    expect_eq!(close(handle), Status::BAD_HANDLE);
    expect_eq!(probe::vmo_get_size(handle), Err(Status::BAD_HANDLE));
    Ok(())
}

#[guest_test(name = "stale values stay stale [2.1/5 2.2/1]")]
fn stale_values_stay_stale() -> Outcome {
    let old = vmo_create(1, 0)?;
    expect_eq!(close(old), Status::OK);
    for _ in 0..64 {
        let new = vmo_create(1, 0)?;
        ensure!(new != old, "the value {old:#x} came back");
        expect_eq!(probe::vmo_get_size(old), Err(Status::BAD_HANDLE));
        expect_eq!(close(new), Status::OK);
    }
    Ok(())
}

#[guest_test(name = "duplicate copies or reduces [14/9 14/11]")]
fn duplicate_copies_or_reduces() -> Outcome {
    let handle = vmo_create(1, 0)?;
    let same = duplicate(handle, SAME)?;
    // What the copy may be given is what it has.
    let all = Rights::DEFAULT_VMO.bits();
    let exact = duplicate(same, all)?;
    let none = duplicate(same, 0)?;
    ensure!(
        same != handle && exact != same && none != exact,
        "values are not distinct"
    );
    for copy in [handle, same, exact, none] {
        expect_eq!(probe::vmo_get_size(copy), Ok(PAGE));
        expect_eq!(close(copy), Status::OK);
    }
    Ok(())
}

#[guest_test(name = "duplicate refuses more rights [14/7 14/8 14/10 23/54]")]
fn duplicate_refuses_more_rights() -> Outcome {
    let handle = vmo_create(1, 0)?;
    let all = Rights::DEFAULT_VMO.bits();
    for bit in (0..32)
        .map(|bit| 1_u32 << bit)
        .filter(|bit| all & bit == 0 && *bit != SAME)
    {
        expect_eq!(duplicate(handle, all | bit), Err(Status::INVALID_ARGS));
    }
    expect_eq!(duplicate(handle, SAME | 1), Err(Status::INVALID_ARGS));
    let poor = duplicate(handle, Rights::READ.bits())?;
    // DUPLICATE is looked for before the subset rule.
    expect_eq!(duplicate(poor, SAME), Err(Status::ACCESS_DENIED));
    expect_eq!(duplicate(poor, u32::MAX), Err(Status::ACCESS_DENIED));
    expect_eq!(duplicate(handle ^ 1 << 28, SAME), Err(Status::BAD_HANDLE));
    expect_eq!((close(poor), close(handle)), (Status::OK, Status::OK));
    Ok(())
}

#[guest_test(name = "replace swaps the value [14/13 14/14]")]
fn replace_swaps_the_value() -> Outcome {
    let handle = vmo_create(1, 0)?;
    let poor = duplicate(handle, (Rights::READ | Rights::WRITE).bits())?;
    let poorer = replace(poor, Rights::READ.bits())?;
    expect_eq!(close(poor), Status::BAD_HANDLE);
    let area = Area::touched(1)?;
    expect_eq!(vmo_read(poorer, area.at(0), 0, 1), Status::OK);
    expect_eq!(vmo_write(poorer, area.at(0), 0, 1), Status::ACCESS_DENIED);
    let same = replace(poorer, SAME)?;
    expect_eq!(close(poorer), Status::BAD_HANDLE);
    expect_eq!((close(same), close(handle)), (Status::OK, Status::OK));
    Ok(())
}

#[guest_test(name = "replace with more rights closes the original [14/15 23/55]")]
fn replace_with_more_rights_closes_the_original() -> Outcome {
    let handle = vmo_create(1, 0)?;
    expect_eq!(
        replace(handle, Rights::EXECUTE.bits()),
        Err(Status::INVALID_ARGS)
    );
    expect_eq!(close(handle), Status::BAD_HANDLE);
    expect_eq!(replace(handle, SAME), Err(Status::BAD_HANDLE));
    Ok(())
}

#[guest_test(name = "bad out pointers are INVALID_ARGS [2.3/2 2.3/3 3/1 14/12]")]
fn bad_out_pointers_are_invalid_args() -> Outcome {
    let handle = vmo_create(1, 0)?;
    for (what, address, _) in BAD_ADDRESSES {
        let given = status(
            Call::HandleDuplicate,
            &[handle.into(), SAME.into(), address],
        );
        ensure!(
            given == Status::INVALID_ARGS,
            "duplicate into {what}: {given}"
        );
        expect_eq!(probe::vmo_get_size(handle), Ok(PAGE));
        let victim = duplicate(handle, SAME)?;
        let given = status(Call::HandleReplace, &[victim.into(), SAME.into(), address]);
        ensure!(
            given == Status::INVALID_ARGS,
            "replace into {what}: {given}"
        );
        expect_eq!(close(victim), Status::BAD_HANDLE);
    }
    expect_eq!(close(handle), Status::OK);
    Ok(())
}

#[guest_test(name = "type comes before rights [2.2/2 23/28]")]
fn type_comes_before_rights() -> Outcome {
    let area = Area::touched(1)?;
    let startup = startup();
    let (Some(process), Some(vmar)) = (startup.process_self(), startup.vmar_root()) else {
        ensure!(false, "no process or VMAR handle at start");
        return Ok(());
    };
    for handle in [process.handle(), vmar.handle()] {
        let powerless = handle.duplicate(libzx::Rights::empty())?;
        expect_eq!(
            vmo_read(powerless.raw(), area.at(0), 0, 1),
            Status::WRONG_TYPE
        );
        expect_eq!(
            vmo_write(powerless.raw(), area.at(0), 0, 1),
            Status::WRONG_TYPE
        );
        expect_eq!(
            probe::vmo_get_size(powerless.raw()),
            Err(Status::WRONG_TYPE)
        );
    }
    let powerless = area.vmo.handle().duplicate(libzx::Rights::empty())?;
    let (given, _) = probe::process_read(powerless.raw(), area.at(0), area.at(0), 1);
    expect_eq!(given, Status::WRONG_TYPE);
    expect_eq!(
        probe::vmar_unmap(powerless.raw(), area.at(0), PAGE),
        Status::WRONG_TYPE
    );
    Ok(())
}

#[guest_test(name = "rights are asked for one by one [2.2/3 4.1/1 23/1]")]
fn rights_are_asked_for_one_by_one() -> Outcome {
    let area = Area::touched(1)?;
    let handle = vmo_create(1, 0)?;
    let all = Rights::DEFAULT_VMO;
    let no_read = duplicate(handle, all.difference(Rights::READ).bits())?;
    let no_write = duplicate(handle, all.difference(Rights::WRITE).bits())?;
    let only_read = duplicate(handle, Rights::READ.bits())?;
    let only_write = duplicate(handle, Rights::WRITE.bits())?;
    let read = |handle| vmo_read(handle, area.at(0), 0, 1);
    let write = |handle| vmo_write(handle, area.at(0), 0, 1);
    expect_eq!(
        (read(no_read), write(no_read)),
        (Status::ACCESS_DENIED, Status::OK)
    );
    expect_eq!(
        (read(no_write), write(no_write)),
        (Status::OK, Status::ACCESS_DENIED)
    );
    expect_eq!(
        (read(only_read), write(only_read)),
        (Status::OK, Status::ACCESS_DENIED)
    );
    expect_eq!(
        (read(only_write), write(only_write)),
        (Status::ACCESS_DENIED, Status::OK)
    );
    for handle in [no_read, no_write, only_read, only_write, handle] {
        expect_eq!(close(handle), Status::OK);
    }
    Ok(())
}

#[guest_test(name = "many handles live at once")]
fn many_handles_live_at_once() -> Outcome {
    let handle = vmo_create(1, 0)?;
    let mut copies = [0; 300];
    for copy in &mut copies {
        *copy = duplicate(handle, SAME)?;
    }
    for copy in copies {
        expect_eq!(probe::vmo_get_size(copy), Ok(PAGE));
        expect_eq!(close(copy), Status::OK);
        expect_eq!(close(copy), Status::BAD_HANDLE);
    }
    expect_eq!(close(handle), Status::OK);
    Ok(())
}

/// Every handle that the process has from its start, by the kinds of the start-up block.
#[guest_test(name = "koids start at 1024 [2.1/8]")]
fn koids_start_at_1024() -> Outcome {
    let mut lowest = u64::MAX;
    for kind in [
        abi::startup::PA_PROC_SELF,
        abi::startup::PA_THREAD_SELF,
        abi::startup::PA_JOB_DEFAULT,
        abi::startup::PA_VMAR_ROOT,
        abi::startup::PA_VMO_VDSO,
        abi::startup::PA_RESOURCE,
        abi::startup::PA_USER2,
    ] {
        let handle = startup().raw_handle(kind, 0);
        ensure!(handle.is_some(), "no handle of kind {kind:#x} at start");
        lowest = lowest.min(koid(handle.unwrap_or(0))?);
    }
    expect_eq!(lowest, 1024);
    Ok(())
}

#[guest_test(name = "koids are never used again [2.1/9]")]
fn koids_are_never_used_again() -> Outcome {
    let mut last = koid(vmo_create(1, 0)?)?;
    for _ in 0..64 {
        let handle = vmo_create(1, 0)?;
        let new = koid(handle)?;
        ensure!(new > last, "koid {new} after {last}");
        let copy = duplicate(handle, SAME)?;
        expect_eq!(koid(copy), Ok(new));
        expect_eq!((close(copy), close(handle)), (Status::OK, Status::OK));
        last = new;
    }
    Ok(())
}

#[guest_test(name = "statuses are sign-extended [19.1/1]")]
fn statuses_are_sign_extended() -> Outcome {
    expect_eq!(probe::register(Call::Null, &[]), 0);
    for call in [Call::VmoRead, Call::VmoGetSize, Call::HandleDuplicate] {
        let given = probe::register(call, &[0, 0x1000_0000, 0, 1]);
        expect_eq!(given, Status::BAD_HANDLE.to_register());
    }
    Ok(())
}

#[guest_test(name = "upper halves of small arguments are ignored [19.1/4]")]
fn upper_halves_of_small_arguments_are_ignored() -> Outcome {
    const JUNK: u64 = 0xDEAD_BEEF_0000_0000;
    let mut handle = 0_u32;
    expect_eq!(
        status(Call::VmoCreate, &[1, JUNK, out(&mut handle)]),
        Status::OK
    );
    let handle = u64::from(core::hint::black_box(handle));
    let area = Area::touched(1)?;
    expect_eq!(
        status(Call::VmoRead, &[handle | JUNK, area.at(0), 0, 1]),
        Status::OK
    );
    let mut copy = 0_u32;
    let rights = u64::from(SAME) | JUNK;
    let args = [handle | JUNK, rights, out(&mut copy)];
    expect_eq!(status(Call::HandleDuplicate, &args), Status::OK);
    expect_eq!(status(Call::HandleClose, &[handle | JUNK]), Status::OK);
    expect_eq!(close(core::hint::black_box(copy)), Status::OK);
    Ok(())
}

/// What `syscall` leaves in the argument registers rdi, rsi, rdx, r10, r8, r9, and
/// whether rbx, rbp, r14 and r15 came back as they were.
#[cfg(target_os = "none")]
fn registers_after(call: Call, args: [u64; 6]) -> ([u64; 6], bool) {
    let [mut a, mut b, mut c, mut d, mut e, mut f] = args;
    let kept: u64;
    // SAFETY: the callers' arguments name no memory; rbx and rbp, which asm cannot name,
    // are saved and restored by hand. The instruction is followed by a `ret`.
    unsafe {
        core::arch::asm!(
            "push rbx", "push rbp",
            "mov rbx, 0x1111", "mov rbp, 0x2222",
            "mov r14, 0x3333", "mov r15, 0x4444",
            "call r11",
            "xor rbx, 0x1111", "xor rbp, 0x2222",
            "xor r14, 0x3333", "xor r15, 0x4444",
            "or r14, rbx", "or r14, rbp", "or r14, r15",
            "pop rbp", "pop rbx",
            inlateout("rax") u64::from(call.number()) => _,
            inlateout("rdi") a, inlateout("rsi") b, inlateout("rdx") c,
            inlateout("r10") d, inlateout("r8") e, inlateout("r9") f,
            inlateout("r12") 0x12_u64 => _, inlateout("r13") 0x13_u64 => _,
            out("r14") kept, out("r15") _, out("rcx") _,
            inlateout("r11") libzx::vdso::instruction(call.number()) => _,
        );
    }
    ([a, b, c, d, e, f], kept == 0)
}

#[cfg(not(target_os = "none"))]
fn registers_after(_call: Call, _args: [u64; 6]) -> ([u64; 6], bool) {
    ([0; 6], true)
}

/// Nothing of the kernel's may show in a register: an argument register comes back as
/// zero or as it was.
#[guest_test(name = "registers come back as the ABI says")]
fn registers_come_back_as_the_abi_says() -> Outcome {
    let args = [0, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6];
    // A served call, a call of the kernel, and one that gives the processor away.
    for call in [Call::Null, Call::HandleClose, Call::ThreadYield] {
        let (left, kept) = registers_after(call, args);
        ensure!(kept, "{call:?} changed a register that is the caller's");
        let leaked = left
            .iter()
            .zip(args)
            .any(|(&left, arg)| left != 0 && left != arg);
        ensure!(!leaked, "{call:?} left {left:x?} in the argument registers");
    }
    Ok(())
}

libzx::test_main!();
