//! Attaching to running VMs: the control socket, pausing, names, `vmm trace`.

mod clients;
mod ends;
mod pausing;
mod raw;
mod sockets;
mod tracing;

use libtest_mimic::Trial;

pub(crate) fn tests() -> Vec<Trial> {
    let mut trials = pausing::tests();
    trials.extend(clients::tests());
    trials.extend(sockets::tests());
    trials.extend(ends::tests());
    trials.extend(tracing::tests());
    trials
}
