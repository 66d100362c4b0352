//! Page lists.

use super::{naive, position, tables};
use crate::memory::{BulkMemory, MockRam, VmoOffset};
use crate::translate::{PageListCursor, PageSlot};
use proptest::prelude::*;
use vm_memory::GuestAddress;

fn cursor(ram: &MockRam, root: u64, levels: u32) -> PageListCursor<'_, MockRam> {
    PageListCursor::new(ram, GuestAddress(root), levels)
}

fn slot(found: Option<(u64, bool)>) -> PageSlot {
    match found {
        None => PageSlot::Absent,
        Some((start, writable)) => PageSlot::Present {
            start: GuestAddress(start),
            writable,
        },
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn it_agrees_with_the_naive_walk(
        tables in tables(),
        root in 0u64..66,
        levels in 1u32..=6,
        offset in prop_oneof![position(), any::<u64>(), 0u64..1 << 22],
        limit in 1u64..40_000,
    ) {
        let ram = tables.ram();
        let root = root * 4096;
        let mut list = cursor(&ram, root, levels);
        let mut at = offset;
        for _ in 0..10 {
            let expected = naive::page_list(&ram, root, levels, at);
            match (list.run(VmoOffset(at), limit), expected) {
                (Ok(run), Ok(found)) => {
                    prop_assert_eq!(run.slot, slot(found));
                    prop_assert!(run.length >= 1 && run.length <= limit);
                    for byte in [run.length / 2, run.length - 1] {
                        let Some(inner) = at.checked_add(byte) else { break };
                        let expected = naive::page_list(&ram, root, levels, inner);
                        let moved = found.map(|(start, writable)| (start + byte, writable));
                        prop_assert_eq!(expected, Ok(moved));
                    }
                    let Some(next) = at.checked_add(run.length) else { break };
                    at = next;
                }
                (Err(error), Err(())) => {
                    prop_assert_eq!(error.offset, VmoOffset(at));
                    break;
                }
                (got, expected) => prop_assert!(false, "{:?} {:?}", got, expected),
            }
        }
    }

    #[test]
    fn available_ends_at_the_first_page_that_is_not_there_or_not_writable(
        tables in tables(),
        root in 1u64..64,
        offset in 0u64..1 << 14,
        limit in 1u64..40_000,
        need_writable in any::<bool>(),
    ) {
        let ram = tables.ram();
        let root = root * 4096;
        let mut expected = Ok(limit);
        let starts_page = |byte: &u64| *byte == 0 || (offset + byte).is_multiple_of(4096);
        for byte in (0..limit).filter(starts_page) {
            match naive::page_list(&ram, root, 1, offset + byte) {
                Ok(Some((_, writable))) if writable || !need_writable => {}
                Ok(_) => {
                    expected = Ok(byte);
                    break;
                }
                Err(()) => {
                    expected = Err(());
                    break;
                }
            }
        }
        let got = cursor(&ram, root, 1).available(VmoOffset(offset), limit, need_writable);
        prop_assert_eq!(got.map_err(|_| ()), expected);
    }
}

#[test]
fn one_absent_entry_stands_for_its_whole_hole() {
    let ram = MockRam::new(super::RAM).unwrap();
    let run = cursor(&ram, 0x1000, 4).run(VmoOffset(5), u64::MAX).unwrap();
    assert_eq!((run.slot, run.length), (PageSlot::Absent, u64::MAX - 4));
    let run = cursor(&ram, 0, 1)
        .run(VmoOffset(u64::MAX), u64::MAX)
        .unwrap();
    assert_eq!((run.slot, run.length), (PageSlot::Absent, 1));
}

#[test]
fn a_run_ends_where_pages_stop_being_writable_even_if_they_are_contiguous() {
    let ram = MockRam::new(super::RAM).unwrap();
    for (index, entry) in [0x4003u64, 0x5003, 0x6001, 0x7001].into_iter().enumerate() {
        let at = GuestAddress(0x1000 + index as u64 * 8);
        ram.write_bytes(at, &entry.to_le_bytes()).unwrap();
    }
    let mut list = cursor(&ram, 0x1000, 1);
    for (offset, start, writable) in [(0, 0x4000, true), (0x2000, 0x6000, false)] {
        let run = list.run(VmoOffset(offset), u64::MAX).unwrap();
        assert_eq!(run.slot, slot(Some((start, writable))));
        assert_eq!(run.length, 0x2000);
    }
}
