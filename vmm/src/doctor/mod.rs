//! What this host offers: which KVM, what of it vmoscope uses, who may use it, and what
//! else could serve.
//!
//! Everything is first read as text ([`Facts`], or a small reader in each file) and then
//! judged by functions that touch nothing, so that the judgement can be tested on what
//! other machines have shown. [`examine`] does both.

mod capabilities;
mod device;
mod facts;
mod flavour;
mod hosted;
mod limits;
mod quirks;
mod trial;
mod verdict;

pub use capabilities::{Capability, Need};
pub use device::{Device, Identity, Names};
pub use facts::{Facts, Module};
pub use flavour::{Flavour, Kind};
pub use hosted::{Hosted, Linux, NEVER_NEST, Setting, Tool};
pub use limits::Limits;
pub use quirks::Quirk;
pub use trial::Trial;
pub use verdict::{Backend, Verdict};

use crate::machine::open_kvm;
use serde::Serialize;
use std::path::Path;

/// The number of the JSON form. It grows when a field goes or changes its meaning, not
/// when one is added.
const FORMAT: u32 = 1;

/// Everything that an examination finds.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The number of this form.
    pub format: u32,
    /// The version of vmoscope.
    pub version: &'static str,
    /// What `vmm run` will do.
    pub verdict: Verdict,
    /// Which KVM.
    pub flavour: Flavour,
    /// `/dev/kvm`.
    pub device: Device,
    /// What KVM says that it can do; empty if it cannot be asked.
    pub capabilities: Vec<Capability>,
    /// A guest that was run to see whether it works; none if KVM cannot be opened.
    pub trial: Option<Trial>,
    /// What is known of this flavour.
    pub quirks: Vec<Quirk>,
    /// The other way to run.
    pub hosted: Hosted,
    /// Bounds of the host.
    pub limits: Limits,
}

/// Examines this host. It starts a small guest, which takes a fraction of a second.
#[must_use]
pub fn examine() -> Report {
    let root = Path::new("/");
    let facts = Facts::read(root);
    let flavour = Flavour::of(&facts);
    let opened = open_kvm();
    let device = Device::read(root, opened.as_ref().err());
    let (capabilities, trial) = match &opened {
        Ok(kvm) => (capabilities::ask(kvm), Some(Trial::run())),
        Err(_) => (Vec::new(), None),
    };
    let hosted = Hosted::find(&Setting::here());
    Report {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION"),
        verdict: Verdict::of(&device, trial.as_ref(), &hosted),
        quirks: quirks::of(&flavour),
        limits: Limits::read(root),
        flavour,
        device,
        capabilities,
        trial,
        hosted,
    }
}
