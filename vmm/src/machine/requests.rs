//! Requests of the guest kernel itself (`abi::call_page::KernelRequest`).

use super::fault_text;
use super::kick;
use super::outcome::{End, Until};
use super::run_loop::{VcpuLoop, koid_of_thread};
use crate::check::Moment;
use crate::events::{CallEvent, Event, EventSink};
use crate::inspect::Place;
use crate::memory::{BulkMemory, PhysicalMemory, copy_frames, zero_frames};
use crate::objects::{ProcessView, ThreadView};
use abi::call_page::{KernelRequest, Shutdown};
use abi::layout::PAGE_SIZE;
use abi::{Call, CallPage};
use std::time::Duration;
use vm_memory::GuestAddress;

/// The longest sleep between two looks at what the control thread wishes for.
const LONGEST_NAP: Duration = Duration::from_millis(20);

impl VcpuLoop {
    /// Does what the kernel asks for; an error says what is wrong with it.
    pub(super) fn request(
        &mut self,
        op: u32,
        events: &mut dyn EventSink,
    ) -> Result<Option<End>, String> {
        let Some(request) = KernelRequest::from_number(op) else {
            return Err(format!("the kernel made the unknown request {op:#x}"));
        };
        let Some(server) = &mut self.server else {
            return Err("a request before the kernel told its root block".to_owned());
        };
        let page = server.call_page().map_err(|error| error.to_string())?;
        let [a, b, ..] = page.args;
        let mut result = 0;
        let mut end = None;
        match request {
            KernelRequest::Console => self.console(&page, events)?,
            KernelRequest::Idle => {
                self.idle(Duration::from_nanos(a))?;
                result = self.clock.nanoseconds();
            }
            KernelRequest::Clock => result = self.clock.nanoseconds(),
            KernelRequest::ZeroFrames => {
                zero_frames(&*self.ram, GuestAddress(a), b).map_err(|error| error.to_string())?;
            }
            KernelRequest::CopyFrames => {
                copy_frames(&*self.ram, GuestAddress(a), b).map_err(|error| error.to_string())?;
            }
            KernelRequest::ZeroBytes => self.zero_bytes(a, b)?,
            KernelRequest::ProcessStarted => {
                let address = GuestAddress(a);
                self.processes
                    .started(&self.ram, address)
                    .map_err(|error| error.to_string())?;
                let process = self.processes.get(address);
                events.take(&Event::ProcessStart { process });
            }
            KernelRequest::ProcessEnding => end = self.ending(GuestAddress(a), events)?,
            KernelRequest::ProcessEnded => end = self.ended(GuestAddress(a), events)?,
            KernelRequest::ThreadFaulted => self.faulted(GuestAddress(a), events)?,
            KernelRequest::CallAnswered => self.kernel_answered(&page, events)?,
            KernelRequest::Shutdown => end = Some(self.shutdown(a)?),
            KernelRequest::Panic => {
                let message = String::from_utf8_lossy(&self.bytes(a, b)?).into_owned();
                end = Some(End::KernelPanic { message });
            }
            other => return Err(format!("the kernel made the unknown request {other:?}")),
        }
        if let Some(server) = &mut self.server {
            server
                .finish_request_with(result)
                .map_err(|error| error.to_string())?;
        }
        Ok(end)
    }

    /// At most a page of guest-physical bytes.
    fn bytes(&self, address: u64, length: u64) -> Result<Vec<u8>, String> {
        let size = usize::try_from(length.min(PAGE_SIZE)).unwrap_or(0);
        let mut bytes = vec![0; size];
        self.ram
            .read_bytes(GuestAddress(address), &mut bytes)
            .map_err(|error| error.to_string())?;
        Ok(bytes)
    }

    /// Zeroes a part of one page.
    fn zero_bytes(&self, address: u64, length: u64) -> Result<(), String> {
        if length > PAGE_SIZE - address % PAGE_SIZE {
            return Err(format!(
                "the kernel zeroes {length} bytes at {address:#x}, more than its page has"
            ));
        }
        self.ram
            .zero(GuestAddress(address), length)
            .map_err(|error| error.to_string())
    }

    fn console(&self, page: &CallPage, events: &mut dyn EventSink) -> Result<(), String> {
        let [address, length, from_kernel, ..] = page.args;
        if length > PAGE_SIZE {
            return Err(format!(
                "the kernel prints {length} bytes at once, more than a page"
            ));
        }
        let bytes = self.bytes(address, length)?;
        let process = (from_kernel != 1)
            .then(|| self.processes.find(GuestAddress(page.process.address())))
            .flatten();
        events.take(&Event::Console {
            process,
            text: &bytes,
        });
        Ok(())
    }

    /// Lets time pass, but looks at the wishes now and then, and stands still if that is
    /// one of them: the kernel is at nothing.
    fn idle(&mut self, time: Duration) -> Result<(), String> {
        let until = self.clock.elapsed().saturating_add(time);
        loop {
            let left = until.saturating_sub(self.clock.elapsed());
            let stops = self.remote.wishes().stop().is_some() || kick::interrupted();
            if left.is_zero() || stops {
                return Ok(());
            }
            if self.remote.nap(left.min(LONGEST_NAP)) {
                self.stand_still(Place::Idle)
                    .map_err(|error| error.to_string())?;
            }
        }
    }

    /// A process that will be taken apart. If it is the last that counts, and nobody wants
    /// to check what is left of it, that work is not waited for.
    fn ending(
        &mut self,
        address: GuestAddress,
        events: &mut dyn EventSink,
    ) -> Result<Option<End>, String> {
        ProcessView::read(&*self.ram, address).map_err(|error| error.to_string())?;
        let last = match self.until {
            Until::First => self.processes.is_first(address),
            Until::All => self.processes.is_only(address),
        };
        if self.check || !last {
            return Ok(None);
        }
        let end = self.ended(address, events)?;
        Ok(Some(end.unwrap_or_else(|| self.all_ended())))
    }

    fn ended(
        &mut self,
        address: GuestAddress,
        events: &mut dyn EventSink,
    ) -> Result<Option<End>, String> {
        let view = ProcessView::read(&*self.ram, address).map_err(|error| error.to_string())?;
        let return_code = view.raw().return_code;
        events.take(&Event::ProcessExit {
            process: self.processes.get(address),
            return_code,
        });
        if self.processes.ended(address) {
            self.first_code = Some(return_code);
            if self.until == Until::First {
                self.moment = Some(Moment::Ending(address));
                return Ok(Some(End::Ended { first: return_code }));
            }
        }
        Ok(None)
    }

    fn faulted(&self, address: GuestAddress, events: &mut dyn EventSink) -> Result<(), String> {
        let thread = ThreadView::read(&*self.ram, address).map_err(|error| error.to_string())?;
        let owner = GuestAddress(thread.raw().process.address());
        let process = self.processes.get(owner);
        let what = fault_text::describe(thread.raw());
        let text = fault_text::console_text(process, thread.raw(), &what);
        events.take(&Event::Console {
            process: None,
            text: text.as_bytes(),
        });
        events.take(&Event::ProcessFault {
            process,
            thread: thread.raw().header.koid,
            vector: thread.raw().registers.vector,
            what: &what,
            address: fault_text::address(thread.raw()),
            status: fault_text::status(thread.raw()),
            rip: thread.raw().registers.rip,
        });
        Ok(())
    }

    fn kernel_answered(&self, page: &CallPage, events: &mut dyn EventSink) -> Result<(), String> {
        let [number, result, args @ ..] = page.args;
        let call = u32::try_from(number).ok().and_then(Call::from_number);
        let Some(call) = call else {
            return Err(format!("the kernel answered the unknown call {number}"));
        };
        let process = self.processes.get(GuestAddress(page.process.address()));
        let event = CallEvent {
            thread: koid_of_thread(&self.ram, GuestAddress(page.thread.address())),
            ..CallEvent::new(process, call, &args, result.cast_signed())
        };
        events.take(&Event::Call(&event));
        Ok(())
    }

    fn all_ended(&self) -> End {
        match self.first_code {
            Some(first) => End::Ended { first },
            None => End::NoPrograms,
        }
    }

    fn shutdown(&mut self, reason: u64) -> Result<End, String> {
        match reason {
            Shutdown::ALL_ENDED => {
                self.moment = Some(Moment::AllEnded);
                Ok(self.all_ended())
            }
            Shutdown::DEADLOCK => {
                self.moment = Some(Moment::AtRest);
                Ok(End::Deadlock)
            }
            other => Err(format!("the kernel stopped for the unknown reason {other}")),
        }
    }
}
