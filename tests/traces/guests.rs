//! The guests whose traces are compared.

/// A guest.
pub(crate) struct Guest {
    /// What it is called in messages.
    pub(crate) name: String,
    /// Arguments of `vmm run`.
    pub(crate) arguments: Vec<String>,
    /// Whether several processes share the vCPU: then the order of calls, how often a loop
    /// waits, and how far the others come before the first ends, depends on time.
    pub(crate) concurrent: bool,
}

/// What `crash` can do, but for `sse-divide`: an emulated CPU knows no SSE exceptions.
const CRASHES: [&str; 26] = [
    "null-read",
    "kernel-read",
    "non-canonical-read",
    "unmapped-write",
    "write-rodata",
    "write-code",
    "execute-data",
    "kernel-jump",
    "kernel-image-jump",
    "ud2",
    "divide",
    "x87-divide",
    "int3",
    "hlt",
    "out",
    "unknown-call",
    "bare-kernel-call",
    "bare-served-call",
    "wrong-kernel-stub",
    "wrong-served-stub",
    "unknown-in-stub",
    "wrapped-number",
    "write-vdso-data",
    "write-vdso-code",
    "execute-vdso-data",
    "stack-overflow",
];

/// All of them.
pub(crate) fn all() -> Vec<Guest> {
    let mut guests = vec![
        guest("hello -- 7", false),
        guest("test-handles", false),
        guest("test-vmar", false),
        guest("test-vmar-tree", false),
        guest("test-protect", false),
        guest("test-property", false),
        guest("test-memory-return -- --total 16", false),
        guest("test-vmo-exhaust --mem 32M", false),
        guest("spin --timeout 0.2", false),
        guest(
            "test-big-write test-victim --mem 256M --until first \
             --cmdline kernel.enable-debugging-syscalls=true",
            true,
        ),
        guest("--cmdline kernel.enable-debugging-syscalls=true", true),
        guest("test-scheduler spin test-victim --until first", true),
    ];
    // test-pager, test-races: their threads come to their calls in an order that depends on
    // time, so there is nothing to compare. The model's sequence has one thread.
    let line = "--cmdline kernel.enable-debugging-syscalls=true";
    guests.push(guest(
        &format!("model-vmo {line} -- --seed 1 --steps 150 --check 0"),
        false,
    ));
    for kind in CRASHES {
        guests.push(guest(&format!("crash -- {kind}"), false));
    }
    for call in [
        "null",
        "vmo_read",
        "vmo_write",
        "process_read",
        "process_write",
    ] {
        let line = "--cmdline kernel.enable-debugging-syscalls=true";
        guests.push(guest(
            &format!("bench-calls {line} -- {call} 5000 --count 3"),
            false,
        ));
    }
    for errors in ["documented", "zircon"] {
        for gate in ["off", "on"] {
            let debugging = if gate == "on" { "true" } else { "false" };
            let options = format!(
                "--cmdline kernel.enable-debugging-syscalls={debugging}+vmoscope.errors={errors} \
                 -- --gate {gate} --errors {errors}"
            );
            for name in ["test-vmo", "test-buffers", "test-garbage"] {
                guests.push(guest(&format!("{name} {options}"), false));
            }
            // Each position of either switch is in one of these two.
            if (errors == "zircon") == (gate == "on") {
                for call in ["create", "size", "child", "ops", "cache", "kinds"] {
                    guests.push(guest(&format!("test-vmo-{call} {options}"), false));
                }
            }
            for programs in [
                "test-process-memory test-victim hello",
                "test-vdso test-victim",
            ] {
                guests.push(guest(&format!("{programs} --until first {options}"), true));
            }
        }
    }
    guests
}

/// Words are separated by spaces; a `+` in a word is a space.
fn guest(line: &str, concurrent: bool) -> Guest {
    Guest {
        name: line.to_owned(),
        arguments: line
            .split_whitespace()
            .map(|word| word.replace('+', " "))
            .collect(),
        concurrent,
    }
}
