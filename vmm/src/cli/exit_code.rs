//! Exit codes: what each means, and which one an end or an error gets.
//!
//! The first program's own code comes through where it fits into 0 to 63; everything
//! else is above, after `sysexits.h` where that has a number for it.

use super::hosted::HostedError;
use super::inspect::UsageError;
use super::program::ReadError;
use super::test::TestUsageError;
use abi::objects::EndReason;
use std::io::ErrorKind;
use vmm::boot::BootError;
use vmm::inspect::InspectError;
use vmm::machine::{End, KvmError, MachineError};
use vmm::memory::MemoryError;

/// All went well; also the first program's own 0.
pub const SUCCESS: u8 = 0;
/// The largest code of a program that comes through as it is.
const LARGEST_OWN: i64 = 63;
/// The command line of `vmm` itself.
pub const USAGE: u8 = 64;
/// A kernel, a program or the guest's command line.
const BAD_GUEST: u8 = 65;
/// A file that cannot be read.
const NO_INPUT: u8 = 66;
/// There is no `/dev/kvm`, or not one that will do.
pub const NO_KVM: u8 = 69;
/// The host's kernel refuses something else.
const HOST_ERROR: u8 = 71;
/// `/dev/kvm` may not be opened.
const NO_PERMISSION: u8 = 77;
/// The guest kernel found itself broken.
const KERNEL_PANIC: u8 = 80;
/// The virtual machine broke.
const VM_FAULT: u8 = 81;
/// The first program was ended by an exception, or killed.
const FIRST_ENDED_BY_OTHERS: u8 = 82;
/// The first program's code is not in 0 to 63.
const CODE_TOO_LARGE: u8 = 83;
/// No thread can ever run again.
const DEADLOCK: u8 = 84;
/// `--check` found that the kernel's structures do not agree with each other; its word, and
/// the code, which comes before that of the end.
pub const INCONSISTENT: (&str, u8) = ("inconsistent", 85);
/// The time limit, as `timeout` has it.
const TIME_LIMIT: u8 = 124;
/// Ctrl-C, as shells have it.
pub const INTERRUPTED: u8 = 130;

/// QEMU-hosted: something that it needs is missing or failed, as `scripts/qemu-hosted` has
/// it.
const NOT_HOSTED: u8 = 125;
/// `vmm doctor`: only QEMU-hosted will work.
pub const ONLY_HOSTED: u8 = 1;

/// The inspector: nothing was found, or two guests differ.
pub const NOTHING_FOUND: u8 = 1;
/// The inspector: the answer lacks something that could not be read.
pub const INCOMPLETE: u8 = 3;
/// The inspector: the guest's kernel is busy; it may be asked again.
const BUSY: u8 = 75;

/// `vmm test`: not all passed.
pub const TEST_FAILED: u8 = 1;
/// `vmm test`: wrong usage, nothing to run, or a manifest that cannot be used.
pub const TEST_USAGE: u8 = 2;

/// The list for `vmm test --help`.
pub const TEST_HELP: &str = "\
Exit codes:
  0        every case passed or was skipped
  1        a case failed or was not reached
  2        the command line or a manifest is wrong, or there is nothing to run
  69       there is no /dev/kvm, or it lacks something
  71       the host's kernel refused something else, or a report cannot be written
  77       no permission to open /dev/kvm
  125      QEMU-hosted: something is missing or failed
  130      Ctrl-C or SIGTERM";

/// The list for the inspector's commands.
pub const INSPECT_HELP: &str = "\
Exit codes:
  0        answered
  1        nothing was found, or the two differ
  3        answered in part: what could not be read is listed on standard error
  64       the command line is wrong
  65       the image or the guest cannot be used, or a rule refuses
  66       there is no such file, VM, process or VMO
  69       the VM has ended
  71       the host's kernel refused something else
  75       the guest's kernel is busy: ask again
  77       no permission";

/// The list for `vmm doctor --help`.
pub const DOCTOR_HELP: &str = "\
Exit codes:
  0        `vmm run` works with /dev/kvm
  1        `vmm run` goes QEMU-hosted, for /dev/kvm cannot be used
  69       `vmm run` does not work; the findings say what to do";

/// The list for `--help`.
pub const HELP: &str = "\
Exit codes:
  0 to 63  what the first program ended with
  64       the command line is wrong
  65       the kernel, a program or the guest's command line is wrong, or RAM does not suit
  66       a file cannot be read, or there is no program of that name
  69       there is no /dev/kvm, or it lacks something
  71       the host's kernel refused something else
  77       no permission to open /dev/kvm
  80       the guest kernel panicked
  81       the virtual machine broke; a report says where
  82       the first program was ended by an exception, or killed
  83       the first program's code is not in 0 to 63
  84       deadlock: no thread can ever run again
  85       --check: the kernel's structures do not agree with each other
  124      the time limit has passed
  125      QEMU-hosted: something is missing or failed
  130      Ctrl-C or SIGTERM";

/// A word for an end, and its exit code.
pub fn of_end(end: &End) -> (&'static str, u8) {
    match end {
        End::Ended { first } => ("ended", of_program(*first)),
        End::NoPrograms => ("no_programs", SUCCESS),
        End::Deadlock => ("deadlock", DEADLOCK),
        End::KernelPanic { .. } => ("kernel_panic", KERNEL_PANIC),
        End::Fault(_) => ("vm_fault", VM_FAULT),
        End::TimeLimit => ("time_limit", TIME_LIMIT),
        End::Interrupted => ("interrupted", INTERRUPTED),
    }
}

/// The exit code for what the first program ended with.
fn of_program(code: i64) -> u8 {
    match u8::try_from(code) {
        Ok(own) if code <= LARGEST_OWN => own,
        _ if is_end_by_others(code) => FIRST_ENDED_BY_OTHERS,
        _ => CODE_TOO_LARGE,
    }
}

/// Whether a process did not end by itself (reference §15.5).
pub fn is_end_by_others(code: i64) -> bool {
    (EndReason::EXCEPTION..=EndReason::KILLED).contains(&code)
}

/// The exit code for an error.
pub fn of_error(error: &anyhow::Error) -> u8 {
    if error.is::<ReadError>() {
        return NO_INPUT;
    }
    if error.is::<TestUsageError>() {
        return TEST_USAGE;
    }
    if error.is::<UsageError>() {
        return USAGE;
    }
    if error.is::<HostedError>() {
        return NOT_HOSTED;
    }
    if let Some(error) = error.downcast_ref::<InspectError>() {
        return of_inspect_error(error);
    }
    match error.downcast_ref::<MachineError>() {
        Some(MachineError::Boot(BootError::Write(_))) => HOST_ERROR,
        Some(MachineError::Boot(_) | MachineError::Memory(MemoryError::Size { .. })) => BAD_GUEST,
        Some(MachineError::Kvm(KvmError::NoPermission)) => NO_PERMISSION,
        Some(MachineError::Kvm(
            KvmError::Missing | KvmError::Version(_) | KvmError::MissingCapability(_),
        )) => NO_KVM,
        _ => HOST_ERROR,
    }
}

fn of_inspect_error(error: &InspectError) -> u8 {
    match error {
        InspectError::File { source, .. } => match source.kind() {
            ErrorKind::PermissionDenied => NO_PERMISSION,
            _ => NO_INPUT,
        },
        InspectError::NoVm(_) | InspectError::NotFound(_) => NO_INPUT,
        InspectError::NotAnImage { .. }
        | InspectError::Root(_)
        | InspectError::Access(_)
        | InspectError::Refused(_) => BAD_GUEST,
        InspectError::KernelBusy(_) => BUSY,
        InspectError::Ended => NO_KVM,
        _ => HOST_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_programs_code_comes_through_up_to_63() {
        for code in 0..=63 {
            assert_eq!(i64::from(of_program(code)), code);
        }
        for code in [64, 255, 256, -1, -1023, -1030, i64::MAX, i64::MIN] {
            assert_eq!(of_program(code), CODE_TOO_LARGE, "{code}");
        }
    }

    #[test]
    fn an_end_by_others_has_its_own_code() {
        for code in [
            EndReason::KILLED,
            EndReason::OUT_OF_MEMORY,
            EndReason::POLICY,
            EndReason::VDSO,
            EndReason::EXCEPTION,
        ] {
            assert_eq!(of_program(code), FIRST_ENDED_BY_OTHERS, "{code}");
        }
    }

    #[test]
    fn the_help_names_every_code() {
        for code in [
            USAGE,
            BAD_GUEST,
            NO_INPUT,
            NO_KVM,
            HOST_ERROR,
            NO_PERMISSION,
            KERNEL_PANIC,
            VM_FAULT,
            FIRST_ENDED_BY_OTHERS,
            CODE_TOO_LARGE,
            DEADLOCK,
            INCONSISTENT.1,
            TIME_LIMIT,
            NOT_HOSTED,
            INTERRUPTED,
        ] {
            let start = format!("  {code} ");
            assert!(HELP.lines().any(|line| line.starts_with(&start)), "{code}");
        }
    }

    #[test]
    fn each_family_of_errors_has_its_code() {
        let code = |error: MachineError| of_error(&anyhow::Error::from(error));
        assert_eq!(code(KvmError::Missing.into()), NO_KVM);
        assert_eq!(code(KvmError::Version(11).into()), NO_KVM);
        assert_eq!(code(KvmError::NoPermission.into()), NO_PERMISSION);
        let too_small = BootError::RamTooSmall { size: 1, needed: 2 };
        assert_eq!(code(too_small.into()), BAD_GUEST);
        let advised = anyhow::Error::new(MachineError::from(KvmError::Missing)).context("more");
        assert_eq!(of_error(&advised), NO_KVM);
        let no_bash = HostedError::Bash(std::io::ErrorKind::NotFound.into());
        assert_eq!(of_error(&no_bash.into()), NOT_HOSTED);
        assert_eq!(of_error(&anyhow::anyhow!("other")), HOST_ERROR);
    }
}
