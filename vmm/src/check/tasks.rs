//! Processes and threads: their lists, who waits, who wants the vCPU.

use super::Checker;
use crate::memory::PhysicalMemory;
use crate::objects::{ProcessView, ThreadView};
use abi::objects::{ObjectType, ProcessState, ThreadState, WaitKind};
use vm_memory::GuestAddress;

impl<M: PhysicalMemory> Checker<'_, M> {
    /// The list of all processes.
    pub(super) fn meet_processes(&mut self) -> Vec<ProcessView> {
        let mut processes = Vec::new();
        let mut previous = 0;
        let Some(list) = self.sound(self.view.processes(self.memory)) else {
            return processes;
        };
        for process in list {
            let Some(process) = self.sound(process) else {
                break;
            };
            let at = process.address();
            self.list(at.0, ObjectType::PROCESS);
            self.rule(
                at,
                process.raw().previous.address() == previous,
                format_args!("its link back leads elsewhere"),
            );
            previous = at.0;
            processes.push(process);
        }
        let (count, said) = (processes.len(), self.root.process_count);
        if count as u64 != u64::from(said) {
            self.found(format_args!(
                "there are {count} processes, but the root block says {said}"
            ));
        }
        processes
    }

    pub(super) fn look_into_process(&mut self, address: GuestAddress) {
        let Some(process) = self.sound(ProcessView::read(self.memory, address)) else {
            return;
        };
        let raw = process.raw();
        if matches!(process.state(), ProcessState::RUNNING | ProcessState::DYING) {
            // It keeps itself alive.
            self.refer(address.0, ObjectType::PROCESS);
        }
        self.refer(raw.root_vmar.address(), ObjectType::VMAR);
        self.check_handles_of(&process);
        let mut threads = 0u64;
        for thread in process.threads(self.memory) {
            let Some(thread) = self.sound(thread) else {
                break;
            };
            threads += 1;
            let owned = thread.raw().process.address() == address.0;
            self.rule(
                thread.address(),
                owned && thread.state() != ThreadState::DEAD,
                format_args!("it is dead, or another process's, and in the list of {address:?}"),
            );
            if !owned || !self.list(thread.address().0, ObjectType::THREAD) {
                break;
            }
            self.refer(thread.address().0, ObjectType::THREAD);
        }
        let empty = threads == 0
            && raw.handle_count == 0
            && raw.root_vmar.is_none()
            && raw.page_table == 0
            && raw.table_count == 0;
        self.rule(
            address,
            process.state() != ProcessState::DEAD || empty,
            format_args!("it is dead and has threads, handles or memory"),
        );
    }

    pub(super) fn look_into_thread(&mut self, address: GuestAddress) {
        let Some(thread) = self.sound(ThreadView::read(self.memory, address)) else {
            return;
        };
        let raw = thread.raw();
        self.registry.set_owner(address.0, raw.process.address());
        self.refer(raw.process.address(), ObjectType::PROCESS);
        self.refer_any(raw.held.address());
        self.refer(raw.progress.vmo.address(), ObjectType::VMO);
        match thread.state() {
            ThreadState::READY => self.ready += 1,
            ThreadState::WAITING => {
                self.waiting += 1;
                let kind = WaitKind(raw.wait_kind);
                let holds = match kind {
                    WaitKind::TIME => true,
                    WaitKind::SIGNALS | WaitKind::PORT | WaitKind::PAGE | WaitKind::DIRTY => {
                        !raw.held.is_none()
                    }
                    WaitKind::FUTEX => true,
                    _ => false,
                };
                self.rule(
                    address,
                    holds,
                    format_args!(
                        "it waits for {}, and for nothing in particular",
                        kind.name()
                    ),
                );
            }
            _ => {
                self.rule(
                    address,
                    raw.held.is_none() && raw.progress.vmo.is_none() && raw.restart == 0,
                    format_args!("it does not run and holds on to what it waited for"),
                );
            }
        }
    }

    /// The list of those that wait, and how many want the vCPU.
    pub(super) fn check_waiting(&mut self) {
        let (mut count, mut with_deadline, mut latest) = (0u64, 0u64, i64::MIN);
        if let Some(list) = self.sound(self.view.waiting(self.memory)) {
            for thread in list {
                let Some(thread) = self.sound(thread) else {
                    break;
                };
                count += 1;
                let deadline = thread.raw().deadline;
                with_deadline += u64::from(deadline != i64::MAX);
                let sorted = deadline >= latest;
                let waits = thread.state() == ThreadState::WAITING;
                self.rule(
                    thread.address(),
                    sorted && waits,
                    format_args!("it does not wait, or not until then, and is in that list"),
                );
                latest = deadline;
            }
        }
        let waiting = self.waiting;
        if count != waiting {
            self.found(format_args!(
                "{waiting} threads wait, but {count} are in the list"
            ));
        }
        let (wanted, said) = (self.ready + with_deadline, self.call_page.runnable);
        if wanted != u64::from(said) {
            self.found(format_args!(
                "{wanted} threads want the vCPU, but the call page says {said}"
            ));
        }
    }
}
