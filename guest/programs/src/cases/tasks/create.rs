//! `zx_process_create`.

use crate::child::Child;
use crate::given::job;
use crate::inspect::{basic, get_property, name};
use crate::memory::BAD_ADDRESSES;
use crate::probe::{close, duplicate, out, status};
use crate::regions::Object;
use crate::suite::Outcome;
use crate::{ensure, expect_eq};
use abi::objects::ObjectType;
use abi::options::Property;
use libzx::{Call, Rights, Status};

const NAME: &str = "a child";

/// What no call stores where a handle belongs.
const UNTOUCHED: u32 = 0x5A5A_5A5A;

/// Makes the call and tells the two handles, which are [`UNTOUCHED`] if it fails.
fn create(job: u32, name: u64, length: u64, options: u64) -> (Status, u32, u32) {
    let (mut process, mut vmar) = (UNTOUCHED, UNTOUCHED);
    let handles = (out(&mut process), out(&mut vmar));
    let args = [u64::from(job), name, length, options, handles.0, handles.1];
    let status = status(Call::ProcessCreate, &args);
    let hide = core::hint::black_box::<u32>;
    (status, hide(process), hide(vmar))
}

fn address(text: &str) -> u64 {
    text.as_ptr().expose_provenance() as u64
}

fn refused(wanted: Status, made: (Status, u32, u32)) -> Outcome {
    expect_eq!(made, (wanted, UNTOUCHED, UNTOUCHED));
    Ok(())
}

pub fn unknown_options_are_refused() -> Outcome {
    let place = address(NAME);
    for options in [2, 4, 0x10, 0x8000_0000, 3] {
        refused(Status::INVALID_ARGS, create(job(), place, 7, options))?;
        // Before anything else is looked at.
        refused(Status::INVALID_ARGS, create(0, 1, 7, options))?;
    }
    for options in [0, 1, 1 << 32] {
        let (status, process, vmar) = create(job(), place, 7, options);
        expect_eq!(status, Status::OK);
        expect_eq!(close(process), Status::OK);
        expect_eq!(close(vmar), Status::OK);
    }
    Ok(())
}

pub fn bad_names_are_refused() -> Outcome {
    for (what, name, _) in BAD_ADDRESSES {
        let made = create(job(), name, 4, 0);
        ensure!(made.0 == Status::INVALID_ARGS, "{what}: {:?}", made.0);
        refused(Status::INVALID_ARGS, made)?;
        // Before the job is.
        refused(Status::INVALID_ARGS, create(0, name, 4, 0))?;
    }
    refused(Status::INVALID_ARGS, create(job(), 0, 0, 0))
}

fn name_of(text: &str) -> Result<[u8; 32], crate::suite::Failure> {
    let (status, process, vmar) = create(job(), address(text), text.len() as u64, 0);
    status.ok()?;
    let mut name = [0xFF; 32];
    get_property(process, Property::NAME, out(&mut name), 32).ok()?;
    close(vmar).ok()?;
    close(process).ok()?;
    Ok(core::hint::black_box(name))
}

pub fn long_names_are_cut() -> Outcome {
    let letters = "abcdefghijklmnopqrstuvwxyz0123456789";
    for length in [0, 1, 30, 31, 32, 33, 36] {
        let text = letters.get(..length).unwrap_or_default();
        let kept = letters.get(..length.min(31)).unwrap_or_default();
        let found = name_of(text)?;
        expect_eq!(name(&found), kept);
        ensure!(
            found.iter().skip(kept.len()).all(|byte| *byte == 0),
            "{found:?} does not end in zeros"
        );
    }
    Ok(())
}

pub fn the_job_is_checked() -> Outcome {
    let place = address(NAME);
    refused(Status::BAD_HANDLE, create(0, place, 7, 0))?;
    let vmo = Object::new(1)?;
    refused(Status::WRONG_TYPE, create(vmo.handle, place, 7, 0))?;
    let rights = Rights::DEFAULT_JOB.difference(Rights::MANAGE_PROCESS);
    let weak = duplicate(job(), rights.bits())?;
    refused(Status::ACCESS_DENIED, create(weak, place, 7, 0))?;
    expect_eq!(close(weak), Status::OK);
    let enough = duplicate(job(), Rights::MANAGE_PROCESS.bits())?;
    let (status, process, vmar) = create(enough, place, 7, 0);
    expect_eq!(status, Status::OK);
    for handle in [enough, process, vmar] {
        expect_eq!(close(handle), Status::OK);
    }
    Ok(())
}

pub fn handles_have_the_rights_of_the_table() -> Outcome {
    let child = Child::new(NAME)?;
    let process = basic(child.process)?;
    expect_eq!(process.rights, 0x6_D3CF);
    expect_eq!(process.object_type, ObjectType::PROCESS.0);
    expect_eq!(process.related_koid, basic(job())?.koid);
    let vmar = basic(child.vmar)?;
    expect_eq!(vmar.rights, 0x20_801F);
    expect_eq!(vmar.object_type, ObjectType::VMAR.0);
    let thread = child.thread()?;
    expect_eq!(basic(thread)?.rights, 0x4_D2CF);
    expect_eq!(basic(thread)?.related_koid, process.koid);
    expect_eq!(close(thread), Status::OK);
    Ok(())
}

/// The handle that could be stored is closed as well: it is the process's last.
pub fn handles_that_cannot_be_stored_are_closed() -> Outcome {
    let mut good = UNTOUCHED;
    for (what, bad, _) in BAD_ADDRESSES {
        for swapped in [false, true] {
            let place = out(&mut good);
            let (process, vmar) = if swapped { (bad, place) } else { (place, bad) };
            let args = [u64::from(job()), address(NAME), 7, 0, process, vmar];
            let given = status(Call::ProcessCreate, &args);
            ensure!(given == Status::INVALID_ARGS, "{what}: {given}");
            let stored = core::hint::black_box(good);
            if stored != UNTOUCHED {
                expect_eq!(close(stored), Status::BAD_HANDLE);
            }
        }
    }
    Ok(())
}
