//! QEMU-hosted: what that way to run needs, and what of it is here.

use serde::Serialize;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Set in the Linux under QEMU: there, `vmm` must never go QEMU-hosted again.
pub const NEVER_NEST: &str = "VMOSCOPE_QEMU_HOSTED";

/// Programs that `scripts/qemu-hosted` cannot do without and that a small system may
/// lack, each with the package to install.
const NEEDED: [(&str, &str); 3] = [
    ("qemu-system-x86_64", "qemu-system-x86"),
    ("cpio", "cpio"),
    ("bash", "bash"),
];
/// Programs that fetch a Linux to run, likewise.
const FETCHING: [(&str, &str); 3] = [
    ("apt-get", "apt"),
    ("apt-cache", "apt"),
    ("dpkg-deb", "dpkg"),
];

/// The way out where no Linux can be fetched.
const GIVE_A_LINUX: &str = "without apt, set VMOSCOPE_QEMU_KERNEL to a Linux kernel image, \
                            VMOSCOPE_QEMU_MODULES to the folder of its modules and \
                            VMOSCOPE_QEMU_BUSYBOX to a static busybox";

/// Where things are looked for; a part of the environment.
#[derive(Clone, Debug, Default)]
pub struct Setting {
    /// `PATH`.
    pub path: OsString,
    /// Where `scripts/qemu-hosted` keeps what it has fetched.
    pub cache: PathBuf,
    /// `VMOSCOPE_QEMU_KERNEL`.
    pub kernel: Option<PathBuf>,
    /// `VMOSCOPE_QEMU_BUSYBOX`.
    pub busybox: Option<PathBuf>,
    /// We are in the Linux under QEMU already.
    pub inside: bool,
}

impl Setting {
    /// That of this process.
    #[must_use]
    pub fn here() -> Self {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let home = || PathBuf::from(variable("HOME").unwrap_or_else(|| "/tmp".into()));
        let cache = variable("XDG_CACHE_HOME").map_or_else(|| home().join(".cache"), PathBuf::from);
        Self {
            path: variable("PATH").unwrap_or_default(),
            cache: cache.join("vmoscope"),
            kernel: variable("VMOSCOPE_QEMU_KERNEL").map(PathBuf::from),
            busybox: variable("VMOSCOPE_QEMU_BUSYBOX").map(PathBuf::from),
            inside: variable(NEVER_NEST).is_some(),
        }
    }
}

/// A program that is needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tool {
    /// Its name.
    pub name: &'static str,
    /// Where it is; `None` if it is missing.
    pub path: Option<PathBuf>,
    /// The package that has it, in Debian's and Ubuntu's words.
    pub package: &'static str,
}

/// Where the Linux that is run under QEMU comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Linux {
    /// Environment variables name it.
    Given,
    /// It was fetched before.
    Cached,
    /// It will be fetched at the first start.
    Fetched,
    /// There is none, and no way to fetch one.
    Missing,
}

/// What there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hosted {
    /// `vmm run --backend qemu` has all that it needs.
    pub usable: bool,
    /// QEMU's version.
    pub qemu_version: Option<String>,
    /// The programs.
    pub tools: Vec<Tool>,
    /// The Linux.
    pub linux: Linux,
    /// We are in the Linux under QEMU, where this way is closed.
    pub inside: bool,
    /// What to do where it is not usable, a step each.
    pub advice: Vec<String>,
}

impl Hosted {
    /// Looks for everything, and asks QEMU for its version.
    #[must_use]
    pub fn find(setting: &Setting) -> Self {
        let mut found = Self::look(setting);
        found.qemu_version = found
            .tools
            .iter()
            .find(|tool| tool.name.starts_with("qemu"))
            .and_then(|tool| version(tool.path.as_deref()?));
        found
    }

    /// Looks for everything; starts nothing.
    #[must_use]
    pub fn look(setting: &Setting) -> Self {
        let tool = |(name, package)| Tool {
            name,
            path: which(&setting.path, name),
            package,
        };
        let tools: Vec<Tool> = NEEDED.into_iter().map(tool).collect();
        let fetching = FETCHING.into_iter().map(tool);
        let linux = linux(
            setting,
            fetching.into_iter().all(|tool| tool.path.is_some()),
        );
        let missing: Vec<&str> = tools
            .iter()
            .filter(|tool| tool.path.is_none())
            .map(|tool| tool.package)
            .collect();
        let mut advice = Vec::new();
        if !missing.is_empty() {
            advice.push(format!("sudo apt-get install {}", missing.join(" ")));
        }
        if linux == Linux::Missing {
            advice.push(GIVE_A_LINUX.to_owned());
        }
        if setting.inside {
            // This way is closed whatever is installed.
            advice.clear();
        }
        Self {
            usable: missing.is_empty() && linux != Linux::Missing && !setting.inside,
            qemu_version: None,
            tools,
            linux,
            inside: setting.inside,
            advice,
        }
    }
}

fn linux(setting: &Setting, can_fetch: bool) -> Linux {
    let fetched = |name: &str| {
        let folder = setting.cache.join("packages").join(name);
        !name.is_empty() && folder.join(".complete").exists()
    };
    let name = fs::read_to_string(setting.cache.join("kernel-package")).unwrap_or_default();
    let parts = [
        (setting.kernel.is_some(), fetched(name.trim())),
        (setting.busybox.is_some(), fetched("busybox-static")),
    ];
    let all = |test: fn(&(bool, bool)) -> bool| parts.iter().all(test);
    if all(|(given, _)| *given) {
        Linux::Given
    } else if all(|(given, cached)| *given || *cached) {
        Linux::Cached
    } else if can_fetch {
        Linux::Fetched
    } else {
        Linux::Missing
    }
}

/// The first program of that name in the folders of `path`.
fn which(path: &OsString, name: &str) -> Option<PathBuf> {
    let runs = |file: &PathBuf| {
        fs::metadata(file)
            .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    };
    std::env::split_paths(path)
        .filter(|folder| !folder.as_os_str().is_empty())
        .map(|folder| folder.join(name))
        .find(runs)
}

fn version(qemu: &Path) -> Option<String> {
    let output = Command::new(qemu)
        .arg("--version")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    version_in(&String::from_utf8_lossy(&output.stdout))
}

/// The version in what `qemu-system-x86_64 --version` prints.
fn version_in(text: &str) -> Option<String> {
    let (_, rest) = text.lines().next()?.split_once("version ")?;
    rest.split_whitespace().next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of programs, removed when dropped.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str, programs: &[&str]) -> Self {
            let name = format!("vmoscope-hosted-{}-{name}", std::process::id());
            let folder = Self(std::env::temp_dir().join(name));
            fs::create_dir_all(&folder.0).unwrap();
            for program in programs {
                let path = folder.0.join(program);
                fs::write(&path, "").unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            }
            folder
        }

        fn setting(&self) -> Setting {
            Setting {
                path: self.0.clone().into_os_string(),
                cache: self.0.join("cache"),
                ..Setting::default()
            }
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    const TOOLS: [&str; 3] = ["qemu-system-x86_64", "cpio", "bash"];
    const ALL: [&str; 6] = [
        "qemu-system-x86_64",
        "cpio",
        "bash",
        "apt-get",
        "apt-cache",
        "dpkg-deb",
    ];

    #[test]
    fn with_everything_there_the_linux_is_fetched() {
        let folder = Folder::new("all", &ALL);
        let hosted = Hosted::look(&folder.setting());
        assert_eq!((hosted.usable, hosted.linux), (true, Linux::Fetched));
    }

    #[test]
    fn what_is_missing_is_named_by_its_package() {
        let folder = Folder::new("bare", &["bash", "apt-get", "apt-cache", "dpkg-deb"]);
        let hosted = Hosted::look(&folder.setting());
        assert!(!hosted.usable);
        assert_eq!(hosted.advice, ["sudo apt-get install qemu-system-x86 cpio"]);
    }

    #[test]
    fn without_apt_a_linux_must_be_given_or_cached() {
        let folder = Folder::new("no-apt", &TOOLS);
        let mut setting = folder.setting();
        let hosted = Hosted::look(&setting);
        assert_eq!((hosted.usable, hosted.linux), (false, Linux::Missing));
        assert!(hosted.advice.join(" ").contains("VMOSCOPE_QEMU_KERNEL"));

        for package in ["linux-image-1", "busybox-static"] {
            let place = setting.cache.join("packages").join(package);
            fs::create_dir_all(&place).unwrap();
            fs::write(place.join(".complete"), "").unwrap();
        }
        assert_eq!(Hosted::look(&setting).linux, Linux::Missing);
        fs::write(setting.cache.join("kernel-package"), "linux-image-1\n").unwrap();
        assert_eq!(Hosted::look(&setting).linux, Linux::Cached);

        setting.kernel = Some("vmlinuz".into());
        setting.busybox = Some("busybox".into());
        assert_eq!(Hosted::look(&setting).linux, Linux::Given);
    }

    #[test]
    fn inside_it_is_closed() {
        let folder = Folder::new("inside", &ALL);
        let setting = Setting {
            inside: true,
            ..folder.setting()
        };
        let hosted = Hosted::look(&setting);
        assert!(!hosted.usable && hosted.advice.is_empty());
    }

    #[test]
    fn a_file_that_may_not_be_run_is_no_program() {
        let folder = Folder::new("mode", &TOOLS);
        let cpio = folder.0.join("cpio");
        fs::set_permissions(&cpio, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(which(&folder.setting().path, "cpio"), None);
        assert!(which(&folder.setting().path, "bash").is_some());
    }

    #[test]
    fn qemus_version_is_found() {
        let text = "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)\nCopyright (c)\n";
        assert_eq!(version_in(text).as_deref(), Some("7.2.22"));
        assert_eq!(version_in("something else"), None);
    }
}
