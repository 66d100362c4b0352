//! One call that moves more than 64 MiB (reference §4.1: there is no cap), without the
//! memory for it: the buffer is one MiB, mapped again and again.

use crate::memory::PAGE;
use crate::probe::{Map, vmo_read};
use crate::subject::Subject;
use crate::subject::statuses::OK;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::layout::{MAX_PROCESS_TRANSFER, USER_BASE};
use libzx::{MapOptions, Mapping, Result, startup};

pub(super) fn run(suite: &mut Suite) {
    suite.case("more than 64 MiB in one call [4.1/9]", large);
}

const MIB: u64 = 1 << 20;
const LENGTH: u64 = MAX_PROCESS_TRANSFER + MIB;

/// `LENGTH` bytes of address space, each MiB of which is the same MiB of `vmo`.
fn fold(vmo: &Subject) -> Result<Mapping> {
    let whole = Subject::pages(LENGTH / PAGE)?;
    let length = usize::try_from(LENGTH).unwrap_or(0);
    let map = whole.map(0, length)?;
    let root = startup().vmar_root().map_or(0, |root| root.handle().raw());
    let options = MapOptions::READ_WRITE | MapOptions::SPECIFIC_OVERWRITE;
    for start in (0..LENGTH).step_by(1 << 20) {
        let part = Map {
            vmar: root,
            options: options.bits(),
            vmar_offset: map.address() as u64 + start - USER_BASE,
            vmo: vmo.id(),
            vmo_offset: 0,
            len: MIB,
        };
        part.call()?;
    }
    Ok(map)
}

fn large() -> Outcome {
    let folded = Subject::pages(MIB / PAGE)?;
    let map = fold(&folded)?;
    let at = map.address() as u64;
    let vmo = Subject::pages(LENGTH / PAGE)?;
    vmo.put(1, LENGTH - PAGE, PAGE)?;
    expect_eq!(vmo_read(vmo.id(), at, 0, LENGTH), OK);
    // The last MiB came last, and to the end.
    expect_eq!(folded.nonzero(0, MIB - PAGE), Ok(None));
    let last = folded.differs_from(1, MIB - PAGE, LENGTH - PAGE, PAGE)?;
    ensure!(last.is_none(), "the last page differs at {last:?}");
    expect_eq!(vmo.committed(), Ok(PAGE));
    Ok(())
}
