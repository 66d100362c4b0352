//! A process that a test makes: empty, or running a few bytes of machine code.

use crate::given::job;
use crate::memory::PAGE;
use crate::probe::{Map, close, make, out, status};
use crate::regions::{Object, R, RW, RX, SPECIFIC};
use abi::layout::USER_BASE;
use abi::options::Signals;
use libzx::{Call, Result, Status, monotonic};

/// `jmp .`
pub const SPIN: [u8; 2] = [0xEB, 0xFE];
/// `ud2`
pub const FAULT: [u8; 2] = [0x0F, 0x0B];

/// Where its code stands.
pub const CODE: u64 = USER_BASE + 0x10_0000;
/// Where its two pages of data and stack stand.
pub const DATA: u64 = USER_BASE + 0x20_0000;
/// Its stack pointer at the start.
pub const STACK: u64 = DATA + 2 * PAGE;

/// A process and its root VMAR; killed and its handles closed when dropped.
#[derive(Debug)]
pub struct Child {
    /// The process's handle.
    pub process: u32,
    /// Its root VMAR's.
    pub vmar: u32,
}

impl Child {
    /// A process that is not started.
    ///
    /// # Errors
    /// The call's status.
    pub fn new(name: &str) -> Result<Self> {
        let (mut process, mut vmar) = (0_u32, 0_u32);
        let args = [
            u64::from(job()),
            name.as_ptr().expose_provenance() as u64,
            name.len() as u64,
            0,
            out(&mut process),
            out(&mut vmar),
        ];
        status(Call::ProcessCreate, &args).ok()?;
        Ok(Self {
            process: core::hint::black_box(process),
            vmar: core::hint::black_box(vmar),
        })
    }

    /// A process that runs this code, with two pages of data that it shares with the
    /// VMO returned.
    ///
    /// # Errors
    /// The status of the call that failed.
    pub fn running<const N: usize>(name: &str, code: [u8; N]) -> Result<(Self, Object)> {
        let (child, data) = Self::prepared(name, code)?;
        child.start(0, 0)?;
        Ok((child, data))
    }

    /// The same, not yet started.
    ///
    /// # Errors
    /// The status of the call that failed.
    pub fn prepared<const N: usize>(name: &str, code: [u8; N]) -> Result<(Self, Object)> {
        let child = Self::new(name)?;
        let text = Object::new(1)?;
        text.write(code, 0)?;
        let text = text.executable()?;
        child.map(&text, RX, CODE, 1)?;
        let data = Object::new(2)?;
        child.map(&data, RW, DATA, 2)?;
        Ok((child, data))
    }

    /// Maps pages of a VMO at that address of it.
    ///
    /// # Errors
    /// The call's status.
    pub fn map(&self, vmo: &Object, options: u32, address: u64, pages: u64) -> Result<u64> {
        self.request(vmo, options, address, pages).call()
    }

    /// The request to do so.
    #[must_use]
    pub const fn request(&self, vmo: &Object, options: u32, address: u64, pages: u64) -> Map {
        Map {
            vmar: self.vmar,
            options: options | SPECIFIC,
            vmar_offset: address - USER_BASE,
            vmo: vmo.handle,
            vmo_offset: 0,
            len: pages * PAGE,
        }
    }

    /// Maps pages of a VMO somewhere in it, to be read only.
    ///
    /// # Errors
    /// The call's status.
    pub fn map_anywhere(&self, vmo: &Object, pages: u64) -> Result<u64> {
        let map = Map {
            options: R,
            vmar_offset: 0,
            ..self.request(vmo, R, USER_BASE, pages)
        };
        map.call()
    }

    /// Starts it at [`CODE`] with [`STACK`]; the handle is consumed.
    ///
    /// # Errors
    /// The status of the call that failed.
    pub fn start(&self, argument: u32, second: u64) -> Result<()> {
        let thread = self.thread()?;
        let args = [
            u64::from(self.process),
            u64::from(thread),
            CODE,
            STACK,
            u64::from(argument),
            second,
        ];
        let started = status(Call::ProcessStart, &args);
        close(thread).ok()?;
        started.ok()
    }

    /// A new thread of it.
    ///
    /// # Errors
    /// The call's status.
    pub fn thread(&self) -> Result<u32> {
        let name = "a thread";
        let args = [
            u64::from(self.process),
            name.as_ptr().expose_provenance() as u64,
            name.len() as u64,
            0,
        ];
        make(Call::ThreadCreate, &args)
    }

    /// Kills it and waits for its end.
    ///
    /// # Errors
    /// The status of the call that failed.
    pub fn kill(&self) -> Result<()> {
        status(Call::TaskKill, &[u64::from(self.process)]).ok()?;
        self.wait()
    }

    /// Waits for its end, ten seconds at most.
    ///
    /// # Errors
    /// `TIMED_OUT`.
    pub fn wait(&self) -> Result<()> {
        let deadline = monotonic().saturating_add(10_000_000_000);
        let args = [
            u64::from(self.process),
            u64::from(Signals::TERMINATED.bits()),
            deadline.cast_unsigned(),
            0,
        ];
        status(Call::ObjectWaitOne, &args).ok()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _: Status = status(Call::TaskKill, &[u64::from(self.process)]);
        let _ = close(self.vmar);
        let _ = close(self.process);
    }
}
