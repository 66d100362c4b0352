//! `vmm doctor`: the findings as a table for people, or as JSON.

use super::args::DoctorArgs;
use super::exit_code;
use std::fmt::{self, Write as _};
use std::io::{ErrorKind, Write};
use vmm::doctor::{self, Backend, Device, Hosted, Limits, Linux, Need, Report, Trial};

/// Prints the findings; the exit code says what `vmm run` will do.
pub fn doctor(args: &DoctorArgs) -> anyhow::Result<u8> {
    let report = doctor::examine();
    let text = if args.json {
        serde_json::to_string_pretty(&report)? + "\n"
    } else {
        table(&report)?
    };
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(code(report.verdict.backend)),
    }
}

fn code(backend: Backend) -> u8 {
    match backend {
        Backend::Kvm => exit_code::SUCCESS,
        Backend::Qemu => exit_code::ONLY_HOSTED,
        Backend::None => exit_code::NO_KVM,
    }
}

/// Lines with a name in front of each group.
#[derive(Default)]
struct Table(String);

impl Table {
    fn row(&mut self, name: &str, value: impl fmt::Display) -> fmt::Result {
        writeln!(self.0, "{name:<13} {value}")
    }

    /// More of the row before.
    fn more(&mut self, value: impl fmt::Display) -> fmt::Result {
        self.row("", value)
    }

    fn steps(&mut self, steps: &[String]) -> fmt::Result {
        steps
            .iter()
            .try_for_each(|step| self.more(format_args!("-> {step}")))
    }
}

fn table(report: &Report) -> Result<String, fmt::Error> {
    let mut table = Table::default();
    let answer = match report.verdict.backend {
        Backend::Kvm => "works with /dev/kvm",
        Backend::Qemu => "goes QEMU-hosted",
        Backend::None => "does not work here",
    };
    table.row(
        "vmm run",
        format_args!("{answer}: {}", report.verdict.reason),
    )?;
    table.row("KVM", &report.flavour)?;
    for line in &report.flavour.evidence {
        table.more(format_args!("- {line}"))?;
    }
    table.row("host kernel", &report.flavour.host_kernel)?;
    device(&mut table, &report.device)?;
    if let Some(trial) = &report.trial {
        trial_row(&mut table, trial)?;
    }
    capabilities(&mut table, report)?;
    quirks(&mut table, report)?;
    hosted(&mut table, &report.hosted)?;
    limits(&mut table, &report.limits)?;
    Ok(table.0)
}

fn device(table: &mut Table, device: &Device) -> fmt::Result {
    match &device.owner {
        None => table.row(device.path, "is not there")?,
        Some(owner) => {
            let can = if device.usable {
                "can be used"
            } else {
                "cannot be used"
            };
            table.row(
                device.path,
                format_args!("{can}; {} {} {}", owner.mode, owner.user, owner.group),
            )?;
        }
    }
    if let Some(we) = &device.we {
        table.more(format_args!(
            "we are {} with the groups {}",
            we.user,
            we.groups.join(" ")
        ))?;
    }
    if let Some(problem) = &device.problem {
        table.more(problem)?;
    }
    table.steps(&device.advice)
}

fn trial_row(table: &mut Table, trial: &Trial) -> fmt::Result {
    match &trial.problem {
        Some(problem) => table.row("trial", format_args!("a guest did not run: {problem}")),
        None => table.row(
            "trial",
            format_args!(
                "a guest ran: first instruction after {}, end after {}, {} exits",
                Milliseconds(trial.first_instruction_us),
                Milliseconds(trial.total_us),
                trial.exits
            ),
        ),
    }
}

fn capabilities(table: &mut Table, report: &Report) -> fmt::Result {
    let mut name = "capabilities";
    for capability in &report.capabilities {
        let answer = match (capability.present, capability.need) {
            (true, _) => "yes",
            (false, Need::Required) => "NO",
            (false, _) => "no",
        };
        let need = match capability.need {
            Need::Required => "required",
            Need::Used => "used",
            Need::Informative => "not used yet",
        };
        // Most answer with a plain yes.
        let value = match capability.value {
            ..=1 => String::new(),
            value => format!(" ({value})"),
        };
        table.row(
            name,
            format_args!(
                "{answer:<3} {:<31} {need}: {}{value}",
                capability.name, capability.purpose
            ),
        )?;
        name = "";
    }
    Ok(())
}

fn quirks(table: &mut Table, report: &Report) -> fmt::Result {
    let mut name = "quirks";
    for quirk in &report.quirks {
        table.row(name, quirk.what)?;
        table.more(format_args!("   {}", quirk.meaning))?;
        name = "";
    }
    Ok(())
}

fn hosted(table: &mut Table, hosted: &Hosted) -> fmt::Result {
    if hosted.inside {
        return table.row("QEMU-hosted", "is where we are");
    }
    let can = if hosted.usable {
        "can be used"
    } else {
        "cannot be used"
    };
    table.row("QEMU-hosted", can)?;
    for tool in &hosted.tools {
        let is_qemu = tool.name.starts_with("qemu");
        let version = hosted.qemu_version.as_deref().filter(|_| is_qemu);
        match &tool.path {
            Some(path) => match version {
                Some(version) => table.more(format_args!("{} {version}", path.display()))?,
                None => table.more(path.display())?,
            },
            None => table.more(format_args!("no {}", tool.name))?,
        }
    }
    table.more(match hosted.linux {
        Linux::Given => "its Linux is named by the environment",
        Linux::Cached => "its Linux is there, from an earlier start",
        Linux::Fetched => "its Linux will be downloaded at the first start",
        Linux::Missing => "there is no Linux for it",
    })?;
    table.steps(&hosted.advice)
}

fn limits(table: &mut Table, limits: &Limits) -> fmt::Result {
    table.row(
        "host",
        format_args!(
            "{} CPUs, {} MiB RAM, {} MiB of it available",
            limits.host_cpus,
            limits.host_ram >> 20,
            limits.available_ram >> 20
        ),
    )?;
    table.row(
        "guest",
        format_args!(
            "{} vCPU, up to {} MiB of RAM that it can fill now (--mem takes up to {} GiB)",
            limits.guest_vcpus,
            limits.guest_ram_usable >> 20,
            limits.guest_ram_max >> 30
        ),
    )
}

/// Microseconds, shown as milliseconds.
struct Milliseconds(u64);

impl fmt::Display for Milliseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{} ms", self.0 / 1000, self.0 % 1000 / 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_verdict_has_its_code() {
        assert_eq!(code(Backend::Kvm), 0);
        assert_eq!(code(Backend::Qemu), 1);
        assert_eq!(code(Backend::None), 69);
        for code in ["0 ", "1 ", "69 "] {
            let start = format!("  {code}");
            assert!(
                exit_code::DOCTOR_HELP
                    .lines()
                    .any(|line| line.starts_with(&start))
            );
        }
    }

    #[test]
    fn times_have_one_decimal() {
        assert_eq!(Milliseconds(12_345).to_string(), "12.3 ms");
        assert_eq!(Milliseconds(50).to_string(), "0.0 ms");
    }
}
