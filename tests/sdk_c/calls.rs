//! The library's list of calls is the kernel's.

use crate::sdk::top;
use crate::{Outcome, Tests};
use abi::Call;
use std::collections::BTreeSet;
use std::fs;

/// Functions of the vDSO that are no calls (docs/abi/vdso.md).
const NO_CALLS: [&str; 4] = [
    "zx_system_get_page_size",
    "zx_ticks_per_second",
    "zx_status_get_string",
    "zx_deadline_after",
];

pub(crate) fn tests(tests: &mut Tests) {
    tests.anywhere("the library has every call, and no other", every_call);
}

fn every_call() -> Outcome {
    let text = fs::read_to_string(top().join("guest/libzircon/calls.inc"))?;
    let names: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("CALL(")?.strip_suffix(')'))
        .collect();
    let listed: BTreeSet<&str> = names.iter().copied().collect();
    if listed.len() != names.len() {
        return Err("a call is listed twice".into());
    }
    let wanted: BTreeSet<&str> = Call::ALL
        .iter()
        .map(|call| call.signature().name)
        .chain(NO_CALLS)
        .collect();
    if listed != wanted {
        let missing: Vec<_> = wanted.difference(&listed).collect();
        let unknown: Vec<_> = listed.difference(&wanted).collect();
        return Err(format!("missing: {missing:?}; unknown: {unknown:?}").into());
    }
    Ok(())
}
