//! Which backend a run takes, and what happens where `/dev/kvm` will not do.

use super::args::Backend;
use super::{complain, hosted};
use std::time::Duration;
use vmm::doctor::{Hosted, Setting};
use vmm::machine::{KvmError, MachineError};

/// What happens without a usable `/dev/kvm`.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// It is told.
    GiveUp,
    /// It is told, and so is what to install.
    Advise(Vec<String>),
    /// The same run QEMU-hosted.
    GoHosted,
}

/// The backend that is wanted here: in the Linux under QEMU it is always its `/dev/kvm`.
pub fn of(wanted: Backend) -> Backend {
    if Setting::here().inside {
        Backend::Kvm
    } else {
        wanted
    }
}

/// Whether a machine could not be made because there is no KVM that will do.
pub fn without_kvm(error: &MachineError) -> bool {
    match error {
        MachineError::Kvm(error) => match error {
            KvmError::Missing
            | KvmError::NoPermission
            | KvmError::Open(_)
            | KvmError::Version(_)
            | KvmError::MissingCapability(_) => true,
            // Another hypervisor has the CPU, for one.
            KvmError::Call { what, .. } => *what == "KVM_CREATE_VM",
        },
        _ => false,
    }
}

/// Goes on without KVM by `go`, or says why not. Returns only in the second case.
///
/// # Errors
/// The error that was given, with what to do; or QEMU-hosted's own.
pub fn instead(
    backend: Backend,
    error: MachineError,
    go: impl FnOnce() -> anyhow::Result<u8>,
) -> anyhow::Result<u8> {
    match next(of(backend), || Hosted::look(&Setting::here())) {
        Next::GiveUp => Err(error.into()),
        Next::Advise(steps) => {
            let message = format!(
                "{error}; or, to run QEMU-hosted without it: {}",
                steps.join("; ")
            );
            Err(anyhow::Error::new(error).context(message))
        }
        Next::GoHosted => {
            complain(&format!(
                "{}: going QEMU-hosted (see vmm doctor)",
                brief(&error)
            ));
            go()
        }
    }
}

/// The same run QEMU-hosted. Returns only if that cannot be started.
///
/// # Errors
/// If there is no bash, or vmm does not know its own file.
pub fn go_hosted(timeout: Option<Duration>) -> anyhow::Result<u8> {
    let cargo = hosted::Cargo {
        timeout,
        ..hosted::Cargo::default()
    };
    Err(hosted::replace(std::env::args_os().skip(1), &cargo).into())
}

fn next(backend: Backend, look: impl FnOnce() -> Hosted) -> Next {
    if backend != Backend::Auto {
        return Next::GiveUp;
    }
    let hosted = look();
    if hosted.usable {
        Next::GoHosted
    } else {
        Next::Advise(hosted.advice)
    }
}

/// Why, in a few words: what to do about it is not what matters now.
fn brief(error: &MachineError) -> String {
    match error {
        MachineError::Kvm(KvmError::Missing) => "there is no /dev/kvm".to_owned(),
        MachineError::Kvm(KvmError::NoPermission) => "no permission to open /dev/kvm".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosted(missing: &[&str]) -> Hosted {
        Hosted {
            usable: missing.is_empty(),
            advice: missing.iter().map(ToString::to_string).collect(),
            ..Hosted::look(&Setting::default())
        }
    }

    #[test]
    fn auto_goes_hosted_where_it_can_and_advises_where_it_cannot() {
        assert_eq!(next(Backend::Auto, || hosted(&[])), Next::GoHosted);
        let advice = next(Backend::Auto, || hosted(&["install qemu"]));
        assert_eq!(advice, Next::Advise(vec!["install qemu".to_owned()]));
    }

    #[test]
    fn kvm_insists_and_looks_for_nothing_else() {
        let next = next(Backend::Kvm, || panic!("nothing to look for"));
        assert_eq!(next, Next::GiveUp);
    }

    #[test]
    fn only_the_lack_of_kvm_leads_away_from_it() {
        for error in [
            KvmError::Missing,
            KvmError::NoPermission,
            KvmError::Version(11),
        ] {
            assert!(without_kvm(&error.into()));
        }
        let call = |what| KvmError::Call {
            what,
            source: kvm_ioctls::Error::new(libc::EBUSY),
        };
        assert!(without_kvm(&call("KVM_CREATE_VM").into()));
        assert!(!without_kvm(&call("KVM_SET_SREGS").into()));
        assert!(!without_kvm(&MachineError::Panicked));
    }
}
