//! Cases that are run one after the other, and what is told about them.

use super::Outcome;
use super::record::Record;
use super::selection::Selection;
use super::slot::Slot;
use crate::{monotonic, println, startup};
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicU32, Ordering};

/// The number of the case that is open; 0 while none is.
static OPEN: AtomicU32 = AtomicU32::new(0);
/// Its name.
static NAME: Slot = Slot::new();

/// Cases in the order in which a program runs them, each reported as it ends: in lines
/// of the report protocol for `vmm test`, for people otherwise.
///
/// [`guest_test`](crate::guest_test) is the simpler way; a suite is for cases that are
/// made from tables.
///
/// ```no_run
/// use libzx::test::Suite;
/// use libzx::{Vmo, expect_eq};
///
/// fn program() -> i64 {
///     let mut suite = Suite::new();
///     for (name, size, rounded) in [("none", 0, 0), ("a byte", 1, 0x1000)] {
///         suite.case(name, || {
///             expect_eq!(Vmo::create(size)?.size()?, rounded);
///             Ok(())
///         });
///     }
///     suite.finish()
/// }
/// ```
#[derive(Debug)]
pub struct Suite {
    mode: Mode,
    selection: Selection<'static>,
    /// The number of the last case.
    number: u32,
    passed: u32,
    failed: u32,
    skipped: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Lines for people.
    People,
    /// The protocol, and the cases are run.
    Run,
    /// The protocol, and the cases are only named.
    List,
}

impl Default for Suite {
    fn default() -> Self {
        Self::new()
    }
}

impl Suite {
    /// A suite of no cases yet, told by the environment how to report.
    #[must_use]
    pub fn new() -> Self {
        let is_one = |name| startup().var(name) == Some("1");
        let mode = match (is_one("VMOSCOPE_TEST"), is_one("VMOSCOPE_TEST_LIST")) {
            (_, true) => Mode::List,
            (true, _) => Mode::Run,
            _ => Mode::People,
        };
        Self {
            mode,
            selection: Selection(startup().var("VMOSCOPE_TEST_CASES")),
            number: 0,
            passed: 0,
            failed: 0,
            skipped: 0,
        }
    }

    /// Says how many cases there are and what they are called, if anybody wants to know;
    /// before the first.
    pub(super) fn plan<'a>(&self, count: usize, names: impl Iterator<Item = &'a str>) {
        if self.mode == Mode::People {
            return;
        }
        Record::new("plan").number(count).send();
        if self.mode == Mode::Run {
            for (number, name) in (1_u32..).zip(names) {
                Record::new("case").number(number).text(name).send();
            }
        }
    }

    /// Runs a case and reports it.
    pub fn case(&mut self, name: &str, case: impl FnOnce() -> Outcome) {
        self.number += 1;
        let number = self.number;
        if self.mode == Mode::List {
            Record::new("case").number(number).text(name).send();
            return;
        }
        if !self.selection.contains(number) {
            return;
        }
        if self.mode == Mode::Run {
            Record::new("begin").number(number).text(name).send();
        }
        NAME.set(number, &name);
        OPEN.store(number, Ordering::Release);
        let start = monotonic();
        let verdict = case();
        let duration = monotonic().saturating_sub(start);
        OPEN.store(0, Ordering::Release);
        self.count(verdict);
        match self.mode {
            Mode::People => tell(name, verdict),
            _ => report(number, verdict, duration),
        }
    }

    const fn count(&mut self, verdict: Outcome) {
        match verdict {
            Ok(()) => self.passed += 1,
            Err(failure) if failure.is_skip() => self.skipped += 1,
            Err(_) => self.failed += 1,
        }
    }

    /// Reports the end; the return code of the program, 0 only if no case failed and there
    /// was at least one.
    #[must_use]
    pub fn finish(self) -> i64 {
        let (passed, failed, skipped) = (self.passed, self.failed, self.skipped);
        match self.mode {
            Mode::People if skipped == 0 => println!("{passed} passed, {failed} failed"),
            Mode::People => println!("{passed} passed, {failed} failed, {skipped} skipped"),
            _ => Record::new("done").send(),
        }
        i64::from(failed != 0 || self.number == 0)
    }
}

fn tell(name: &str, verdict: Outcome) {
    match verdict {
        Ok(()) => println!("case {name}: ok"),
        Err(failure) if failure.is_skip() => println!("case {name}: skipped, {failure}"),
        Err(failure) => println!("case {name}: FAIL {failure:?}"),
    }
}

fn report(number: u32, verdict: Outcome, duration: i64) {
    match verdict {
        Ok(()) => {}
        Err(failure) if failure.is_skip() => {
            Record::new("skip").number(number).text(failure).send();
        }
        Err(failure) => {
            let place = failure.place();
            let record = Record::new("fail").number(number);
            let record = record.place(place.file(), place.line());
            record.text(failure).send();
        }
    }
    Record::new("end").number(number).number(duration).send();
}

/// Reports a panic: as the failure of the case that is open, if one is. The program ends
/// then, and whoever runs it sees by that that the case is over.
#[cfg_attr(
    not(target_os = "none"),
    allow(dead_code, reason = "the panic handler's")
)]
pub(crate) fn panicked(info: &PanicInfo<'_>) {
    let number = OPEN.load(Ordering::Acquire);
    let name = (number != 0).then(|| NAME.get(number)).flatten();
    match name {
        Some(_) if startup().var("VMOSCOPE_TEST") == Some("1") => {
            let record = Record::new("fail").number(number);
            let record = match info.location() {
                Some(place) => record.place(place.file(), place.line()),
                None => record.number("-"),
            };
            let what = format_args!("panicked: {}", info.message());
            record.text(what).send();
        }
        Some(name) => println!("case {}: FAIL {info}", name.as_str()),
        None => println!("{info}"),
    }
}
