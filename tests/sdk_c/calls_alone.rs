//! The programs of `guest/tests`, which are written against `<zircon/syscalls.h>` and use
//! nothing else: run as C and, unchanged, as C++.

use crate::sdk::{Compiler, build, run, scratch, top};
use crate::{Outcome, Tests};
use std::fs;

/// Each of them ends with 0 only if every check in it held.
const PROGRAMS: &[&str] = &["futex", "pager", "port", "process", "vmar", "vmo"];

/// The rest of the name, and options.
const LANGUAGES: &[(&str, &[&str])] = &[
    ("c", &["-std=c11", "-O2"]),
    ("c", &["-std=c11", "-O0", "-fstack-protector-all"]),
    ("cc", &["-std=c++20", "-O2", "-static-pie"]),
];

pub(crate) fn tests(tests: &mut Tests, compiler: Compiler) {
    for &program in PROGRAMS {
        for &(language, options) in LANGUAGES {
            let name = format!("calls of {program}.{language} {}", options.join(" "));
            tests.vm(compiler, &name, move || {
                passes(compiler, program, language, options)
            });
        }
    }
    tests.anywhere(
        &format!("{}: no program of guest/tests is left out", compiler.name()),
        none_left_out,
    );
}

fn passes(compiler: Compiler, program: &str, language: &str, options: &[&str]) -> Outcome {
    let folder = top().join("guest/tests");
    let source = scratch(&format!("{program}.{language}"));
    fs::copy(folder.join(format!("{program}.c")), &source)?;
    let include = format!("-I{}", folder.display());
    let built = build(compiler, &source, &[options, &[&include]].concat())?;
    run(&built, &[], &[])?.code(0)?;
    Ok(())
}

fn none_left_out() -> Outcome {
    let mut found = Vec::new();
    for entry in fs::read_dir(top().join("guest/tests"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "c") {
            found.extend(
                path.file_stem()
                    .map(|stem| stem.to_string_lossy().into_owned()),
            );
        }
    }
    found.sort();
    if found != PROGRAMS {
        return Err(format!("guest/tests has {found:?}").into());
    }
    Ok(())
}
