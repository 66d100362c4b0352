//! Page tables.

use super::{RAM, Tables, naive, position, tables};
use crate::memory::GuestVirtAddr;
use crate::translate::{Access, AddressSpace, PageCursor, translate};
use proptest::prelude::*;

fn accesses() -> impl Strategy<Value = Access> {
    prop::sample::select(&[Access::Read, Access::Write, Access::Execute][..])
}

/// An address in either half, or in none.
fn address() -> impl Strategy<Value = u64> {
    prop_oneof![
        8 => position().prop_map(|position| position % (1 << 47)),
        2 => position().prop_map(|position| (position % (1 << 47)) | 0xFFFF_8000_0000_0000),
        1 => position(),
        1 => any::<u64>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn it_agrees_with_the_naive_walk(
        tables in tables(),
        root in 0u64..66,
        addresses in prop::collection::vec(address(), 20),
        access in accesses(),
    ) {
        let ram = tables.ram();
        let root = root * 4096;
        for address in addresses {
            let got = translate(&ram, AddressSpace::new(root), GuestVirtAddr(address), access);
            let expected = naive::translate(&ram, root, address, access);
            match (got, expected) {
                (Ok(run), Ok((physical, size))) => {
                    prop_assert_eq!(run.start.0, physical);
                    let rest = (size - address % size).min(RAM - physical);
                    prop_assert_eq!(run.length, rest);
                }
                (Err(fault), Err(reason)) => {
                    prop_assert_eq!(fault.reason, reason);
                    prop_assert_eq!(fault.address.0, address);
                    prop_assert_eq!(fault.root.0, root);
                    prop_assert_eq!(fault.access, access);
                }
                (got, expected) => prop_assert!(false, "{:?} {:?}", got, expected),
            }
        }
    }

    #[test]
    fn a_cursor_says_of_each_byte_of_a_range_what_a_walk_says(
        tables in tables(),
        root in 0u64..64,
        start in address(),
        limit in 1u64..40_000,
        access in accesses(),
    ) {
        check_range(tables, root * 4096, start, limit, access)?;
    }
}

fn check_range(
    tables: Tables,
    root: u64,
    start: u64,
    limit: u64,
    access: Access,
) -> Result<(), TestCaseError> {
    let ram = tables.ram();
    let space = AddressSpace::new(root);
    let mut cursor = PageCursor::new(&ram, space, access);
    let mut done = 0;
    let mut hole = None;
    while done < limit {
        let Some(at) = start.checked_add(done) else {
            break;
        };
        match cursor.run(GuestVirtAddr(at), limit - done) {
            Ok(run) => {
                prop_assert!(run.length >= 1 && run.length <= limit - done);
                for byte in [0, run.length / 2, run.length - 1] {
                    let plain = translate(&ram, space, GuestVirtAddr(at + byte), access);
                    prop_assert_eq!(plain.map(|plain| plain.start.0), Ok(run.start.0 + byte));
                }
                done += run.length;
            }
            Err(fault) => {
                let plain = translate(&ram, space, GuestVirtAddr(at), access);
                prop_assert_eq!(plain, Err(fault));
                hole = Some(fault);
                break;
            }
        }
    }
    let mut cursor = PageCursor::new(&ram, space, access);
    prop_assert_eq!(cursor.accessible(GuestVirtAddr(start), limit), (done, hole));
    Ok(())
}
