//! The machine as a whole: RAM, memory slots, boot image, vCPU.

use super::clock::Clock;
use super::deadline::Deadline;
use super::error::failed;
use super::kick::{self, TICK, Wishes};
use super::remote::Remote;
use super::run_loop::{Step, VcpuLoop};
use super::{End, KvmError, Limits, MachineError, RunOutcome, kvm, vcpu};
use crate::boot::BootError;
use crate::boot::{self, CommandLine, KernelImage, Program, ProgramImage, VDSO, VdsoImage};
use crate::events::EventSink;
use crate::memory::{GuestAddress, GuestRam, PhysicalMemory};
use abi::CallPage;
use kvm_bindings::kvm_userspace_memory_region;
use kvm_ioctls::{Cap, Kvm, VmFd};
use std::mem::offset_of;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

/// Where KVM on VT-x may put its own three pages for real mode, and its identity map: in
/// the hole below 4 GiB, where the guest has no RAM.
const TSS_ADDRESS: usize = 0xFFFB_D000;
const IDENTITY_MAP_ADDRESS: u64 = 0xFFFB_C000;

/// What a machine is to be.
#[derive(Debug)]
pub struct MachineConfig<'a> {
    /// Bytes of RAM, a multiple of the page size.
    pub ram: u64,
    /// The kernel's ELF file.
    pub kernel: &'a [u8],
    /// The programs; the first gets handles to the others.
    pub programs: &'a [Program],
    /// The kernel command line.
    pub command_line: &'a str,
    /// Report the calls that the kernel answers, too.
    pub trace_kernel_calls: bool,
}

/// A virtual machine that has not stopped yet.
#[derive(Debug)]
pub struct Machine {
    // The order matters: the vCPU and the VM must go before the RAM that they use.
    vcpu: VcpuLoop,
    _vm: VmFd,
    ram: Arc<GuestRam>,
    deadline: Deadline,
    remote: Remote,
}

impl Machine {
    /// Makes a machine ready for its first instruction.
    ///
    /// # Errors
    /// [`MachineError`] for what is wrong with the configuration or with KVM.
    pub fn new(config: &MachineConfig<'_>) -> Result<Self, MachineError> {
        let clock = Clock::start();
        let line = CommandLine::parse(config.command_line).map_err(BootError::from)?;
        let kernel = KernelImage::new(config.kernel).map_err(BootError::from)?;
        let vdso = VdsoImage::new(VDSO).map_err(BootError::from)?;
        let images = images(config.programs)?;
        let kvm = kvm::open()?;
        let ram = Arc::new(GuestRam::new(config.ram)?);
        let boot = boot::load(&ram, &kernel, &vdso, &images, &line)?;
        let vm = create_vm(&kvm)?;
        add_memory(&vm, &ram)?;
        let vcpu = vcpu::create(&kvm, &vm, boot)?;
        kick::install_kick_handler()?;
        let names = config.programs.iter().map(|p| p.name.clone()).collect();
        let remote = Remote::default();
        let vcpu = VcpuLoop::new(
            vcpu,
            remote.clone(),
            Arc::clone(&ram),
            clock,
            (config.command_line.to_owned(), names),
            config.trace_kernel_calls,
        );
        Ok(Self {
            vcpu,
            _vm: vm,
            ram,
            deadline: Deadline::new(clock),
            remote,
        })
    }

    /// Its RAM.
    #[must_use]
    pub const fn ram(&self) -> &Arc<GuestRam> {
        &self.ram
    }

    /// When [`Machine::run`] stops it. [`Limits::time`] is where it stands at the start.
    #[must_use]
    pub const fn deadline(&self) -> &Deadline {
        &self.deadline
    }

    /// It from outside the thread that will run it.
    #[must_use]
    pub const fn remote(&self) -> &Remote {
        &self.remote
    }

    /// Runs in the calling thread until the guest has been answered one more call, or has
    /// come to its end. There are no ticks and no limits.
    ///
    /// # Errors
    /// [`KvmError`] if KVM fails.
    pub fn step(&mut self, events: &mut dyn EventSink) -> Result<Step, KvmError> {
        self.vcpu.step(events)
    }

    /// Runs in the calling thread up to the guest's first instruction, for benchmarks; a
    /// machine that stops before it gives the reason. There are no ticks and no limits.
    ///
    /// # Errors
    /// [`KvmError`] if KVM fails.
    pub fn run_to_first_instruction(&mut self) -> Result<Option<End>, KvmError> {
        self.vcpu.run_to_first_instruction()
    }

    /// Runs until the guest ends or a limit is reached. The vCPU runs in the calling
    /// thread, so that its first instruction waits for no other to wake up (about 2 ms
    /// were measured); a thread beside it gives the ticks and watches the limits.
    ///
    /// # Errors
    /// [`MachineError`] if KVM or the host fails; a guest that breaks is an
    /// [`End`](super::End).
    pub fn run<S: EventSink>(
        self,
        events: &mut S,
        limits: Limits,
    ) -> Result<RunOutcome, MachineError> {
        // Locals go in the reverse of this order: the RAM last.
        let Self {
            ram,
            _vm,
            mut vcpu,
            deadline,
            remote,
        } = self;
        if let Some(limit) = limits.time {
            deadline.set_since_start(limit);
        }
        let call_page = Arc::clone(&vcpu.call_page);
        // Dropped before the control thread ends, however that comes; kicks are harmless then.
        let entered = remote.enter();
        thread::scope(|scope| {
            // Dropped when the vCPU has stopped, however that comes: control ends then.
            let (running, stopped) = mpsc::channel();
            let (ram, remote, deadline) = (&ram, &remote, &deadline);
            let control = thread::Builder::new()
                .name("control".to_owned())
                .spawn_scoped(scope, move || {
                    let preempts = || runnable(ram, &call_page) > 1;
                    control(&stopped, deadline, remote, preempts);
                })
                .map_err(MachineError::Thread)?;
            let outcome = vcpu.run(events, limits);
            drop(entered);
            drop(running);
            control.join().map_err(|_| MachineError::Panicked)?;
            Ok(outcome?)
        })
    }
}

/// Threads that want the vCPU, as the guest's kernel says at this moment.
fn runnable(ram: &GuestRam, call_page: &AtomicU64) -> u32 {
    let offset = offset_of!(CallPage, runnable) as u64;
    let field = match call_page.load(Ordering::Acquire) {
        0 => None,
        page => page.checked_add(offset),
    };
    // What cannot be read is no reason to tick.
    field.map_or(0, |at| ram.read_object(GuestAddress(at)).unwrap_or(0))
}

/// Gives ticks and watches limits until the vCPU has stopped.
fn control(
    stopped: &mpsc::Receiver<()>,
    deadline: &Deadline,
    remote: &Remote,
    preempts: impl Fn() -> bool,
) {
    while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
        if kick::interrupted() {
            remote.wish(Wishes::INTERRUPT);
        } else if deadline.passed() {
            remote.wish(Wishes::TIME_LIMIT);
        } else if preempts() {
            remote.wish(Wishes::TICK);
        } else if remote.wishes().any() {
            // A kick that was lost.
            remote.wish(0);
        }
    }
}

fn images(programs: &[Program]) -> Result<Vec<ProgramImage>, BootError> {
    let names: Vec<&str> = programs.iter().map(|p| p.name.as_str()).collect();
    programs
        .iter()
        .enumerate()
        .map(|(index, program)| {
            // Only the first program gets handles to the others.
            let others = if index == 0 {
                names.get(1..).unwrap_or(&[])
            } else {
                &[]
            };
            ProgramImage::new(program, others).map_err(|problem| BootError::Program {
                name: program.name.clone(),
                problem,
            })
        })
        .collect()
}

fn create_vm(kvm: &Kvm) -> Result<VmFd, KvmError> {
    let vm = kvm.create_vm().map_err(failed("KVM_CREATE_VM"))?;
    if kvm.check_extension(Cap::SetIdentityMapAddr) {
        vm.set_identity_map_address(IDENTITY_MAP_ADDRESS)
            .map_err(failed("KVM_SET_IDENTITY_MAP_ADDR"))?;
    }
    if kvm.check_extension(Cap::SetTssAddr) {
        vm.set_tss_address(TSS_ADDRESS)
            .map_err(failed("KVM_SET_TSS_ADDR"))?;
    }
    Ok(vm)
}

fn add_memory(vm: &VmFd, ram: &GuestRam) -> Result<(), KvmError> {
    for (slot, region) in (0..).zip(ram.regions()) {
        let region = kvm_userspace_memory_region {
            slot,
            flags: 0,
            guest_phys_addr: region.base.0,
            memory_size: region.length,
            userspace_addr: region.host_address,
        };
        // SAFETY: the region is a mapping of `ram`, which the machine keeps until the VM
        // is gone.
        unsafe { vm.set_user_memory_region(region) }
            .map_err(failed("KVM_SET_USER_MEMORY_REGION"))?;
    }
    Ok(())
}
