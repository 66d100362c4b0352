//! Constants: each that `abi` has under a name of Zircon's, in the headers under that name.

use abi::info::{InfoVmo, InfoVmoFlags};
use abi::objects::{HANDLE_FIXED_BITS, NAME_LENGTH, VmoOptions};
use abi::options::{ChildOptions, Signals, VM_ALIGN_SHIFT, VmOptions};
use abi::startup::handle_info;
use abi::{Rights, Status, layout, options};
use libtest_mimic::Failed;

/// An assertion that a C expression has a value.
fn equals(expression: &str, value: impl std::fmt::Display) -> String {
    // A cast makes the comparison signed on both sides; all values fit.
    format!("CHECK((long long)({expression}) == (long long)({value}), \"{expression}\");\n")
}

/// Statuses: every number that `abi` has a name for, and no name more but the vDSO's own.
fn statuses() -> Result<String, Failed> {
    let mut source = String::new();
    let mut known = vec!["ZX_ERR_INTERNAL_INTR_RETRY", "ZX_ERR_INTERNAL_INTR_KILLED"];
    for number in -1000..=0 {
        if let Some(name) = Status(number).name() {
            source += &equals(name, number);
            known.push(name);
        }
    }
    for line in crate::include::text("zircon/errors.h")?.lines() {
        let name = line
            .strip_prefix("#define ZX_")
            .and_then(|rest| rest.split(' ').next());
        if let Some(name) = name
            && !known
                .iter()
                .any(|known| known.strip_prefix("ZX_") == Some(name))
        {
            return Err(format!("ZX_{name} is in errors.h and not in abi").into());
        }
    }
    Ok(source)
}

/// Names and bits of flags, with what Zircon puts in front.
fn flags<B: bitflags::Flags>(prefix: &str) -> String
where
    B::Bits: std::fmt::Display,
{
    let named = B::FLAGS.iter().filter(|flag| flag.is_named());
    named
        .map(|flag| equals(&format!("{prefix}{}", flag.name()), flag.value().bits()))
        .collect()
}

/// Option bits, rights and signals.
fn all_flags() -> String {
    let mut source = flags::<Rights>("ZX_RIGHT_");
    source += &flags::<VmOptions>("ZX_VM_");
    source += &flags::<ChildOptions>("ZX_VMO_CHILD_");
    source += &flags::<InfoVmoFlags>("ZX_INFO_VMO_");
    // The bits from 16 on are the kernel's own.
    for (name, bit) in VmoOptions::all().iter_names() {
        if bit.bits() < 1 << 16 {
            source += &equals(&format!("ZX_VMO_{name}"), bit.bits());
        }
    }
    source
}

/// Values that have no list to go through.
fn single() -> String {
    let default_rights = [
        ("VMO", Rights::DEFAULT_VMO),
        ("PROCESS", Rights::DEFAULT_PROCESS),
        ("THREAD", Rights::DEFAULT_THREAD),
        ("JOB", Rights::DEFAULT_JOB),
        ("PORT", Rights::DEFAULT_PORT),
        ("PAGER", Rights::DEFAULT_PAGER),
        ("RESOURCE", Rights::DEFAULT_RESOURCE),
        ("BTI", Rights::DEFAULT_BTI),
        ("VMAR", Rights::DEFAULT_VMAR),
    ];
    let mut source: String = default_rights
        .map(|(name, rights)| equals(&format!("ZX_DEFAULT_{name}_RIGHTS"), rights.bits()))
        .concat();
    let others = [
        ("ZX_RIGHT_NONE", 0),
        ("ZX_RIGHT_SAME_RIGHTS", u64::from(Rights::SAME_RIGHTS)),
        ("ZX_RIGHTS_BASIC", u64::from(Rights::BASIC.bits())),
        ("ZX_RIGHTS_IO", u64::from(Rights::IO.bits())),
        ("ZX_TASK_TERMINATED", u64::from(Signals::TERMINATED.bits())),
        (
            "ZX_PROCESS_TERMINATED",
            u64::from(Signals::TERMINATED.bits()),
        ),
        (
            "ZX_THREAD_TERMINATED",
            u64::from(Signals::TERMINATED.bits()),
        ),
        (
            "ZX_THREAD_RUNNING",
            u64::from(Signals::THREAD_RUNNING.bits()),
        ),
        (
            "ZX_VMO_ZERO_CHILDREN",
            u64::from(Signals::ZERO_CHILDREN.bits()),
        ),
        ("ZX_USER_SIGNAL_ALL", u64::from(Signals::USER_ALL.bits())),
        ("ZX_USER_SIGNAL_0", 1 << 24),
        ("ZX_USER_SIGNAL_7", 1 << 31),
        ("ZX_HANDLE_INVALID", 0),
        ("ZX_HANDLE_FIXED_BITS_MASK", u64::from(HANDLE_FIXED_BITS)),
        ("ZX_KOID_INVALID", 0),
        ("ZX_KOID_FIRST", 1024),
        ("ZX_MAX_NAME_LEN", NAME_LENGTH as u64),
        ("ZX_MIN_PAGE_SHIFT", u64::from(layout::PAGE_SHIFT)),
        ("ZX_MIN_PAGE_SIZE", layout::PAGE_SIZE),
        ("ZX_VM_ALIGN_BASE", u64::from(VM_ALIGN_SHIFT)),
        ("ZX_VM_ALIGN_1KB", 10 << VM_ALIGN_SHIFT),
        ("ZX_VM_ALIGN_2MB", 21 << VM_ALIGN_SHIFT),
        ("ZX_VM_ALIGN_4GB", 32 << VM_ALIGN_SHIFT),
        ("ZX_INFO_PROCESS_FLAG_STARTED", 1),
        ("ZX_INFO_PROCESS_FLAG_EXITED", 2),
        ("PA_HND(0xF1u, 7u)", u64::from(handle_info(0xF1, 7))),
        (
            "PA_HND(0x1F1u, 0x10007u)",
            u64::from(handle_info(0x1F1, 0x1_0007)),
        ),
        ("PA_HND_TYPE(0x700F1u)", 0xF1),
        ("PA_HND_ARG(0x700F1u)", 7),
        // Older versions of a record are the first bytes of the newest one.
        (
            "sizeof(zx_info_vmo_v1_t)",
            std::mem::offset_of!(InfoVmo, metadata_bytes) as u64,
        ),
        (
            "sizeof(zx_info_vmo_v2_t)",
            std::mem::offset_of!(InfoVmo, populated_bytes) as u64,
        ),
        (
            "sizeof(zx_info_vmo_v3_t)",
            std::mem::offset_of!(InfoVmo, committed_private_bytes) as u64,
        ),
    ];
    for (expression, value) in others {
        source += &equals(expression, value);
    }
    source += &equals("ZX_TIME_INFINITE", options::TIME_INFINITE);
    source
}

/// A group of constants in the text of `abi`: a type that is nothing but a name for them.
struct Group {
    /// The file.
    text: &'static str,
    /// The line that opens it.
    opening: &'static str,
    /// What Zircon's names begin with.
    prefix: &'static str,
    /// Constants whose name in Zircon is another; an empty one for those that it has not.
    renamed: &'static [(&'static str, &'static str)],
}

/// All of them. A constant that is added to a group is compared without being added here.
const GROUPS: &[Group] = &[
    Group {
        text: include_str!("../../src/options.rs"),
        opening: "impl RangeOp {",
        prefix: "ZX_VMO_OP_",
        renamed: &[("MAP_RANGE", "ZX_VMAR_OP_MAP_RANGE")],
    },
    Group {
        text: include_str!("../../src/options.rs"),
        opening: "impl PagerOp {",
        prefix: "ZX_PAGER_OP_",
        renamed: &[("RANGE_IS_ZERO", "ZX_VMO_DIRTY_RANGE_IS_ZERO")],
    },
    Group {
        text: include_str!("../../src/options.rs"),
        opening: "impl Topic {",
        prefix: "ZX_INFO_",
        renamed: &[],
    },
    Group {
        text: include_str!("../../src/options.rs"),
        opening: "impl Property {",
        prefix: "ZX_PROP_",
        renamed: &[],
    },
    Group {
        text: include_str!("../../src/info.rs"),
        opening: "impl MapsKind {",
        prefix: "ZX_INFO_MAPS_TYPE_",
        renamed: &[],
    },
    Group {
        text: include_str!("../../src/info.rs"),
        opening: "impl PacketType {",
        prefix: "ZX_PKT_TYPE_",
        renamed: &[],
    },
    Group {
        text: include_str!("../../src/info.rs"),
        opening: "impl PageCommand {",
        prefix: "ZX_PAGER_VMO_",
        renamed: &[],
    },
    Group {
        text: include_str!("../../src/objects/header.rs"),
        opening: "impl ObjectType {",
        prefix: "ZX_OBJ_TYPE_",
        // Never behind a handle.
        renamed: &[("MAPPING", ""), ("PAGE_SOURCE", "")],
    },
    Group {
        text: include_str!("../../src/objects/vmo.rs"),
        opening: "impl CachePolicy {",
        prefix: "ZX_CACHE_POLICY_",
        renamed: &[],
    },
    Group {
        text: include_str!("../../src/objects/process.rs"),
        opening: "impl EndReason {",
        prefix: "ZX_TASK_RETCODE_",
        renamed: &[
            ("KILLED", "ZX_TASK_RETCODE_SYSCALL_KILL"),
            ("OUT_OF_MEMORY", "ZX_TASK_RETCODE_OOM_KILL"),
            ("POLICY", "ZX_TASK_RETCODE_POLICY_KILL"),
            ("VDSO", "ZX_TASK_RETCODE_VDSO_KILL"),
            ("EXCEPTION", "ZX_TASK_RETCODE_EXCEPTION_KILL"),
        ],
    },
    Group {
        text: include_str!("../../src/startup.rs"),
        opening: "",
        prefix: "",
        renamed: &[
            ("PROCARGS_PROTOCOL", "ZX_PROCARGS_PROTOCOL"),
            ("PROCARGS_VERSION", "ZX_PROCARGS_VERSION"),
        ],
    },
];

impl Group {
    /// Its constants: name and value, the value as the text has it.
    fn constants(&self) -> Vec<(&'static str, String)> {
        let mut lines = self.text.lines();
        if !self.opening.is_empty() {
            lines.find(|line| *line == self.opening);
        }
        lines
            .take_while(|line| *line != "}")
            .filter_map(|line| {
                let (name, rest) = line.trim().strip_prefix("pub const ")?.split_once(':')?;
                let value = rest.split_once("= ")?.1.strip_suffix(';')?;
                let value = value
                    .strip_prefix("Self(")
                    .map_or(value, |value| value.strip_suffix(')').unwrap_or(value));
                Some((name, value.replace('_', "")))
            })
            .collect()
    }

    /// Their names in Zircon, and the values.
    fn assertions(&self) -> Result<String, Failed> {
        let constants = self.constants();
        if constants.is_empty() {
            return Err(format!("no constants behind {:?}", self.opening).into());
        }
        for (name, _) in self.renamed {
            if !constants.iter().any(|(constant, _)| constant == name) {
                return Err(format!("no {name} behind {:?}", self.opening).into());
            }
        }
        let compared = constants.iter().filter_map(|(name, value)| {
            let renamed = self.renamed.iter().find(|(from, _)| from == name);
            match renamed {
                Some((_, "")) => None,
                Some((_, to)) => Some(equals(to, value)),
                None => Some(equals(&format!("{}{name}", self.prefix), value)),
            }
        });
        Ok(compared.collect())
    }
}

/// An operation has one number, whether it is done to a VMO or to a region.
fn region_operations() -> String {
    let both = [
        "COMMIT",
        "DECOMMIT",
        "ZERO",
        "DONT_NEED",
        "ALWAYS_NEED",
        "PREFETCH",
    ];
    both.map(|name| equals(&format!("ZX_VMAR_OP_{name}"), format!("ZX_VMO_OP_{name}")))
        .concat()
}

/// Assertions for all constants.
pub fn assertions() -> Result<String, Failed> {
    let mut source = statuses()? + &all_flags() + &single() + &region_operations();
    for group in GROUPS {
        source += &group.assertions()?;
    }
    Ok(source)
}
