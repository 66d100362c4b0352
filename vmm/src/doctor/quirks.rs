//! What is known of each flavour, and what it means here.

use super::{Flavour, Kind};
use serde::Serialize;

/// A peculiarity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Quirk {
    /// What is peculiar.
    pub what: &'static str,
    /// What that means for a run.
    pub meaning: &'static str,
}

const PVM: [Quirk; 7] = [
    Quirk {
        what: "ring 0 is emulated at about 0.5 us an instruction",
        meaning: "an exit costs about 8 us; the host zeroes and copies pages for the kernel",
    },
    Quirk {
        what: "only baseline integer instructions are known in ring 0",
        meaning: "the guest kernel uses no others; a kernel of your own that does stops with a \
                  VM fault",
    },
    Quirk {
        what: "syscall arrives in the kernel without leaving ring 3",
        meaning: "the guest kernel takes exactly that page fault for the call that it is",
    },
    Quirk {
        what: "sysretq shuts the machine down",
        meaning: "the guest kernel returns with iretq",
    },
    Quirk {
        what: "vmcall and vmmcall never come back",
        meaning: "hypercalls are port writes; a kernel that executes one is ended by --timeout",
    },
    Quirk {
        what: "int n of ring 3 raises #UD, but for int3",
        meaning: "programs enter the kernel by syscall only",
    },
    Quirk {
        what: "no hardware breakpoints or watchpoints fire in ring 3",
        meaning: "debug such guests QEMU-hosted (--backend qemu)",
    },
];

const SHADOW_PAGING: Quirk = Quirk {
    what: "shadow paging: KVM does not see page-table entries that the host changes",
    meaning: "only the guest kernel writes page tables; the host asks it to",
};

const EMULATED_CPU: Quirk = Quirk {
    what: "the CPU below is emulated",
    meaning: "an exit costs about 44 us and guest code runs about four times slower",
};

const NESTED: Quirk = Quirk {
    what: "exits pass through the hypervisor below",
    meaning: "each takes some microseconds more than on bare metal",
};

const VT_X: Quirk = Quirk {
    what: "older CPUs need pages of KVM's own for real mode",
    meaning: "they are placed below 4 GiB, where the guest has no RAM",
};

/// Those of a flavour.
pub(super) fn of(flavour: &Flavour) -> Vec<Quirk> {
    let mut quirks = match flavour.kind {
        Kind::Pvm => PVM.to_vec(),
        Kind::VtX => vec![VT_X],
        Kind::AmdV | Kind::Unknown | Kind::None => Vec::new(),
    };
    if flavour.shadow_paging() {
        quirks.push(SHADOW_PAGING);
    }
    if flavour.nested && matches!(flavour.kind, Kind::VtX | Kind::AmdV) {
        let emulated = flavour.hypervisor.as_deref() == Some("QEMU");
        quirks.push(if emulated { EMULATED_CPU } else { NESTED });
    }
    quirks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flavour(kind: Kind, hypervisor: Option<&str>, two_dimensional: bool) -> Flavour {
        Flavour {
            kind,
            nested: hypervisor.is_some(),
            hypervisor: hypervisor.map(str::to_owned),
            two_dimensional_paging: Some(two_dimensional),
            evidence: Vec::new(),
            host_kernel: String::new(),
        }
    }

    #[test]
    fn bare_amd_v_has_none() {
        assert_eq!(of(&flavour(Kind::AmdV, None, true)), []);
    }

    #[test]
    fn shadow_paging_is_told_of_wherever_it_is_used() {
        for kind in [Kind::Pvm, Kind::AmdV, Kind::VtX] {
            assert!(
                of(&flavour(kind, None, false)).contains(&SHADOW_PAGING),
                "{kind:?}"
            );
        }
    }

    #[test]
    fn emulation_is_told_from_nesting() {
        assert_eq!(of(&flavour(Kind::AmdV, Some("QEMU"), true)), [EMULATED_CPU]);
        assert_eq!(of(&flavour(Kind::AmdV, Some("KVM"), true)), [NESTED]);
    }
}
