//! Bare exits, and what the null call of a program adds to them.

use crate::bare::{BareVm, probe};
use crate::calls::Caller;
use crate::compare::{Contest, Plan, Summary};
use criterion::Criterion;

/// RAM of the bare machine, in bytes.
const RAM: u64 = 1 << 20;

/// Runs the comparisons.
pub fn run(criterion: &mut Criterion, summary: &mut Summary) {
    let plan = |subject: &str, reference: &str| Plan {
        group: "exits",
        subject: subject.to_owned(),
        reference: reference.to_owned(),
        turn: 20,
        units: 1,
    };
    let exit = || {
        let mut bare = probe(BareVm::ring_0(RAM));
        move |count| bare.time(count)
    };
    let system_call = || {
        let mut bare = probe(BareVm::system_call());
        move |count| bare.time(count)
    };
    let null = || {
        let mut caller = Caller::null();
        move |count| caller.time(count)
    };
    let names = plan("bare system call", "bare exit of ring 0");
    summary.compare(criterion, names, || Contest::new(system_call(), exit()));
    let names = plan("null call", "bare exit of ring 0");
    summary.compare(criterion, names, || Contest::new(null(), exit()));
    let names = plan("null call", "bare system call");
    summary.compare(criterion, names, || Contest::new(null(), system_call()));
}
