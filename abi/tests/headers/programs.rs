//! Programs that use the calls as Zircon's own tests do, as C and as C++.

use crate::compilers::Compiler;
use crate::{Outcome, compiled, include};
use libtest_mimic::Trial;
use std::fs;
use std::path::Path;

/// Where they are.
const FOLDER: &str = "../guest/tests";

/// Each is accepted without a warning.
fn programs(compiler: &Compiler) -> Outcome {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
    let own = include::own()?;
    let mut compiled = 0;
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        let text = fs::read_to_string(&path)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".h") {
            fs::write(own.join(&*name), text)?;
        }
    }
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "c") {
            if let Some(complaint) = compiler.complaint(&own, &fs::read_to_string(&path)?)? {
                return Err(format!("{}: {complaint}", path.display()).into());
            }
            compiled += 1;
        }
    }
    if compiled == 0 {
        return Err(format!("no programs in {}", folder.display()).into());
    }
    Ok(())
}

/// The tests.
pub fn tests() -> Vec<Trial> {
    let all = Compiler::all().into_iter();
    all.map(|compiler| compiled("programs in the manner of Zircon's", compiler, programs))
        .collect()
}
