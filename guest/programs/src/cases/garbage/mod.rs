//! The cases of `test-garbage`: every argument of every call, fed with what it must not be.

mod kernel;
mod order;
mod served;

use crate::memory::{Area, KERNEL_BASE, PAGE};
use crate::modes::Modes;
use crate::probe::{UNTOUCHED, status};
use crate::suite::{Failure, Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::layout::USER_TOP;
use libzx::{Call, PAGE_SIZE, Status, startup};

/// Handle values that are nobody's.
const BAD_HANDLES: [u64; 8] = [
    0,
    1,
    2,
    4,
    0x7FFF_FFFC,
    0xFFFF_FFFC,
    0xFFFF_FFFF_0000_0000,
    KERNEL_BASE,
];

/// Offsets and sizes beyond any VMO here, and such that they wrap when added.
const HUGE: [u64; 9] = [
    4 * PAGE + 1,
    1 << 32,
    USER_TOP,
    1 << 47,
    1 << 63,
    KERNEL_BASE - 5,
    KERNEL_BASE,
    u64::MAX - 6,
    u64::MAX,
];

/// What every case works on; the canaries must survive it.
struct Bench {
    own: u64,
    object: Area,
    buffer: Area,
    actual: Area,
}

impl Bench {
    fn new() -> Result<Self, Failure> {
        let own = startup().process_self().map_or(0, |own| own.handle().raw());
        let bench = Self {
            own: own.into(),
            object: Area::touched(4)?,
            buffer: Area::touched(4)?,
            actual: Area::touched(1)?,
        };
        bench.object.fill(1, 4 * PAGE_SIZE);
        bench.buffer.fill(2, 4 * PAGE_SIZE);
        bench.actual.map.store(0, &UNTOUCHED.to_le_bytes());
        Ok(bench)
    }

    fn vmo(&self) -> u64 {
        self.object.handle().into()
    }

    /// Nothing has been moved and nothing stored.
    fn untouched(&self) -> Outcome {
        expect_eq!(self.object.mismatch(1, 0, 0, 4 * PAGE_SIZE), None);
        expect_eq!(self.buffer.mismatch(2, 0, 0, 4 * PAGE_SIZE), None);
        let mut actual = [0; 8];
        self.actual.map.load(0, &mut actual);
        expect_eq!(u64::from_le_bytes(actual), UNTOUCHED);
        Ok(())
    }

    /// Good arguments for one of the four calls.
    fn good(&self, call: Call) -> [u64; 5] {
        match call {
            Call::VmoRead | Call::VmoWrite => [self.vmo(), self.buffer.at(0), 0, 64, 0],
            _ => [
                self.own,
                self.object.at(0),
                self.buffer.at(0),
                64,
                self.actual.at(0),
            ],
        }
    }

    /// The status that a good call with one bad argument gives.
    fn with(&self, call: Call, position: usize, value: u64) -> Status {
        let mut args = self.good(call);
        if let Some(arg) = args.get_mut(position) {
            *arg = value;
        }
        status(call, &args)
    }

    fn expect(&self, call: Call, position: usize, value: u64, wanted: Status) -> Outcome {
        let given = self.with(call, position, value);
        ensure!(
            given == wanted,
            "{call:?}, argument {position} = {value:#x}: {given}, not {wanted}"
        );
        Ok(())
    }
}

/// Runs them all.
pub fn run(suite: &mut Suite, modes: Modes) {
    suite.case(
        "VMO calls [2.1/3 2.2/1 3/2 3/3 4.1/5 4.2/14 22/2 22/2z 22/3 22/3z 22/3b 23/1 23/8]",
        || served::vmo_calls(modes),
    );
    suite.case("VMO calls with endless buffers [3/3 22/3 22/3z]", || {
        served::vmo_calls_with_endless_buffers(modes)
    });
    suite.case("process calls [5.1/1 5.1/2 5.1/11 5.3/2 6.1/1 6.1/2 6.1/3 22/1 22/9 22/9z 23/11 23/12 23/15 23/21]", || served::process_calls(modes));
    suite.case("bad actual [2.3/2 2.3/3 5.1/18 23/22]", || {
        served::bad_actual(modes)
    });
    suite.case("which error wins [5.3/2 23/23 23/24 23/25 23/26 23/27 23/28 23/29 23/30 23/33 23/34 23/39 23/40]", || order::which_error_wins(modes));
    suite.case("process rights [5.1/3 6.1/4 22/15 23/13]", || {
        order::process_rights(modes)
    });
    suite.case("kernel calls [14/1 14/2 14/7]", kernel::kernel_calls);
    suite.case(
        "mapping garbage [13.1/8 13.1/9 13.1/14 13.1/18 13.3/1]",
        kernel::mapping_garbage,
    );
    suite.case("console garbage", kernel::console_garbage);
}
