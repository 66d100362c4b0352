//! The comparison itself: with one thing in the headers changed, it must fail.

use crate::compilers::Compiler;
use crate::{Outcome, assertions, calls, compiled, include};
use libtest_mimic::{Failed, Trial};
use std::fs;

/// A change: header, what to find there, what to put in its place.
type Change = (&'static str, &'static str, &'static str);

/// Changes that a compiler must find.
const CHANGES: &[Change] = &[
    (
        "errors.h",
        "ZX_ERR_NOT_FOUND (-25)",
        "ZX_ERR_NOT_FOUND (-26)",
    ),
    (
        "rights.h",
        "ZX_RIGHT_EXECUTE ((zx_rights_t)1u << 4)",
        "ZX_RIGHT_EXECUTE ((zx_rights_t)1u << 5)",
    ),
    (
        "rights.h",
        "ZX_DEFAULT_PAGER_RIGHTS \\\n  (ZX_RIGHT_INSPECT |",
        "ZX_DEFAULT_PAGER_RIGHTS \\\n  (",
    ),
    (
        "types.h",
        "ZX_VM_COMPACT ((zx_vm_option_t)(1u << 3))",
        "ZX_VM_COMPACT ((zx_vm_option_t)(1u << 7))",
    ),
    (
        "types.h",
        "ZX_VMO_OP_ZERO ((uint32_t)10u)",
        "ZX_VMO_OP_ZERO ((uint32_t)5u)",
    ),
    (
        "types.h",
        "ZX_OBJ_TYPE_PAGER ((zx_obj_type_t)28u)",
        "ZX_OBJ_TYPE_PAGER ((zx_obj_type_t)29u)",
    ),
    (
        "types.h",
        "  uint64_t offset;\n  uint64_t size;\n",
        "  uint64_t size;\n  uint64_t offset;\n",
    ),
    (
        "types.h",
        "#define ZX_CACHE_POLICY_UNCACHED ((uint32_t)1u)\n",
        "",
    ),
    ("processargs.h", "PA_VMO_VDSO 0x11u", "PA_VMO_VDSO 0x12u"),
    ("processargs.h", "  uint32_t names_num;\n", ""),
    (
        "syscalls/object.h",
        "ZX_INFO_VMO __ZX_INFO_TOPIC(23u, 3u)",
        "ZX_INFO_VMO __ZX_INFO_TOPIC(23u, 2u)",
    ),
    (
        "syscalls/object.h",
        "ZX_PROP_NAME ((uint32_t)3u)",
        "ZX_PROP_NAME ((uint32_t)2u)",
    ),
    (
        "syscalls/object.h",
        "ZX_TASK_RETCODE_VDSO_KILL ((int64_t)-1027)",
        "ZX_TASK_RETCODE_VDSO_KILL ((int64_t)1027)",
    ),
    (
        "syscalls/object.h",
        "  zx_rights_t rights;\n  zx_obj_type_t type;\n",
        "  zx_obj_type_t type;\n  zx_rights_t rights;\n",
    ),
    (
        "syscalls/port.h",
        "  zx_packet_type_t type;\n  zx_status_t status;\n",
        "  zx_status_t status;\n  zx_packet_type_t type;\n",
    ),
    (
        "syscalls/port.h",
        "ZX_PAGER_VMO_DIRTY ((uint16_t)2)",
        "ZX_PAGER_VMO_DIRTY ((uint16_t)3)",
    ),
    (
        "syscalls/port.h",
        "  uint64_t length;\n  uint64_t reserved1;\n} zx_packet_page",
        "  uint64_t length;\n} zx_packet_page",
    ),
];

/// Changes of prototypes, which are found without a compiler.
const PROTOTYPES: &[Change] = &[
    (
        "syscalls.h",
        "_ZX_CALL(zx_status_t, vmar_destroy, (zx_handle_t handle));\n",
        "",
    ),
    (
        "syscalls.h",
        "(zx_handle_t handle, zx_vaddr_t addr, size_t len)",
        "(zx_handle_t handle, zx_vaddr_t addr)",
    ),
    (
        "syscalls.h",
        "(uint64_t size, uint32_t options, zx_handle_t* out)",
        "(uint32_t options, uint64_t size, zx_handle_t* out)",
    ),
    (
        "syscalls.h",
        "(zx_handle_t handle, uint64_t* size)",
        "(zx_handle_t handle, uint64_t size)",
    ),
    (
        "syscalls.h",
        "_ZX_CALL(__NO_RETURN void, thread_exit",
        "_ZX_CALL(zx_status_t, thread_exit",
    ),
    ("syscalls.h", "task_kill", "task_suspend"),
];

/// The header with the change made.
fn changed((header, from, to): Change) -> Result<String, Failed> {
    let text = include::text(&format!("zircon/{header}"))?;
    if text.contains(from) {
        Ok(text.replacen(from, to, 1))
    } else {
        Err(format!("{header} has no {from:?} to change").into())
    }
}

/// Every change makes the compiler complain of a header that is otherwise well.
fn found(compiler: &Compiler) -> Outcome {
    let source = assertions()?;
    let folder = include::own()?;
    compiler.accepts(&folder, &source)?;
    for &change in CHANGES {
        let file = folder.join("zircon").join(change.0);
        let text = fs::read_to_string(&file)?;
        fs::write(&file, changed(change)?)?;
        if compiler.complaint(&folder, &source)?.is_none() {
            return Err(format!("nobody saw {change:?}").into());
        }
        fs::write(&file, text)?;
    }
    compiler.accepts(&folder, &source)
}

/// Every change makes the headers differ from the calls.
fn prototypes() -> Outcome {
    let own = include::text("vmoscope/syscalls.h")?;
    for &change in PROTOTYPES {
        if calls::check(&changed(change)?, &own).is_ok() {
            return Err(format!("nobody saw {change:?}").into());
        }
    }
    let fewer = own.replace("zx_status_t vmoscope_reclaim(void);", "");
    match calls::check(&include::text("zircon/syscalls.h")?, &fewer) {
        Ok(()) => Err("nobody missed vmoscope_reclaim".into()),
        Err(_) => Ok(()),
    }
}

/// The tests.
pub fn tests() -> Vec<Trial> {
    let mut tests = vec![Trial::test("a changed prototype is found", prototypes)];
    let gcc = Compiler::all()
        .into_iter()
        .find(|compiler| compiler.command == "gcc");
    tests.extend(gcc.map(|gcc| compiled("a changed value or layout is found", gcc, found)));
    tests
}
