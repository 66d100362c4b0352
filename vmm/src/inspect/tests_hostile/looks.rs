//! Every way to look at a guest, one after the other.

use super::guest::{BASE, Rich};
use crate::inspect::explain::Ask;
use crate::inspect::look;
use crate::inspect::report::Report;
use crate::inspect::top::TopSample;
use crate::inspect::{
    Contents, DiffOptions, DumpFormat, Inspector, MAX_READ, Output, Pattern, Paused, Problems,
    ProcessRecord, ProcessSelector, Search, SpaceSelector, Survey, VmoSelector, diff,
};
use crate::memory::mock::meter;
use crate::translate::Access;
use abi::layout::PAGE_SIZE;
use serde::Serialize;
use std::io::{self, Write};
use std::path::Path;

/// Looks at memory that one kind of answer may take: that of a guest which is made to take
/// most.
pub(super) const MOST_LOOKS: u64 = 200_000_000;
/// Bytes of JSON or HTML that one answer about a guest of a MiB may have: two digits for each
/// byte that can be read at once, and something for the rest.
const MOST_BYTES: u64 = 3 * MAX_READ;

/// What all of it came to.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Answers that were refused altogether.
    pub(super) refused: Vec<String>,
    /// What the others lack.
    pub(super) problems: Vec<String>,
    /// Looks at memory of the kind of answer that needed most.
    pub(super) most: (u64, &'static str),
    /// Bytes of all answers.
    pub(super) bytes: u64,
}

impl Seen {
    /// Runs one kind of answer.
    fn kind<T>(&mut self, name: &'static str, ask: impl FnOnce(&mut Self) -> T) -> T {
        meter::allow(MOST_LOOKS);
        let answer = ask(self);
        self.most = self.most.max((MOST_LOOKS - meter::left(), name));
        meter::allow(u64::MAX);
        answer
    }

    fn answer(&mut self, answer: &impl Serialize) {
        let mut count = Count(0);
        serde_json::to_writer(&mut count, answer).unwrap();
        self.bytes += count.0;
    }

    /// Bytes that were read; very many take long to write.
    fn read(&mut self, contents: &Contents) {
        assert!(contents.present <= MAX_READ);
        if contents.present < 1 << 20 {
            self.answer(contents);
        }
    }

    fn all(&mut self, problems: &Problems) {
        self.problems.extend(problems.told().iter().cloned());
    }

    fn result<T, E: std::fmt::Display>(&mut self, result: Result<T, E>) -> Option<T> {
        result
            .map_err(|error| self.refused.push(error.to_string()))
            .ok()
    }
}

/// Counts what is written, and fails where it is too much.
struct Count(u64);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        assert!(self.0 < MOST_BYTES, "an answer without end");
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Looks at everything of a guest in every way.
pub(super) fn at_everything(rich: &Rich) -> Seen {
    of(&mut rich.inspector())
}

/// The same through any inspector.
pub(super) fn of(inspector: &mut Inspector) -> Seen {
    let mut seen = Seen::default();
    bytes(&mut seen, inspector);
    let report = seen.kind("report", |_| Report::take(inspector));
    if let Some(report) = seen.result(report) {
        seen.answer(&report.summary());
        seen.all(&report.problems);
        report.write(&mut Count(0)).unwrap();
    }
    let sample = seen.kind("top", |_| TopSample::take(inspector));
    if let Some(sample) = seen.result(sample) {
        seen.answer(&sample.processes);
    }
    let paused = inspector.pause().unwrap();
    let survey = seen.kind("survey", |_| paused.survey());
    let Some(survey) = seen.result(survey) else {
        return seen;
    };
    seen.all(&survey.problems);
    looks(&mut seen, &paused, &survey);
    let difference = seen.kind("diff", |_| {
        let options = DiffOptions {
            limit: 100,
            bytes: true,
        };
        diff(&paused, &paused, &options, &mut |_, _| {})
    });
    assert!(difference.is_empty());
    seen.answer(&difference);
    for process in survey.processes.iter().take(4) {
        explained(&mut seen, &paused, &survey, process);
        let selector = ProcessSelector::Koid(process.koid());
        let core = seen.kind("core", |_| {
            let mut output = Output::create(Path::new("/dev/null"), false).unwrap();
            paused.core(&selector, &mut output, &mut |_, _| {})
        });
        // Whether it is refused says nothing: a process that is dead has no core.
        if let Ok(core) = core {
            seen.answer(&core);
            seen.all(&core.problems);
        }
        let place = SpaceSelector::Process(selector.clone());
        searched(&mut seen, &paused, &survey, place);
        for (at, length) in [(BASE, 0x60_0000), (0, 1 << 47), (BASE + 0x123, 8)] {
            let place = SpaceSelector::Process(selector.clone());
            let read = seen.kind("read", |_| {
                paused.read_of(Some(&survey), &place, at, length)
            });
            if let Ok(read) = read {
                seen.read(&read);
            }
        }
    }
    seen
}

/// What an access of a process comes to, and where a frame of it is mapped.
fn explained(seen: &mut Seen, paused: &Paused<'_>, survey: &Survey, process: &ProcessRecord) {
    let mut problems = Problems::default();
    for (address, length) in [(BASE + 8, 1), (BASE, 0x60_0000), (u64::MAX, 1), (0, 8)] {
        for access in [Access::Read, Access::Write, Access::Execute] {
            let ask = Ask {
                address,
                length,
                access,
            };
            let answer = seen.kind("explain", |_| {
                paused.explain(survey, process, ask, &mut problems)
            });
            // What it refuses is the question.
            if let Ok(answer) = answer {
                seen.answer(&answer);
            }
        }
    }
    let data = survey.machine.root.0;
    let found = seen.kind("mapped at", |_| {
        paused.mapped_at(survey, data, &mut problems)
    });
    seen.answer(&found);
}

fn searched(seen: &mut Seen, paused: &Paused<'_>, survey: &Survey, space: SpaceSelector) {
    let search = Search {
        pattern: Pattern::bytes(b"of its own").unwrap(),
        space,
        range: None,
        limit: 100,
    };
    let found = seen.kind("search", |_| {
        let mut found = search.run(paused.memory(), Some(survey), &mut |_| {});
        if let Ok(found) = &mut found {
            found.find_owners(paused, survey);
        }
        found
    });
    // Two processes of one koid cannot be told apart.
    if let Ok(found) = found {
        seen.answer(&found);
        seen.all(&found.problems);
    }
}

/// What needs no objects.
fn bytes(seen: &mut Seen, inspector: &mut Inspector) {
    let paused = inspector.pause().unwrap();
    for format in [DumpFormat::Elf, DumpFormat::Raw] {
        let dump = seen.kind("dump", |_| {
            let mut output = Output::create(Path::new("/dev/null"), false).unwrap();
            paused.dump(format, &mut output, &mut |_, _| {})
        });
        if let Some(dump) = seen.result(dump) {
            seen.answer(&dump);
            seen.all(&dump.problems);
        }
    }
    let read = seen.kind("read phys", |_| {
        paused.read(&SpaceSelector::Physical, 0, u64::MAX)
    });
    if let Some(read) = seen.result(read) {
        assert_eq!(read.present, paused.memory().size());
    }
}

fn looks(seen: &mut Seen, paused: &Paused<'_>, survey: &Survey) {
    let mut lacking = Problems::default();
    let problems = &mut lacking;
    let tasks = seen.kind("tasks", |_| look::tasks(paused, survey, problems));
    seen.answer(&tasks);
    let vmos = seen.kind("vmos", |_| look::vmos(paused, survey, None, problems));
    seen.answer(&vmos);
    for process in &survey.processes {
        let maps = seen.kind("maps", |_| look::maps(paused, survey, process, problems));
        seen.answer(&maps);
        let vmos = seen.kind("vmos of", |_| {
            look::vmos(paused, survey, Some(process), problems)
        });
        seen.answer(&vmos);
        let handles = seen.kind("handles", |_| look::handles(paused, process, problems));
        seen.answer(&handles);
        let threads = seen.kind("threads", |_| {
            look::threads(paused, survey, process, None, problems)
        });
        seen.answer(&threads);
    }
    let owners = seen.kind("frames", |_| look::frame_owners(paused, survey, problems));
    let totals = owners.totals();
    let frames: u64 = totals.iter().map(|total| total.frames).sum();
    // A frame of which a piece of RAM has only part counts as one.
    assert!(frames * PAGE_SIZE >= paused.memory().size());
    seen.answer(&totals);
    seen.answer(&owners.runs().collect::<Vec<_>>());
    for vmo in &survey.vmos {
        let lineage = seen.kind("lineage", |_| {
            look::lineage(paused, survey, &owners, vmo, problems)
        });
        seen.answer(&lineage);
        let place = SpaceSelector::Vmo(VmoSelector::Koid(vmo.koid()));
        for length in [4 * PAGE_SIZE, u64::MAX] {
            let read = seen.kind("read vmo", |_| {
                paused.read_of(Some(survey), &place, 0, length)
            });
            // Two VMOs of one koid have no bytes by koid.
            if let Ok(read) = read {
                seen.read(&read);
            }
        }
    }
    seen.all(&lacking);
}
