//! How a machine's end is told to somebody whose test it ended.

use crate::machine::End;
use abi::objects::EndReason;
use std::time::Duration;

/// A thread's fault that nobody handled.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    /// What happened, as `vmm run` says it.
    pub(super) what: String,
    /// Where the thread was.
    pub(super) rip: u64,
}

/// An end in words: "the process ended with code 3".
pub(super) fn describe(end: &End, fault: Option<&Fault>, limit: Duration) -> String {
    match end {
        End::Ended { first } => process(*first, fault),
        End::NoPrograms => "the machine had no program".to_owned(),
        End::Deadlock => "deadlock: no thread of the guest can ever run again".to_owned(),
        End::KernelPanic { message } => format!("the guest kernel panicked: {message}"),
        End::Fault(report) => report.to_string(),
        End::TimeLimit => format!("no answer within {limit:?}"),
        End::Interrupted => "interrupted".to_owned(),
    }
}

/// The end of the first program's process.
fn process(code: i64, fault: Option<&Fault>) -> String {
    match (code, fault) {
        (EndReason::EXCEPTION | EndReason::VDSO, Some(Fault { what, rip })) => {
            format!("the process ended by an exception: {what} at rip {rip:#x}")
        }
        (EndReason::EXCEPTION, None) => "the process ended by an exception".to_owned(),
        (EndReason::VDSO, None) => {
            "the process ended for a system call from outside the vDSO".to_owned()
        }
        (EndReason::KILLED, _) => "the process was killed".to_owned(),
        (EndReason::OUT_OF_MEMORY, _) => "the process ended for lack of memory".to_owned(),
        (code, _) => format!("the process ended with code {code}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_names_its_cause() {
        let limit = Duration::from_secs(60);
        let fault = Fault {
            what: "page fault reading 0x0 (not present, ZX_ERR_NOT_FOUND)".to_owned(),
            rip: 0x40_1000,
        };
        let say = |end: End| describe(&end, Some(&fault), limit);
        for (end, told) in [
            (
                End::Ended {
                    first: EndReason::EXCEPTION,
                },
                "the process ended by an exception: page fault reading 0x0 (not present, \
                 ZX_ERR_NOT_FOUND) at rip 0x401000",
            ),
            (End::Ended { first: 3 }, "the process ended with code 3"),
            (
                End::Ended {
                    first: EndReason::KILLED,
                },
                "the process was killed",
            ),
            (End::TimeLimit, "no answer within 60s"),
            (
                End::KernelPanic {
                    message: "a frame is lost".to_owned(),
                },
                "the guest kernel panicked: a frame is lost",
            ),
        ] {
            assert_eq!(say(end), told);
        }
    }
}
