//! Flavours of machines that were seen, and of some that can be.

use super::super::Module;
use super::*;

fn facts(flags: &str, modules: &[(&str, bool)]) -> Facts {
    Facts {
        device: true,
        cpu_flags: flags.split_whitespace().map(str::to_owned).collect(),
        modules: modules
            .iter()
            .map(|(name, live)| Module {
                name: (*name).to_owned(),
                live: *live,
                two_dimensional: (*name != "kvm_pvm").then_some(true),
            })
            .collect(),
        ..Facts::default()
    }
}

fn says(flavour: &Flavour, words: &str) -> bool {
    flavour.evidence.iter().any(|line| line.contains(words))
}

/// Captured on a machine whose kernel has `kvm_pvm` built in, itself a guest of KVM.
#[test]
fn software_kvm_is_recognised_by_its_module_and_the_missing_flags() {
    let mut facts = facts("fpu vme syscall hypervisor vmmcall", &[("kvm_pvm", false)]);
    facts.hypervisor = Some("KVM".to_owned());
    let flavour = Flavour::of(&facts);
    assert_eq!(flavour.kind, Kind::Pvm);
    assert!(flavour.nested && flavour.shadow_paging());
    assert!(says(&flavour, "neither vmx nor svm") && says(&flavour, "kvm_pvm"));
    assert_eq!(
        flavour.to_string(),
        "PVM, software virtualisation, nested under KVM"
    );
}

/// Captured in a Linux under QEMU's emulation, with `kvm-amd.ko` loaded.
#[test]
fn nested_svm_under_emulation_is_amd_v() {
    let mut facts = facts("fpu svm hypervisor npt", &[("kvm_amd", true)]);
    facts.hypervisor = Some("QEMU".to_owned());
    let flavour = Flavour::of(&facts);
    assert_eq!(flavour.kind, Kind::AmdV);
    assert_eq!(flavour.two_dimensional_paging, Some(true));
    assert!(says(&flavour, "kvm_amd is loaded and live"));
    assert_eq!(flavour.to_string(), "AMD-V, nested under QEMU");
}

#[test]
fn the_hardware_kinds_need_no_hypervisor() {
    let intel = Flavour::of(&facts("fpu vmx", &[("kvm_intel", true)]));
    assert_eq!((intel.kind, intel.nested), (Kind::VtX, false));
    assert_eq!(intel.to_string(), "Intel VT-x");
    let amd = Flavour::of(&facts("fpu svm", &[("kvm_amd", false)]));
    assert_eq!((amd.kind, amd.nested), (Kind::AmdV, false));
}

#[test]
fn what_is_built_in_without_its_cpu_drives_nothing() {
    let modules = [("kvm_intel", false), ("kvm_amd", false), ("kvm_pvm", false)];
    assert_eq!(Flavour::of(&facts("fpu", &modules)).kind, Kind::Pvm);
    assert_eq!(Flavour::of(&facts("fpu svm", &modules)).kind, Kind::AmdV);
}

#[test]
fn a_live_module_counts_more_than_one_that_is_built_in() {
    let modules = [("kvm_intel", false), ("kvm_pvm", true)];
    assert_eq!(Flavour::of(&facts("fpu vmx", &modules)).kind, Kind::Pvm);
}

#[test]
fn without_modules_the_flags_decide_or_nothing_does() {
    assert_eq!(Flavour::of(&facts("vmx", &[])).kind, Kind::VtX);
    let flavour = Flavour::of(&facts("fpu", &[]));
    assert_eq!(flavour.kind, Kind::Unknown);
    assert!(says(&flavour, "names no module"));
}

#[test]
fn without_the_device_there_is_none_and_a_container_is_told_from_a_bare_host() {
    let bare = Flavour::of(&Facts::default());
    assert_eq!(bare.kind, Kind::None);
    assert!(says(&bare, "neither /dev/kvm nor"));
    let mut inside = facts("fpu svm", &[("kvm_amd", true)]);
    inside.device = false;
    let inside = Flavour::of(&inside);
    assert_eq!(inside.kind, Kind::None);
    assert!(says(&inside, "must be passed in"));
}
