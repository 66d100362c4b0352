//! What the kernel tells about objects: `zx_object_get_info` and properties with bare
//! numbers, and the map of an address space.

use crate::ensure;
use crate::given::own_process;
use crate::probe::{UNTOUCHED, out, status};
use crate::suite::{Failure, Outcome};
use abi::info::{InfoHandleBasic, InfoMaps, InfoVmo, MapsKind};
use abi::options::Topic;
use core::panic::Location;
use libzx::{Call, Result, Rights, Status};
use zerocopy::{FromBytes, FromZeros, IntoBytes};

/// Status, `actual` and `avail` of a `zx_object_get_info`; what the call did not store
/// is [`UNTOUCHED`].
pub type Answer = (Status, u64, u64);

/// `zx_object_get_info`
#[must_use]
pub fn get_info(handle: u32, topic: u32, buffer: u64, size: u64) -> Answer {
    let (mut actual, mut avail) = (UNTOUCHED, UNTOUCHED);
    let args = [
        u64::from(handle),
        u64::from(topic),
        buffer,
        size,
        out(&mut actual),
        out(&mut avail),
    ];
    let status = status(Call::ObjectGetInfo, &args);
    let black_box = core::hint::black_box::<u64>;
    (status, black_box(actual), black_box(avail))
}

/// The one record of that topic.
///
/// # Errors
/// The call's status.
pub fn record<T: FromBytes + FromZeros>(handle: u32, topic: u32) -> Result<T> {
    let mut record = T::new_zeroed();
    let size = size_of::<T>() as u64;
    get_info(handle, topic, out(&mut record), size).0.ok()?;
    Ok(core::hint::black_box(record))
}

/// What a handle is.
///
/// # Errors
/// The call's status.
pub fn basic(handle: u32) -> Result<InfoHandleBasic> {
    record(handle, Topic::HANDLE_BASIC)
}

/// The koid of a handle's object.
///
/// # Errors
/// The call's status.
pub fn koid(handle: u32) -> Result<u64> {
    basic(handle).map(|basic| basic.koid)
}

/// The handle's rights.
///
/// # Errors
/// The call's status.
pub fn rights(handle: u32) -> Result<Rights> {
    basic(handle).map(|basic| Rights::from_bits_retain(basic.rights))
}

/// What a VMO is.
///
/// # Errors
/// The call's status.
pub fn vmo(handle: u32) -> Result<InfoVmo> {
    record(handle, Topic::VMO)
}

/// `zx_object_get_property`
#[must_use]
pub fn get_property(handle: u32, property: u32, value: u64, size: u64) -> Status {
    let args = [u64::from(handle), u64::from(property), value, size];
    status(Call::ObjectGetProperty, &args)
}

/// `zx_object_set_property`
#[must_use]
pub fn set_property(handle: u32, property: u32, value: u64, size: u64) -> Status {
    let args = [u64::from(handle), u64::from(property), value, size];
    status(Call::ObjectSetProperty, &args)
}

/// A property of `T`'s size.
///
/// # Errors
/// The call's status.
pub fn property<T: FromBytes>(handle: u32, property: u32) -> Result<T> {
    let mut value = T::new_zeroed();
    let size = size_of::<T>() as u64;
    get_property(handle, property, out(&mut value), size).ok()?;
    Ok(core::hint::black_box(value))
}

/// Sets a property of `T`'s size.
#[must_use]
pub fn put_property<T>(handle: u32, property: u32, mut value: T) -> Status {
    let size = size_of::<T>() as u64;
    set_property(handle, property, out(&mut value), size)
}

/// The name in a record, up to its NUL.
#[must_use]
pub fn name(bytes: &[u8; 32]) -> &str {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(32);
    let text = bytes.get(..end).unwrap_or_default();
    core::str::from_utf8(text).unwrap_or("?")
}

/// More records than any test's address space has.
const MOST: usize = 96;

/// The map of an address space.
#[derive(Debug)]
pub struct Maps {
    records: [InfoMaps; MOST],
    count: usize,
}

impl Maps {
    /// The map of that process.
    ///
    /// # Errors
    /// The call's status; `INTERNAL` if it has more records than there is room for.
    pub fn of(process: u32) -> Result<Self> {
        let mut records = [InfoMaps::new_zeroed(); MOST];
        let size = size_of_val(&records) as u64;
        let (status, actual, avail) =
            get_info(process, Topic::PROCESS_MAPS, out(&mut records), size);
        status.ok()?;
        if actual != avail {
            return Err(Status::INTERNAL);
        }
        Ok(Self {
            records: core::hint::black_box(records),
            count: usize::try_from(actual).unwrap_or(0),
        })
    }

    /// The map of this process.
    ///
    /// # Errors
    /// As [`Maps::of`].
    pub fn own() -> Result<Self> {
        Self::of(own_process())
    }

    /// All records.
    #[must_use]
    pub fn records(&self) -> &[InfoMaps] {
        self.records.get(..self.count).unwrap_or_default()
    }

    /// The mappings alone.
    pub fn mappings(&self) -> impl Iterator<Item = &InfoMaps> {
        let records = self.records().iter();
        records.filter(|record| record.kind == MapsKind::MAPPING)
    }

    /// The mapping that the address lies in.
    #[must_use]
    pub fn mapping(&self, address: u64) -> Option<&InfoMaps> {
        self.mappings()
            .find(|record| (record.base..record.base + record.size).contains(&address))
    }

    /// A number for everything in it but how many pages are present.
    #[must_use]
    pub fn digest(&self) -> u64 {
        let mut sum = 0xCBF2_9CE4_8422_2325_u64;
        for record in self.records() {
            let kinds = [record.kind, record.mmu_flags];
            let places = [
                record.base,
                record.size,
                record.depth,
                record.vmo_koid,
                record.vmo_offset,
            ];
            for byte in kinds.as_bytes().iter().chain(places.as_bytes()) {
                sum = (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3);
            }
        }
        sum
    }
}

/// Permissions now of the mapping at the address, as bits of `ZX_VM_PERM_*`.
///
/// # Errors
/// The call's status; `NOT_FOUND` if nothing is mapped there.
pub fn permissions(address: u64) -> Result<u32> {
    let maps = Maps::own()?;
    let found = maps.mapping(address).ok_or(Status::NOT_FOUND)?;
    Ok(found.mmu_flags)
}

/// A call must give that status and leave the own address space as it was.
///
/// # Errors
/// It does not.
#[track_caller]
pub fn refused(wanted: Status, call: impl FnOnce() -> Status) -> Outcome {
    refused_in(own_process(), wanted, call)
}

/// A call must give that status and leave the address space of that process as it was.
///
/// # Errors
/// It does not.
#[track_caller]
pub fn refused_in(process: u32, wanted: Status, call: impl FnOnce() -> Status) -> Outcome {
    let line = Location::caller().line();
    let before = digest(process)?;
    let given = call();
    ensure!(given == wanted, "line {line}: {given:?}, not {wanted:?}");
    let after = digest(process)?;
    ensure!(before == after, "line {line}: the address space changed");
    Ok(())
}

fn digest(process: u32) -> core::result::Result<u64, Failure> {
    Ok(Maps::of(process)?.digest())
}
