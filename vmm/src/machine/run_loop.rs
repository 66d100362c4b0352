//! The run loop: `KVM_RUN`, and what to do about each exit.
//!
//! The hot path — a served call — makes no vCPU ioctl but `KVM_RUN` and allocates nothing.

use super::KvmError;
use super::clock::{Clock, nanoseconds};
use super::error::failed;
use super::kick::Wishes;
use super::outcome::{End, Limits, RunOutcome, Until};
use super::processes::Processes;
use super::remote::Remote;
use super::report::{LastCalls, Remembered, Report};
use super::vcpu_state;
use crate::calls::{CallError, CallServer, CompletedCall, Served, checksum, moved_bytes};
use crate::check::{self, Findings, Moment};
use crate::events::{CallEvent, Event, EventSink, Stats};
use crate::inspect::{MachineState, Place};
use crate::memory::{GuestRam, PhysicalMemory};
use abi::Call;
use abi::layout::{PAGE_SIZE, PORT_BOOT, PORT_CALL, TICK_VECTOR};
use abi::objects::{OBJECT_MAGIC, ObjectHeader, ObjectType};
use kvm_bindings::{KVMIO, kvm_interrupt};
use kvm_ioctls::{VcpuExit, VcpuFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use vm_memory::GuestAddress;
use vmm_sys_util::ioctl::ioctl_with_ref;
use vmm_sys_util::ioctl_iow_nr;

ioctl_iow_nr!(KVM_INTERRUPT, KVMIO, 0x86, kvm_interrupt);

/// What [`Machine::step`](super::Machine::step) came to.
#[derive(Debug)]
pub enum Step {
    /// The host has answered a call.
    Call(CompletedCall),
    /// The machine has stopped.
    End(End),
}

/// A vCPU with all that its exits need.
#[derive(Debug)]
pub(super) struct VcpuLoop {
    pub(super) vcpu: VcpuFd,
    pub(super) ram: Arc<GuestRam>,
    pub(super) server: Option<CallServer>,
    pub(super) stats: Stats,
    pub(super) processes: Processes,
    pub(super) clock: Clock,
    /// Where the call page stands, for the control thread; 0 until the kernel tells.
    pub(super) call_page: Arc<AtomicU64>,
    /// The first program's return code, once it has ended.
    pub(super) first_code: Option<i64>,
    /// Whether to stop when the first program ends.
    pub(super) until: Until,
    /// Whether the kernel's structures are looked at in the end.
    pub(super) check: bool,
    /// The command line and the programs' names, for the boot event.
    description: (String, Vec<String>),
    trace_kernel_calls: bool,
    last_calls: LastCalls,
    /// Exits that the call under way has taken so far, and when its first one came.
    call_exits: u32,
    call_start: Option<Duration>,
    tick_pending: bool,
    pub(super) remote: Remote,
    /// Somebody wants the guest to stand still where it can.
    pause_pending: bool,
    /// What the kernel was at when it said that this is the end.
    pub(super) moment: Option<Moment>,
}

/// What an exit asks for, copied out of the shared page so that it can be borrowed again.
enum Exit {
    Call,
    FirstInstruction,
    Root(u64),
    Kick,
    InterruptWindow,
    Broken(String),
}

impl VcpuLoop {
    pub(super) fn new(
        vcpu: VcpuFd,
        remote: Remote,
        ram: Arc<GuestRam>,
        clock: Clock,
        description: (String, Vec<String>),
        trace_kernel_calls: bool,
    ) -> Self {
        Self {
            vcpu,
            ram,
            server: None,
            stats: Stats::default(),
            processes: Processes::new(),
            clock,
            call_page: Arc::default(),
            first_code: None,
            until: Until::All,
            check: false,
            description,
            trace_kernel_calls,
            last_calls: LastCalls::new(),
            call_exits: 0,
            call_start: None,
            tick_pending: false,
            remote,
            pause_pending: false,
            moment: None,
        }
    }

    /// Runs to the end.
    pub(super) fn run(
        &mut self,
        events: &mut dyn EventSink,
        limits: Limits,
    ) -> Result<RunOutcome, KvmError> {
        self.until = limits.until;
        self.check = limits.check;
        let end = loop {
            if let Step::End(end) = self.step(events)? {
                break end;
            }
        };
        self.stats.total = self.clock.elapsed();
        let findings = limits.check.then(|| self.check_at_end()).flatten();
        if let Some(findings) = findings.as_ref().filter(|findings| !findings.is_empty()) {
            tell(findings, events);
        }
        Ok(RunOutcome {
            end,
            stats: self.stats.clone(),
            findings,
        })
    }

    /// Checks the kernel's structures, if they must agree now.
    fn check_at_end(&self) -> Option<Findings> {
        let (moment, server) = (self.moment?, self.server.as_ref()?);
        Some(check::check(&*self.ram, server.root(), moment))
    }

    /// Runs until a call is answered or the machine stops.
    pub(super) fn step(&mut self, events: &mut dyn EventSink) -> Result<Step, KvmError> {
        loop {
            if self.remote.wishes().any()
                && let Some(end) = self.heed()?
            {
                return Ok(Step::End(end));
            }
            let outcome = match self.enter()? {
                Exit::Call => self.hypercall(events),
                Exit::Kick => {
                    self.stats.kicks += 1;
                    self.stand_still_if_wanted()?;
                    continue;
                }
                Exit::InterruptWindow => {
                    self.stats.interrupt_window_exits += 1;
                    self.stand_still_if_wanted()?;
                    self.inject_tick()?;
                    continue;
                }
                Exit::FirstInstruction => {
                    self.first_instruction();
                    continue;
                }
                Exit::Root(page) => self.booted(page, events).map(|()| None),
                Exit::Broken(reason) => Err(reason),
            };
            match outcome {
                Ok(None) => {}
                Ok(Some(step)) => return Ok(step),
                Err(reason) => return Ok(Step::End(self.broken(reason))),
            }
        }
    }

    /// Runs up to the first instruction's exit; what else comes first is the end.
    pub(super) fn run_to_first_instruction(&mut self) -> Result<Option<End>, KvmError> {
        loop {
            return Ok(match self.enter()? {
                Exit::Kick => continue,
                Exit::FirstInstruction => {
                    self.first_instruction();
                    None
                }
                Exit::Broken(reason) => Some(self.broken(reason)),
                Exit::Call | Exit::Root(_) | Exit::InterruptWindow => {
                    Some(self.broken("an exit before the first instruction's".to_owned()))
                }
            });
        }
    }

    /// Notes that the guest runs.
    fn first_instruction(&mut self) {
        self.stats.boot_exits += 1;
        self.stats.first_instruction = self.clock.elapsed();
    }

    /// One `KVM_RUN`.
    fn enter(&mut self) -> Result<Exit, KvmError> {
        let exit = match self.vcpu.run() {
            Ok(exit) => exit,
            Err(error) if matches!(error.errno(), libc::EINTR | libc::EAGAIN) => {
                return Ok(Exit::Kick);
            }
            Err(source) => {
                return Err(failed("KVM_RUN")(source));
            }
        };
        Ok(match exit {
            VcpuExit::IoOut(PORT_CALL, _) => Exit::Call,
            VcpuExit::IoOut(PORT_BOOT, data) => match *data {
                [_] => Exit::FirstInstruction,
                [a, b, c, d] => Exit::Root(u64::from(u32::from_le_bytes([a, b, c, d]))),
                _ => Exit::Broken(format!("a boot signal of {} bytes", data.len())),
            },
            VcpuExit::Intr => Exit::Kick,
            VcpuExit::IrqWindowOpen => Exit::InterruptWindow,
            VcpuExit::IoOut(port, data) => Exit::Broken(format!(
                "a write to the unknown port {port:#x}: {data:02x?}"
            )),
            VcpuExit::IoIn(port, _) => {
                Exit::Broken(format!("a read from the unknown port {port:#x}"))
            }
            VcpuExit::MmioRead(address, data) => Exit::Broken(format!(
                "a read of {} bytes at {address:#x}, where there is no RAM",
                data.len()
            )),
            VcpuExit::MmioWrite(address, data) => Exit::Broken(format!(
                "a write of {} bytes at {address:#x}, where there is no RAM",
                data.len()
            )),
            VcpuExit::Shutdown => Exit::Broken("a triple fault".to_owned()),
            VcpuExit::Hlt => Exit::Broken("the kernel executed hlt".to_owned()),
            VcpuExit::InternalError => Exit::Broken(
                "KVM_EXIT_INTERNAL_ERROR: KVM cannot execute the instruction at rip".to_owned(),
            ),
            VcpuExit::FailEntry(reason, cpu) => Exit::Broken(format!(
                "the CPU refused to enter the guest (reason {reason:#x}, host CPU {cpu})"
            )),
            other => Exit::Broken(format!("the unexpected exit {other:?}")),
        })
    }

    /// Does what the control thread wishes for.
    #[cold]
    fn heed(&mut self) -> Result<Option<End>, KvmError> {
        match self.remote.wishes().stop() {
            Some(Wishes::TIME_LIMIT) => return Ok(Some(End::TimeLimit)),
            Some(_) => return Ok(Some(End::Interrupted)),
            None => {}
        }
        let wishes = self.remote.wishes().take();
        if wishes & Wishes::PAUSE != 0 && self.remote.wanted() {
            self.pause_pending = true;
            self.vcpu.get_kvm_run().request_interrupt_window = 1;
        }
        if wishes & Wishes::TICK != 0 && !self.tick_pending {
            self.tick_pending = true;
            self.inject_tick()?;
        }
        if wishes & Wishes::TRACE != 0
            && let Err(reason) = self.switch_trace()
        {
            return Ok(Some(self.broken(reason)));
        }
        Ok(None)
    }

    /// Injects the pending tick if the guest can take it now, and asks for the moment when
    /// it can otherwise.
    fn inject_tick(&mut self) -> Result<(), KvmError> {
        if !self.tick_pending {
            return Ok(());
        }
        let run = self.vcpu.get_kvm_run();
        if run.ready_for_interrupt_injection == 0 || run.if_flag == 0 {
            run.request_interrupt_window = 1;
            return Ok(());
        }
        run.request_interrupt_window = u8::from(self.pause_pending);
        let interrupt = kvm_interrupt {
            irq: u32::from(TICK_VECTOR),
        };
        // SAFETY: KVM_INTERRUPT reads the structure and changes nothing but the vCPU.
        let result = unsafe { ioctl_with_ref(&self.vcpu, KVM_INTERRUPT(), &interrupt) };
        if result != 0 {
            let error = kvm_ioctls::Error::last();
            return Err(failed("KVM_INTERRUPT")(error));
        }
        self.tick_pending = false;
        self.stats.ticks += 1;
        Ok(())
    }

    /// Lets the kernel report its calls, or not.
    fn switch_trace(&mut self) -> Result<(), String> {
        let on = self.trace_kernel_calls || self.remote.tracing();
        match &mut self.server {
            Some(server) => server
                .set_trace_kernel_calls(on)
                .map_err(|error| error.to_string()),
            // It is asked again when the kernel is up.
            None => Ok(()),
        }
    }

    /// Stands still if that is wanted and the guest is in a program, which is where
    /// interrupts are on.
    fn stand_still_if_wanted(&mut self) -> Result<(), KvmError> {
        if !self.pause_pending || self.vcpu.get_kvm_run().if_flag == 0 {
            return Ok(());
        }
        self.pause_pending = false;
        self.vcpu.get_kvm_run().request_interrupt_window = u8::from(self.tick_pending);
        self.stand_still(Place::Program)
    }

    /// Stands still for as long as anybody wants that. A machine without a root block does
    /// not: whoever wants it is told that it is busy.
    pub(super) fn stand_still(&mut self, place: Place) -> Result<(), KvmError> {
        let Some(server) = &self.server else {
            return Ok(());
        };
        let since = Instant::now();
        let vcpu = vcpu_state::of(&self.vcpu, place)?;
        self.stats.total = self.clock.elapsed();
        let mut stats = serde_json::to_value(&self.stats).unwrap_or_default();
        if let Some(stats) = stats.as_object_mut() {
            let processes = serde_json::to_value(self.processes.totals());
            stats.insert("processes".to_owned(), processes.unwrap_or_default());
        }
        let (command_line, programs) = self.description.clone();
        let machine = MachineState {
            root: server.root().address().0.into(),
            ram: self.ram.size(),
            command_line,
            programs,
            elapsed_ns: self.clock.nanoseconds(),
            vcpus: vec![vcpu],
            stats,
        };
        self.remote.stand_still(machine, since);
        Ok(())
    }

    /// The kernel is up and has told where its root block stands.
    fn booted(&mut self, page: u64, events: &mut dyn EventSink) -> Result<(), String> {
        self.stats.boot_exits += 1;
        let kernel = self
            .clock
            .elapsed()
            .saturating_sub(self.stats.first_instruction);
        self.stats.kernel_start = kernel;
        let server = CallServer::new(Arc::clone(&self.ram), GuestAddress(page * PAGE_SIZE))
            .map_err(|error| error.to_string())?;
        self.trace_kernel_calls &= events.wants_calls();
        let call_page = server.root().call_page();
        self.call_page.store(call_page.0, Ordering::Release);
        self.server = Some(server);
        self.switch_trace()?;
        events.take(&Event::Boot {
            ram: self.ram.size(),
            command_line: &self.description.0,
            programs: &self.description.1,
            first_instruction_ns: nanoseconds(self.stats.first_instruction),
            kernel_ns: nanoseconds(kernel),
        });
        Ok(())
    }

    /// A write to the call port: a served call, or a request of the kernel.
    fn hypercall(&mut self, events: &mut dyn EventSink) -> Result<Option<Step>, String> {
        let Some(server) = &mut self.server else {
            return Err("a hypercall before the kernel told its root block".to_owned());
        };
        let op = server.op().map_err(|error| error.to_string())?;
        if op > Call::LAST_SERVED {
            self.stats.kernel_exits += 1;
            return self.request(op, events).map(|end| end.map(Step::End));
        }
        self.stats.call_exits += 1;
        self.call_exits += 1;
        if self.call_start.is_none() && events.wants_calls() {
            self.call_start = Some(self.clock.elapsed());
        }
        match server
            .serve()
            .map_err(|error: CallError| error.to_string())?
        {
            Served::Done(completed) => {
                if let Some(findings) = server.take_findings() {
                    let text = format!("vmoscope_check: {} findings\n{findings}", findings.count());
                    events.take(&Event::Console {
                        process: None,
                        text: text.as_bytes(),
                    });
                    tell(&findings, events);
                }
                self.answered(&completed, events);
                Ok(Some(Step::Call(completed)))
            }
            Served::Resolve | Served::Again => Ok(None),
        }
    }

    fn answered(&mut self, completed: &CompletedCall, events: &mut dyn EventSink) {
        let exits = std::mem::take(&mut self.call_exits);
        let start = self.call_start.take();
        let failed = completed.status != abi::Status::OK;
        self.stats
            .count(completed.call, exits, failed, completed.bytes);
        let process = self.processes.count(completed);
        self.last_calls.add(Remembered {
            koid: process.koid,
            call: completed.call,
            args: completed.args,
            status: completed.status,
        });
        if events.wants_calls() {
            let time = start.map_or(Duration::ZERO, |start| self.clock.elapsed() - start);
            let wanted = events.wants_checksums();
            let checksum = wanted.then(|| checksum(&*self.ram, completed));
            let checksum = checksum.and_then(Result::ok).flatten();
            let data = match events.wants_data() {
                0 => None,
                most => moved_bytes(&*self.ram, completed, most).ok().flatten(),
            };
            let result = i64::from(completed.status.0);
            let event = CallEvent {
                thread: koid_of_thread(&self.ram, completed.thread),
                actual: completed.actual,
                bytes: completed.bytes,
                checksum,
                data: data.as_deref(),
                exits,
                ns: nanoseconds(time),
                ..CallEvent::new(process, completed.call, &completed.args, result)
            };
            events.take(&Event::Call(&event));
        }
    }

    /// The end of a machine that broke.
    fn broken(&self, reason: String) -> End {
        let mut report = Report::new(reason, &self.vcpu, &self.last_calls);
        let page = self
            .server
            .as_ref()
            .and_then(|server| server.call_page().ok());
        report.process = page
            .and_then(|page| self.processes.find(GuestAddress(page.process.address())))
            .cloned();
        End::Fault(Box::new(report))
    }
}

/// The koid of a thread that makes a call, if there is one at that address.
pub(super) fn koid_of_thread(ram: &GuestRam, thread: GuestAddress) -> Option<u64> {
    let header: ObjectHeader = ram.read_object(thread).ok()?;
    let is_thread = header.magic == OBJECT_MAGIC && header.object_type == ObjectType::THREAD.0;
    is_thread.then_some(header.koid)
}

fn tell(findings: &Findings, events: &mut dyn EventSink) {
    events.take(&Event::Inconsistent {
        count: findings.count(),
        findings: findings.told(),
    });
}
