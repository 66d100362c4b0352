//! Prints what is mapped in each process of a guest, and the first bytes that stand there.
//!
//! `cargo run --example inspect -- FILE`, where FILE is a saved image or the control socket of
//! a VM that runs.

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;
use vmm::inspect::{Inspector, Piece, ProcessSelector, SpaceSelector};

/// Writes what is mapped in each process.
pub fn show(inspector: &mut Inspector, output: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let paused = inspector.pause()?;
    let survey = paused.survey()?;
    for process in &survey.processes {
        writeln!(output, "{} {:?}", process.koid(), process.view.name())?;
        let space = SpaceSelector::Process(ProcessSelector::Koid(process.koid()));
        for mapping in process.mappings() {
            let vmo = survey.vmo_at(mapping.vmo()).map_or(0, |vmo| vmo.koid());
            let (base, end) = (mapping.base(), mapping.end());
            write!(output, "  {base:#014x}-{end:#014x} VMO {vmo}")?;
            match paused
                .read_of(Some(&survey), &space, base, 8)?
                .pieces
                .first()
            {
                Some(Piece::Bytes { bytes, .. }) => writeln!(output, ": {:02x?}", bytes.0)?,
                _ => writeln!(output)?,
            }
        }
    }
    Ok(paused.resume().map(|_| ())?)
}

#[allow(dead_code, reason = "a test takes the rest of this file")]
fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args_os().nth(1).ok_or("which image or socket?")?;
    let file = Path::new(&file);
    let mut inspector = Inspector::live(file).or_else(|_| Inspector::image(file))?;
    show(&mut inspector, &mut io::stdout().lock())
}
