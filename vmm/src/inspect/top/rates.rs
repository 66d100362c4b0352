//! What changed from one look at a guest to the next.

use super::{CallTotals, TopProcess, TopSample};
use serde::Serialize;
use std::collections::HashMap;

/// A process, with what it did in the interval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProcessRate {
    /// Itself.
    #[serde(flatten)]
    pub process: TopProcess,
    /// Its calls a second; null if that is not known.
    pub calls_per_second: Option<u64>,
    /// Its calls a second that were answered with an error.
    pub errors_per_second: Option<u64>,
}

/// A call, with how often it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallRate {
    /// Its name.
    pub name: String,
    /// Since the guest's start.
    pub totals: CallTotals,
    /// A second, in the interval.
    pub calls_per_second: u64,
    /// Those of them that were answered with an error.
    pub errors_per_second: u64,
}

/// What `vmm top` shows at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TopFrame {
    /// Time since the machine was made, in nanoseconds; 0 if that is not known.
    pub elapsed_ns: u64,
    /// What the rates are of, in nanoseconds of the guest's time; all of it if it was not
    /// looked at before, 0 if that is not known or if the guest stood still.
    pub interval_ns: u64,
    /// Frames that the kernel gives out.
    pub managed_frames: u64,
    /// Those of them that are free.
    pub free_frames: u64,
    /// All served calls a second; null if they are not known.
    pub calls_per_second: Option<u64>,
    /// Those of them that were answered with an error.
    pub errors_per_second: Option<u64>,
    /// The processes, oldest first.
    pub processes: Vec<ProcessRate>,
    /// Calls that were ever made, the most frequent in the interval first.
    pub calls: Vec<CallRate>,
}

/// Events a second, rounded.
fn rate(now: u64, before: u64, ns: u64) -> u64 {
    if ns == 0 {
        // The guest stood still, and did nothing.
        return 0;
    }
    let events = u128::from(now.saturating_sub(before));
    let ns = u128::from(ns);
    u64::try_from((events * 1_000_000_000 + ns / 2) / ns).unwrap_or(u64::MAX)
}

impl TopFrame {
    /// How the guest is `now`, and what it has done since `before`; since its start if it was
    /// not looked at before.
    #[must_use]
    pub fn new(before: Option<&TopSample>, now: &TopSample) -> Self {
        let since = before.map_or(0, |before| before.elapsed_ns);
        let ns = now.elapsed_ns.saturating_sub(since);
        // One whose time is not told has no rates.
        let known = now.elapsed_ns > 0;
        let old: HashMap<_, _> = before
            .into_iter()
            .flat_map(|before| &before.processes)
            .filter_map(|process| Some((process.koid, process.totals?)))
            .collect();
        let processes = now.processes.iter().map(|process| {
            let totals = process.totals.filter(|_| known);
            let was = old.get(&process.koid).copied().unwrap_or_default();
            ProcessRate {
                process: process.clone(),
                calls_per_second: totals.map(|now| rate(now.calls, was.calls, ns)),
                errors_per_second: totals.map(|now| rate(now.errors, was.errors, ns)),
            }
        });
        let calls_before = before.and_then(|before| before.calls.as_ref());
        let calls = now.calls.iter().flatten().map(|(name, totals)| {
            let was = calls_before.and_then(|calls| calls.get(name));
            let was = was.copied().unwrap_or_default();
            CallRate {
                name: name.clone(),
                totals: *totals,
                calls_per_second: rate(totals.calls, was.calls, ns),
                errors_per_second: rate(totals.errors, was.errors, ns),
            }
        });
        let mut calls: Vec<_> = calls.collect();
        calls.sort_by_key(|call| {
            let most = (call.calls_per_second, call.totals.calls);
            (std::cmp::Reverse(most), call.name.clone())
        });
        let sum = |calls: Option<&std::collections::BTreeMap<String, CallTotals>>| {
            let mut sum = CallTotals::default();
            for totals in calls.into_iter().flat_map(|calls| calls.values()) {
                sum.calls = sum.calls.saturating_add(totals.calls);
                sum.errors = sum.errors.saturating_add(totals.errors);
            }
            sum
        };
        let (all, all_before) = (sum(now.calls.as_ref()), sum(calls_before));
        let told = known && now.calls.is_some();
        Self {
            elapsed_ns: now.elapsed_ns,
            interval_ns: ns,
            managed_frames: now.managed_frames,
            free_frames: now.free_frames,
            calls_per_second: told.then(|| rate(all.calls, all_before.calls, ns)),
            errors_per_second: told.then(|| rate(all.errors, all_before.errors, ns)),
            processes: processes.collect(),
            calls,
        }
    }
}
