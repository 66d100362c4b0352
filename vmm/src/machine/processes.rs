//! Who is who in the guest, for events: names and koids by address.

use crate::calls::CompletedCall;
use crate::events::ProcessId;
use crate::memory::GuestRam;
use crate::objects::{ProcessView, ViewError};
use serde::Serialize;
use std::collections::BTreeMap;
use vm_memory::GuestAddress;

/// The served calls of a process.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct ProcessTotals {
    /// Calls answered.
    calls: u64,
    /// Those of them that were answered with an error.
    errors: u64,
    /// Bytes moved.
    bytes: u64,
}

#[derive(Debug)]
struct Known {
    address: GuestAddress,
    id: ProcessId,
    totals: ProcessTotals,
}

/// The processes that were announced.
#[derive(Debug)]
pub(super) struct Processes {
    known: Vec<Known>,
    /// Koid of the first program's process; 0 until it starts.
    first: u64,
    nobody: ProcessId,
}

impl Processes {
    pub(super) fn new() -> Self {
        Self {
            known: Vec::new(),
            first: 0,
            nobody: ProcessId {
                koid: 0,
                name: "?".to_owned(),
            },
        }
    }

    /// Learns the name of a process that starts.
    pub(super) fn started(
        &mut self,
        ram: &GuestRam,
        address: GuestAddress,
    ) -> Result<(), ViewError> {
        let view = ProcessView::read(ram, address)?;
        let id = ProcessId {
            koid: view.raw().header.koid,
            name: view.name().into_owned(),
        };
        if self.first == 0 {
            self.first = id.koid;
        }
        self.known.retain(|known| known.address != address);
        self.known.push(Known {
            address,
            id,
            totals: ProcessTotals::default(),
        });
        Ok(())
    }

    /// The process at `address`.
    pub(super) fn get(&self, address: GuestAddress) -> &ProcessId {
        self.find(address).unwrap_or(&self.nobody)
    }

    /// The process at `address`, if it was announced.
    pub(super) fn find(&self, address: GuestAddress) -> Option<&ProcessId> {
        self.known
            .iter()
            .find(|known| known.address == address)
            .map(|known| &known.id)
    }

    /// Counts an answered call; returns who made it.
    pub(super) fn count(&mut self, call: &CompletedCall) -> &ProcessId {
        let mut all = self.known.iter_mut();
        match all.find(|known| known.address == call.process) {
            Some(known) => {
                known.totals.calls += 1;
                known.totals.errors += u64::from(call.status != abi::Status::OK);
                known.totals.bytes += call.bytes;
                &known.id
            }
            None => &self.nobody,
        }
    }

    /// The served calls of each process that runs, by koid.
    pub(super) fn totals(&self) -> BTreeMap<u64, ProcessTotals> {
        self.known
            .iter()
            .map(|known| (known.id.koid, known.totals))
            .collect()
    }

    /// Whether the process at `address` is the first program's.
    pub(super) fn is_first(&self, address: GuestAddress) -> bool {
        self.first != 0 && self.get(address).koid == self.first
    }

    /// Whether no other process than that at `address` runs.
    pub(super) fn is_only(&self, address: GuestAddress) -> bool {
        matches!(&*self.known, [only] if only.address == address)
    }

    /// Forgets a process that has ended, so that the list stays short; says whether it was
    /// the first program's.
    pub(super) fn ended(&mut self, address: GuestAddress) -> bool {
        let first = self.is_first(address);
        self.known.retain(|known| known.address != address);
        first
    }
}
