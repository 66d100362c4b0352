//! Which kind of KVM this is, and how that is known.

use super::Facts;
use serde::Serialize;
use std::fmt;

/// What does the work below /dev/kvm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Intel's VT-x.
    VtX,
    /// AMD's AMD-V (SVM).
    AmdV,
    /// Software: ring 3 runs natively, ring 0 is emulated.
    Pvm,
    /// There is a /dev/kvm, and nothing says what drives it.
    Unknown,
    /// There is no KVM.
    None,
}

/// The flavour, with its reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flavour {
    /// What does the work.
    pub kind: Kind,
    /// This host is itself a virtual machine.
    pub nested: bool,
    /// The hypervisor below this host, as it calls itself.
    pub hypervisor: Option<String>,
    /// The CPU walks guest page tables itself; `None` if that is not known.
    pub two_dimensional_paging: Option<bool>,
    /// How all this is known, a sentence each.
    pub evidence: Vec<String>,
    /// The host's kernel.
    pub host_kernel: String,
}

impl Flavour {
    /// The flavour that these facts show.
    #[must_use]
    pub fn of(facts: &Facts) -> Self {
        let mut evidence = Vec::new();
        let kind = kind(facts, &mut evidence);
        let nested = facts.has_flag("hypervisor");
        if nested {
            let name = facts.hypervisor.as_deref().unwrap_or("no name");
            evidence.push(format!(
                "the CPU has the flag hypervisor: this is a virtual machine (CPUID leaf \
                 0x40000000 says {name})"
            ));
        }
        let two_dimensional_paging = two_dimensional(kind, facts);
        match two_dimensional_paging {
            Some(true) => {
                evidence.push("its module says that two-dimensional paging is on".to_owned())
            }
            Some(false) if kind != Kind::Pvm => {
                evidence.push("its module says that two-dimensional paging is off".to_owned());
            }
            Some(false) | None => {}
        }
        if let Some(name) = &facts.sys_hypervisor {
            evidence.push(format!("/sys/hypervisor/type says {name}"));
        }
        Self {
            kind,
            nested,
            hypervisor: facts.hypervisor.clone(),
            two_dimensional_paging,
            evidence,
            host_kernel: facts.kernel.clone(),
        }
    }

    /// Whether KVM keeps page tables of its own beside the guest's.
    #[must_use]
    pub fn shadow_paging(&self) -> bool {
        self.two_dimensional_paging == Some(false)
    }
}

fn kind(facts: &Facts, evidence: &mut Vec<String>) -> Kind {
    let flags: Vec<&str> = ["vmx", "svm"]
        .into_iter()
        .filter(|flag| facts.has_flag(flag))
        .collect();
    evidence.push(match flags.as_slice() {
        [] => "/proc/cpuinfo shows neither vmx nor svm".to_owned(),
        flags => format!("/proc/cpuinfo shows {}", flags.join(" and ")),
    });
    if !facts.device {
        let names: Vec<&str> = facts.modules.iter().map(|m| m.name.as_str()).collect();
        evidence.push(if names.is_empty() {
            "there is neither /dev/kvm nor a module of KVM in /sys/module".to_owned()
        } else {
            format!(
                "there is no /dev/kvm, though the kernel has {} (in a container, the device \
                 must be passed in)",
                names.join(" and ")
            )
        });
        return Kind::None;
    }
    // Only one module drives KVM at a time. One that was loaded and is live is it. One that
    // is built in may be there for nothing, so the CPU must have what it needs.
    let drivers = [
        ("kvm_intel", Kind::VtX, facts.has_flag("vmx")),
        ("kvm_amd", Kind::AmdV, facts.has_flag("svm")),
        ("kvm_pvm", Kind::Pvm, true),
    ];
    for (name, kind, _) in drivers {
        if facts.module(name).is_some_and(|module| module.live) {
            evidence.push(format!("the module {name} is loaded and live"));
            return kind;
        }
    }
    for (name, kind, possible) in drivers {
        if possible && facts.module(name).is_some() {
            evidence.push(format!(
                "the kernel has {name} built in (/sys/module/{name})"
            ));
            return kind;
        }
    }
    match flags.as_slice() {
        ["vmx", ..] => Kind::VtX,
        ["svm", ..] => Kind::AmdV,
        _ => {
            evidence.push("/sys/module names no module that could drive /dev/kvm".to_owned());
            Kind::Unknown
        }
    }
}

fn two_dimensional(kind: Kind, facts: &Facts) -> Option<bool> {
    let of = |name| facts.module(name).and_then(|module| module.two_dimensional);
    match kind {
        Kind::VtX => of("kvm_intel"),
        Kind::AmdV => of("kvm_amd"),
        Kind::Pvm => Some(false),
        Kind::Unknown | Kind::None => None,
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::VtX => "Intel VT-x",
            Kind::AmdV => "AMD-V",
            Kind::Pvm => "PVM, software virtualisation",
            Kind::Unknown => "unknown",
            Kind::None => return f.write_str("none"),
        })?;
        if self.nested {
            let below = self.hypervisor.as_deref().unwrap_or("another hypervisor");
            write!(f, ", nested under {below}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
