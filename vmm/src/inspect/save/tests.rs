//! What is saved of a made-up guest and opened again gives the same answers.

use super::super::{
    Core, Hex, InspectError, Inspector, MachineState, Origin, Output, Place, ProcessSelector,
    Segment, VcpuState,
};
use super::DumpFormat;
use crate::memory::PhysicalMemory;
use crate::objects::mock::MockGuest;
use abi::Rights;
use abi::entry::{PRESENT, WRITABLE};
use abi::layout::PAGE_SIZE;
use abi::objects::{Permissions, Vmo};
use object::LittleEndian as LE;
use object::elf::FileHeader64;
use object::read::elf::{FileHeader, ProgramHeader};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use vm_memory::GuestAddress;

/// A file that no other test uses; it is removed with this.
pub(super) struct Scratch(pub(super) PathBuf);

impl Scratch {
    pub(super) fn new(name: &str) -> Self {
        let name = format!("vmm-save-{}-{name}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Where the program has memory.
const ADDRESS: u64 = 0x2000_0000;

fn guest() -> MockGuest {
    let mut guest = MockGuest::new(4 << 20).unwrap();
    let process = guest.process("first").unwrap();
    guest.thread(process, "main").unwrap();
    let vmo = guest.user_memory(process, ADDRESS, 2 * PAGE_SIZE).unwrap();
    guest.write_user(process, ADDRESS, b"here it is").unwrap();
    guest.handle(process, vmo, Rights::READ).unwrap();
    guest
}

/// All that a survey holds, as text.
fn survey(inspector: &mut Inspector) -> String {
    let (mut survey, _) = inspector.survey().unwrap();
    assert!(survey.problems.is_empty(), "{}", survey.problems);
    // A raw image holds nothing of the machine but its RAM.
    survey.machine = MachineState::default();
    format!(
        "{:#?} {:#?} {:#?} {:#?}",
        survey.root, survey.processes, survey.vmos, survey.job
    )
}

#[test]
fn an_image_of_a_mock_answers_as_the_mock() {
    let guest = guest();
    let mut inspector = Inspector::mock(&guest);
    let expected = survey(&mut inspector);
    let paused = inspector.pause().unwrap();
    for (format, name) in [(DumpFormat::Elf, "elf"), (DumpFormat::Raw, "raw")] {
        let file = Scratch::new(name);
        let mut output = Output::create(&file.0, false).unwrap();
        let mut steps = Vec::new();
        let dump = paused
            .dump(format, &mut output, &mut |done, all| {
                steps.push((done, all))
            })
            .unwrap();
        output.finish().unwrap();
        assert_eq!(dump.bytes, fs::metadata(&file.0).unwrap().len());
        assert_eq!(dump.ram, 4 << 20);
        assert_eq!(steps.last(), Some(&(4 << 20, 4 << 20)));

        let mut image = Inspector::image(&file.0).unwrap();
        assert!(matches!(image.origin(), Origin::Image { format, .. } if *format == name));
        assert_eq!(survey(&mut image), expected, "{name}");
        let again = image.pause().unwrap();
        for page in (0..4 << 20).step_by(4096) {
            let (mut there, mut here) = ([0; 4096], [0; 4096]);
            let at = GuestAddress(page);
            paused.memory().read_bytes(at, &mut there).unwrap();
            again.memory().read_bytes(at, &mut here).unwrap();
            assert!(there == here, "{name}: page at {page:#x}");
        }
    }
}

/// A state in which every field is another.
fn state() -> MachineState {
    let mut next = 0x1000;
    let mut hex = || {
        next += 0x1111_1111;
        Hex(next)
    };
    let mut vcpu = VcpuState {
        place: Place::Program,
        cr0: hex(),
        cr2: hex(),
        cr4: hex(),
        fxsave: "ab".repeat(512),
        cs: Segment {
            selector: 0x33,
            base: hex(),
            limit: 0xFFFF_FFFF,
            flags: 0xA0_FB00,
        },
        ..VcpuState::default()
    };
    vcpu.general.rip = hex();
    vcpu.general.rsp = hex();
    vcpu.general.r15 = hex();
    vcpu.fs.base = hex();
    vcpu.gdt.base = hex();
    vcpu.gdt.limit = 0x7F;
    MachineState {
        ram: 4 << 20,
        command_line: "a b".to_owned(),
        programs: vec!["first".to_owned()],
        elapsed_ns: 77,
        vcpus: vec![vcpu],
        ..MachineState::default()
    }
}

#[test]
fn the_machines_state_is_saved_with_it_and_for_others_too() {
    let guest = guest();
    let mut expected = state();
    expected.root = Hex(guest.root().0);
    let mut inspector = Inspector::mock_machine(&guest, expected.clone());
    let paused = inspector.pause().unwrap();
    let file = Scratch::new("state");
    let mut output = Output::create(&file.0, false).unwrap();
    let dump = paused
        .dump(DumpFormat::Elf, &mut output, &mut |_, _| {})
        .unwrap();
    output.finish().unwrap();
    assert_eq!(dump.vcpus, 1);
    let mut image = Inspector::image(&file.0).unwrap();
    assert_eq!(image.pause().unwrap().machine(), &expected);

    // Without our own note, the notes of QEMU and Linux tell the same registers.
    let mut bytes = fs::read(&file.0).unwrap();
    let own = bytes
        .windows(9)
        .position(|word| word == b"VMOSCOPE\0")
        .unwrap();
    bytes[own] = b'v';
    fs::write(&file.0, bytes).unwrap();
    let mut image = Inspector::image(&file.0).unwrap();
    let paused = image.pause().unwrap();
    let machine = paused.machine();
    assert_eq!(machine.vcpus, expected.vcpus);
    assert_eq!(
        machine.root, expected.root,
        "the root block is searched for"
    );
}

#[test]
fn what_is_missing_at_the_end_is_told_and_the_rest_can_be_read() {
    let guest = guest();
    let mut inspector = Inspector::mock(&guest);
    let paused = inspector.pause().unwrap();
    let file = Scratch::new("short");
    let mut output = Output::create(&file.0, false).unwrap();
    paused
        .dump(DumpFormat::Elf, &mut output, &mut |_, _| {})
        .unwrap();
    output.finish().unwrap();
    let whole = fs::metadata(&file.0).unwrap().len();
    let cut = fs::OpenOptions::new().write(true).open(&file.0).unwrap();
    cut.set_len(whole - (1 << 20)).unwrap();
    let mut image = Inspector::image(&file.0).unwrap();
    assert_eq!(image.problems().count(), 1, "{}", image.problems());
    assert!(image.problems().told()[0].contains("1048576 bytes"));
    let (survey, _) = image.survey().unwrap();
    assert_eq!(survey.problems.count(), 1);
    assert_eq!(survey.processes.len(), 1);

    // Cut within its head, it is no image any more; never a panic.
    for length in [5, 63, 64, 100, 500] {
        cut.set_len(length).unwrap();
        let error = Inspector::image(&file.0).unwrap_err();
        assert!(
            matches!(error, InspectError::NotAnImage { .. }),
            "{length}: {error}"
        );
    }
}

/// Saves the only process; what is lacking.
fn core(guest: &MockGuest) -> (Core, Vec<u8>) {
    let mut inspector = Inspector::mock(guest);
    let process = ProcessSelector::Name("first".to_owned());
    let file = Scratch::new(&format!("core-{}", fastrand()));
    let mut output = Output::create(&file.0, false).unwrap();
    let core = inspector
        .pause()
        .unwrap()
        .core(&process, &mut output, &mut |_, _| {})
        .unwrap();
    output.finish().unwrap();
    assert_eq!(core.bytes, fs::metadata(&file.0).unwrap().len());
    let bytes = if core.bytes < 1 << 24 {
        fs::read(&file.0).unwrap()
    } else {
        Vec::new()
    };
    (core, bytes)
}

/// A number that this process has not seen.
fn fastrand() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

#[test]
fn a_core_shows_what_the_program_sees_and_says_what_it_does_not_hold() {
    let mut guest = guest();
    let process = GuestAddress(first_process(&guest));
    // Two pages of which one was touched; one page beyond the end of its VMO.
    let all = Permissions::READ | Permissions::WRITE;
    let sparse = guest.vmo("sparse", 2 * PAGE_SIZE).unwrap();
    guest.commit(sparse, PAGE_SIZE, PAGE_SIZE).unwrap();
    guest.write_vmo(sparse, PAGE_SIZE, b"second page").unwrap();
    guest
        .map(process, 0x3000_0000, 3 * PAGE_SIZE, (sparse, 0), all)
        .unwrap();
    // A page that the pager has.
    let paged = guest.pager_vmo(PAGE_SIZE).unwrap();
    guest
        .map(
            process,
            0x4000_0000,
            PAGE_SIZE,
            (paged, 0),
            Permissions::READ,
        )
        .unwrap();
    let (core, bytes) = core(&guest);
    assert_eq!((core.name.as_str(), core.threads.len()), ("first", 1));
    assert_eq!(core.written, 3 * PAGE_SIZE);
    assert_eq!(core.left_out, 2 * PAGE_SIZE);
    assert_eq!(core.problems.count(), 1, "{}", core.problems);
    assert!(core.problems.told()[0].contains("4096 bytes are still with their pager"));

    let header = FileHeader64::<LE>::parse(&*bytes).unwrap();
    let loads: Vec<_> = header
        .program_headers(LE, &*bytes)
        .unwrap()
        .iter()
        .filter(|segment| segment.p_type(LE) == object::elf::PT_LOAD)
        .map(|segment| {
            let content = segment.data(LE, &*bytes).unwrap();
            (segment.p_vaddr(LE), segment.p_memsz(LE), content.to_vec())
        })
        .collect();
    let sizes: Vec<_> = loads
        .iter()
        .map(|(address, length, content)| (*address, *length, content.len() as u64))
        .collect();
    assert_eq!(
        sizes,
        [
            (ADDRESS, 0x2000, 0x2000),
            (0x3000_0000, 0x2000, 0x2000),
            (0x3000_2000, 0x1000, 0),
            (0x4000_0000, 0x1000, 0),
        ]
    );
    assert!(loads[0].2.starts_with(b"here it is"));
    assert!(loads[1].2[..4096].iter().all(|byte| *byte == 0));
    assert!(loads[1].2[4096..].starts_with(b"second page"));
}

fn first_process(guest: &MockGuest) -> u64 {
    let root: abi::RootBlock = guest.get(guest.root()).unwrap();
    root.first_process.address()
}

#[test]
fn page_lists_that_lead_in_circles_come_to_an_end() {
    let mut guest = guest();
    let process = GuestAddress(first_process(&guest));
    let all = Permissions::READ | Permissions::WRITE;
    let vmo = guest.vmo("circle", 1 << 45).unwrap();
    let table = guest.frame().unwrap();
    guest
        .edit(table, |entries: &mut [u64; 512]| {
            *entries = [table.0 | PRESENT | WRITABLE; 512];
        })
        .unwrap();
    guest
        .edit(vmo, |vmo: &mut Vmo| {
            vmo.pages = table.0;
            vmo.levels = 5;
        })
        .unwrap();
    guest.map(process, 1 << 46, 1 << 45, (vmo, 0), all).unwrap();
    let (core, _) = core(&guest);
    assert!(!core.problems.is_empty());
    // RAM of 4 MiB, eight times at most.
    assert!(core.written <= 32 << 20, "{}", core.written);
}

#[test]
fn zeros_without_end_are_left_out() {
    let mut guest = guest();
    let process = GuestAddress(first_process(&guest));
    let vmo = guest.vmo("room", 1 << 45).unwrap();
    guest
        .map(process, 1 << 46, 1 << 45, (vmo, 0), Permissions::READ)
        .unwrap();
    let (core, bytes) = core(&guest);
    assert_eq!(core.left_out, 1 << 45);
    assert!(!bytes.is_empty());
    assert!(core.problems.told()[0].contains("never touched"));
}

#[test]
fn page_tables_that_lead_in_circles_come_to_an_end() {
    let mut guest = guest();
    let table = guest.frame().unwrap();
    for (entry, wanted) in [
        (table.0 | PRESENT | WRITABLE, "more than can be told"),
        ((1 << 40) | PRESENT, "lead outside RAM"),
    ] {
        guest
            .edit(table, |entries: &mut [u64; 512]| *entries = [entry; 512])
            .unwrap();
        let mut machine = state();
        machine.root = Hex(guest.root().0);
        machine.vcpus[0].cr3 = Hex(table.0);
        let mut inspector = Inspector::mock_machine(&guest, machine);
        let file = Scratch::new(&format!("circle-{}", fastrand()));
        let mut output = Output::create(&file.0, false).unwrap();
        let dump = inspector
            .pause()
            .unwrap()
            .dump(DumpFormat::Elf, &mut output, &mut |_, _| {})
            .unwrap();
        output.finish().unwrap();
        assert!(
            dump.problems.to_string().contains(wanted),
            "{}",
            dump.problems
        );
        let mut image = Inspector::image(&file.0).unwrap();
        let (survey, _) = image.survey().unwrap();
        assert_eq!(survey.processes.len(), 1);
    }
}

#[test]
fn a_process_that_has_ended_has_no_core() {
    let mut guest = MockGuest::new(1 << 20).unwrap();
    guest.process("first").unwrap();
    let mut inspector = Inspector::mock(&guest);
    let file = Scratch::new("ended");
    let mut output = Output::create(&file.0, false).unwrap();
    let paused = inspector.pause().unwrap();
    let name = |name: &str| ProcessSelector::Name(name.to_owned());
    let mut save = |process| paused.core(&process, &mut output, &mut |_, _| {});
    let error = save(name("first")).unwrap_err();
    assert!(matches!(error, InspectError::Refused(_)), "{error}");
    let error = save(name("second")).unwrap_err();
    assert!(matches!(error, InspectError::NotFound(_)), "{error}");
}
