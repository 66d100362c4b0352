//! How programs end, and what they leave on the console.

use crate::sdk::{Compiler, Run, build, run, written};
use crate::{Outcome, Tests};

/// The exit code of `vmm run` if the first program was ended by an exception.
const EXCEPTION: i32 = 82;

/// A program, its exit code and its console.
struct Ending {
    name: &'static str,
    file: &'static str,
    text: &'static str,
    code: i32,
    console: &'static str,
}

const ENDINGS: &[Ending] = &[
    Ending {
        name: "main returns",
        file: "main.c",
        text: "int main(void) { return 41; }",
        code: 41,
        console: "",
    },
    Ending {
        name: "what is left in a line is written at exit, functions of atexit run backwards",
        file: "main.c",
        text: r#"
            #include <stdio.h>
            #include <stdlib.h>
            static void a(void) { printf("a"); }
            static void b(void) { printf("b"); atexit(a); }
            __attribute__((destructor)) static void last(void) { printf(".\n"); }
            int main(void) { atexit(a); atexit(b); printf("main "); exit(3); }"#,
        code: 3,
        console: "main baa.\n",
    },
    Ending {
        name: "static objects are destroyed after main",
        file: "main.cc",
        text: r#"
            #include <cstdio>
            struct Named { const char* name; ~Named() { std::puts(name); } };
            static Named one{"one"}, two{"two"};
            int main() { static Named three{"three"}; thread_local Named four{"four"};
                         std::puts(four.name); }"#,
        code: 0,
        console: "four\nfour\nthree\ntwo\none\n",
    },
    Ending {
        name: "_Exit and quick_exit leave the rest alone",
        file: "main.c",
        text: r#"
            #include <stdio.h>
            #include <stdlib.h>
            static void never(void) { puts("never"); }
            static void quick(void) { puts("quick"); }
            int main(void) { atexit(never); at_quick_exit(quick); quick_exit(9); }"#,
        code: 9,
        console: "quick\n",
    },
    Ending {
        name: "a mutex is a mutex in a program that names no thread",
        file: "main.cc",
        text: "#include <mutex>\nstatic std::mutex m;\nint main() { std::lock_guard l(m); return m.try_lock() ? 1 : 42; }",
        code: 42,
        console: "",
    },
    Ending {
        name: "abort",
        file: "main.c",
        text: r#"
            #include <stdio.h>
            #include <stdlib.h>
            int main(void) { printf("last words"); abort(); }"#,
        code: EXCEPTION,
        console: "last words",
    },
    Ending {
        name: "assert says what does not hold",
        file: "main.c",
        text: "#include <assert.h>\n#line 7 \"place.c\"\nint main(int c, char** v) { assert(c == 5 && v); }",
        code: EXCEPTION,
        console: "place.c:7: main: `c == 5 && v` does not hold\n",
    },
    Ending {
        name: "ZX_ASSERT says what does not hold",
        file: "main.c",
        text: "#include <zircon/assert.h>\n#line 9 \"place.c\"\nint main(int c, char** v) { (void)v; ZX_ASSERT_MSG(c == 5, \"c is %d\", c); }",
        code: EXCEPTION,
        console: "ASSERT FAILED at (place.c:9): c == 5: c is 1\n",
    },
    Ending {
        name: "the last thread to end ends the program",
        file: "main.c",
        text: r#"
            #include <stdio.h>
            #include <threads.h>
            static int other(void* a) { (void)a; for (int i = 0; i < 50; i++) thrd_yield();
                                        puts("other"); return 5; }
            int main(void) { thrd_t t; thrd_create(&t, other, 0); puts("main"); thrd_exit(1); }"#,
        code: 0,
        console: "main\nother\n",
    },
    Ending {
        name: "a dead canary",
        file: "main.c",
        text: r"
            #include <string.h>
            static volatile size_t size = 40;
            __attribute__((noinline)) static int smash(void) {
              char small[16];
              memset(small, 1, size);
              return small[3];
            }
            int main(void) { volatile char room[4096]; room[5] = 1; return smash() + room[5]; }",
        code: EXCEPTION,
        console: "libzircon: a function wrote beyond its stack frame\n",
    },
    Ending {
        name: "a block freed twice",
        file: "main.c",
        text: r"
            #include <stdlib.h>
            int main(void) { void* volatile block = malloc(10); free(block); free(block); }",
        code: EXCEPTION,
        console: "libzircon: a block of memory was freed twice\n",
    },
    Ending {
        name: "what would throw ends the program with its reason",
        file: "main.cc",
        text: "#include <vector>\nint main() { std::vector<int> v(3); return v.at(7); }",
        code: EXCEPTION,
        console: "libzircon: vector::_M_range_check: __n (which is 7) >= this->size() (which is 3)\n",
    },
    Ending {
        name: "a thread that overflows its stack meets the guard",
        file: "main.c",
        text: r"
            #include <threads.h>
            static volatile int depth;
            static int deep(void* a) { volatile char frame[2000]; frame[0] = 1; depth++;
                                       return deep(a) + frame[0]; }
            int main(void) { thrd_t t; thrd_create(&t, deep, 0); thrd_join(t, 0); return depth; }",
        code: EXCEPTION,
        console: "",
    },
    Ending {
        name: "a line is one piece, whoever else writes",
        file: "main.c",
        text: r#"
            #include <stdio.h>
            int main(void) {
              printf("%s, ", "first"); printf("second"); fprintf(stderr, "error\n"); puts(" third");
              for (int i = 0; i < 3000; i++) putchar('a' + i % 26);
              putchar('\n');
              fflush(stdout);
            }"#,
        code: 0,
        console: "",
    },
];

pub(crate) fn tests(tests: &mut Tests, compiler: Compiler) {
    for ending in ENDINGS {
        tests.vm(compiler, ending.name, move || ends(compiler, ending));
    }
}

fn ends(compiler: Compiler, ending: &Ending) -> Outcome {
    let source = written(ending.file, ending.text);
    let options = [
        "-O1",
        "-fstack-protector-strong",
        "-fno-inline",
        "-fno-optimize-sibling-calls",
        "-Wno-error",
        "-w",
    ];
    let program = build(compiler, &source, &options)?;
    let run = run(&program, &[], &[])?.code(ending.code)?;
    if ending.name.starts_with("a line is one piece") {
        let letters: String = ('a'..='z').cycle().take(3000).collect();
        run.console(&format!("error\nfirst, second third\n{letters}\n"))?;
    } else {
        // What the kernel says of an exception comes behind.
        let end = run.stdout.find("<== process").unwrap_or(run.stdout.len());
        let (console, _) = run.stdout.split_at(end);
        let console = console.to_owned();
        Run {
            stdout: console,
            ..run
        }
        .console(ending.console)?;
    }
    Ok(())
}
