//! How the machine was booted, as the test is told by its arguments.

use libzx::{Status, println, startup};

/// The two switches that change what a served call answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Modes {
    /// `kernel.enable-debugging-syscalls` is true.
    pub gate: bool,
    /// `vmoscope.errors` is `documented` rather than `zircon`.
    pub documented: bool,
}

impl Modes {
    /// The modes that `--gate on|off` and `--errors documented|zircon` name; what is
    /// not named is as a machine without those boot options has it.
    #[must_use]
    pub fn from_args() -> Self {
        let startup = startup();
        let modes = Self {
            gate: startup.value("--gate") == Some("on"),
            documented: startup.value("--errors") != Some("zircon"),
        };
        println!("modes: {modes:?}");
        modes
    }

    /// `documented` in documented mode, `zircon` in the other.
    #[must_use]
    pub const fn pick(self, documented: Status, zircon: Status) -> Status {
        if self.documented { documented } else { zircon }
    }

    /// Of `zx_vmo_read` and `zx_vmo_write`: a buffer that is NULL or not wholly in the
    /// user range (reference §22 items 2 and 3).
    #[must_use]
    pub const fn vmo_buffer_outside(self) -> Status {
        self.pick(Status::INVALID_ARGS, Status::NOT_FOUND)
    }

    /// Of the process calls: a buffer that is not NULL but unmapped or not wholly in
    /// the user range (reference §22 item 9).
    #[must_use]
    pub const fn process_buffer_bad(self) -> Status {
        self.pick(Status::INVALID_ARGS, Status::NOT_FOUND)
    }
}
