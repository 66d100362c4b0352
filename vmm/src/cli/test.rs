//! `vmm test`.

use super::args::Backend;
use super::test_args::{Format, TestArgs};
use super::test_output::{self, Output};
use super::{backend, complain, exit_code, hosted, logging, program};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};
use std::path::{Component, Path, PathBuf};
use std::thread;
use std::time::Instant;
use vmm::machine::{self, KvmError, MachineError};
use vmm::testing::report::{InOrder, JsonReport, Report, RunEnd};
use vmm::testing::{
    DiscoverError, Filter, Item, KvmMachines, Notice, Options, Outcome, Pool, Shard, Suite,
    TestResult, Totals, discover, plan,
};

/// The command line or what it names cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TestUsageError {
    /// What it names.
    #[error(transparent)]
    Discover(#[from] DiscoverError),
    /// A filter that lets nothing through.
    #[error("no case matches; `vmm test --list` shows the names of all of them")]
    NothingMatches,
    /// A report without a format.
    #[error("{0}")]
    Format(String),
    /// A path that cannot be carried into the Linux of QEMU-hosted.
    #[error(
        "`{path}` cannot be carried into QEMU: name it without `..`, and not below /dev, \
         /proc, /sys or /vmoscope"
    )]
    CannotCarry {
        /// The path.
        path: String,
    },
}

/// Runs tests; returns the exit code.
pub fn test(args: &TestArgs) -> anyhow::Result<u8> {
    logging::start(args.verbose.saturating_sub(1));
    let format = test_output::format(args).map_err(TestUsageError::Format)?;
    let suite = discover(&args.paths).map_err(TestUsageError::from)?;
    let paths = args.paths.iter();
    for told in paths.filter_map(|path| program::hidden_file(path.as_os_str())) {
        complain(&told);
    }
    if backend::of(args.backend) == Backend::Qemu {
        return go_hosted(args, format, &suite);
    }
    if let Err(error) = try_kvm() {
        return backend::instead(args.backend, error, || go_hosted(args, format, &suite));
    }
    machine::install_signal_handlers()?;

    let options = Options {
        timeout: args.timeout,
        ram: args.mem,
        command_line: args.cmdline.clone(),
        env: args.env.clone(),
        check: args.check,
        calls: usize::from(args.trace_calls),
        fail_fast: args.fail_fast,
    };
    let cpus = thread::available_parallelism().map_or(1, usize::from);
    let pool = Pool {
        machines: &KvmMachines,
        options: &options,
        jobs: args.jobs.map_or(cpus, usize::from),
        live: args.no_capture,
    };
    let filter = Filter {
        expressions: args.filter.clone(),
    };
    let shard_is_empty = is_empty(args.shard, suite.tests.len());
    let list = |tests: &[_]| pool.list(tests);
    let items = plan(suite.tests, &filter, args.shard, args.repeat.get(), list);
    if machine::interrupted() {
        return Ok(exit_code::INTERRUPTED);
    }
    // More shards than tests are no mistake of this one.
    if items.is_empty() && !shard_is_empty {
        return Err(TestUsageError::NothingMatches.into());
    }
    if args.list {
        return names(&pool, &items, format);
    }
    run(args, format, &pool, &items)
}

/// Whether a shard has no test at all.
const fn is_empty(shard: Option<Shard>, tests: usize) -> bool {
    match shard {
        Some(shard) => shard.index > tests,
        None => false,
    }
}

/// Whether machines can be made here.
fn try_kvm() -> Result<(), MachineError> {
    let vm = machine::open_kvm()?.create_vm();
    vm.map(drop).map_err(|source| {
        let what = "KVM_CREATE_VM";
        KvmError::Call { what, source }.into()
    })
}

fn run(args: &TestArgs, format: Format, pool: &Pool<'_>, items: &[Item]) -> anyhow::Result<u8> {
    let start = Instant::now();
    let mut output = Output::open(args, format, items.len()).map_err(|error| {
        let path = args.output.as_deref().unwrap_or(Path::new("")).display();
        anyhow::anyhow!("cannot write the report `{path}`: {error}")
    })?;
    let mut problem = output.start(items.len());
    let mut totals = Totals::default();
    let mut order = InOrder::default();
    let mut consoles = Consoles::new(items);
    let mut failed = vec![0; items.len()];
    let mut latest = 0;
    pool.run(items, |notice| {
        let outcome = match notice {
            Notice::Started(index) => {
                latest = index;
                Ok(())
            }
            Notice::Case(index, outcome) => {
                if let (Outcome::Failed, Some(failed)) = (outcome, failed.get_mut(index)) {
                    *failed += 1;
                }
                Ok(())
            }
            Notice::Console(index, text) => consoles.take(index, &text, &output),
            Notice::Finished(index, result) => {
                totals.add(&result);
                // From here on the totals have them.
                if let Some(failed) = failed.get_mut(index) {
                    *failed = 0;
                }
                output.finished(items, index, result, &mut order)
            }
        };
        if let Some(item) = items.get(latest) {
            let failed = totals.failed + failed.iter().sum::<usize>();
            let message = format!("{failed} failed, {}", item.name);
            output.progress.set_message(message);
        }
        // The first is the cause of the others.
        problem = std::mem::replace(&mut problem, Ok(())).and(outcome);
    });
    let end = RunEnd {
        totals,
        duration: start.elapsed(),
        interrupted: machine::interrupted(),
    };
    output.progress.finish_and_clear();
    problem = problem.and_then(|()| output.end(&end));
    match problem {
        // Whoever closed the stream has seen enough.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            return Err(anyhow::anyhow!("cannot write the report: {error}"));
        }
        _ => {}
    }
    Ok(match (end.interrupted, totals.is_well()) {
        (true, _) => exit_code::INTERRUPTED,
        (false, true) => exit_code::SUCCESS,
        (false, false) => exit_code::TEST_FAILED,
    })
}

impl Output {
    fn start(&mut self, tests: usize) -> io::Result<()> {
        self.report.as_mut().map_or(Ok(()), |r| r.start(tests))
    }

    fn finished(
        &mut self,
        items: &[Item],
        index: usize,
        result: TestResult,
        order: &mut InOrder,
    ) -> io::Result<()> {
        if let Some(item) = items.get(index) {
            let (person, progress) = (&mut self.person, &self.progress);
            progress.suspend(|| person.test(&item.name, &result))?;
        }
        self.progress.inc(1);
        order.take(index, result, |index, result| {
            match (&mut self.report, items.get(index)) {
                (Some(report), Some(item)) => report.test(&item.name, result),
                _ => Ok(()),
            }
        })
    }

    fn end(&mut self, end: &RunEnd) -> io::Result<()> {
        if let Some(report) = &mut self.report {
            report.end(end)?;
        }
        self.person.end(end)
    }
}

/// Unfinished lines of the guests' consoles, for `--no-capture`.
struct Consoles<'a> {
    items: &'a [Item],
    held: Vec<Vec<u8>>,
}

/// A line that is longer goes out in pieces.
const LONGEST_LINE: usize = 4096;

impl<'a> Consoles<'a> {
    fn new(items: &'a [Item]) -> Self {
        Self {
            items,
            held: vec![Vec::new(); items.len()],
        }
    }

    /// Writes complete lines, each with the name of its test in front.
    fn take(&mut self, index: usize, text: &[u8], output: &Output) -> io::Result<()> {
        let (Some(item), Some(held)) = (self.items.get(index), self.held.get_mut(index)) else {
            return Ok(());
        };
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            held.extend_from_slice(line);
            if line.ends_with(b"\n") || held.len() > LONGEST_LINE {
                let line = String::from_utf8_lossy(held.trim_ascii_end()).into_owned();
                held.clear();
                output
                    .progress
                    .suspend(|| writeln!(io::stderr(), "{}| {line}", item.name))?;
            }
        }
        Ok(())
    }
}

/// `--list`.
fn names(pool: &Pool<'_>, items: &[Item], format: Format) -> anyhow::Result<u8> {
    let tests: Vec<_> = items.iter().map(|item| item.test.clone()).collect();
    let mut text = Vec::new();
    let mut code = exit_code::SUCCESS;
    for (item, list) in items.iter().zip(pool.list(&tests)) {
        let list = match list {
            Ok(list) => list,
            Err(message) => {
                super::complain(&format!("{}: {message}", item.name));
                code = exit_code::TEST_FAILED;
                continue;
            }
        };
        let wanted = list.cases.iter();
        let wanted = wanted.filter(|(number, _)| item.selection.contains(*number));
        let cases: Vec<_> = if list.cases.is_empty() {
            vec![None]
        } else {
            wanted
                .map(|(number, name)| Some((*number, name.as_str())))
                .collect()
        };
        for case in cases {
            if format == Format::Json {
                JsonReport::new(&mut text).listed(&item.name, case)?;
            } else {
                let name = item.name.of_case(case.map(|(_, name)| name));
                writeln!(text, "{}", name.replace('\n', " "))?;
            }
        }
    }
    if machine::interrupted() {
        return Ok(exit_code::INTERRUPTED);
    }
    match io::stdout().write_all(&text) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(code),
    }
}

/// The same tests in the Linux under QEMU, with every file that they need. Returns only if
/// that cannot be started.
fn go_hosted(args: &TestArgs, format: Format, suite: &Suite) -> anyhow::Result<u8> {
    let named = args.paths.iter().filter(|path| path.exists());
    let files: BTreeSet<PathBuf> = suite.files.iter().chain(named.clone()).cloned().collect();
    for path in files.iter().chain(&args.output) {
        check_carried(path)?;
    }
    let ram = suite.tests.iter().filter_map(|test| test.ram).max();
    let cargo = hosted::Cargo {
        inward: files.into_iter().filter(|path| path.is_file()).collect(),
        outward: args.output.clone(),
        ram: ram.max(args.mem),
        ..hosted::Cargo::default()
    };
    // The report has another name in there, which does not tell its format.
    let format = format!("--format={format}");
    let mut arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    arguments.insert(arguments.len().min(1), format.into());
    Err(hosted::replace(arguments.into_iter(), &cargo).into())
}

/// Whether a path means the same in the Linux under QEMU.
fn check_carried(path: &Path) -> Result<(), TestUsageError> {
    let taken = ["/dev", "/proc", "/sys", "/vmoscope"];
    if path.components().any(|part| part == Component::ParentDir)
        || taken.iter().any(|folder| path.starts_with(folder))
    {
        let path = path.display().to_string();
        return Err(TestUsageError::CannotCarry { path });
    }
    Ok(())
}
