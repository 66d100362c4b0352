//! Totals of a run.

use abi::Call;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use std::fmt;
use std::time::Duration;

const CALLS: usize = Call::LAST_SERVED as usize + 1;

/// Totals of one served call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CallCount {
    /// Calls answered.
    pub calls: u64,
    /// Exits that they took.
    pub exits: u64,
    /// Those of them that were answered with an error.
    pub errors: u64,
    /// Bytes moved.
    pub bytes: u64,
}

/// Totals of a run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Stats {
    /// Exits for served calls.
    pub call_exits: u64,
    /// Exits for requests of the kernel itself.
    pub kernel_exits: u64,
    /// Exits for the two boot signals.
    pub boot_exits: u64,
    /// Times the host kicked the guest out.
    pub kicks: u64,
    /// Exits because the guest was ready for the interrupt that the host wanted to inject.
    pub interrupt_window_exits: u64,
    /// Ticks injected.
    pub ticks: u64,
    /// Time to the first guest instruction.
    #[serde(serialize_with = "nanoseconds")]
    pub first_instruction: Duration,
    /// Time from there to the kernel's root block.
    #[serde(serialize_with = "nanoseconds")]
    pub kernel_start: Duration,
    /// Time in all.
    #[serde(serialize_with = "nanoseconds")]
    pub total: Duration,
    #[serde(serialize_with = "by_name")]
    calls: [CallCount; CALLS],
}

impl Stats {
    /// Notes an answered call.
    pub(crate) fn count(&mut self, call: Call, exits: u32, failed: bool, bytes: u64) {
        if let Some(count) = self.calls.get_mut(call.number() as usize) {
            count.calls += 1;
            count.exits += u64::from(exits);
            count.errors += u64::from(failed);
            count.bytes += bytes;
        }
    }

    /// The totals of a served call; zeros for a call of the kernel's.
    #[must_use]
    pub fn of(&self, call: Call) -> CallCount {
        let index = call.number() as usize;
        self.calls.get(index).copied().unwrap_or_default()
    }

    /// Exits in all.
    #[must_use]
    pub const fn exits(&self) -> u64 {
        self.call_exits
            + self.kernel_exits
            + self.boot_exits
            + self.kicks
            + self.interrupt_window_exits
    }
}

fn nanoseconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
}

fn named(calls: &[CallCount; CALLS]) -> impl Iterator<Item = (&'static str, &CallCount)> {
    (0..).zip(calls).filter_map(|(number, count)| {
        let call = Call::from_number(number)?;
        (count.calls > 0).then_some((call.signature().name, count))
    })
}

fn by_name<S: Serializer>(calls: &[CallCount; CALLS], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    for (name, count) in named(calls) {
        map.serialize_entry(name, count)?;
    }
    map.end()
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "exits")?;
        for (name, count) in [
            ("served calls", self.call_exits),
            ("kernel requests", self.kernel_exits),
            ("boot", self.boot_exits),
            ("kicks", self.kicks),
            ("interrupt windows", self.interrupt_window_exits),
            ("total", self.exits()),
        ] {
            writeln!(f, "  {name:<24} {count:>12}")?;
        }
        writeln!(f, "  (ticks injected: {})", self.ticks)?;
        writeln!(
            f,
            "{:<26} {:>12} {:>12} {:>8} {:>14} {:>10}",
            "served calls", "calls", "exits", "errors", "bytes", "exits/call"
        )?;
        for (name, count) in named(&self.calls) {
            // Two decimals, in integers: a count may be larger than a float can tell.
            let hundredths = count.exits * 100 / count.calls;
            writeln!(
                f,
                "  {name:<24} {:>12} {:>12} {:>8} {:>14} {:>7}.{:02}",
                count.calls,
                count.exits,
                count.errors,
                count.bytes,
                hundredths / 100,
                hundredths % 100
            )?;
        }
        writeln!(f, "time")?;
        writeln!(
            f,
            "  {:<24} {:>12.1?}",
            "to first instruction", self.first_instruction
        )?;
        writeln!(f, "  {:<24} {:>12.1?}", "kernel start", self.kernel_start)?;
        write!(f, "  {:<24} {:>12.1?}", "total", self.total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_shows_exits_per_call() {
        let mut stats = Stats::default();
        stats.count(Call::VmoRead, 1, false, 4096);
        stats.count(Call::VmoRead, 2, true, 10);
        assert_eq!(
            stats.of(Call::VmoRead),
            CallCount {
                calls: 2,
                exits: 3,
                errors: 1,
                bytes: 4106
            }
        );
        let table = stats.to_string();
        let line = table.lines().find(|l| l.contains("zx_vmo_read")).unwrap();
        assert_eq!(
            line.split_whitespace().collect::<Vec<_>>(),
            ["zx_vmo_read", "2", "3", "1", "4106", "1.50"]
        );
        assert!(
            !table.contains("zx_vmo_write"),
            "calls never made are left out"
        );
    }
}
