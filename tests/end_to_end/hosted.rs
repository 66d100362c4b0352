//! Without `/dev/kvm`: a run goes QEMU-hosted by itself, and leaves nothing behind.
//!
//! The device is hidden in a mount namespace of the test's own, so that these tests mean
//! the same on every machine.

use super::common_hosted::not_hosted;
use super::doctor::{at, findings};
use super::machine::{Output, output, vmm};
use super::{Outcome, Tests};
use libtest_mimic::Failed;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use vmm::boot::builtin_program;

/// A Linux comes up and goes, on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

/// Puts a /dev without kvm over the real one, then becomes the command.
const HIDE: &str = r#"set -e
mount -t tmpfs none /mnt
for node in null zero random urandom; do
    : >/mnt/$node
    mount --bind /dev/$node /mnt/$node
done
ln -s /proc/self/fd /mnt/fd
mount --rbind /mnt /dev
exec "$@""#;

pub(crate) fn tests(tests: &mut Tests) {
    tests.hosted("hosted::without_kvm_the_demo_runs_by_itself", demo);
    tests.hosted("hosted::files_arguments_and_codes_go_through", through);
    tests.hosted("hosted::a_suite_goes_in_and_its_report_comes_out", suite);
    tests.hosted("hosted::ctrl_c_leaves_nothing_behind", interrupt);
    tests.hosted("hosted::backend_kvm_insists", insists);
    tests.hosted("hosted::doctor_says_that_it_will_be_so", doctor);
}

/// Why there can be no such run here; `None` if there can.
pub(crate) fn impossible() -> Option<String> {
    if let Some(reason) = not_hosted() {
        return Some(reason);
    }
    let hides = hidden(Path::new("true"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    (!hides).then(|| "unshare cannot make a mount namespace here".to_owned())
}

/// A program where there is no /dev/kvm.
fn hidden(program: &Path) -> Command {
    let mut command = Command::new("unshare");
    // As an ordinary user, this needs a user namespace, too.
    if fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) != 0) {
        command.arg("--map-root-user");
    }
    command
        .args(["--mount", "sh", "-c", HIDE, "sh"])
        .arg(program);
    command.env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

fn run(args: &[&str]) -> Result<Output, Failed> {
    let mut command = hidden(Path::new(vmm().get_program()));
    command.args(args);
    output(command, LIMIT)
}

/// A folder of the test's own, removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Result<Self, Failed> {
        let name = format!("vmoscope-hosted-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays behind in the folder for temporary files does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The README's first command.
fn demo() -> Outcome {
    let output = run(&["run"])?;
    output.expect_code(0)?;
    output.expect_line("demo: all 8 steps ok")?;
    output.expect_line("target: I may write neither of the two: true")?;
    output.expect(
        output.stderr.lines().count() == 1,
        "one line should say what happens",
    )?;
    output.expect_stderr("there is no /dev/kvm: going QEMU-hosted")?;
    Ok(())
}

/// A file that is called like a built-in program is told apart from it inside, too.
fn through() -> Outcome {
    let folder = Folder::new("through")?;
    let program = builtin_program("hello").ok_or("no program hello")?;
    fs::write(folder.0.join("own"), program)?;
    fs::write(folder.0.join("hello"), "not a program")?;
    let mut command = hidden(Path::new(vmm().get_program()));
    command.current_dir(&folder.0);
    command.args(["run", "./own", "hello", "--mem=128M", "--"]);
    command.args(["7", "two words", "--mem", "it's", "hello"]);
    let output = output(command, LIMIT)?;
    output.expect_code(7)?;
    output.expect_line("hello from own 7 two words --mem it's hello")?;
    output.expect_line("hello from hello")?;
    Ok(())
}

/// A folder with a manifest goes in, and a report comes out.
fn suite() -> Outcome {
    let folder = Folder::new("suite")?;
    let program = builtin_program("hello").ok_or("no program hello")?;
    let guests = folder.0.join("guests");
    fs::create_dir_all(guests.join("below"))?;
    fs::write(guests.join("one"), program)?;
    fs::write(guests.join("below/two"), program)?;
    let manifest = "[[test]]\nprogram = 'one'\nargs = ['3']\n";
    fs::write(guests.join("vmm-test.toml"), manifest)?;
    let mut command = hidden(Path::new(vmm().get_program()));
    command.current_dir(&folder.0);
    command.args(["test", "guests", "--output", "report.xml"]);
    let output = output(command, LIMIT)?;
    output.expect_code(1)?;
    output.expect_stdout("FAIL one ")?;
    output.expect_stdout("pass below/two ")?;
    let report = fs::read_to_string(folder.0.join("report.xml"))?;
    let failed = report.matches("<failure ").count();
    let named = report.contains("classname=\"below/two\"");
    output.expect(failed == 1 && named, &report)?;
    let mut command = hidden(Path::new(vmm().get_program()));
    command.current_dir(&guests);
    command.args(["test", "../guests"]);
    let output = super::machine::output(command, LIMIT)?;
    output.expect_code(2)?;
    output.expect_stderr("cannot be carried into QEMU")?;
    Ok(())
}

fn interrupt() -> Outcome {
    let folder = Folder::new("interrupt")?;
    let mut command = hidden(Path::new("timeout"));
    command.env("TMPDIR", &folder.0);
    command.args(["--signal=INT", "--preserve-status", "3"]);
    command.arg(vmm().get_program()).args(["run", "spin"]);
    let output = output(command, LIMIT)?;
    output.expect_code(130)?;
    let files = fs::read_dir(&folder.0)?.count();
    output.expect(files == 0, "its files should be gone")?;
    // Every process of the run has the folder in its arguments or its environment.
    let left = processes_that_mention(folder.0.as_os_str());
    output.expect(left.is_empty(), &format!("processes are left: {left:?}"))?;
    Ok(())
}

/// The ids of all processes with that text in their arguments or environment.
fn processes_that_mention(text: &OsStr) -> Vec<PathBuf> {
    let text = text.as_encoded_bytes();
    let mentions = |file: PathBuf| {
        fs::read(file).is_ok_and(|bytes| bytes.windows(text.len()).any(|part| part == text))
    };
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    all.map(|entry| entry.path())
        .filter(|path| mentions(path.join("cmdline")) || mentions(path.join("environ")))
        .collect()
}

fn insists() -> Outcome {
    let output = run(&["run", "--backend", "kvm", "hello"])?;
    output.expect_code(69)?;
    output.expect_stderr("there is no /dev/kvm")?;
    output.expect(output.stdout.is_empty(), "nothing should have run")?;
    Ok(())
}

fn doctor() -> Outcome {
    let output = run(&["doctor", "--json"])?;
    let found = findings(&output)?;
    output.expect(
        at(&found, "/verdict/backend") == "qemu",
        "it should say qemu",
    )?;
    output.expect(
        at(&found, "/flavour/kind") == "none",
        "there should be no KVM",
    )?;
    output.expect(at(&found, "/trial").is_null(), "nothing can have run")?;
    Ok(())
}
