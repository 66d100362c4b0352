//! What the entries on the way to a page grant together (SDM vol. 3, 4.6.1).

use super::entry::Level;
use crate::inspect::{Hex, MachineState};
use crate::translate::Access;
use abi::entry::{NO_EXECUTE, USER, WRITABLE};
use serde::Serialize;

const CR0_WP: u64 = 1 << 16;
const CR4_SMEP: u64 = 1 << 20;
const CR4_SMAP: u64 = 1 << 21;
const EFER_NXE: u64 = 1 << 11;

/// What the CPU's registers say about permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Control {
    /// Whether the registers are known; if not (a raw image has none), these are the values
    /// that the guest's kernel sets when it boots.
    pub known: bool,
    /// `CR0.WP`: ring 0, too, may not store where `R/W` is 0.
    pub write_protect: bool,
    /// `CR4.SMEP`: ring 0 may not fetch from pages of ring 3.
    pub smep: bool,
    /// `CR4.SMAP`: ring 0 may not load from or store to pages of ring 3, unless `RFLAGS.AC`
    /// is set.
    pub smap: bool,
    /// `IA32_EFER.NXE`: the bit `XD` counts.
    pub no_execute_enable: bool,
}

impl Control {
    /// Of a machine's first vCPU.
    #[must_use]
    pub fn of(machine: &MachineState) -> Self {
        match machine.vcpus.first() {
            // Paging is on in every guest that runs programs: all zero means not saved.
            Some(vcpu) if vcpu.cr0 != Hex(0) => Self {
                known: true,
                write_protect: vcpu.cr0.0 & CR0_WP != 0,
                smep: vcpu.cr4.0 & CR4_SMEP != 0,
                smap: vcpu.cr4.0 & CR4_SMAP != 0,
                no_execute_enable: vcpu.efer.0 & EFER_NXE != 0,
            },
            _ => Self::KERNEL,
        }
    }

    /// As the guest's kernel sets them when it boots.
    pub const KERNEL: Self = Self {
        known: false,
        write_protect: true,
        smep: false,
        smap: false,
        no_execute_enable: true,
    };
}

/// What may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "the three accesses that there are"
)]
pub struct Granted {
    /// Load.
    pub read: bool,
    /// Store.
    pub write: bool,
    /// Fetch an instruction.
    pub execute: bool,
}

/// A bit that takes a right away from the whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Denial {
    /// The bit: `"U/S"`, `"R/W"` or `"XD"`.
    pub flag: &'static str,
    /// The entries that have it so, topmost first, such as `"PDE"`.
    pub entries: Vec<&'static str>,
}

/// The entries taken together: `R/W` and `U/S` must be set in all of them, `XD` in none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rights {
    /// The AND of all `R/W`.
    pub writable: bool,
    /// The AND of all `U/S`.
    pub user: bool,
    /// The OR of all `XD`.
    pub no_execute: bool,
    /// The bits that take something away, and where.
    pub denials: Vec<Denial>,
    /// What else counts.
    pub control: Control,
    /// What a program may do (ring 3).
    pub program: Granted,
    /// What the kernel may do (ring 0) with that address. It does not: it reaches programs'
    /// memory through its own map of all RAM.
    pub kernel: Granted,
}

impl Rights {
    /// Of these entries; `grants` says what ring 3 gets.
    pub(super) fn new(levels: &[Level], control: Control, grants: impl Fn(Access) -> bool) -> Self {
        let having = |mask: u64, set: bool| -> Vec<&'static str> {
            let hit = |level: &&Level| level.raw.is_some_and(|raw| (raw.0 & mask != 0) == set);
            levels.iter().filter(hit).map(|level| level.name).collect()
        };
        let denials: Vec<_> = [
            ("U/S", having(USER, false)),
            ("R/W", having(WRITABLE, false)),
            ("XD", having(NO_EXECUTE, true)),
        ]
        .into_iter()
        .filter(|(_, entries)| !entries.is_empty())
        .map(|(flag, entries)| Denial { flag, entries })
        .collect();
        let denied = |name| denials.iter().any(|denial| denial.flag == name);
        let (user, writable, no_execute) = (!denied("U/S"), !denied("R/W"), denied("XD"));
        let fetch = !(no_execute && control.no_execute_enable);
        let data = !(user && control.smap);
        Self {
            writable,
            user,
            no_execute,
            control,
            program: Granted {
                read: grants(Access::Read),
                write: grants(Access::Write),
                execute: grants(Access::Execute),
            },
            kernel: Granted {
                read: data,
                write: data && (writable || !control.write_protect),
                execute: fetch && !(user && control.smep),
            },
            denials,
        }
    }
}
