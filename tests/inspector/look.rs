//! The tables: `vmm ps`, `maps`, `vmos`, `handles`, `threads`, `frames`, `lineage`.

use libtest_mimic::Trial;

pub(crate) fn tests() -> Vec<Trial> {
    Vec::new()
}
