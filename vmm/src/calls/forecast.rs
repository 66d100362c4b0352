//! What a call would come to, found out without making it: the checks of the served calls
//! and their looks at pages, in their order, with nothing moved.
//!
//! Only one side is in question at a time: the handles have all rights, and the side that
//! is not asked about is memory that is there. What the kernel would do about a missing
//! page is asked of a [`Provider`].

use super::buffer::{Buffer, Direction};
use super::process_call::{check_arguments, clip, mapping_of};
use super::process_write_memory::{Goal, goal};
use super::stop::{Step, Stop};
use super::transfer::Pages;
use super::{CallError, ErrorMode, Family, vmo_call};
use crate::memory::{GuestVirtAddr, PhysicalMemory, VmoOffset};
use crate::objects::{Content, FoundMapping, ProcessView, VmoView};
use crate::translate::{Access, AddressSpace, PageCursor};
use abi::Status;
use abi::layout::{PAGE_SIZE, USER_BASE};
use abi::root::BootOptions;
use vm_memory::GuestAddress;

/// What the kernel does about a page that is asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provision {
    /// It makes it available.
    Made,
    /// It asks a pager; the caller waits.
    Waits,
    /// It cannot be had.
    Refused(Status),
}

/// The kernel, as far as a forecast has to ask it.
pub trait Provider {
    /// The page at `offset` of a VMO that is no alias, to be read or to be written.
    ///
    /// # Errors
    /// [`CallError`] if a structure on the way is broken.
    fn vmo_page(&mut self, vmo: &VmoView, offset: u64, write: bool)
    -> Result<Provision, CallError>;

    /// The page at `address` of the process in question.
    ///
    /// # Errors
    /// [`CallError`] if a structure on the way is broken.
    fn user_page(&mut self, address: GuestVirtAddr, access: Access)
    -> Result<Provision, CallError>;

    /// A private copy-on-write copy of the mapping's part of `vmo` (reference §6.2 step 5).
    ///
    /// # Errors
    /// [`CallError`] if a structure on the way is broken.
    fn private_copy(
        &mut self,
        mapping: &FoundMapping,
        vmo: &VmoView,
    ) -> Result<Provision, CallError>;
}

/// How a call would end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForecastEnd {
    /// With this status.
    Status(Status),
    /// It waits for a pager first, whose answer decides.
    Waits,
    /// The structures are broken: the machine stops.
    Broken(CallError),
}

/// The step at which a call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForecastStage {
    /// The switch of the calls for debuggers.
    Gate,
    /// The arguments by themselves.
    Arguments,
    /// Looking the mapping up.
    Mapping,
    /// Deciding which bytes a write changes.
    Goal,
    /// Making a private copy.
    Copy,
    /// Clipping the range to the VMO.
    Clip,
    /// The VMO's pages.
    Page,
    /// The caller's buffer.
    Buffer,
}

impl ForecastStage {
    /// The rule by which a call that ends here ends with `status`, as sections of the
    /// reference; `write` if the call writes to a VMO, `short` if not all was moved.
    #[must_use]
    pub const fn rule(self, status: Status, write: bool, short: bool) -> &'static str {
        match (self, status) {
            (_, Status::OK) if short => "§5.2, §22 items 12 and 13",
            (Self::Copy, Status::OK) => "§6.2 step 5",
            (Self::Buffer, Status::OK) => "§3",
            (_, Status::OK) => "§4.3",
            (Self::Gate, _) => "§6.1 step 1, §22 item 14",
            (Self::Arguments, _) if write => "§6.1 step 3",
            (Self::Arguments, _) => "§5.1 step 2",
            (Self::Mapping, Status::BAD_STATE) => "§5.4, §22 item 10",
            (Self::Mapping, _) if write => "§6.1 step 6, §22 item 1",
            (Self::Mapping, _) => "§5.1 step 5, §22 item 1",
            (Self::Goal, _) => "§6.4, §22 item 11",
            (Self::Copy, Status::INVALID_ARGS | Status::BAD_STATE | Status::NO_RESOURCES) => {
                "§6.2 step 5, §10.3"
            }
            (Self::Clip, Status::NOT_SUPPORTED) => "§4.4 (physical), §22 item 8",
            (Self::Clip, Status::BAD_STATE) => "§4.4 (cache policy), §22 items 6 and 8",
            (Self::Clip, _) => "§4.1 step 5, §22 item 13",
            (Self::Page, Status::NOT_FOUND) => "§4.4 (discardable), §22 item 27",
            (Self::Copy | Self::Page, Status::NO_MEMORY) => "§4.3, §22 item 20",
            (Self::Copy | Self::Page, _) => "§4.5",
            (Self::Buffer, Status::NOT_FOUND) => "§3, §22 item 3b",
            (Self::Buffer, Status::ACCESS_DENIED) => "§3, §22 item 4",
            (Self::Buffer, _) => "§3",
        }
    }
}

/// What a call would come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// The step at which it ends.
    pub stage: ForecastStage,
    /// How it ends.
    pub end: ForecastEnd,
    /// Bytes that are moved before that: with `ZX_OK`, all that it moves.
    pub bytes: u64,
}

/// Forecasts for one process.
#[derive(Debug)]
pub struct Forecaster<'m, M, P> {
    memory: &'m M,
    process: ProcessView,
    mode: ErrorMode,
    options: BootOptions,
    provider: P,
    /// The step of the forecast that is being made.
    stage: ForecastStage,
    /// Bytes moved in it.
    done: u64,
}

impl<'m, M: PhysicalMemory, P: Provider> Forecaster<'m, M, P> {
    /// Forecasts with these boot options, which name the error mode.
    pub const fn new(
        memory: &'m M,
        process: ProcessView,
        options: BootOptions,
        provider: P,
    ) -> Self {
        Self {
            memory,
            process,
            mode: ErrorMode::from_options(options),
            options,
            provider,
            stage: ForecastStage::Gate,
            done: 0,
        }
    }

    /// The kernel that was asked.
    pub const fn provider(&self) -> &P {
        &self.provider
    }

    /// `zx_process_read_memory` of the process at `vaddr`.
    pub fn process_read(&mut self, vaddr: u64, size: u64) -> Forecast {
        self.make(|this| this.process(Direction::ToCaller, vaddr, size))
    }

    /// `zx_process_write_memory` to the process at `vaddr`.
    pub fn process_write(&mut self, vaddr: u64, size: u64) -> Forecast {
        self.make(|this| this.process(Direction::FromCaller, vaddr, size))
    }

    /// `zx_vmo_read` by the process, into its buffer at `start`.
    pub fn read_into(&mut self, start: u64, length: u64) -> Forecast {
        self.make(|this| this.buffer(Direction::ToCaller, start, length))
    }

    /// `zx_vmo_write` by the process, from its buffer at `start`.
    pub fn write_from(&mut self, start: u64, length: u64) -> Forecast {
        self.make(|this| this.buffer(Direction::FromCaller, start, length))
    }

    /// `zx_vmo_read` of the VMO at `vmo`.
    pub fn vmo_read(&mut self, vmo: GuestAddress, offset: u64, size: u64) -> Forecast {
        self.make(|this| this.vmo(Direction::ToCaller, vmo, offset, size))
    }

    /// `zx_vmo_write` to the VMO at `vmo`.
    pub fn vmo_write(&mut self, vmo: GuestAddress, offset: u64, size: u64) -> Forecast {
        self.make(|this| this.vmo(Direction::FromCaller, vmo, offset, size))
    }

    fn make(&mut self, call: impl FnOnce(&mut Self) -> Step<Provision>) -> Forecast {
        self.done = 0;
        self.stage = ForecastStage::Gate;
        let end = match call(self) {
            Ok(Provision::Made) => ForecastEnd::Status(Status::OK),
            Ok(Provision::Waits) => ForecastEnd::Waits,
            Ok(Provision::Refused(status)) | Err(Stop::Answer(status)) => {
                ForecastEnd::Status(status)
            }
            Err(Stop::Broken(error)) => ForecastEnd::Broken(error),
            // Nothing here asks for these: they are about exits, of which there are none.
            Err(Stop::Resolve(_) | Stop::Again) => ForecastEnd::Waits,
        };
        Forecast {
            stage: self.stage,
            end,
            bytes: self.done,
        }
    }

    fn process(&mut self, direction: Direction, vaddr: u64, size: u64) -> Step<Provision> {
        let write = direction == Direction::FromCaller;
        if write && !self.options.contains(BootOptions::DEBUGGING_SYSCALLS) {
            Err(Status::NOT_SUPPORTED)?;
        }
        self.stage = ForecastStage::Arguments;
        check_arguments(&[0, vaddr, USER_BASE, size, 0, 0, 0, 0])?;
        self.stage = ForecastStage::Mapping;
        let mapping = mapping_of(self.memory, self.mode, &self.process, vaddr)?;
        self.stage = ForecastStage::Goal;
        let mut vmo = if write {
            match goal(self.memory, &mapping)? {
                Goal::Shared(vmo) => vmo,
                Goal::PrivateCopy(vmo) => return self.copy(&mapping, vmo, vaddr, size),
            }
        } else {
            VmoView::read(self.memory, mapping.piece.vmo())?
        };
        self.stage = ForecastStage::Clip;
        let (start, length) = clip(self.memory, self.mode, &mapping, &mut vmo, (vaddr, size))?;
        self.pages(&vmo, direction, start, length)
    }

    /// The write to a private copy that is made first.
    fn copy(
        &mut self,
        mapping: &FoundMapping,
        mut vmo: VmoView,
        vaddr: u64,
        size: u64,
    ) -> Step<Provision> {
        self.stage = ForecastStage::Copy;
        match self.provider.private_copy(mapping, &vmo)? {
            Provision::Made => {}
            other => return Ok(other),
        }
        let window = vmo.enter(self.memory)?;
        // The view has checked that neither the mapping's addresses nor its offsets wrap.
        let offset = mapping.piece.raw().vmo_offset + (vaddr - mapping.piece.base());
        let length = size.min(mapping.end - vaddr);
        while self.done < length {
            let at = offset.saturating_add(self.done);
            let left = length - self.done;
            // Beyond the VMO's end the copy has zeros.
            if at >= window.size {
                self.done = length;
                break;
            }
            let at = window.base.saturating_add(at);
            let limit = left.min(window.size.saturating_sub(at - window.base));
            let run = vmo.contents(self.memory).run(VmoOffset(at), limit)?;
            if run.content == Content::Pager {
                match self.provider.vmo_page(&vmo, at, false)? {
                    Provision::Made => self.done += page_rest(at).min(left),
                    other => return Ok(other),
                }
            } else {
                self.done += run.length.min(left);
            }
        }
        Ok(Provision::Made)
    }

    fn vmo(
        &mut self,
        direction: Direction,
        vmo: GuestAddress,
        offset: u64,
        size: u64,
    ) -> Step<Provision> {
        self.stage = ForecastStage::Clip;
        let mut vmo = VmoView::read(self.memory, vmo)?;
        let start = vmo_call::clip(self.memory, self.mode, &mut vmo, (offset, size))?;
        self.pages(&vmo, direction, start, size)
    }

    /// The VMO's side of the copy loop.
    fn pages(
        &mut self,
        vmo: &VmoView,
        direction: Direction,
        start: u64,
        length: u64,
    ) -> Step<Provision> {
        self.stage = ForecastStage::Page;
        let mut pages = Pages::of(self.memory, vmo, direction);
        while self.done < length {
            if vmo.is_discarded() {
                Err(Status::NOT_FOUND)?;
            }
            // The range was checked not to wrap.
            let at = start.saturating_add(self.done);
            let left = length - self.done;
            match pages.run(VmoOffset(at), left)? {
                (Some(_), run) => self.done += run.min(left),
                (None, _) => {
                    let write = direction == Direction::FromCaller;
                    match self.provider.vmo_page(vmo, at, write)? {
                        Provision::Made => self.done += page_rest(at).min(left),
                        other => return Ok(other),
                    }
                }
            }
        }
        Ok(Provision::Made)
    }

    /// The buffer's side of the copy loop.
    fn buffer(&mut self, direction: Direction, start: u64, length: u64) -> Step<Provision> {
        self.stage = ForecastStage::Buffer;
        let buffer = Buffer::new(start, length, direction, Family::Vmo);
        let space = self.process.address_space().unwrap_or(AddressSpace::new(0));
        let mut cursor = PageCursor::new(self.memory, space, buffer.access());
        while self.done < length {
            let left = length - self.done;
            let Some(at) = buffer.address(self.done) else {
                return Err(Stop::Answer(self.mode.buffer_out_of_range()));
            };
            if let Some(run) = Buffer::look(&mut cursor, at, left)? {
                self.done += run.length.min(left);
                continue;
            }
            match self.provider.user_page(at, buffer.access())? {
                Provision::Made => self.done += page_rest(at.0).min(left),
                Provision::Waits => return Ok(Provision::Waits),
                Provision::Refused(status) => {
                    return Err(Stop::Answer(buffer.fault_status(self.mode, status)));
                }
            }
        }
        Ok(Provision::Made)
    }
}

const fn page_rest(position: u64) -> u64 {
    PAGE_SIZE - position % PAGE_SIZE
}
