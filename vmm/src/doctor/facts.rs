//! What the host's files and its CPU say about KVM, not yet judged.

use std::fs;
use std::path::Path;

/// The modules of KVM that drive a kind of virtualisation, as /sys/module names them.
const VENDOR_MODULES: [&str; 3] = ["kvm_intel", "kvm_amd", "kvm_pvm"];
/// The most of a file that is read: these are all short.
const MAX_FILE: usize = 1 << 20;

/// One of KVM's vendor modules that the host's kernel knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// Its name, such as `kvm_amd`.
    pub name: String,
    /// It was loaded, not built in, and its start has succeeded: it drives /dev/kvm.
    pub live: bool,
    /// What it says of two-dimensional paging (its parameter `ept` or `npt`).
    pub two_dimensional: Option<bool>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// There is a /dev/kvm.
    pub device: bool,
    /// The `flags` of the first CPU in /proc/cpuinfo.
    pub cpu_flags: Vec<String>,
    /// Its `vendor_id`.
    pub cpu_vendor: String,
    /// Its `model name`.
    pub cpu_model: String,
    /// KVM's vendor modules.
    pub modules: Vec<Module>,
    /// What the hypervisor below calls itself (CPUID leaf 0x4000_0000), if there is one.
    pub hypervisor: Option<String>,
    /// /sys/hypervisor/type.
    pub sys_hypervisor: Option<String>,
    /// The host's kernel (/proc/sys/kernel/osrelease).
    pub kernel: String,
}

impl Facts {
    /// Reads them from the files under `root` and from the CPU.
    #[must_use]
    pub fn read(root: &Path) -> Self {
        let cpuinfo = text(root, "proc/cpuinfo").unwrap_or_default();
        let mut facts = Self::of_cpuinfo(&cpuinfo);
        facts.device = root.join("dev/kvm").exists();
        facts.modules = VENDOR_MODULES
            .iter()
            .filter_map(|name| module(root, name))
            .collect();
        facts.hypervisor = hypervisor();
        facts.sys_hypervisor = text(root, "sys/hypervisor/type").map(trimmed);
        facts.kernel = text(root, "proc/sys/kernel/osrelease")
            .map(trimmed)
            .unwrap_or_default();
        facts
    }

    /// Those in the text of /proc/cpuinfo; its first CPU stands for all.
    #[must_use]
    pub fn of_cpuinfo(cpuinfo: &str) -> Self {
        let field = |name: &str| {
            cpuinfo.lines().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                (key.trim() == name).then(|| value.trim().to_owned())
            })
        };
        let flags = field("flags").unwrap_or_default();
        Self {
            cpu_flags: flags.split_whitespace().map(str::to_owned).collect(),
            cpu_vendor: field("vendor_id").unwrap_or_default(),
            cpu_model: field("model name").unwrap_or_default(),
            ..Self::default()
        }
    }

    /// Whether the CPU has that flag.
    #[must_use]
    pub fn has_flag(&self, name: &str) -> bool {
        self.cpu_flags.iter().any(|flag| flag == name)
    }

    /// The vendor module of that name.
    #[must_use]
    pub fn module(&self, name: &str) -> Option<&Module> {
        self.modules.iter().find(|module| module.name == name)
    }
}

/// A module that the host's kernel knows. One that is built in has no `initstate`, and is
/// listed even if it has found nothing to drive.
fn module(root: &Path, name: &str) -> Option<Module> {
    let folder = root.join("sys/module").join(name);
    folder.is_dir().then(|| Module {
        name: name.to_owned(),
        live: text(&folder, "initstate").is_some_and(|state| state.trim() == "live"),
        two_dimensional: ["parameters/ept", "parameters/npt"]
            .iter()
            .find_map(|parameter| text(&folder, parameter))
            .map(|value| matches!(value.trim(), "Y" | "1")),
    })
}

fn hypervisor() -> Option<String> {
    let cpu = raw_cpuid::CpuId::new();
    cpu.get_feature_info()?.has_hypervisor().then_some(())?;
    Some(match cpu.get_hypervisor_info()?.identify() {
        raw_cpuid::Hypervisor::Unknown(b, c, d) => {
            let bytes: Vec<u8> = [b, c, d]
                .iter()
                .flat_map(|part| part.to_le_bytes())
                .collect();
            let name = String::from_utf8_lossy(&bytes);
            let name: String = name.chars().filter(char::is_ascii_graphic).collect();
            if name.is_empty() {
                "unnamed".to_owned()
            } else {
                name
            }
        }
        known => format!("{known:?}"),
    })
}

/// The text of a short file, if it can be read.
pub(super) fn text(root: &Path, path: &str) -> Option<String> {
    let bytes = fs::read(root.join(path)).ok()?;
    let start = bytes.get(..bytes.len().min(MAX_FILE))?;
    Some(String::from_utf8_lossy(start).into_owned())
}

fn trimmed(text: String) -> String {
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_cpu_stands_for_all() {
        let facts = Facts::of_cpuinfo(
            "processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel name\t: AMD: a CPU\n\
             flags\t\t: fpu svm\n\nprocessor\t: 1\nvendor_id\t: Other\nflags\t\t: vmx\n",
        );
        assert_eq!(facts.cpu_vendor, "AuthenticAMD");
        assert_eq!(facts.cpu_model, "AMD: a CPU");
        assert!(facts.has_flag("svm") && !facts.has_flag("vmx") && !facts.has_flag("sv"));
        assert_eq!(Facts::of_cpuinfo(""), Facts::default());
    }

    #[test]
    fn modules_are_found_with_their_state() {
        let root = std::env::temp_dir().join(format!("vmoscope-facts-{}", std::process::id()));
        let amd = root.join("sys/module/kvm_amd");
        fs::create_dir_all(amd.join("parameters")).unwrap();
        fs::create_dir_all(root.join("sys/module/kvm_pvm")).unwrap();
        fs::create_dir_all(root.join("dev")).unwrap();
        fs::write(amd.join("initstate"), "live\n").unwrap();
        fs::write(amd.join("parameters/npt"), "N\n").unwrap();
        let facts = Facts::read(&root);
        fs::remove_dir_all(&root).unwrap();
        let module = |name: &str, live, two_dimensional| Module {
            name: name.to_owned(),
            live,
            two_dimensional,
        };
        let wanted = [
            module("kvm_amd", true, Some(false)),
            module("kvm_pvm", false, None),
        ];
        assert_eq!(facts.modules, wanted);
        assert!(!facts.device);
    }
}
