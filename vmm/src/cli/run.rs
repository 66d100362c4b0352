//! `vmm run`.

use super::args::{Backend, RunArgs, Until};
use super::{backend, builtin, complain, control, exit_code, logging, program};
use abi::cmdline::SEED;
use std::borrow::Cow;
use std::io::{Write, stderr, stdout};
use vmm::boot::{KERNEL, Program, default_ram};
use vmm::events::{ConsoleSink, Event, EventSink, JsonSink, Sinks, TraceSink};
use vmm::machine::{self, End, Limits, Machine, MachineConfig, RunOutcome};

/// Runs a guest to its end; returns the exit code.
pub fn run(args: &RunArgs) -> anyhow::Result<u8> {
    logging::start(args.verbose);
    let programs = programs(args)?;
    let kernel = match &args.kernel {
        Some(path) => Cow::Owned(program::read("kernel", path)?),
        None => Cow::Borrowed(KERNEL),
    };
    let command_line = command_line(args);
    let mut sinks = sinks(args);
    let ram = args.mem.unwrap_or_else(|| default_ram(&programs));
    tracing::info!(
        ram,
        command_line,
        kernel_bytes = kernel.len(),
        programs = programs.len(),
        "making the machine"
    );
    if backend::of(args.backend) == Backend::Qemu {
        return go_hosted(args);
    }
    let machine = Machine::new(&MachineConfig {
        ram,
        kernel: &kernel,
        programs: &programs,
        command_line: &command_line,
        trace_kernel_calls: args.trace || args.json,
    });
    let machine = match machine {
        Err(error) if backend::without_kvm(&error) => {
            return backend::instead(args.backend, error, || go_hosted(args));
        }
        other => other?,
    };
    machine::install_signal_handlers()?;
    let server = control::serve(args, &machine)?;
    if let Some(server) = &server {
        sinks.add(server.sink());
    }
    let limits = Limits {
        time: args.timeout,
        until: match args.until {
            Until::First => machine::Until::First,
            Until::All => machine::Until::All,
        },
        check: args.check,
    };
    let RunOutcome {
        end,
        stats,
        findings,
    } = machine.run(&mut sinks, limits)?;

    let (reason, code) = match &findings {
        Some(findings) if !findings.is_empty() => exit_code::INCONSISTENT,
        _ => exit_code::of_end(&end),
    };
    tracing::info!(
        reason,
        code,
        exits = stats.exits(),
        "the machine has stopped"
    );
    sinks.take(&Event::Exit {
        reason,
        exit_code: code,
        total_ns: u64::try_from(stats.total.as_nanos()).unwrap_or(u64::MAX),
        stats: &stats,
    });
    drop(server);
    if let Some(message) = explanation(&end, args) {
        complain(&message);
    }
    match findings {
        Some(findings) if !findings.is_empty() => complain(&format!(
            "the kernel's structures do not agree with each other; {} findings:\n{findings}",
            findings.count()
        )),
        None if args.check => complain(
            "not checked: the machine did not stop where the kernel's structures must agree",
        ),
        _ => {}
    }
    if args.stats {
        // There is nobody left to tell if this fails.
        let _ = writeln!(stderr(), "{stats}");
    }
    Ok(code)
}

fn go_hosted(args: &RunArgs) -> anyhow::Result<u8> {
    control::check_hosted(args)?;
    backend::go_hosted(args.timeout)
}

fn programs(args: &RunArgs) -> Result<Vec<Program>, program::ReadError> {
    let mut programs = if args.programs.is_empty() {
        builtin::demo()
    } else {
        let names = args.programs.iter();
        for told in names.clone().filter_map(|name| program::hidden_file(name)) {
            complain(&told);
        }
        names
            .map(|name| program::resolve(name))
            .collect::<Result<_, _>>()?
    };
    if let Some(first) = programs.first_mut() {
        first.args.clone_from(&args.args);
        first.env.clone_from(&args.env);
    }
    Ok(programs)
}

/// The guest's command line. Of equal keys the last wins, so that the user's words come
/// last.
fn command_line(args: &RunArgs) -> String {
    let mut words = Vec::new();
    if args.programs.is_empty() {
        words.push(builtin::demo_command_line());
    }
    if let Some(seed) = args.seed {
        words.push(format!("{SEED}={}", seed.choose()));
    }
    if !args.cmdline.is_empty() {
        words.push(args.cmdline.clone());
    }
    words.join(" ")
}

fn sinks(args: &RunArgs) -> Sinks<'static> {
    let mut sinks = Sinks::default();
    if args.json {
        sinks.add(JsonSink::new(stdout()).with_checksums(args.checksums));
    } else {
        sinks.add(ConsoleSink::new(stdout()));
    }
    if args.trace {
        sinks.add(TraceSink::new(stderr()));
    }
    sinks
}

/// What a person is told of an end that is not simply the end of the programs.
fn explanation(end: &End, args: &RunArgs) -> Option<String> {
    match end {
        End::Ended { first } if exit_code::is_end_by_others(*first) => Some(format!(
            "the first program did not end by itself (code {first})"
        )),
        End::Ended { first } if exit_code::of_end(end).1 != 0 && !(0..=63).contains(first) => {
            Some(format!("the first program ended with code {first}"))
        }
        End::Ended { .. } | End::NoPrograms => None,
        End::Deadlock => Some("deadlock: no thread of the guest can ever run again".to_owned()),
        End::KernelPanic { message } => Some(format!("the guest kernel panicked: {message}")),
        End::Fault(report) => Some(report.to_string()),
        End::TimeLimit => {
            let limit = args.timeout.unwrap_or_default();
            Some(format!("stopped at the time limit of {limit:?}"))
        }
        End::Interrupted => Some("interrupted".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::args::{Cli, Command};
    use super::*;
    use clap::Parser;

    fn arguments(words: &[&str]) -> RunArgs {
        match Cli::parse_from(["vmm", "run"].iter().chain(words)).command {
            Command::Run(args) => args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_users_words_come_last_so_that_they_win() {
        let line = command_line(&arguments(&["--seed", "0x10", "--cmdline", "a=b c"]));
        assert_eq!(
            line,
            "kernel.enable-debugging-syscalls=true vmoscope.seed=16 a=b c"
        );
        assert_eq!(command_line(&arguments(&["hello"])), "");
    }

    #[test]
    fn only_the_first_program_gets_the_arguments_and_the_environment() {
        let words = ["--env", "A=1", "hello", "spin", "--env", "B=2", "--", "1"];
        let programs = programs(&arguments(&words)).unwrap();
        assert_eq!(programs[0].args, ["1"]);
        assert_eq!(programs[0].env, ["A=1", "B=2"]);
        assert!(programs[1].args.is_empty() && programs[1].env.is_empty());
    }
}
