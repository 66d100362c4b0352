//! The frames of RAM as the page draws them: runs of one use and one owner.

use serde::Serialize;
use std::collections::HashMap;

/// Uses and owners that are told apart within one cell of a coarse map.
const MAX_IN_CELL: usize = 64;

/// What a frame is used for, as coarse as a map can show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FrameKind {
    /// The kernel's image, root block, call page, frame table and page tables, the frame of
    /// zeros, what the machine was started with, and what the kernel does not give out.
    Kernel,
    /// Objects: processes, threads, VMOs and what hangs from them.
    Objects,
    /// The handle table.
    Handles,
    /// Page tables of processes.
    PageTables,
    /// Tables of the page lists of VMOs.
    PageLists,
    /// Pages of VMOs.
    Data,
    /// Given back.
    Free,
    /// Never given out.
    NeverUsed,
    /// In nobody's hands, though it was given out.
    Lost,
}

impl FrameKind {
    /// All, in the order of the legend.
    pub const ALL: [Self; 9] = [
        Self::Data,
        Self::PageLists,
        Self::PageTables,
        Self::Objects,
        Self::Handles,
        Self::Kernel,
        Self::Lost,
        Self::Free,
        Self::NeverUsed,
    ];

    /// A name for a person.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kernel => "kernel",
            Self::Objects => "objects",
            Self::Handles => "handle table",
            Self::PageTables => "page tables",
            Self::PageLists => "page lists",
            Self::Data => "pages of VMOs",
            Self::Free => "free",
            Self::NeverUsed => "never used",
            Self::Lost => "lost",
        }
    }

    /// The class of its colour in the style sheet: the map's, by the place in
    /// [`FrameKind::ALL`].
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Data => "c0",
            Self::PageLists => "c1",
            Self::PageTables => "c2",
            Self::Objects => "c3",
            Self::Handles => "c4",
            Self::Kernel => "c5",
            Self::Lost => "c6",
            Self::Free => "free",
            Self::NeverUsed => "unused",
        }
    }

    /// What that means.
    pub(super) const fn note(self) -> &'static str {
        match self {
            Self::Kernel => {
                "the kernel's image, tables and zeros, boot files, what it does not give out"
            }
            Self::Objects => "processes, threads, VMOs, mappings and the like",
            Self::Handles => "slots of handles",
            Self::PageTables => "of processes",
            Self::PageLists => "tables that say where the pages of VMOs are",
            Self::Data => "what programs see",
            Self::Free => "given back, in a list",
            Self::NeverUsed => "never given out; all zeros",
            Self::Lost => "given out, but nothing leads there",
        }
    }
}

/// Who a frame belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FrameOwner {
    /// The kernel, or nobody.
    None,
    /// A process, by its place in [`super::Survey::processes`].
    Process(u32),
    /// A VMO, by its place in [`super::Survey::vmos`].
    Vmo(u32),
}

/// Frames side by side that are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameRun {
    /// How many.
    pub frames: u64,
    /// What for.
    pub kind: FrameKind,
    /// Whose.
    pub owner: FrameOwner,
}

/// Every frame of RAM.
#[derive(Clone, Debug, Default)]
pub struct FrameMap {
    /// The pieces of RAM: the first address, and how many frames.
    pub pieces: Vec<(u64, u64)>,
    /// Their frames, one piece after the other.
    pub runs: Vec<FrameRun>,
}

impl FrameMap {
    /// Adds frames at the end.
    pub(super) fn push(&mut self, frames: u64, kind: FrameKind, owner: FrameOwner) {
        if frames == 0 {
            return;
        }
        match self.runs.last_mut() {
            Some(last) if (last.kind, last.owner) == (kind, owner) => last.frames += frames,
            _ => self.runs.push(FrameRun {
                frames,
                kind,
                owner,
            }),
        }
    }

    /// Frames in all.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.runs.iter().map(|run| run.frames).sum()
    }

    /// Frames of that kind.
    #[must_use]
    pub fn of_kind(&self, kind: FrameKind) -> u64 {
        let runs = self.runs.iter().filter(|run| run.kind == kind);
        runs.map(|run| run.frames).sum()
    }

    /// Frames of each owner that has any.
    pub(super) fn by_owner(&self) -> HashMap<FrameOwner, u64> {
        let mut totals = HashMap::new();
        for run in &self.runs {
            *totals.entry(run.owner).or_insert(0) += run.frames;
        }
        totals
    }

    /// The same map in at most `most` runs (and one more for each piece): cells of as many
    /// frames as that takes, a power of two, each of which is what most of its frames are.
    /// Says how many frames a cell has; the last cell of a piece may have fewer.
    pub(super) fn coarse(&self, most: usize) -> (u64, Self) {
        if self.runs.len() <= most {
            return (1, self.clone());
        }
        let mut cell = 2;
        loop {
            let coarse = self.in_cells(cell);
            // One cell for each piece is as coarse as it gets.
            if coarse.runs.len() <= most || cell > self.frames() {
                return (cell, coarse);
            }
            cell *= 2;
        }
    }

    fn in_cells(&self, cell: u64) -> Self {
        let mut coarse = Self {
            pieces: self.pieces.clone(),
            runs: Vec::new(),
        };
        let mut runs = self.runs.iter().copied();
        let mut left = runs.next();
        for (_, frames) in &self.pieces {
            let mut todo = *frames;
            while todo > 0 {
                // Whole cells of one run are taken at once: there may be millions.
                let mut taken: Vec<FrameRun> = Vec::new();
                let mut others = 0;
                let mut room = cell.min(todo);
                while let Some(run) = left.filter(|_| room > 0) {
                    let whole = taken.is_empty() && run.frames >= room;
                    let count = if whole {
                        let most = run.frames.min(todo);
                        if most == todo {
                            most
                        } else {
                            (most / cell * cell).max(room)
                        }
                    } else {
                        run.frames.min(room)
                    };
                    let same =
                        |other: &FrameRun| (other.kind, other.owner) == (run.kind, run.owner);
                    let known = taken.iter().position(same);
                    let is_full = taken.len() >= MAX_IN_CELL;
                    match known.and_then(|place| taken.get_mut(place)) {
                        Some(same) => same.frames += count,
                        None if is_full => others += count,
                        None => taken.push(FrameRun {
                            frames: count,
                            ..run
                        }),
                    }
                    todo -= count;
                    room = room.saturating_sub(count);
                    left = match run.frames - count {
                        0 => runs.next(),
                        frames => Some(FrameRun { frames, ..run }),
                    };
                }
                let frames = taken.iter().map(|run| run.frames).sum::<u64>() + others;
                let Some(main) = taken.iter().max_by_key(|run| run.frames) else {
                    // Fewer runs than the pieces say: what is missing is nothing.
                    return coarse;
                };
                coarse.push(frames, main.kind, main.owner);
            }
        }
        coarse
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pieces: &[(u64, u64)], runs: &[(u64, FrameKind)]) -> FrameMap {
        let mut map = FrameMap {
            pieces: pieces.to_vec(),
            runs: Vec::new(),
        };
        for (frames, kind) in runs {
            map.push(*frames, *kind, FrameOwner::None);
        }
        map
    }

    #[test]
    fn a_map_of_few_runs_stays_as_it_is() {
        let map = map(&[(0, 10)], &[(4, FrameKind::Kernel), (6, FrameKind::Free)]);
        let (cell, coarse) = map.coarse(2);
        assert_eq!((cell, coarse.runs), (1, map.runs.clone()));
        assert_eq!((map.frames(), map.of_kind(FrameKind::Free)), (10, 6));
    }

    #[test]
    fn a_map_of_any_size_fits_and_lacks_no_frame() {
        // 256 GiB of which every other frame of the first 64 MiB is free, and a hole.
        let total = (256 << 30) / 4096;
        let mut map = map(&[(0, 1 << 18), (1 << 32, total - (1 << 18))], &[]);
        for _ in 0..1 << 13 {
            map.push(1, FrameKind::Data, FrameOwner::Vmo(3));
            map.push(1, FrameKind::Free, FrameOwner::None);
        }
        map.push(total - (1 << 14), FrameKind::NeverUsed, FrameOwner::None);
        for most in [10_000, 100, 3, 0] {
            let (cell, coarse) = map.coarse(most);
            assert!(cell > 1 && cell.is_power_of_two());
            assert!(
                coarse.runs.len() <= most.max(3),
                "{most}: {}",
                coarse.runs.len()
            );
            assert_eq!(coarse.frames(), total, "{most}");
        }
    }

    #[test]
    fn a_cell_is_what_most_of_its_frames_are() {
        let kinds = [
            (3, FrameKind::Kernel),
            (5, FrameKind::Data),
            (1, FrameKind::Free),
        ];
        let map = map(&[(0, 9)], &kinds);
        let cells = map.in_cells(4);
        let runs: Vec<_> = cells.runs.iter().map(|r| (r.frames, r.kind)).collect();
        assert_eq!(
            runs,
            [
                (4, FrameKind::Kernel),
                (4, FrameKind::Data),
                (1, FrameKind::Free)
            ]
        );
    }
}
