//! A process of a few instructions that touches one byte, to see what a page fault does to
//! a process.

use crate::background::{PATIENCE, settle};
use crate::memory::{Area, PAGE};
use crate::suite::{Failure, Outcome};
use crate::{ensure, expect_eq};
use abi::layout::USER_BASE;
use abi::options::Signals;
use libzx::{
    MapOptions, Object, PAGE_SIZE, Process, Status, Thread, Vmar, Vmo, monotonic, startup,
};

/// Return code of a process that an unhandled exception ended (reference §15.5).
pub const EXCEPTION: i64 = -1028;
/// Return code of one that was killed.
pub const KILLED: i64 = -1024;

/// Where the program stands in a child.
const CODE: usize = 0x1000_0000;
/// Where it tells what it has done.
const NOTES: usize = 0x2000_0000;
/// Where the memory that it touches stands.
pub const PLACE: usize = 0x3000_0000;

/// `mov al,[rsi]; mov [NOTES],al; mov byte [NOTES+1],1; jmp $`
pub const LOAD: [u8; 19] = [
    0x8A, 0x06, // mov al, [rsi]
    0x88, 0x04, 0x25, 0x00, 0x00, 0x00, 0x20, // mov [NOTES], al
    0xC6, 0x04, 0x25, 0x01, 0x00, 0x00, 0x20, 0x01, // mov byte [NOTES + 1], 1
    0xEB, 0xFE, // jmp $
];
/// `mov byte [rsi],0x77; mov byte [NOTES+1],1; jmp $`
pub const STORE: [u8; 13] = [
    0xC6, 0x06, 0x77, // mov byte [rsi], 0x77
    0xC6, 0x04, 0x25, 0x01, 0x00, 0x00, 0x20, 0x01, // mov byte [NOTES + 1], 1
    0xEB, 0xFE, // jmp $
];

/// A process that touches one byte.
#[derive(Debug)]
pub struct Child {
    /// The process.
    pub process: Process,
    /// Its root VMAR.
    pub vmar: Vmar,
    notes: Area,
}

fn specific(vmar: &Vmar, options: MapOptions, at: usize, vmo: &Vmo, len: usize) -> Outcome {
    let base = usize::try_from(USER_BASE).unwrap_or(0);
    let options = options | MapOptions::SPECIFIC;
    let address = vmar.map(options, at - base, vmo, 0, len)?;
    expect_eq!(address, at);
    Ok(())
}

impl Child {
    /// Maps `pages` pages of the VMO into a new process, which runs `code` with the address
    /// of the byte at `offset` of it.
    ///
    /// # Errors
    /// The status of the call that failed.
    pub fn start(code: &[u8], vmo: &Vmo, pages: usize, offset: usize) -> Result<Self, Failure> {
        let (process, vmar) = Process::create("toucher")?;
        let program = Vmo::create(PAGE)?;
        program.write(code, 0)?;
        let resource = startup().resource().ok_or(Status::NOT_FOUND)?;
        let program = program.replace_as_executable(&resource)?;
        let execute = MapOptions::PERM_READ | MapOptions::PERM_EXECUTE;
        specific(&vmar, execute, CODE, &program, PAGE_SIZE)?;
        let notes = Area::touched(1)?;
        let rw = MapOptions::READ_WRITE;
        specific(&vmar, rw, NOTES, &notes.vmo, PAGE_SIZE)?;
        specific(&vmar, rw, PLACE, vmo, pages * PAGE_SIZE)?;
        let thread = Thread::create(&process, "toucher")?;
        process.start(&thread, CODE, 0, None, PLACE + offset)?;
        Ok(Self {
            process,
            vmar,
            notes,
        })
    }

    /// Whether it has touched the byte.
    #[must_use]
    pub fn is_through(&self) -> bool {
        self.notes.map.byte(1) == 1
    }

    /// Whether it has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.process.wait_one(Signals::TERMINATED, 0).is_ok()
    }

    /// Fails unless it waits.
    ///
    /// # Errors
    /// It went on, or has ended.
    pub fn stays_blocked(&self) -> Outcome {
        settle();
        ensure!(!self.is_through(), "the child went on");
        ensure!(!self.has_ended(), "the child has ended");
        Ok(())
    }

    /// Waits until it has touched the byte; what it loaded. Ends it then.
    ///
    /// # Errors
    /// It ends or does not go on.
    pub fn through(self) -> Result<u8, Failure> {
        let end = monotonic() + PATIENCE;
        while !self.is_through() {
            ensure!(monotonic() < end, "the child does not go on");
            ensure!(!self.has_ended(), "the child has ended");
            settle();
        }
        let loaded = self.notes.map.byte(0);
        self.process.kill()?;
        expect_eq!(self.code()?, KILLED);
        Ok(loaded)
    }

    /// Waits for its end; its return code.
    ///
    /// # Errors
    /// It does not end.
    pub fn code(&self) -> Result<i64, Failure> {
        let deadline = monotonic() + PATIENCE;
        self.process.wait_one(Signals::TERMINATED, deadline)?;
        Ok(self.process.return_code()?)
    }

    /// Fails unless the touch ended the process as an exception does.
    ///
    /// # Errors
    /// It went on.
    pub fn died(self) -> Outcome {
        expect_eq!(self.code()?, EXCEPTION);
        ensure!(!self.is_through(), "the child went on");
        Ok(())
    }
}
