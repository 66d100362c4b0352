//! Tables one after the other, for a log, a pipe or a program.

use super::super::output::{Head, written};
use super::super::table::{Column, Table, printable};
use super::rows::{Sort, header, processes};
use super::{TopArgs, is_end};
use crate::cli::complain;
use crate::cli::exit_code;
use std::io::{self, BufWriter, Write};
use std::thread;
use std::time::{Duration, Instant};
use vmm::inspect::top::{TopFrame, TopSample};
use vmm::inspect::{Inspector, Problems};
use vmm::machine;

/// How late a signal may be noticed.
const LOOK: Duration = Duration::from_millis(50);

pub fn run(args: &TopArgs, inspector: &mut Inspector) -> anyhow::Result<u8> {
    let is_live = inspector.connection().is_some();
    let endless = (args.batch || (args.output.json && !args.once)) && is_live;
    let count = match args.count {
        Some(count) if is_live => count,
        None if endless => u64::MAX,
        // What is saved does not change.
        _ => 1,
    };
    let mut before: Option<TopSample> = None;
    let mut code = exit_code::SUCCESS;
    for number in 0..count {
        let sample = match TopSample::take(inspector) {
            Ok(sample) => sample,
            Err(error) if number > 0 && is_end(&error) => {
                complain(&error.to_string());
                break;
            }
            Err(error) => return Err(error.into()),
        };
        let frame = TopFrame::new(before.as_ref(), &sample);
        if args.output.json {
            let head = Head {
                command: "top",
                origin: inspector.origin(),
                standstill: sample.standstill,
                problems: &sample.problems,
            };
            code = args.output.print(&head, &frame, |_| Ok(()))?;
        } else {
            written(print(args, inspector, &frame, &sample, number > 0))?;
            code = code.max(tell(args, &sample.problems)?);
        }
        before = Some(sample);
        let due = Instant::now() + args.interval;
        while number + 1 < count && Instant::now() < due {
            if machine::interrupted() {
                return Ok(exit_code::INTERRUPTED);
            }
            thread::sleep(LOOK.min(due.saturating_duration_since(Instant::now())));
        }
    }
    Ok(code)
}

fn tell(args: &TopArgs, problems: &Problems) -> anyhow::Result<u8> {
    args.output.tell(problems, None)
}

fn print(
    args: &TopArgs,
    inspector: &Inspector,
    frame: &TopFrame,
    sample: &TopSample,
    is_later: bool,
) -> io::Result<()> {
    let mut stream = BufWriter::new(io::stdout().lock());
    if is_later {
        writeln!(stream)?;
    }
    let still = sample.standstill.filter(|_| !args.output.quiet);
    let title = super::title(inspector.origin());
    for line in header(&title, frame, still, false) {
        writeln!(stream, "{}", printable(&line))?;
    }
    let mut table = Table::new(&[
        Column::Number("KOID"),
        Column::Text("NAME"),
        Column::Text("STATE"),
        Column::Number("THREADS"),
        Column::Number("HANDLES"),
        Column::Number("PRIVATE"),
        Column::Number("SHARED"),
        Column::Number("CALLS/s"),
        Column::Number("ERRORS/s"),
    ]);
    for row in processes(frame, Sort::Koid) {
        table.row(row.cells);
    }
    writeln!(stream)?;
    table.print(&mut stream)?;
    stream.flush()
}
