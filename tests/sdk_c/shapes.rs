//! Shapes of programs: at any address, large, with another stack, without the library.

use crate::sdk::{Compiler, build, run, written};
use crate::{Outcome, Tests};
use std::collections::BTreeSet;

pub(crate) fn tests(tests: &mut Tests, compiler: Compiler) {
    tests.vm(
        compiler,
        "a position-independent program runs where the seed puts it",
        move || anywhere(compiler),
    );
    tests.vm(
        compiler,
        "a program is linked to 16 MiB by default",
        move || {
            let source = written("main.c", ADDRESS);
            let program = build(compiler, &source, &["-O1"])?;
            let run = run(&program, &[], &[])?.code(0)?;
            match address(&run.stdout) {
                Some(0x100_0000..0x110_0000) => Ok(()),
                other => Err(format!("main is at {other:x?}").into()),
            }
        },
    );
    for options in [&["-O1"][..], &["-O1", "-static-pie"]] {
        let name = format!("60 MiB of data {}", options.join(" "));
        tests.vm(compiler, &name, move || large(compiler, options));
    }
    tests.vm(
        compiler,
        "the first stack is as large as the linker was told",
        move || stack(compiler),
    );
    tests.vm(compiler, "a program without the library", move || {
        alone(compiler)
    });
}

const ADDRESS: &str = r#"
    #include <stdio.h>
    static int value = 5;
    static int* const constant = &value;
    static const char* const texts[] = {"zero", "one", "two"};
    int main(int argc, char** argv) {
      (void)argv;
      if (*constant != 5 || texts[argc + 1][0] != 't') return 1;
      printf("%p\n", (void*)main);
    }"#;

fn address(console: &str) -> Option<u64> {
    u64::from_str_radix(console.trim().strip_prefix("0x")?, 16).ok()
}

fn anywhere(compiler: Compiler) -> Outcome {
    let source = written("main.c", ADDRESS);
    let program = build(compiler, &source, &["-O1", "-static-pie"])?;
    let mut addresses = BTreeSet::new();
    for seed in ["1", "2", "3", "4"] {
        let first = run(&program, &["--seed", seed], &[])?.code(0)?;
        let again = run(&program, &["--seed", seed], &[])?.code(0)?;
        if first.stdout != again.stdout {
            return Err("the same seed gives another address".into());
        }
        addresses.insert(address(&first.stdout).ok_or("no address")?);
    }
    if addresses.len() < 3 {
        return Err(format!("four seeds give {addresses:x?}").into());
    }
    Ok(())
}

fn large(compiler: Compiler, options: &[&str]) -> Outcome {
    let text = r#"
        #include <stdio.h>
        enum { SIZE = 60 << 20 };
        static unsigned char data[SIZE] = {1, [SIZE / 2] = 2, [SIZE - 1] = 3};
        static unsigned char zeros[1 << 20];
        int main(int argc, char** argv) {
          (void)argv;
          unsigned sum = 0;
          for (long i = 0; i < SIZE; i += 4096) sum += data[i];
          for (int i = 0; i < (1 << 20); i += 512) sum += zeros[i];
          data[SIZE - 1] += argc;
          printf("%u %u %u\n", sum, data[SIZE / 2], data[SIZE - 1]);
        }"#;
    let program = build(compiler, &written("main.c", text), options)?;
    run(&program, &[], &[])?.code(0)?.console("3 2 4\n")?;
    Ok(())
}

fn stack(compiler: Compiler) -> Outcome {
    let text = r#"
        #include <stdio.h>
        #include <string.h>
        #include <threads.h>
        static int use(void* size) {
          volatile char frame[(size_t)size];
          memset((char*)frame, 1, sizeof(frame));
          return frame[5];
        }
        int main(void) {
          int sum = use((void*)(3 << 20)), result = 0;
          thrd_t thread;
          thrd_create(&thread, use, (void*)(3 << 20));
          thrd_join(thread, &result);
          printf("%d\n", sum + result);
        }"#;
    let source = written("main.c", text);
    let program = build(compiler, &source, &["-O1", "-Wl,-z,stack-size=4194304"])?;
    run(&program, &[], &[])?.code(0)?.console("2\n")?;
    Ok(())
}

/// Finds a call in the vDSO by hand, as docs/abi/vdso.md says.
fn alone(compiler: Compiler) -> Outcome {
    let text = r#"
        typedef unsigned int u32;
        typedef unsigned long u64;
        struct segment { u32 type, flags; u64 offset, address, rest[4]; };
        struct symbol { u32 name; unsigned char info, other; unsigned short section; u64 value, size; };
        static int same(const char* a, const char* b) {
          while (*a && *a == *b) a++, b++;
          return *a == *b;
        }
        void start(u32 block, const char* vdso) {
          (void)block;
          const struct segment* segment = (const void*)(vdso + *(const u64*)(vdso + 32));
          while (segment->type != 2) segment++;
          const u64* dynamic = (const u64*)(vdso + segment->address);
          const char* strings = 0;
          const struct symbol* symbol = 0;
          for (; dynamic[0] != 0; dynamic += 2) {
            if (dynamic[0] == 5) strings = vdso + dynamic[1];
            if (dynamic[0] == 6) symbol = (const void*)(vdso + dynamic[1]);
          }
          for (symbol++;; symbol++) {
            if (same(strings + symbol->name, "zx_process_exit")) {
              ((void (*)(long))(vdso + symbol->value))(33);
            }
          }
        }
        __asm__(".globl _start\n_start: and $-16, %rsp\n call start\n ud2");"#;
    let source = written("main.c", text);
    let program = build(compiler, &source, &["-O1", "-nostdlib"])?;
    run(&program, &[], &[])?.code(33)?;
    Ok(())
}
