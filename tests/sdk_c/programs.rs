//! The test programs of `guest/libzircon/tests`, at several levels of optimisation and in both
//! shapes; what printf prints, compared with the host's C library.

use crate::sdk::{Compiler, build, is_there, run, scratch, source, succeed};
use crate::{Outcome, Tests};
use std::process::Command;

/// Source files and the options that they are built with.
const BUILDS: &[(&str, &[&str])] = &[
    ("strings.c", &["-O0"]),
    ("strings.c", &["-O2", "-static-pie"]),
    ("strings.c", &["-O3", "-std=c11"]),
    (
        "strings.c",
        &["-Og", "-g", "-fstack-protector-all", "-fcf-protection=full"],
    ),
    ("memory.c", &["-O0", "-static-pie"]),
    ("memory.c", &["-O2"]),
    ("threads.c", &["-O0"]),
    ("threads.c", &["-O2", "-static-pie"]),
    ("threads.c", &["-O2", "-fstack-protector-strong"]),
    ("startup.c", &["-Os"]),
    ("startup.c", &["-O2", "-static-pie"]),
    ("cxx.cc", &["-O0"]),
    ("cxx.cc", &["-O2", "-static-pie"]),
];

pub(crate) fn tests(tests: &mut Tests, compiler: Compiler) {
    for &(file, options) in BUILDS {
        let name = format!("{file} {}", options.join(" "));
        tests.vm(compiler, &name, move || passes(compiler, file, options));
    }
    for linker in ["bfd", "lld"] {
        if is_there(&format!("ld.{linker}")) {
            let name = format!("startup.c -fuse-ld={linker}");
            tests.vm(compiler, &name, move || {
                let option = format!("-fuse-ld={linker}");
                passes(compiler, "startup.c", &["-O1", &option])?;
                passes(compiler, "startup.c", &["-O1", "-static-pie", &option])
            });
        }
    }
    tests.vm(
        compiler,
        "startup.c with link-time optimisation",
        move || {
            match compiler {
                Compiler::Gcc => passes(compiler, "startup.c", &["-O2", "-flto"]),
                Compiler::Clang if is_there("ld.lld") => {
                    passes(compiler, "startup.c", &["-O2", "-flto", "-fuse-ld=lld"])
                }
                // Without lld, whether clang can is a matter of its plugin.
                Compiler::Clang => Ok(()),
            }
        },
    );
    for options in [&["-O2"], &["-O0"]] {
        let name = format!("printf prints what the host's does {}", options.join(" "));
        tests.vm(compiler, &name, move || formats(compiler, options));
    }
}

fn passes(compiler: Compiler, file: &str, options: &[&str]) -> Outcome {
    let program = build(compiler, &source(file), options)?;
    let environment = ["--env", "NAME=value=more", "--env", "EMPTY="];
    let run = run(&program, &environment, &["one", "two words", ""])?.code(0)?;
    // The last line is the sum of a run in which there was something to pass.
    let sum = run.stdout.lines().last().unwrap_or_default();
    if !sum.ends_with("0 failed, 0 skipped") || sum.starts_with("0 passed") {
        return Err(format!("the sum is `{sum}`").into());
    }
    Ok(())
}

fn formats(compiler: Compiler, options: &[&str]) -> Outcome {
    let host = scratch("host");
    succeed(
        Command::new(compiler.name())
            .args(["-w", "-o"])
            .arg(&host)
            .arg(source("formats.c"))
            .args(options),
    )?;
    let wanted = succeed(&mut Command::new(&host))?.stdout;
    let wanted = String::from_utf8_lossy(&wanted).into_owned();
    let program = build(compiler, &source("formats.c"), options)?;
    let found = run(&program, &[], &[])?.code(0)?.stdout;
    if wanted.lines().count() < 3000 {
        return Err("the host printed too little".into());
    }
    let differs = wanted.lines().zip(found.lines()).find(|(a, b)| a != b);
    if let Some((wanted, found)) = differs {
        return Err(format!("the guest printed\n{found}\nand the host\n{wanted}").into());
    }
    if found != wanted {
        return Err("one printed more lines than the other".into());
    }
    Ok(())
}
