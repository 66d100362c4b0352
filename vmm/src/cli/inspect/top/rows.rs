//! What the tables hold, as text.

use super::super::rights;
use super::super::table::{address, counted, size};
use std::cmp::Reverse;
use std::time::Duration;
use vmm::inspect::look::rights_names;
use vmm::inspect::top::{ProcessRate, TopFrame, TopProcess};
use vmm::inspect::{ProcessRecord, Standstill, Survey};

/// Rows of a table at most.
const MAX_ROWS: usize = 10_000;
/// Calls that are told by name at most.
const MAX_CALLS: usize = 8;

/// What processes are sorted by; the largest first, but for koid and name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    Koid,
    Name,
    Threads,
    Handles,
    Private,
    Shared,
    Calls,
    Errors,
}

impl Sort {
    /// The next column's.
    pub const fn next(self) -> Self {
        match self {
            Self::Koid => Self::Name,
            Self::Name => Self::Threads,
            Self::Threads => Self::Handles,
            Self::Handles => Self::Private,
            Self::Private => Self::Shared,
            Self::Shared => Self::Calls,
            Self::Calls => Self::Errors,
            Self::Errors => Self::Koid,
        }
    }

    /// The title of its column.
    pub const fn column(self) -> &'static str {
        match self {
            Self::Koid => "KOID",
            Self::Name => "NAME",
            Self::Threads => "THREADS",
            Self::Handles => "HANDLES",
            Self::Private => "PRIVATE",
            Self::Shared => "SHARED",
            Self::Calls => "CALLS/s",
            Self::Errors => "ERRORS/s",
        }
    }

    fn apply(self, processes: &mut [&ProcessRate]) {
        let by = |key: fn(&ProcessRate) -> u64| {
            move |process: &&ProcessRate| (Reverse(key(process)), process.process.koid)
        };
        match self {
            Self::Koid => processes.sort_by_key(|process| process.process.koid),
            Self::Name => processes.sort_by(|a, b| a.process.name.cmp(&b.process.name)),
            Self::Threads => processes.sort_by_key(by(|p| p.process.threads.len() as u64)),
            Self::Handles => processes.sort_by_key(by(|p| p.process.handles)),
            Self::Private => processes.sort_by_key(by(|p| p.process.private)),
            Self::Shared => processes.sort_by_key(by(|p| p.process.shared)),
            Self::Calls => processes.sort_by_key(by(|p| p.calls_per_second.unwrap_or(0))),
            Self::Errors => processes.sort_by_key(by(|p| p.errors_per_second.unwrap_or(0))),
        }
    }
}

/// A process's row.
pub struct ProcessRow {
    pub koid: u64,
    /// As the columns of the table: koid, name, state, threads, handles, private, shared,
    /// calls, errors.
    pub cells: [String; 9],
}

/// The rows of all processes.
pub fn processes(frame: &TopFrame, sort: Sort) -> Vec<ProcessRow> {
    let mut processes: Vec<_> = frame.processes.iter().collect();
    sort.apply(&mut processes);
    processes
        .into_iter()
        .take(MAX_ROWS)
        .map(|rate| {
            let process = &rate.process;
            ProcessRow {
                koid: process.koid,
                cells: [
                    process.koid.to_string(),
                    process.name.clone(),
                    process.state.to_owned(),
                    process.threads.len().to_string(),
                    process.handles.to_string(),
                    size(process.private),
                    size(process.shared),
                    known(rate.calls_per_second),
                    known(rate.errors_per_second),
                ],
            }
        })
        .collect()
}

/// A number, or a dash.
fn known(number: Option<u64>) -> String {
    number.map_or_else(|| "-".to_owned(), |number| number.to_string())
}

/// The lines above the table: the guest, its frames, its calls.
pub fn header(
    title: &str,
    frame: &TopFrame,
    still: Option<Standstill>,
    is_held: bool,
) -> Vec<String> {
    let mut first = format!("vmm top: {title}");
    if frame.elapsed_ns > 0 {
        let age = Duration::from_nanos(frame.elapsed_ns);
        first.push_str(&format!(", {age:.1?} old"));
    }
    if is_held {
        first.push_str(", PAUSED");
    } else if let Some(still) = still {
        first.push_str(&format!(", stood still for {:.1?}", still.time()));
    }
    let used = frame.managed_frames.saturating_sub(frame.free_frames);
    let bytes = |frames: u64| size(frames.saturating_mul(4096));
    let frames = format!(
        "frames: {used} used, {} free of {} ({} of {})",
        frame.free_frames,
        frame.managed_frames,
        bytes(used),
        bytes(frame.managed_frames),
    );
    let threads: usize = frame
        .processes
        .iter()
        .map(|process| process.process.threads.len())
        .sum();
    let tasks = format!(
        "{}, {}",
        counted(frame.processes.len() as u64, "process"),
        counted(threads as u64, "thread")
    );
    let calls = match frame.calls_per_second.zip(frame.errors_per_second) {
        None => "calls: not known".to_owned(),
        Some((calls, errors)) => {
            let mut line = format!("calls: {calls}/s, errors: {errors}/s");
            let frequent = frame.calls.iter().filter(|call| call.calls_per_second > 0);
            for call in frequent.take(MAX_CALLS) {
                let name = call.name.strip_prefix("zx_").unwrap_or(&call.name);
                line.push_str(&format!("  {name} {}", call.calls_per_second));
            }
            line
        }
    };
    vec![first, format!("{tasks}; {frames}"), calls]
}

/// A table of what belongs to a process.
pub struct Detail {
    pub columns: &'static [&'static str],
    pub rows: Vec<Vec<String>>,
}

/// Its threads.
pub fn threads(process: &TopProcess) -> Detail {
    Detail {
        columns: &["KOID", "NAME", "STATE"],
        rows: process
            .threads
            .iter()
            .take(MAX_ROWS)
            .map(|thread| {
                vec![
                    thread.koid.to_string(),
                    thread.name.clone(),
                    thread.state.to_owned(),
                ]
            })
            .collect(),
    }
}

/// Its mappings.
pub fn mappings(survey: &Survey, process: &ProcessRecord) -> Detail {
    let rows = process.mappings().take(MAX_ROWS).map(|mapping| {
        let vmo = survey.vmo_at(mapping.vmo());
        let letter = |bit: u32, letter| {
            if mapping.raw().permissions & bit == 0 {
                '-'
            } else {
                letter
            }
        };
        let permissions: String = [letter(1, 'r'), letter(2, 'w'), letter(4, 'x')]
            .iter()
            .collect();
        vec![
            address(mapping.base()),
            address(mapping.end()),
            size(mapping.end().saturating_sub(mapping.base())),
            permissions,
            vmo.map_or_else(|| "-".to_owned(), |vmo| vmo.koid().to_string()),
            vmo.map_or_else(String::new, |vmo| vmo.name().into_owned()),
        ]
    });
    Detail {
        columns: &["FROM", "TO", "SIZE", "NOW", "VMO", "NAME"],
        rows: rows.collect(),
    }
}

/// The VMOs that it maps or has handles to.
pub fn vmos(survey: &Survey, process: &ProcessRecord) -> Detail {
    let mut places: Vec<_> = process
        .mappings()
        .map(|mapping| mapping.vmo())
        .chain(process.handles.iter().map(|handle| handle.object))
        .collect();
    places.sort_unstable();
    places.dedup();
    let vmos = places.into_iter().filter_map(|place| survey.vmo_at(place));
    let rows = vmos.take(MAX_ROWS).map(|vmo| {
        let pages = vmo.raw().page_count;
        vec![
            vmo.koid().to_string(),
            vmo.name().into_owned(),
            size(survey.vmo_size(vmo)),
            size(pages.saturating_mul(4096)),
            vmo.raw().parent_koid.to_string(),
            vmo.raw().child_count.to_string(),
        ]
    });
    Detail {
        columns: &["KOID", "NAME", "SIZE", "RESIDENT", "PARENT", "CHILDREN"],
        rows: rows.collect(),
    }
}

/// Its handles.
pub fn handles(process: &ProcessRecord) -> Detail {
    let rows = process.handles.iter().take(MAX_ROWS).map(|handle| {
        let kind = handle.object_type.name().unwrap_or("?");
        vec![
            address(u64::from(handle.value)),
            kind.to_owned(),
            handle.koid.to_string(),
            rights::short(kind, &rights_names(handle.rights)),
        ]
    });
    Detail {
        columns: &["VALUE", "TYPE", "KOID", "RIGHTS"],
        rows: rows.collect(),
    }
}
