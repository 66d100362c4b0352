//! `vmm list`, and the demo.

use super::exit_code;
use abi::cmdline::DEBUGGING_SYSCALLS;
use std::io::{ErrorKind, Write};
use vmm::boot::{PROGRAMS, Program, builtin_program};

/// Names of the demo's programs, and what their processes are called.
const DEMO: [(&str, &str); 2] = [("demo-debugger", "debugger"), ("demo-target", "target")];

/// Prints the names of the built-in programs.
pub fn list() -> anyhow::Result<u8> {
    let mut output = std::io::stdout().lock();
    for (name, _) in PROGRAMS {
        match writeln!(output, "{name}") {
            // Whoever reads has seen enough.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => break,
            other => other?,
        }
    }
    Ok(exit_code::SUCCESS)
}

/// The demo's programs, without arguments or environment.
pub fn demo() -> Vec<Program> {
    let programs = DEMO.iter().filter_map(|(file, name)| {
        Some(Program {
            name: (*name).to_owned(),
            elf: builtin_program(file)?.to_vec(),
            args: Vec::new(),
            env: Vec::new(),
        })
    });
    programs.collect()
}

/// What the demo needs on the guest's command line: its debugger writes into the target.
pub fn demo_command_line() -> String {
    format!("{DEBUGGING_SYSCALLS}=true")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_has_both_of_its_programs() {
        let names: Vec<_> = demo().into_iter().map(|program| program.name).collect();
        assert_eq!(names, ["debugger", "target"]);
    }
}
