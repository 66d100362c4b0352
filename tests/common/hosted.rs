//! Whether this machine can run guests QEMU-hosted, said in words where it cannot.

use vmm::doctor::{Hosted, Linux, Setting};

/// Why nothing can be run QEMU-hosted here; `None` if it can.
pub fn not_hosted() -> Option<String> {
    let found = Hosted::look(&Setting::here());
    if found.inside {
        Some("this is the Linux under QEMU".to_owned())
    } else if !found.usable {
        Some(format!("not installed: {}", found.advice.join("; ")))
    } else if found.linux == Linux::Fetched {
        Some("its Linux would be fetched first: scripts/qemu-hosted -- list does it".to_owned())
    } else {
        None
    }
}
