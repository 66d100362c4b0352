use super::*;
use crate::inspect::{InspectError, Rule, WriteRequest, Written};
use abi::layout::USER_BASE;
use abi::objects::Permissions;

const AT: u64 = USER_BASE + 0x10_0000;

/// What comes of writing to a mock, which cannot be written to: the refusal tells whether
/// the rules let it through.
fn attempt(guest: &MockGuest, place: &str, at: u64, bytes: &[u8], force: bool) -> String {
    look(guest, |paused, survey| {
        let request = WriteRequest {
            space: selector(place),
            address: at,
            bytes: bytes.to_vec(),
            force,
        };
        match paused.write(survey, &request) {
            Ok(Written { .. }) => panic!("a mock was written to"),
            Err(InspectError::Refused(reason)) => reason,
            Err(error) => panic!("{error}"),
        }
    })
}

const ALLOWED: &str = "only a live VM can be written to";

fn assert_forbidden(guest: &MockGuest, place: &str, at: u64, rule: &str) {
    let reason = attempt(guest, place, at, b"12", false);
    assert!(reason.contains(rule), "{place} {at:#x}: {reason}");
    assert!(reason.contains("--force"), "{reason}");
    let reason = attempt(guest, place, at, b"12", true);
    assert!(reason.contains(ALLOWED), "{place} {at:#x}: {reason}");
}

fn assert_allowed(guest: &MockGuest, place: &str, at: u64, bytes: &[u8]) {
    let reason = attempt(guest, place, at, bytes, false);
    assert!(reason.contains(ALLOWED), "{place} {at:#x}: {reason}");
}

fn assert_impossible(guest: &MockGuest, place: &str, at: u64, bytes: &[u8], gap: &str) {
    for force in [false, true] {
        let reason = attempt(guest, place, at, bytes, force);
        assert!(reason.contains(gap), "{place} {at:#x}: {reason}");
        assert!(reason.contains("nothing was stored"), "{reason}");
    }
}

#[test]
fn what_a_program_may_write_may_be_written_by_any_of_its_names() {
    let (mut guest, process) = guest();
    let vmo = guest.user_memory(process, AT, 8192).unwrap();
    assert_allowed(&guest, "p", AT + 4000, &[1; 200]);
    assert_allowed(&guest, "vmo:memory", 4000, &[1; 200]);
    let frame = frame_of(&mut guest, vmo, 0);
    assert_allowed(&guest, "phys", frame.0, &[1; 4096]);
}

#[test]
fn what_a_mapping_forbids_needs_force() {
    let (mut guest, process) = guest();
    let vmo = guest.vmo("v", 4096).unwrap();
    guest.commit(vmo, 0, 4096).unwrap();
    guest
        .map(process, AT, 4096, (vmo, 0), Permissions::READ)
        .unwrap();
    let frame = frame_of(&mut guest, vmo, 0);
    guest.map_page(process, AT, frame, false).unwrap();
    assert_forbidden(&guest, "p", AT, "may not write there");
    // The VMO itself can be written.
    assert_allowed(&guest, "vmo:v", 0, b"x");
}

#[test]
fn a_page_that_the_program_has_not_met_needs_force() {
    let (mut guest, process) = guest();
    let vmo = guest.vmo("v", 2 * 4096).unwrap();
    guest.commit(vmo, 0, 4096).unwrap();
    let both = Permissions::READ | Permissions::WRITE;
    guest.map(process, AT, 8192, (vmo, 0), both).unwrap();
    assert_forbidden(&guest, "p", AT, "was not there yet");
    assert_impossible(&guest, "p", AT + 4096, b"x", "no page yet");
    // All or nothing, wherever the hole is.
    assert_impossible(&guest, "p", AT + 4095, b"xy", "no page yet");
    assert_impossible(&guest, "vmo:v", 4095, b"xy", "no page yet");
    assert_impossible(&guest, "vmo:v", 8190, b"xyz", "no page yet");
    assert_impossible(&guest, "vmo:v", 8192, b"xyz", "beyond the end");
    assert_impossible(&guest, "p", AT + 8192, b"x", "not mapped");
}

#[test]
fn a_page_that_others_show_needs_force() {
    let (mut guest, _) = guest();
    let vmo = guest.vmo("first", 4096).unwrap();
    guest.commit(vmo, 0, 4096).unwrap();
    let other = guest.vmo("second", 4096).unwrap();
    let frame = guest.share(vmo, 0, other).unwrap();
    for place in ["vmo:first", "vmo:second"] {
        assert_forbidden(&guest, place, 16, "copy-on-write");
    }
    assert_forbidden(&guest, "phys", frame.0, "copy-on-write");
    // A clone without a page of its own shows its source's.
    let source = guest.vmo("source", 4096).unwrap();
    guest.commit(source, 0, 4096).unwrap();
    guest.look_through(source, 0, 4096, 4096).unwrap();
    assert_forbidden(&guest, "vmo:child", 0, "copy-on-write");
    assert_allowed(&guest, "vmo:source", 0, b"x");
}

#[test]
fn what_a_pager_has_not_supplied_cannot_be_written() {
    let (mut guest, _) = guest();
    guest.pager_vmo(8192).unwrap();
    assert_impossible(&guest, "vmo:paged", 0, b"x", "pager has yet");
}

#[test]
fn the_kernels_own_structures_need_force() {
    let (mut guest, process) = guest();
    guest.user_memory(process, AT, 4096).unwrap();
    let table = guest
        .get::<abi::objects::Process>(process)
        .unwrap()
        .page_table;
    for at in [guest.root().0, process.0, table, guest.call_page().0] {
        assert_forbidden(&guest, "phys", at, "no data of a program");
    }
    // Page tables that were made to lead to one.
    let at = GuestAddress(process.0 & !0xFFF);
    guest.map_page(process, AT, at, true).unwrap();
    assert_forbidden(&guest, "p", AT, "no data of a program");
    assert_impossible(&guest, "phys", 4 * MIB - 1, b"xy", "not RAM");
}

#[test]
fn a_rule_reads_as_what_it_is() {
    let rule = Rule::NotData {
        owner: "root block".to_owned(),
    };
    assert!(rule.to_string().ends_with("root block"));
    assert_eq!(
        serde_json::to_value(&rule).unwrap(),
        serde_json::json!({"rule": "not_data", "owner": "root block"})
    );
}
