//! The guests whose traces are compared.

/// A guest.
pub(crate) struct Guest {
    /// What it is called in messages.
    pub(crate) name: String,
    /// Arguments of `vmm run`.
    pub(crate) arguments: Vec<String>,
    /// Whether several processes share the vCPU: then the order of calls, and how often a
    /// loop waits, depends on time.
    pub(crate) concurrent: bool,
}

/// All of them.
pub(crate) fn all() -> Vec<Guest> {
    let mut guests = vec![
        guest("hello -- 7", false),
        guest("test-handles", false),
        guest("test-vmar", false),
        guest("test-memory-return -- --total 16", false),
        guest("crash -- null-read", false),
        guest("--cmdline kernel.enable-debugging-syscalls=true", true),
        guest("test-scheduler spin test-victim --until first", true),
    ];
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
            let programs = "test-process-memory test-victim hello --until first";
            guests.push(guest(&format!("{programs} {options}"), true));
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
