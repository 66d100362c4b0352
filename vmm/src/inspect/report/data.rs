//! The block of JSON that the script draws the map from.

use super::index::Index;
use super::{FrameKind, FrameOwner, Report};
use crate::inspect::look::vmo_kind;
use serde::Serialize;
use std::collections::HashMap;

/// Runs of frames in the page at most; more are drawn in cells of several frames.
const MAX_RUNS: usize = 40_000;
/// Owners that are told apart: those with the most frames.
const MAX_OWNERS: usize = 5_000;

#[derive(Serialize)]
struct Data<'r> {
    /// Frames that a run tells apart: 1, or as many as it takes to keep the page small.
    unit: u64,
    /// Pieces of RAM: address (text: it may have more bits than a number of the script's),
    /// frames.
    pieces: Vec<(String, u64)>,
    kinds: Vec<Kind>,
    groups: Vec<Group<'r>>,
    owners: Vec<Owner<'r>>,
    /// Frames, kind, owner; frames, kind, owner; ...
    runs: Vec<u64>,
}

#[derive(Serialize)]
struct Kind {
    name: &'static str,
    frames: u64,
}

/// Those that the map by process tells apart.
#[derive(Serialize)]
struct Group<'r> {
    name: &'r str,
    koid: u64,
}

#[derive(Serialize)]
struct Owner<'r> {
    /// What it is.
    what: &'static str,
    koid: u64,
    name: &'r str,
    /// The place of its group.
    group: usize,
    /// Its frames.
    frames: u64,
}

/// Groups that stand before the processes.
const FIXED_GROUPS: [&str; 3] = ["nobody", "several processes", "no process"];
const NOBODY: usize = 0;
const SEVERAL: usize = 1;
const NO_PROCESS: usize = 2;

pub(super) fn json(report: &Report, index: &Index) -> serde_json::Result<String> {
    let survey = &report.survey;
    let (unit, map) = report.frames.coarse(MAX_RUNS);
    let mut totals: Vec<_> = report.frames.by_owner().into_iter().collect();
    totals.sort_by_key(|(owner, frames)| (std::cmp::Reverse(*frames), *owner));
    let mut groups: Vec<_> = FIXED_GROUPS.map(|name| Group { name, koid: 0 }).into();
    let mut group_of = HashMap::new();
    let mut group = |place: usize| {
        *group_of.entry(place).or_insert_with(|| {
            let koid = survey.processes.get(place).map_or(0, |p| p.koid());
            groups.push(Group {
                name: index.name_of(koid),
                koid,
            });
            groups.len() - 1
        })
    };
    let mut owners = vec![Owner {
        what: "",
        koid: 0,
        name: "",
        group: NOBODY,
        frames: 0,
    }];
    let mut owner_places = HashMap::new();
    for (owner, frames) in totals.into_iter().take(MAX_OWNERS) {
        let told = match owner {
            FrameOwner::None => continue,
            FrameOwner::Process(place) => {
                let Some(process) = survey.processes.get(place as usize) else {
                    continue;
                };
                Owner {
                    what: "process",
                    koid: process.koid(),
                    name: index.name_of(process.koid()),
                    group: group(place as usize),
                    frames,
                }
            }
            FrameOwner::Vmo(place) => {
                let Some(vmo) = survey.vmos.get(place as usize) else {
                    continue;
                };
                Owner {
                    what: vmo_kind(vmo),
                    koid: vmo.koid(),
                    name: index.name_of(vmo.koid()),
                    group: match index.mapped_by(vmo) {
                        [] => NO_PROCESS,
                        [one] => group(*one),
                        _ => SEVERAL,
                    },
                    frames,
                }
            }
        };
        owner_places.insert(owner, owners.len());
        owners.push(told);
    }
    let mut runs = Vec::with_capacity(map.runs.len() * 3);
    for run in &map.runs {
        let kind = FrameKind::ALL.iter().position(|kind| *kind == run.kind);
        let owner = owner_places.get(&run.owner).copied().unwrap_or(0);
        runs.extend([run.frames, kind.unwrap_or(0) as u64, owner as u64]);
    }
    let kinds = FrameKind::ALL.map(|kind| Kind {
        name: kind.name(),
        frames: report.frames.of_kind(kind),
    });
    serde_json::to_string(&Data {
        unit,
        pieces: map
            .pieces
            .iter()
            .map(|(base, frames)| (format!("{base:#x}"), *frames))
            .collect(),
        kinds: kinds.into(),
        groups,
        owners,
        runs,
    })
}
