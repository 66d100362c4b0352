//! Bounds of the host: what a guest can get at most.

use super::facts;
use crate::memory::MAX_RAM;
use serde::Serialize;
use std::path::Path;

/// Bounds, in bytes where nothing else is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// CPUs that this process may use.
    pub host_cpus: usize,
    /// The host's RAM.
    pub host_ram: u64,
    /// What of it could be had now.
    pub available_ram: u64,
    /// The control group's bound on this process's memory, if there is one.
    pub memory_limit: Option<u64>,
    /// The bound on this process's addresses (`ulimit -v`), if there is one.
    pub address_space_limit: Option<u64>,
    /// The most that `--mem` takes. Pages come into being when the guest touches them, so
    /// more than the host has can be asked for.
    pub guest_ram_max: u64,
    /// The most RAM that a guest can fill now.
    pub guest_ram_usable: u64,
    /// vCPUs of a guest.
    pub guest_vcpus: u32,
}

impl Limits {
    /// Reads them under `root`.
    #[must_use]
    pub fn read(root: &Path) -> Self {
        let text = |path| facts::text(root, path).unwrap_or_default();
        let cpus = std::thread::available_parallelism().map_or(1, usize::from);
        Self::of(
            cpus,
            &text("proc/meminfo"),
            &text("sys/fs/cgroup/memory.max"),
            &text("proc/self/limits"),
        )
    }

    /// Those that these texts show: /proc/meminfo, the control group's memory.max and
    /// /proc/self/limits.
    #[must_use]
    pub fn of(cpus: usize, meminfo: &str, memory_max: &str, limits: &str) -> Self {
        let available_ram = kibibytes(meminfo, "MemAvailable:");
        let memory_limit = memory_max.trim().parse().ok();
        let address_space_limit = limits
            .lines()
            .find_map(|line| line.strip_prefix("Max address space"))
            .and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        let bounds = [Some(MAX_RAM), memory_limit, address_space_limit];
        Self {
            host_cpus: cpus,
            host_ram: kibibytes(meminfo, "MemTotal:"),
            available_ram,
            memory_limit,
            address_space_limit,
            guest_ram_max: address_space_limit.unwrap_or(MAX_RAM).min(MAX_RAM),
            guest_ram_usable: bounds.into_iter().flatten().fold(available_ram, u64::min),
            guest_vcpus: 1,
        }
    }
}

fn kibibytes(meminfo: &str, key: &str) -> u64 {
    meminfo
        .lines()
        .find_map(|line| line.strip_prefix(key))
        .and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok())
        .map_or(0, |number| number.saturating_mul(1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMINFO: &str = "MemTotal:        8192 kB\nMemFree: 1 kB\nMemAvailable:    4096 kB\n";

    #[test]
    fn without_limits_what_is_available_counts() {
        let limits = Limits::of(
            2,
            MEMINFO,
            "max\n",
            "Max address space  unlimited unlimited bytes",
        );
        assert_eq!(limits.host_ram, 8 << 20);
        assert_eq!(limits.guest_ram_usable, 4 << 20);
        assert_eq!(limits.guest_ram_max, MAX_RAM);
        assert_eq!(
            (limits.memory_limit, limits.address_space_limit),
            (None, None)
        );
    }

    #[test]
    fn the_smallest_limit_counts() {
        let limits = Limits::of(
            2,
            MEMINFO,
            "2097152\n",
            "Max address space  1048576 unlimited bytes",
        );
        assert_eq!(limits.memory_limit, Some(2 << 20));
        assert_eq!(limits.guest_ram_usable, 1 << 20);
        assert_eq!(limits.guest_ram_max, 1 << 20);
    }

    #[test]
    fn what_cannot_be_read_is_zero() {
        assert_eq!(Limits::of(1, "", "", "").host_ram, 0);
    }
}
