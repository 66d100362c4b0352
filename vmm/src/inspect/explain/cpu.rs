//! What the CPU does with an access of a program, and what the kernel does then.

use super::entry::{Flag, level_name};
use super::fault::{FaultHandler, Handling};
use super::verdict::StatusName;
use crate::inspect::{Hex, Problems};
use crate::memory::{GuestVirtAddr, PhysicalMemory};
use crate::objects::ProcessView;
use crate::translate::{Access, AddressSpace, Fault, FaultReason, PageCursor};
use abi::Status;
use abi::layout::PAGE_SIZE;
use serde::Serialize;

/// How an access ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CpuEnd {
    /// All bytes are accessed, if need be after page faults that the kernel cures.
    Ok,
    /// The thread waits for a pager; what comes then is the pager's business.
    Waits,
    /// The kernel ends the process.
    ProcessEnds,
    /// The same fault again and again: a table above the last one denies what the kernel
    /// believes it has granted.
    FaultsForever,
    /// The machine stops: page tables or structures are broken, or there is no RAM.
    MachineStops,
}

/// A fault of an access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PageFault {
    /// The first byte that faults.
    pub at: Hex,
    /// `"#PF"`; `"#GP"` for an address that is not canonical.
    pub exception: &'static str,
    /// The error code that the CPU pushes.
    pub error_code: u32,
    /// Its bits (SDM vol. 3, 4.7).
    pub bits: Vec<Flag>,
    /// The entry that stopped it, such as `"PDE"`; null if there was none to look at.
    pub entry: Option<&'static str>,
    /// The bit of that entry: `"P"`, `"R/W"`, `"U/S"`, `"XD"`, `"reserved"`.
    pub flag: Option<&'static str>,
    /// What the kernel's handler does; null if it is not asked or cannot tell.
    pub handling: Option<Handling>,
}

/// What the CPU makes of an access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CpuVerdict {
    /// `"read"`, `"write"` or `"fetch"`.
    pub access: String,
    /// How it ends.
    pub end: CpuEnd,
    /// Bytes that can be accessed before that.
    pub bytes: u64,
    /// Pages among them that fault first, at most: the kernel may map some ahead.
    pub faults: u64,
    /// The fault that ends it, or else the first of those that are cured; null if there is
    /// none.
    pub fault: Option<PageFault>,
    /// The status that the process's report would carry; null if the process goes on.
    pub status: Option<StatusName>,
    /// By which rule, as sections of the reference.
    pub rule: &'static str,
}

impl CpuVerdict {
    /// Of `length` bytes at `address` of a process.
    pub(super) fn new<M: PhysicalMemory>(
        memory: &M,
        process: &ProcessView,
        handler: &mut FaultHandler<'_, M>,
        (address, length): (u64, u64),
        access: Access,
        problems: &mut Problems,
    ) -> Self {
        let mut this = Self {
            access: access.to_string(),
            end: CpuEnd::Ok,
            bytes: 0,
            faults: 0,
            fault: None,
            status: None,
            rule: "§13.7",
        };
        let space = process.address_space().unwrap_or(AddressSpace::new(0));
        let mut cursor = PageCursor::new(memory, space, access);
        while this.bytes < length {
            let Some(at) = address.checked_add(this.bytes) else {
                // An access does not wrap: the address after the last one is no address.
                break;
            };
            let fault = match cursor.page(GuestVirtAddr(at)) {
                Ok(run) => {
                    this.bytes += run.length.min(length - this.bytes);
                    continue;
                }
                Err(fault) => fault,
            };
            if !this.meet(&fault, handler, problems) {
                break;
            }
            this.bytes += (PAGE_SIZE - at % PAGE_SIZE).min(length - this.bytes);
        }
        this
    }

    /// A fault; whether the access goes on after it.
    fn meet<M: PhysicalMemory>(
        &mut self,
        fault: &Fault,
        handler: &mut FaultHandler<'_, M>,
        problems: &mut Problems,
    ) -> bool {
        let handling = match fault.reason {
            FaultReason::NotCanonical
            | FaultReason::ReservedBit
            | FaultReason::TableOutsideRam
            | FaultReason::PageOutsideRam => None,
            _ => problems.sound(handler.handle(fault.address.0, fault.access)),
        };
        let end = match (fault.reason, handling) {
            (FaultReason::NotCanonical, _) => {
                self.status = Some(StatusName::new(Status::INTERNAL));
                self.rule = "no page fault: any other exception of a program ends its process";
                CpuEnd::ProcessEnds
            }
            (_, None) => CpuEnd::MachineStops,
            (_, Some(Handling::Refuses { status, rule, .. })) => {
                self.status = Some(StatusName::new(status));
                self.rule = rule;
                CpuEnd::ProcessEnds
            }
            (_, Some(Handling::AsksPager { .. })) => {
                self.rule = "§4.5, §13.7 (pager)";
                CpuEnd::Waits
            }
            (_, Some(Handling::Supplies { .. }))
                if handler.is_futile(fault.address.0, fault.access) =>
            {
                CpuEnd::FaultsForever
            }
            (_, Some(Handling::Supplies { .. })) => CpuEnd::Ok,
        };
        let cured = end == CpuEnd::Ok;
        self.faults += u64::from(cured);
        if !cured || self.fault.is_none() {
            self.fault = Some(PageFault::new(fault, handling));
        }
        self.end = end;
        cured
    }
}

impl PageFault {
    fn new(fault: &Fault, handling: Option<Handling>) -> Self {
        let (flag, present) = match fault.reason {
            FaultReason::NotCanonical | FaultReason::TableOutsideRam => (None, false),
            FaultReason::NotPresent => (Some("P"), false),
            FaultReason::Supervisor => (Some("U/S"), true),
            FaultReason::ReadOnly => (Some("R/W"), true),
            FaultReason::NoExecute => (Some("XD"), true),
            FaultReason::ReservedBit => (Some("reserved"), true),
            FaultReason::PageOutsideRam => (None, true),
        };
        let general = fault.reason == FaultReason::NotCanonical;
        let bit = |number: u32, set: bool| u32::from(set) << number;
        let error_code = if general {
            0
        } else {
            bit(0, present)
                | bit(1, fault.access == Access::Write)
                | bit(2, true)
                | bit(3, fault.reason == FaultReason::ReservedBit)
                | bit(4, fault.access == Access::Execute)
        };
        let code = u64::from(error_code);
        let bits = vec![
            Flag::new("P", 1, code, ["not present", "present, but denied"]),
            Flag::new("W/R", 1 << 1, code, ["no store", "a store"]),
            Flag::new("U/S", 1 << 2, code, ["in ring 0", "in ring 3"]),
            Flag::new(
                "RSVD",
                1 << 3,
                code,
                ["no reserved bit", "a reserved bit is set"],
            ),
            Flag::new("I/D", 1 << 4, code, ["no fetch", "a fetch"]),
        ];
        Self {
            at: Hex(fault.address.0),
            exception: if general { "#GP" } else { "#PF" },
            error_code,
            bits: if general { Vec::new() } else { bits },
            entry: (!general).then(|| level_name(fault.level)),
            flag,
            handling,
        }
    }
}
