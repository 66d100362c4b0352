//! The vDSO's mappings read and written from outside (reference §6.4, §22 item 11).

use super::image::{Image, vdso_object};
use crate::child::Child;
use crate::memory::{Area, KERNEL_BASE, PAGE};
use crate::modes::Modes;
use crate::probe::{UNTOUCHED, process_read, process_write, vmar_unmap};
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::layout::USER_BASE;
use libzx::Status;

const START: u64 = USER_BASE + (1 << 30);

/// A process, and where the vDSO starts in it.
type Base = (u32, u64);

/// A process with both segments mapped one behind the other, and this one.
fn places() -> Result<(Child, [Base; 2], Image), Status> {
    let image = Image::read()?;
    let child = Child::new("vdso")?;
    image.map_whole(&child, START)?;
    let places = [(child.process, START), (own_process(), Image::own_base()?)];
    Ok((child, places, image))
}

fn readable() -> Outcome {
    let (_child, places, image) = places()?;
    let object = vdso_object()?;
    for (process, base) in places {
        for offset in [0, 100, image.code_offset, image.size - 64] {
            let mut bytes = [0_u8; 64];
            let place = crate::probe::out(&mut bytes);
            let read = process_read(process, base + offset, place, 64);
            expect_eq!(read, (Status::OK, 64));
            expect_eq!(core::hint::black_box(bytes), object.read::<64>(offset)?);
        }
    }
    Ok(())
}

fn not_writable(modes: Modes) -> Outcome {
    let (child, places, image) = places()?;
    let buffer = Area::touched(2)?;
    let wanted = if modes.gate {
        Status::ACCESS_DENIED
    } else {
        Status::NOT_SUPPORTED
    };
    // A mapping that is neither of the two is the vDSO's all the same.
    let elsewhere = child.map_anywhere(&vdso_object()?, 1)?;
    let other = (child.process, elsewhere);
    let before = digest(image)?;
    for (process, base) in places {
        for (offset, size) in [
            (image.code_offset, 1),
            (image.code_offset, 64),
            (image.code_offset + 77, 2 * PAGE),
            (image.size - 1, 8),
            (0, 1),
            (0, 64),
            (64, PAGE),
            (image.code_offset - 1, 1),
        ] {
            let given = process_write(process, base + offset, buffer.at(0), size);
            ensure!(given == (wanted, UNTOUCHED), "at {offset:#x}: {given:?}");
        }
        // The buffer is not looked at.
        for offset in [0, image.code_offset] {
            let given = process_write(process, base + offset, KERNEL_BASE, 8);
            ensure!(given == (wanted, UNTOUCHED), "at {offset:#x}: {given:?}");
        }
    }
    let (process, address) = other;
    let given = process_write(process, address, buffer.at(0), 8);
    expect_eq!(given, (wanted, UNTOUCHED));
    expect_eq!(digest(image)?, before);
    Ok(())
}

fn digest(image: Image) -> Result<u64, Status> {
    let object = vdso_object()?;
    let mut sum = 0_u64;
    for page in 0..image.size / PAGE {
        let bytes = object.read::<4096>(page * PAGE)?;
        sum = bytes.iter().fold(sum, |sum, &byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3)
        });
    }
    Ok(sum)
}

/// A write that starts below stops below.
fn from_below() -> Outcome {
    let (child, _, image) = places()?;
    let vmo = Object::new(1)?;
    child.map(&vmo, RW, START - PAGE, 1)?;
    let buffer = Area::touched(2)?;
    buffer.fill(7, 8192);
    let below = START - PAGE + 16;
    let given = process_write(child.process, below, buffer.at(0), 2 * PAGE);
    expect_eq!(given, (Status::OK, PAGE - 16));
    let found = vmo.read::<4080>(16)?;
    expect_eq!(crate::pattern::mismatch(7, 0, &found), None);
    let mut bytes = [0_u8; 4];
    let read = process_read(child.process, START, crate::probe::out(&mut bytes), 4);
    expect_eq!(
        (read, core::hint::black_box(bytes)),
        ((Status::OK, 4), *b"\x7FELF")
    );
    // From the data segment a write does not start at all.
    let given = process_write(
        child.process,
        START + image.code_offset - 8,
        buffer.at(0),
        16,
    );
    expect_eq!(given, (Status::ACCESS_DENIED, UNTOUCHED));
    expect_eq!(vmar_unmap(child.vmar, START - PAGE, PAGE), Status::OK);
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite, modes: Modes) {
    suite.case("both segments can be read [5.4/6 23/16]", readable);
    if modes.gate {
        suite.case(
            "neither segment can be written [18/11 6.4/1 6.4/2 6.2/1 6.1/7 6.1/8 22/11 23/16 23/31]",
            || not_writable(modes),
        );
        suite.case("a write from below stops below [6.4/3 5.2/1]", from_below);
    } else {
        suite.case("the gate comes before the vDSO [6.1/1 23/23]", || {
            not_writable(modes)
        });
    }
}
