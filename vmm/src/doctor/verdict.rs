//! What `vmm run` will do here.

use super::{Device, Hosted, Trial};
use serde::Serialize;

/// A way to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Backend {
    /// This host's /dev/kvm.
    Kvm,
    /// A Linux under QEMU with a /dev/kvm of its own.
    Qemu,
    /// None: `vmm run` says why and ends.
    None,
}

/// The judgement, in one sentence and one word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The way that `vmm run` takes by itself.
    pub backend: Backend,
    /// Why.
    pub reason: String,
}

impl Verdict {
    /// Judges.
    #[must_use]
    pub fn of(device: &Device, trial: Option<&Trial>, hosted: &Hosted) -> Self {
        let broken = trial.filter(|trial| !trial.works);
        let (backend, reason) = match (device.usable, broken, hosted.usable) {
            (true, None, _) => (Backend::Kvm, "a guest ran on /dev/kvm".to_owned()),
            // `vmm run` cannot know this before it has started, so it does not fall back.
            (true, Some(_), usable) => {
                let way_out = if usable {
                    "; vmm run --backend qemu goes round it"
                } else {
                    ""
                };
                let reason = format!("/dev/kvm opens, but a guest did not run on it{way_out}");
                (Backend::None, reason)
            }
            (false, _, true) => (
                Backend::Qemu,
                "/dev/kvm cannot be used, and what QEMU-hosted needs is installed".to_owned(),
            ),
            (false, _, false) => (
                Backend::None,
                "/dev/kvm cannot be used, nor is there what QEMU-hosted needs".to_owned(),
            ),
        };
        Self { backend, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Linux;
    use super::*;

    fn backend(usable: bool, works: Option<bool>, hosted: bool) -> Backend {
        let device = Device {
            path: "/dev/kvm",
            exists: usable,
            usable,
            owner: None,
            we: None,
            problem: None,
            advice: Vec::new(),
        };
        let trial = works.map(|works| Trial {
            works,
            problem: None,
            first_instruction_us: 0,
            total_us: 0,
            exits: 0,
        });
        let hosted = Hosted {
            usable: hosted,
            qemu_version: None,
            tools: Vec::new(),
            linux: Linux::Missing,
            inside: false,
            advice: Vec::new(),
        };
        Verdict::of(&device, trial.as_ref(), &hosted).backend
    }

    #[test]
    fn kvm_comes_first_then_qemu() {
        assert_eq!(backend(true, Some(true), true), Backend::Kvm);
        assert_eq!(backend(true, Some(true), false), Backend::Kvm);
        assert_eq!(backend(false, None, true), Backend::Qemu);
        assert_eq!(backend(false, None, false), Backend::None);
    }

    #[test]
    fn a_kvm_that_opens_and_does_not_run_is_no_backend() {
        assert_eq!(backend(true, Some(false), true), Backend::None);
    }
}
