//! The page as text; tests/inspector/watch.rs looks at it with a browser.

use super::*;
use crate::objects::mock::MockGuest;
use abi::Rights;
use abi::objects::Permissions;

/// A guest with a process that has a name like no other.
fn guest(name: &str) -> MockGuest {
    let mut guest = MockGuest::new(4 << 20).unwrap();
    let process = guest.process(name).unwrap();
    guest.thread(process, name).unwrap();
    let vmo = guest.vmo(name, 64 << 10).unwrap();
    guest.commit(vmo, 0, 32 << 10).unwrap();
    guest
        .map(process, 0x200_0000, 64 << 10, (vmo, 0), Permissions::READ)
        .unwrap();
    guest.handle(process, vmo, Rights::DEFAULT_VMO).unwrap();
    guest
}

fn page(guest: &MockGuest) -> (Report, String) {
    let report = Report::take(&mut Inspector::mock(guest)).unwrap();
    let mut page = Vec::new();
    report.write(&mut page).unwrap();
    (report, String::from_utf8(page).unwrap())
}

#[test]
fn every_object_has_its_row_and_every_frame_its_use() {
    let (report, page) = page(&guest("sample"));
    assert!(report.problems.is_empty(), "{}", report.problems);
    let summary = report.summary();
    let counts = (summary.processes, summary.threads, summary.mappings);
    assert_eq!(counts, (1, 1, 1));
    assert_eq!((summary.vmos, summary.handles), (1, 1));
    let frames: u64 = summary.frames.iter().map(|total| total.frames).sum();
    assert_eq!(frames, 1024);
    assert_eq!(report.frames.of_kind(FrameKind::Data), 8);
    assert_eq!(report.frames.of_kind(FrameKind::PageLists), 1);
    assert_eq!(report.frames.of_kind(FrameKind::PageTables), 1);
    assert_eq!(report.frames.of_kind(FrameKind::Handles), 1);
    let process = report.survey.processes.first().unwrap();
    for koid in [process.koid(), report.survey.vmos.first().unwrap().koid()] {
        assert_eq!(page.matches(&format!(" id=\"k{koid}\"")).count(), 1);
        assert!(page.matches(&format!("href=\"#k{koid}\"")).count() > 0);
    }
}

#[test]
fn a_hostile_name_is_text() {
    let (_, page) = page(&guest("</script><img src onerror=x>"));
    assert!(!page.contains("<img"));
    assert_eq!(page.matches("</script").count(), 2, "the two of the page");
    assert!(page.contains("&lt;/script&gt;&lt;img src onerror=x&gt;"));
}

#[test]
fn a_page_loads_nothing() {
    let (_, page) = page(&guest("sample"));
    for link in ["http:", "https:", "//", "url(", "@import"] {
        let outside = page.replace("// ", "").replace("\n//", "");
        assert!(!outside.contains(link), "{link}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn a_guest_without_objects_has_a_page() {
    let (report, page) = page(&MockGuest::new(1 << 20).unwrap());
    assert_eq!(report.summary().processes, 0);
    assert!(page.ends_with("</html>\n"));
}
