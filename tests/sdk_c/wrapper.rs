//! `zxcc` and `zxc++` as commands: what they refuse, what they keep out, how builds and caches
//! go together.

use crate::sdk::{Compiler, build, run, scratch, script, succeed, written};
use crate::{Outcome, Tests};
use std::process::{Command, Output};
use std::{fs, thread};

const HELLO: &str = "#include <stdio.h>\nint main(void) { puts(\"hello\"); }";

pub(crate) fn tests(tests: &mut Tests, compiler: Compiler) {
    tests.vm(
        compiler,
        "objects of C and C++ are linked together",
        move || together(compiler),
    );
    tests.vm(
        compiler,
        "the printed flags build a program by hand",
        move || by_hand(compiler),
    );
    tests.build(
        compiler,
        "builds side by side leave one library",
        move || side_by_side(compiler),
    );
    tests.build(compiler, "no header of the host is found", move || {
        for header in [
            "sys/epoll.h",
            "linux/kvm.h",
            "gnu/libc-version.h",
            "iconv.h",
        ] {
            let text = format!("#include <{header}>\nint main(void) {{ return 0; }}");
            if build(compiler, &written("main.c", &text), &[]).is_ok() {
                return Err(format!("<{header}> was found").into());
            }
        }
        Ok(())
    });
    tests.build(compiler, "no library of the host is found", move || {
        let text =
            "double cos(double);\nint main(int c, char** v) { (void)v; return (int)cos(c); }";
        match build(
            compiler,
            &written("main.c", text),
            &["-lm", "-lpthread", "-fno-builtin"],
        ) {
            Ok(_) => Err("cos was found".into()),
            Err(_) => Ok(()),
        }
    });
    tests.build(
        compiler,
        "the host is not what is compiled for",
        move || {
            let text = "#if defined(__linux__) || defined(__unix__) || !defined(__Fuchsia__)\n\
                    #error the host\n#endif\nint main(void) { return 0; }";
            build(compiler, &written("main.c", text), &[])?;
            build(compiler, &written("main.cc", text), &[]).map(|_| ())
        },
    );
    tests.build(compiler, "-shared is refused", move || {
        let source = written("main.c", HELLO);
        let output = script("zxcc", compiler)
            .arg("-shared")
            .arg(source)
            .output()?;
        refused(&output, "-shared is not possible")
    });
    tests.vm(
        compiler,
        "a checkout that is gone spoils the library of no other",
        move || checkouts(compiler),
    );
    tests.build(
        compiler,
        "every C++ header that is promised compiles",
        move || headers(compiler),
    );
    tests.build(
        compiler,
        "each header of the library compiles alone, in C and C++",
        move || alone(compiler),
    );
    tests.anywhere(
        &format!("{}: a compiler that is not there is named", compiler.name()),
        move || {
            let source = written("main.c", HELLO);
            let mut command = script("zxcc", compiler);
            let output = command
                .env("ZXCC", "no-such-compiler")
                .arg(source)
                .output()?;
            refused(
                &output,
                "the compiler `no-such-compiler` (ZXCC) is not there",
            )
        },
    );
}

fn refused(output: &Output, why: &str) -> Outcome {
    let text = String::from_utf8_lossy(&output.stderr);
    if output.status.success() || !text.contains(why) {
        return Err(format!("{}: {text}", output.status).into());
    }
    Ok(())
}

fn together(compiler: Compiler) -> Outcome {
    let c = written("c.c", "int from_c(int x) { return x * 2; }");
    let cxx = written(
        "cxx.cc",
        "#include <string>\nextern \"C\" int from_c(int);\n\
         int main() { return from_c(std::string(\"four\").size()) == 8 ? 33 : 1; }",
    );
    let (c_object, cxx_object) = (scratch("c.o"), scratch("cxx.o"));
    succeed(
        script("zxcc", compiler)
            .arg("-c")
            .arg(c)
            .arg("-o")
            .arg(&c_object),
    )?;
    succeed(
        script("zxc++", compiler)
            .arg("-c")
            .arg(cxx)
            .arg("-o")
            .arg(&cxx_object),
    )?;
    for option in ["-static", "-static-pie"] {
        let program = scratch("program");
        let mut command = script("zxc++", compiler);
        command.arg(option).arg(&c_object).arg(&cxx_object);
        succeed(command.arg("-o").arg(&program))?;
        run(&program, &[], &[])?.code(33)?;
    }
    Ok(())
}

fn flags(compiler: Compiler, option: &str) -> Result<Vec<String>, libtest_mimic::Failed> {
    let output = succeed(script("zxcc", compiler).arg(option))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text.split_whitespace().map(str::to_owned).collect())
}

fn by_hand(compiler: Compiler) -> Outcome {
    let (source, object) = (written("main.c", HELLO), scratch("main.o"));
    let program = scratch("program");
    let mut compile = Command::new(compiler.name());
    compile.args(flags(compiler, "--print-cflags")?);
    succeed(compile.arg("-c").arg(&source).arg("-o").arg(&object))?;
    let mut link = Command::new(compiler.name());
    link.args(flags(compiler, "--print-ldflags")?).arg(&object);
    link.args(flags(compiler, "--print-libs")?);
    succeed(link.arg("-o").arg(&program))?;
    run(&program, &[], &[])?.code(0)?.console("hello\n")?;
    Ok(())
}

fn side_by_side(compiler: Compiler) -> Outcome {
    let cache = scratch("cache");
    let builds: Vec<_> = (0..3)
        .map(|_| {
            let (source, program) = (written("main.c", HELLO), scratch("program"));
            let mut command = script("zxcc", compiler);
            command.env("VMOSCOPE_SDK_CACHE", &cache);
            command.arg("-o").arg(program).arg(source);
            thread::spawn(move || succeed(&mut command).map_err(|error| format!("{error:?}")))
        })
        .collect();
    for build in builds {
        build.join().map_err(|_| "a build panicked")??;
    }
    let left = fs::read_dir(&cache)?.count();
    match left {
        1 => Ok(()),
        _ => Err(format!("{left} folders are left").into()),
    }
}

/// Two checkouts share a cache, and the first is taken away.
fn checkouts(compiler: Compiler) -> Outcome {
    let cache = scratch("cache");
    let source = written("main.c", HELLO);
    for name in ["first", "second"] {
        let checkout = scratch(name);
        fs::create_dir_all(checkout.join("guest"))?;
        for part in ["scripts", "guest/include", "guest/libzircon"] {
            let mut copy = Command::new("cp");
            copy.arg("-r").arg(crate::sdk::top().join(part));
            succeed(copy.arg(checkout.join(part)))?;
        }
        let mut command = Command::new(checkout.join("scripts/zxcc"));
        command
            .env("ZXCC", compiler.name())
            .env("VMOSCOPE_SDK_CACHE", &cache);
        let program = scratch("program");
        succeed(command.arg("-o").arg(&program).arg(&source))?;
        run(&program, &[], &[])?.code(0)?.console("hello\n")?;
        fs::remove_dir_all(&checkout)?;
    }
    Ok(())
}

/// What docs/sdk-c.md promises of the C++ library.
const CXX_HEADERS: &str = "algorithm array atomic bit bitset charconv chrono cinttypes climits \
    cmath compare concepts condition_variable cstddef cstdint cstdio cstdlib cstring deque functional \
    initializer_list iterator limits list map memory mutex new numeric optional queue ranges ratio \
    set span stack string string_view thread tuple type_traits unordered_map unordered_set utility \
    variant vector";

fn headers(compiler: Compiler) -> Outcome {
    let text: String = CXX_HEADERS
        .split_whitespace()
        .map(|header| format!("#include <{header}>\n"))
        .collect();
    let source = written("headers.cc", &text);
    let object = scratch("headers.o");
    succeed(
        script("zxc++", compiler)
            .arg("-c")
            .arg(source)
            .arg("-o")
            .arg(object),
    )
    .map(|_| ())
}

fn alone(compiler: Compiler) -> Outcome {
    let include = crate::sdk::top().join("guest/include");
    let mut names = Vec::new();
    for folder in ["", "sys", "vmoscope", "zxtest"] {
        for entry in fs::read_dir(include.join(folder))? {
            let path = entry?.path();
            if path.is_file() && path.file_name().is_none_or(|name| name != "cpp.h") {
                names.push(path.strip_prefix(&include)?.display().to_string());
            }
        }
    }
    if names.len() < 25 {
        return Err(format!("only {} headers", names.len()).into());
    }
    for name in names {
        let text = format!("#include <{name}>\n#include <{name}>\nextern int used;\n");
        for (script_name, file, options) in [
            ("zxcc", "header.c", &["-std=c11", "-pedantic"]),
            ("zxc++", "header.cc", &["-std=c++20", "-pedantic"]),
        ] {
            let mut command = script(script_name, compiler);
            command.args(["-Wall", "-Wextra", "-Werror", "-fsyntax-only"]);
            succeed(command.args(options).arg(written(file, &text)))?;
        }
    }
    Ok(())
}
