//! Garbage for the calls that the host serves.

use super::*;
use crate::memory::{BAD_ADDRESSES, Badness, KERNEL_BASE};
use crate::modes::Modes;
use crate::probe::{close, status, vmo_create};
use crate::suite::Outcome;
use crate::{ensure, expect_eq};
use abi::layout::{MAX_PROCESS_TRANSFER, USER_TOP};
use libzx::{Call, PAGE_SIZE, Status, VmoOptions};

pub(super) fn vmo_calls(modes: Modes) -> Outcome {
    let bench = Bench::new()?;
    for call in [Call::VmoRead, Call::VmoWrite] {
        for handle in BAD_HANDLES {
            bench.expect(call, 0, handle, Status::BAD_HANDLE)?;
        }
        for (_, address, why) in BAD_ADDRESSES {
            let wanted = match why {
                Badness::Null | Badness::Outside => modes.vmo_buffer_outside(),
                Badness::Unmapped => Status::NOT_FOUND,
            };
            bench.expect(call, 1, address, wanted)?;
        }
        for huge in HUGE {
            bench.expect(call, 2, huge, Status::OUT_OF_RANGE)?;
            bench.expect(call, 3, huge, Status::OUT_OF_RANGE)?;
        }
    }
    bench.untouched()
}

/// On a VMO without bounds a length can be so great that only the buffer's range stops
/// it: the range leaves the user range or wraps.
pub(super) fn vmo_calls_with_endless_buffers(modes: Modes) -> Outcome {
    let bench = Bench::new()?;
    let vmo = vmo_create(0, VmoOptions::UNBOUNDED.bits())?;
    for call in [Call::VmoRead, Call::VmoWrite] {
        for size in [USER_TOP, 1 << 47, 1 << 63, KERNEL_BASE] {
            let given = status(call, &[vmo.into(), bench.buffer.at(0), 0, size]);
            let wanted = modes.vmo_buffer_outside();
            ensure!(given == wanted, "{call:?} of {size:#x} bytes: {given}");
        }
    }
    expect_eq!(close(vmo), Status::OK);
    Ok(())
}

pub(super) fn process_calls(modes: Modes) -> Outcome {
    let bench = Bench::new()?;
    for call in [Call::ProcessReadMemory, Call::ProcessWriteMemory] {
        // With the gate shut nothing else is looked at.
        let shut = call == Call::ProcessWriteMemory && !modes.gate;
        let or_shut = |status| if shut { Status::NOT_SUPPORTED } else { status };
        for handle in BAD_HANDLES {
            bench.expect(call, 0, handle, or_shut(Status::BAD_HANDLE))?;
        }
        for (_, address, why) in BAD_ADDRESSES {
            bench.expect(call, 1, address, or_shut(Status::NO_MEMORY))?;
            let wanted = match why {
                Badness::Null => Status::INVALID_ARGS,
                _ => modes.process_buffer_bad(),
            };
            bench.expect(call, 2, address, or_shut(wanted))?;
        }
        for size in [0, MAX_PROCESS_TRANSFER + 1, 1 << 32, 1 << 63, u64::MAX] {
            bench.expect(call, 3, size, or_shut(Status::INVALID_ARGS))?;
        }
        if shut {
            bench.expect(call, 4, 0, Status::NOT_SUPPORTED)?;
        }
    }
    bench.untouched()
}

/// A bad `actual` is found after the bytes have been moved.
pub(super) fn bad_actual(modes: Modes) -> Outcome {
    for (call, open) in [
        (Call::ProcessReadMemory, true),
        (Call::ProcessWriteMemory, modes.gate),
    ] {
        for (_, address, _) in BAD_ADDRESSES.into_iter().filter(|_| open) {
            let bench = Bench::new()?;
            bench.expect(call, 4, address, Status::INVALID_ARGS)?;
            let (moved, seed, kept, kept_seed) = match call {
                Call::ProcessReadMemory => (&bench.buffer, 1, &bench.object, 1),
                _ => (&bench.object, 2, &bench.buffer, 2),
            };
            expect_eq!(moved.mismatch(seed, 0, 0, 64), None);
            expect_eq!(kept.mismatch(kept_seed, 0, 0, 4 * PAGE_SIZE), None);
        }
    }
    Ok(())
}
