//! Broken images, hostile clients of a VM, and hostile VMs.

mod clients;
mod images;
mod run;
mod servers;

use libtest_mimic::Trial;

pub(crate) fn tests() -> Vec<Trial> {
    let mut trials = images::tests();
    trials.extend(servers::tests());
    trials.extend(clients::tests());
    trials
}
