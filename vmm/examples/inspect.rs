//! Prints what is mapped in each process of a guest, and the first bytes that stand there.
//!
//! `cargo run --example inspect -- FILE`, where FILE is a saved image or the control socket of
//! a VM that runs.

use std::error::Error;
use std::io::{self, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use vmm::inspect::Inspector;
use vmm::memory::{GuestVirtAddr, PhysicalMemory};
use vmm::translate::{Access, translate};

/// Writes what is mapped in each process.
pub fn show(inspector: &mut Inspector, output: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let paused = inspector.pause()?;
    let survey = paused.survey()?;
    for process in &survey.processes {
        writeln!(output, "{} {:?}", process.koid(), process.view.name())?;
        for mapping in process.mappings() {
            let vmo = survey.vmo_at(mapping.vmo()).map_or(0, |vmo| vmo.koid());
            let (base, end) = (mapping.base(), mapping.end());
            write!(output, "  {base:#014x}-{end:#014x} VMO {vmo}")?;
            let at = process.view.address_space().and_then(|space| {
                translate(paused.memory(), space, GuestVirtAddr(base), Access::Read).ok()
            });
            if let Some(run) = at {
                let mut bytes = [0; 8];
                paused.memory().read_bytes(run.start, &mut bytes)?;
                write!(output, ": {bytes:02x?}")?;
            }
            writeln!(output)?;
        }
    }
    Ok(paused.resume().map(|_| ())?)
}

#[allow(dead_code, reason = "a test takes the rest of this file")]
fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args_os().nth(1).ok_or("which image or socket?")?;
    let file = Path::new(&file);
    let live = file.metadata()?.file_type().is_socket();
    let open = if live {
        Inspector::live
    } else {
        Inspector::image
    };
    show(&mut open(file)?, &mut io::stdout().lock())
}
