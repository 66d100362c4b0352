//! Who shares a stream size with whom (reference §9.5).

use crate::expect_eq;
use crate::memory::PAGE;
use crate::subject::Subject;
use crate::subject::statuses::OK;
use crate::suite::{Outcome, Suite};

pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "references share the parent's stream size [9.5/1 10.2/18]",
        references,
    );
    suite.case(
        "slices and clones have their own, as asked for [9.5/2 10.1/10]",
        own,
    );
}

fn references() -> Outcome {
    let parent = Subject::resizable(5000)?;
    let reference = parent.reference()?;
    expect_eq!(reference.stream_size(), Ok(5000));
    expect_eq!(parent.set_stream_size(10), OK);
    expect_eq!(reference.stream_size(), Ok(10));
    expect_eq!(reference.set_stream_size(20), OK);
    expect_eq!(parent.stream_size(), Ok(20));
    expect_eq!(parent.set_size(3 * PAGE + 3), OK);
    expect_eq!(
        (reference.size()?, reference.stream_size()?),
        (4 * PAGE, 3 * PAGE + 3)
    );
    Ok(())
}

fn own() -> Outcome {
    let parent = Subject::pages(4)?;
    let (slice, clone) = (parent.slice(PAGE, 5000)?, parent.snapshot(PAGE, 5001)?);
    expect_eq!((slice.size()?, slice.stream_size()?), (2 * PAGE, 5000));
    expect_eq!((clone.size()?, clone.stream_size()?), (2 * PAGE, 5001));
    expect_eq!(parent.set_stream_size(0), OK);
    expect_eq!((slice.stream_size()?, clone.stream_size()?), (5000, 5001));
    expect_eq!(clone.set_stream_size(1), OK);
    expect_eq!((parent.stream_size()?, slice.stream_size()?), (0, 5000));
    Ok(())
}
