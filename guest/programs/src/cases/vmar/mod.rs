//! The cases of `test-vmar`, and what they share.

mod arguments;
mod beyond;
mod bytes;
mod layout;
mod place;
mod steps;
mod steps_behind;
mod steps_of_unmap;
mod unmap;

use crate::probe::Map;
use crate::regions::*;
use crate::suite::Suite;
use abi::layout::{USER_BASE, USER_TOP};

/// Bytes of the root VMAR.
const ROOT_SIZE: u64 = USER_TOP - USER_BASE;

/// A mapping request for the whole of a one-page VMO.
fn page_of(vmo: u32) -> Map {
    anywhere(vmo, 1)
}

/// Runs them all.
pub fn run(suite: &mut Suite) {
    suite.case("arguments are refused [13.1/1 13.1/4 13.1/5 13.1/6 13.1/8 13.1/9 13.1/10 13.1/12 13.1/14 13.1/16 13.1/18 13.1/21 13.1/24 19.2/1 22/24 22/25]", arguments::arguments_are_refused);
    suite.case(
        "rights limit permissions [13.1/3 13.1/6]",
        arguments::rights_limit_permissions,
    );
    suite.case(
        "the user range ends where it should [19.2/2 19.2/3]",
        place::the_user_range_ends_where_it_should,
    );
    suite.case(
        "specific takes the place or nothing [13.1/17 22/25]",
        place::specific_takes_the_place_or_nothing,
    );
    suite.case(
        "overwrite replaces a part [13.1/25]",
        place::overwrite_replaces_a_part,
    );
    suite.case(
        "upper limit and alignment are kept [13.1/34]",
        place::upper_limit_and_alignment_are_kept,
    );
    suite.case(
        "a bad address pointer maps nothing [2.3/2 13.1/20]",
        arguments::a_bad_address_pointer_maps_nothing,
    );
    suite.case(
        "fresh mappings read as zeros [7/4]",
        bytes::fresh_mappings_read_as_zeros,
    );
    suite.case(
        "mappings and calls show the same bytes [4.3/5 4.3/6 7/12]",
        bytes::mappings_and_calls_show_the_same_bytes,
    );
    suite.case(
        "two mappings show the same bytes",
        bytes::two_mappings_show_the_same_bytes,
    );
    suite.case("permissions hold [3/4 22/4]", bytes::permissions_hold);
    suite.case(
        "a mapping keeps its VMO [7/13]",
        bytes::a_mapping_keeps_its_vmo,
    );
    suite.case(
        "mappings may reach beyond the VMO [3/5 13.1/23 13.1/28 13.1/29]",
        bytes::mappings_may_reach_beyond_the_vmo,
    );
    suite.case(
        "unmap refuses bad ranges [13.3/1 13.3/2 13.3/4]",
        unmap::unmap_refuses_bad_ranges,
    );
    suite.case(
        "unmap cuts mappings [13.3/2 13.3/9 13.3/10]",
        unmap::unmap_cuts_mappings,
    );
    suite.case(
        "a place can be used again",
        place::a_place_can_be_used_again,
    );
    steps::run(suite);
    steps_behind::run(suite);
    steps_of_unmap::run(suite);
    beyond::run(suite);
    layout::run(suite);
}
