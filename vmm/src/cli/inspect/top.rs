//! `vmm top`.

mod plain;
mod rows;
mod screen;
mod state;

#[cfg(test)]
mod tests;

use super::super::{complain, exit_code};
use super::output::OutputArgs;
use super::target::Target;
use clap::Args;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyEventKind};
use state::{Action, State};
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};
use vmm::inspect::top::TopSample;
use vmm::inspect::{InspectError, Inspector, Origin};
use vmm::machine;

/// The longest wait for a key: how late a signal may be noticed.
const LOOK: Duration = Duration::from_millis(100);

/// Shown by `--help`.
pub(super) const EXAMPLES: &str = "\
Examples:
  vmm top                        the only VM that runs
  vmm top --vm build7 -d 0.2     that one, five times a second
  vmm top --once                 one table, with rates since the guest's start
  vmm top --batch --count 10     ten tables, one after the other, for a log
  vmm top --json --count 10      the same for a program, an object a line
  vmm top --image crash.elf      what a saved guest was at

Keys: q quits, arrows select, s sorts by the next column, t m v h show threads, mappings, VMOs
and handles of the selected process, p pauses and resumes the VM, + and - change the interval,
? shows all keys.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct TopArgs {
    #[command(flatten)]
    target: Target,

    /// Looks at the VM every so many seconds, 0.05 to 3600
    #[arg(
        short = 'd',
        long,
        value_name = "SECONDS",
        default_value = "1",
        value_parser = seconds,
        help_heading = "Output"
    )]
    interval: Duration,

    /// Prints one table, and ends; so it does where standard output is no terminal
    #[arg(long, conflicts_with_all = ["batch", "count"], help_heading = "Output")]
    once: bool,

    /// Prints a table each time, until Ctrl-C or the VM's end
    #[arg(long, help_heading = "Output")]
    batch: bool,

    /// Ends after so many tables
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u64).range(1..),
        help_heading = "Output"
    )]
    count: Option<u64>,

    #[command(flatten)]
    output: OutputArgs,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text
        .parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let range = Duration::from_millis(50)..=Duration::from_secs(3600);
    seconds
        .filter(|seconds| range.contains(seconds))
        .ok_or_else(|| "it is a number of seconds, 0.05 to 3600".to_owned())
}

pub fn run(args: &TopArgs) -> anyhow::Result<u8> {
    machine::install_signal_handlers()?;
    let mut inspector = args.target.open()?;
    let is_terminal = io::stdout().is_terminal() && io::stdin().is_terminal();
    let repeats = args.batch || args.count.is_some();
    if args.once || repeats || args.output.json || !is_terminal {
        return plain::run(args, &mut inspector);
    }
    // From here on the terminal is restored whatever happens, a panic too.
    let mut terminal = ratatui::try_init()?;
    let mut watch = Watch {
        state: State::new(title(inspector.origin()), args.interval),
        is_live: inspector.connection().is_some(),
        inspector,
    };
    let end = watch.run(&mut terminal);
    ratatui::restore();
    if watch.state.is_held() {
        let _ = watch.release();
        complain("the VM goes on: it was paused from here");
    }
    match end? {
        End::Quit => {}
        End::Signal => return Ok(exit_code::INTERRUPTED),
        End::Gone(error) => complain(&error.to_string()),
    }
    let problems = watch.state.problems();
    super::output::OutputArgs::default().tell(&problems, None)
}

/// What the guest is called on the screen.
fn title(origin: &Origin) -> String {
    match origin {
        Origin::Live { path, monitor } => {
            let name = path.file_stem().unwrap_or_default();
            format!("{} (process {monitor})", name.to_string_lossy())
        }
        Origin::Image { path, .. } => path.display().to_string(),
        Origin::Mock => "mock".to_owned(),
    }
}

/// Whether an error says that nothing more will come.
const fn is_end(error: &InspectError) -> bool {
    matches!(error, InspectError::Ended | InspectError::Vm { .. })
}

enum End {
    Quit,
    Signal,
    Gone(InspectError),
}

struct Watch {
    state: State,
    is_live: bool,
    inspector: Inspector,
}

impl Watch {
    fn run(&mut self, terminal: &mut DefaultTerminal) -> anyhow::Result<End> {
        let mut due = Instant::now();
        loop {
            if Instant::now() >= due {
                if let Some(end) = self.sample() {
                    return Ok(End::Gone(end));
                }
                due = Instant::now() + self.state.interval();
            }
            terminal.draw(|frame| screen::draw(frame, &mut self.state))?;
            let mut left = due.saturating_duration_since(Instant::now());
            if !self.is_live {
                // Nothing changes.
                (due, left) = (Instant::now() + LOOK * 2, LOOK);
            }
            if machine::interrupted() {
                return Ok(End::Signal);
            }
            if !event::poll(left.min(LOOK))? {
                continue;
            }
            let Event::Key(key) = event::read()? else {
                continue;
            };
            if key.kind == KeyEventKind::Release {
                continue;
            }
            match self.state.key(key) {
                Action::None => {}
                Action::Quit => return Ok(End::Quit),
                Action::Refresh => due = Instant::now(),
                Action::Pause => self.pause(),
            }
        }
    }

    /// Looks at the guest; an error that ends it all is given back.
    fn sample(&mut self) -> Option<InspectError> {
        match TopSample::take(&mut self.inspector) {
            Ok(sample) => self.state.update(sample),
            Err(error) if self.is_live && is_end(&error) => return Some(error),
            // A kernel that is busy, or has yet to start.
            Err(error) => self.state.say(error.to_string()),
        }
        None
    }

    fn pause(&mut self) {
        if !self.is_live {
            self.state
                .say("a saved guest stands still anyway".to_owned());
            return;
        }
        let done = if self.state.is_held() {
            self.release()
        } else {
            self.hold()
        };
        if let Err(error) = done {
            self.state.say(error.to_string());
        }
    }

    fn hold(&mut self) -> Result<(), InspectError> {
        if let Some(connection) = self.inspector.connection() {
            connection.hold()?;
            self.state.hold(true);
            self.state
                .say("the VM stands still; p lets it go on".to_owned());
        }
        Ok(())
    }

    fn release(&mut self) -> Result<(), InspectError> {
        if let Some(connection) = self.inspector.connection() {
            let time = connection.release()?;
            self.state.hold(false);
            self.state
                .say(format!("the VM goes on; it stood still for {time:.1?}"));
        }
        Ok(())
    }
}
