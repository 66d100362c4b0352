//! `vmm dump` and `vmm core`, and what gdb makes of them.

use crate::kit::{self, Guest, PATIENCE, scratch};
use crate::{Outcome, anywhere, substrate, vm};
use libtest_mimic::{Completion, Failed, Trial};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use vmm::inspect::{Inspector, MachineState, Output, Place, ProcessSelector};
use vmm::objects::mock::MockGuest;

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        vm("save::an_image_shows_what_the_live_vm_shows", image_as_live),
        vm("save::a_saved_image_saved_again_is_the_same", saved_again),
        vm(
            "save::readelf_finds_no_fault_with_a_dump_and_a_core",
            readelf,
        ),
        gdb_vm("save::gdb_reads_the_core_of_a_fixed_program", gdb_fixed),
        gdb_vm("save::gdb_reads_the_core_of_a_pie_program", gdb_pie),
        gdb_vm(
            "save::gdb_sees_the_kernel_in_a_dump_of_an_idle_guest",
            gdb_kernel,
        ),
        with(gdb(), "save::gdb_is_told_of_the_fault_in_a_core", gdb_fault),
        with(qemu(), "save::a_dump_of_qemu_opens", qemu_dump),
        anywhere(
            "save::a_file_is_only_replaced_if_that_is_asked_for",
            replaced,
        ),
        anywhere(
            "save::what_is_no_image_is_refused_with_the_reason",
            no_image,
        ),
        anywhere("save::a_full_disk_is_told_of_and_nothing_stays", full_disk),
    ]
}

/// A test that needs a program that may not be there.
pub(crate) fn with(missing: Option<String>, name: &str, test: fn() -> Outcome) -> Trial {
    Trial::ignorable_test(name, move || match missing {
        None => test().map(|()| Completion::Completed),
        Some(reason) => Ok(Completion::ignored_with(reason)),
    })
}

fn gdb_vm(name: &str, test: fn() -> Outcome) -> Trial {
    with(gdb().or_else(substrate::no_kvm), name, test)
}

fn gdb() -> Option<String> {
    missing("gdb")
}

fn qemu() -> Option<String> {
    missing("qemu-system-x86_64")
}

pub(crate) fn missing(program: &str) -> Option<String> {
    let found = Command::new(program).arg("--version").output();
    let there = found.is_ok_and(|output| output.status.success());
    (!there).then(|| format!("`{program}` is not installed"))
}

/// What a command prints; it must succeed.
fn printed(command: &mut Command) -> Result<String, Failed> {
    let output = command.output()?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("{command:?}: {}\n{stderr}", output.status).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn contains(text: &str, wanted: &str) -> Outcome {
    if text.contains(wanted) {
        return Ok(());
    }
    Err(format!("`{wanted}` is not in:\n{text}").into())
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap_or_default()
}

/// Makes a guest stand still, whoever looks at it, until it ends.
fn hold(guest: &Guest) -> Outcome {
    printed(kit::vmm().args(["pause", "--vm"]).arg(guest.socket())).map(drop)
}

/// Runs `vmm COMMAND... -o FILE` and returns the file.
fn saved(arguments: &[&str], name: &str) -> Result<PathBuf, Failed> {
    let file = scratch(name);
    printed(kit::vmm().args(arguments).arg("-o").arg(&file))?;
    Ok(file)
}

/// A guest that sleeps: its kernel is idle.
fn sleeper() -> Result<Guest, Failed> {
    let guest = Guest::start(&["nap", "--", "600000"])?;
    let until = Instant::now() + PATIENCE;
    loop {
        hold(&guest)?;
        let mut inspector = Inspector::live(guest.socket())?;
        let paused = inspector.pause()?;
        let place = paused.machine().vcpus.first().map(|vcpu| vcpu.place);
        drop(paused);
        if place == Some(Place::Idle) {
            return Ok(guest);
        }
        if Instant::now() > until {
            return Err("the program never falls asleep".into());
        }
        printed(kit::vmm().args(["resume", "--vm"]).arg(guest.socket()))?;
    }
}

/// A survey of it as text.
fn survey(mut inspector: Inspector) -> Result<String, Failed> {
    let (mut survey, _) = inspector.survey()?;
    // The time goes on, and a raw image knows nothing of the machine.
    survey.machine = MachineState::default();
    Ok(format!(
        "{:#?} {:#?} {:#?} {:#?} {:#?}",
        survey.root, survey.processes, survey.vmos, survey.job, survey.problems
    ))
}

fn image_as_live() -> Outcome {
    let guest = sleeper()?;
    let socket = text(guest.socket());
    let live = survey(Inspector::live(guest.socket())?)?;
    for format in ["elf", "raw"] {
        let file = saved(&["dump", "--vm", socket, "--format", format], format)?;
        let image = survey(Inspector::image(&file)?)?;
        if image != live {
            return Err(format!("{format}: {image}\nand live:\n{live}").into());
        }
        // Only what was touched takes room.
        let metadata = fs::metadata(&file)?;
        let blocks = std::os::unix::fs::MetadataExt::blocks(&metadata) * 512;
        assert!(metadata.len() >= 64 << 20 && blocks < 8 << 20, "{blocks}");
    }
    // The vCPU's registers are those of the live guest.
    let file = saved(&["dump", "--vm", socket], "registers")?;
    let mut live = Inspector::live(guest.socket())?;
    let mut image = Inspector::image(&file)?;
    let (live, image) = (live.pause()?, image.pause()?);
    assert_eq!(live.machine().vcpus, image.machine().vcpus);
    assert_eq!(live.machine().root, image.machine().root);
    Ok(())
}

fn saved_again() -> Outcome {
    let guest = sleeper()?;
    let first = saved(&["dump", "--vm", text(guest.socket())], "first")?;
    let second = saved(&["dump", "--image", text(&first)], "second")?;
    assert!(fs::read(&first)? == fs::read(&second)?);
    Ok(())
}

fn readelf() -> Outcome {
    if let Some(reason) = missing("readelf") {
        eprintln!("skipped: {reason}");
        return Ok(());
    }
    let guest = sleeper()?;
    let socket = text(guest.socket());
    for file in [
        saved(&["dump", "--vm", socket], "dump")?,
        saved(&["core", "nap", "--vm", socket], "core")?,
    ] {
        let output = Command::new("readelf").arg("-hlnW").arg(&file).output()?;
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{stderr}");
        assert!(!stderr.contains("Error"), "{stderr}");
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        contains(&stdout, "NT_PRSTATUS")?;
        contains(&stdout, "NT_FPREGSET")?;
        contains(&stdout, "VMOSCOPE")?;
    }
    Ok(())
}

/// Builds tests/inspector/backtrace.c.
pub(crate) fn program(options: &[&str]) -> Result<PathBuf, Failed> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let program = scratch("backtrace");
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sdk");
    printed(
        Command::new(top.join("scripts/zxcc"))
            .env("VMOSCOPE_SDK_CACHE", cache)
            .args(["-g", "-O1", "-Wl,--build-id", "-o"])
            .arg(&program)
            .arg(top.join("tests/inspector/backtrace.c"))
            .args(options),
    )?;
    Ok(program)
}

/// What gdb says to these commands about a program and a core.
fn ask(program: Option<&Path>, core: &Path, commands: &[&str]) -> Result<String, Failed> {
    let mut gdb = Command::new("gdb");
    gdb.args(["-nx", "-batch", "-ex", "set width 0"])
        .env_remove("DEBUGINFOD_URLS")
        .env("LC_ALL", "C");
    if let Some(program) = program {
        gdb.arg("-ex").arg(format!("file {}", program.display()));
    }
    gdb.arg("-ex").arg(format!("core-file {}", core.display()));
    for command in commands {
        gdb.args(["-ex", command]);
    }
    printed(&mut gdb)
}

/// The functions of a backtrace stand in this order.
fn in_order(backtrace: &str, functions: &[&str]) -> Outcome {
    let mut rest = backtrace;
    for function in functions {
        let wanted = format!("{function} (");
        match rest.find(&wanted) {
            Some(at) => rest = rest.get(at..).unwrap_or_default(),
            None => {
                return Err(format!("{function} is not there in its turn:\n{backtrace}").into());
            }
        }
    }
    Ok(())
}

fn gdb_fixed() -> Outcome {
    gdb_backtrace(&[])
}

fn gdb_pie() -> Outcome {
    gdb_backtrace(&["-static-pie"])
}

fn gdb_backtrace(options: &[&str]) -> Outcome {
    let program = program(options)?;
    let name = program.file_name().and_then(|name| name.to_str());
    let name = name.ok_or("no name")?;
    let mut guest = Guest::start(&[text(&program)])?;
    let stdout = guest.child().stdout.take().ok_or("no output")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    contains(&line, "about to spin")?;
    let socket = guest.socket().to_owned();
    let vm = ["--vm", text(&socket)];

    // It may still be on its way back from saying so, and the other thread on its way to
    // where it waits.
    let until = Instant::now() + PATIENCE;
    loop {
        hold(&guest)?;
        let core = saved(&["core", name, vm[0], vm[1]], "try")?;
        let said = ask(Some(&program), &core, &["bt 1", "thread 2", "bt"])?;
        if said.contains("innermost (") && said.contains("mtx_lock (") {
            break;
        }
        if Instant::now() > until {
            return Err("the program never comes to spin".into());
        }
        printed(kit::vmm().arg("resume").args(vm))?;
    }

    // It stands still: live and image give the same core, byte for byte.
    let file = scratch("core");
    let answer = kit::json(
        &["core", name, vm[0], vm[1], "--json", "-o", text(&file)],
        0,
    )?;
    let dump = saved(&["dump", vm[0], vm[1]], "dump")?;
    let from_image = saved(&["core", name, "--image", text(&dump)], "core-2")?;
    assert!(fs::read(&file)? == fs::read(&from_image)?);

    // The build-id is the file's.
    let notes = printed(Command::new("readelf").arg("-n").arg(&program))?;
    let id = answer
        .pointer("/program/build_id")
        .and_then(|id| id.as_str());
    let id = id.ok_or("no build-id")?;
    contains(&notes, &format!("Build ID: {id}"))?;

    let commands = [
        "bt",
        "frame function innermost",
        "print local_value",
        "print local_fraction",
        "print depth",
        "print global_counter",
        "print global_point",
        "x/s global_text",
        "x/s label",
        "print zeros[2047]",
        "info threads",
    ];
    for (file, threads) in [(&file, 2), (&dump, 1)] {
        let said = ask(Some(&program), file, &commands)?;
        in_order(&said, &["innermost", "middle", "outer", "main"])?;
        for wanted in [
            "$1 = 462",
            "$2 = 0.75",
            "$3 = 42",
            "$4 = 1000",
            "$5 = {x = 11, y = -12}",
            "\"text that a debugger reads\"",
            "\"label of innermost\"",
            "$6 = 0",
        ] {
            contains(&said, wanted)?;
        }
        let found = said.lines().filter(|line| {
            let line = line.trim_start_matches([' ', '*']);
            line.starts_with(|first: char| first.is_ascii_digit()) && line.contains("LWP ")
        });
        assert_eq!(found.count(), threads, "{said}");
    }
    let other = ask(Some(&program), &file, &["thread 2", "bt"])?;
    in_order(&other, &["mtx_lock", "waiter"])
}

/// The kernel that the tested `vmm` was built with.
fn kernel() -> Result<PathBuf, Failed> {
    let file = scratch("kernel");
    fs::write(&file, vmm::boot::KERNEL)?;
    Ok(file)
}

fn gdb_kernel() -> Outcome {
    let guest = sleeper()?;
    let dump = saved(&["dump", "--vm", text(guest.socket())], "dump")?;
    let said = ask(Some(&kernel()?), &dump, &["bt", "info registers rip"])?;
    in_order(&said, &["resume"])?;
    contains(&said, "rip            0xffffffff80")
}

fn gdb_fault() -> Outcome {
    use abi::objects::{Thread, ThreadState};
    let mut guest = MockGuest::new(4 << 20)?;
    let process = guest.process("faulty")?;
    let thread = guest.thread(process, "main")?;
    guest.user_memory(process, 0x2000_0000, 0x2000)?;
    guest.write_user(process, 0x2000_0000, b"still readable\0")?;
    guest.edit(thread, |thread: &mut Thread| {
        thread.state = ThreadState::DEAD.0;
        thread.fault_address = 0xDEAD_0000;
        thread.fault_status = -1;
        thread.registers.vector = 14;
        thread.registers.error_code = 6;
        thread.registers.rip = 0x2000_0100;
        thread.registers.rbx = 0x1234_5678;
        thread.fs_base = 0x7777_0000;
        thread.vectors.xmm[3] = [0x1111_2222, 0];
    })?;
    let file = scratch("fault");
    let mut inspector = Inspector::mock(&guest);
    let mut output = Output::create(&file, false)?;
    let selector = ProcessSelector::Name("faulty".to_owned());
    let core = inspector
        .pause()?
        .core(&selector, &mut output, &mut |_, _| {})?;
    output.finish()?;
    let signals: Vec<_> = core.threads.iter().map(|thread| thread.signal).collect();
    assert_eq!(signals, [Some("SIGSEGV")]);
    let commands = [
        "print $_siginfo._sifields._sigfault.si_addr",
        "print $_siginfo.si_code",
        "print/x $rbx",
        "print/x $fs_base",
        "print/x $xmm3.v2_int64[0]",
        "x/s 0x20000000",
    ];
    let said = ask(None, &file, &commands)?;
    for wanted in [
        "signal SIGSEGV",
        "$1 = (void *) 0xdead0000",
        "$2 = 1",
        "$3 = 0x12345678",
        "$4 = 0x77770000",
        "$5 = 0x11112222",
        "\"still readable\"",
    ] {
        contains(&said, wanted)?;
    }
    Ok(())
}

fn qemu_dump() -> Outcome {
    use std::io::Write;
    use std::process::Stdio;
    for options in ["", "-p "] {
        let file = scratch("qemu");
        let mut qemu = Command::new("qemu-system-x86_64")
            .args([
                "-machine",
                "microvm,accel=tcg",
                "-m",
                "32",
                "-S",
                "-nodefaults",
            ])
            .args(["-display", "none", "-monitor", "stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        let mut monitor = qemu.stdin.take().ok_or("no monitor")?;
        let command = format!("dump-guest-memory {options}{}\nquit\n", file.display());
        monitor.write_all(command.as_bytes())?;
        assert!(qemu.wait()?.success());
        let mut image = Inspector::image(&file)?;
        let paused = image.pause()?;
        // The reset vector (SDM vol. 3, 10.1.4), and firmware just below 1 MiB.
        let vcpu = paused.machine().vcpus.first().ok_or("no vCPU")?;
        assert_eq!(vcpu.general.rip.0, 0xFFF0);
        assert_eq!((vcpu.cs.selector, vcpu.cs.base.0), (0xF000, 0xFFFF_0000));
        assert!(paused.memory().size() >= 32 << 20);
        assert!(paused.root().is_err());
        contains(&paused.problems().to_string(), "no root block")?;
        // The firmware has a jump there, near or far.
        let mut bytes = [0; 1];
        let reset = vm_memory::GuestAddress(0xFFFF_FFF0);
        vmm::memory::PhysicalMemory::read_bytes(paused.memory(), reset, &mut bytes)?;
        assert!(matches!(bytes, [0xE9 | 0xEA]), "{bytes:x?}");
    }
    Ok(())
}

/// A raw image of a mock.
fn raw_image() -> Result<PathBuf, Failed> {
    let mut guest = MockGuest::new(1 << 20)?;
    guest.process("first")?;
    let mut bytes = vec![0; 1 << 20];
    vmm::memory::PhysicalMemory::read_bytes(
        &**guest.ram(),
        vm_memory::GuestAddress(0),
        &mut bytes,
    )?;
    let file = scratch("raw");
    fs::write(&file, bytes)?;
    Ok(file)
}

fn replaced() -> Outcome {
    let image = raw_image()?;
    let to = scratch("there");
    fs::write(&to, "precious")?;
    let arguments = ["dump", "--image", text(&image), "-o", text(&to)];
    let refused = kit::run(&arguments)?;
    assert!(!refused.status.success());
    contains(&String::from_utf8_lossy(&refused.stderr), "--force")?;
    assert_eq!(fs::read(&to)?, b"precious");
    kit::json(&[&arguments[..], &["--force", "--json"]].concat(), 0)?;
    assert!(fs::metadata(&to)?.len() > 1 << 20);
    let refused = kit::run(&["dump", "--image", text(&image), "-o", "-"])?;
    assert!(!refused.status.success());
    contains(&String::from_utf8_lossy(&refused.stderr), "/dev/stdout")
}

fn no_image() -> Outcome {
    let cases: [(&str, Vec<u8>, &str); 7] = [
        ("empty", Vec::new(), "it is empty"),
        ("kdump", b"KDUMP   and more".to_vec(), "kdump"),
        ("elf", b"\x7FELF".to_vec(), "cut short"),
        (
            "big-endian",
            b"\x7FELF\x02\x02\x01".to_vec(),
            "little endian",
        ),
        ("gzip", b"\x1F\x8B\x08 and more".to_vec(), "unpack it"),
        (
            "program",
            fs::read(env!("CARGO_BIN_EXE_vmm"))?,
            "a program or a library",
        ),
        (
            "of 99 bits",
            b"\x7FELF\x63\x01\x01".to_vec(),
            "ELF class is 99",
        ),
    ];
    for (name, bytes, reason) in cases {
        let file = scratch(name);
        fs::write(&file, bytes)?;
        let refused = kit::run(&["ps", "--image", text(&file)])?;
        let stderr = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(65), "{name}: {stderr}");
        contains(&stderr, reason)?;
        contains(&stderr, text(&file))?;
    }
    Ok(())
}

fn full_disk() -> Outcome {
    let image = raw_image()?;
    let refused = kit::run(&["dump", "--image", text(&image), "-o", "/dev/full"])?;
    let stderr = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(71), "{stderr}");
    contains(&stderr, "No space left")
}
