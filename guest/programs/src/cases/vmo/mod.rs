//! The cases of `test-vmo`.

mod bounds;
mod create;
mod data;

use crate::modes::Modes;
use crate::suite::Suite;

use libzx::VmoOptions;

const RESIZABLE: u32 = VmoOptions::RESIZABLE.bits();
const UNBOUNDED: u32 = VmoOptions::UNBOUNDED.bits();

/// Runs them all.
pub fn run(suite: &mut Suite, modes: Modes) {
    suite.case(
        "sizes are rounded up to pages [7/1 8.1/10 9.1/2]",
        create::sizes_are_rounded_up_to_pages,
    );
    suite.case(
        "sizes beyond the largest are refused [8.1/3]",
        create::sizes_beyond_the_largest_are_refused,
    );
    suite.case(
        "unbounded VMOs have the largest size [8.1/8 9.1/3]",
        create::unbounded_vmos_have_the_largest_size,
    );
    suite.case(
        "options are checked in order [8.1/2 8.1/3 8.1/4 23/44 23/45]",
        create::options_are_checked_in_order,
    );
    suite.case(
        "handles get the default rights [8.1/7 8.1/11]",
        create::handles_get_the_default_rights,
    );
    suite.case(
        "get_size needs no right [9.1/1]",
        create::size_needs_no_right,
    );
    suite.case(
        "bad out pointers are INVALID_ARGS [2.3/2 3/1 8.1/9 9.1/5]",
        create::bad_out_pointers_are_invalid_args,
    );
    suite.case("boundaries of every kind [4.1/3 4.1/5 4.1/11 4.2/1 4.2/2 4.2/3 4.2/4 4.2/5 4.2/6 4.2/8 4.2/17 4.2/18 4.4/1 4.4/2 4.4/14 22/5 22/7 23/3 23/5 23/9]", bounds::boundaries_of_every_kind);
    suite.case(
        "OUT_OF_RANGE moves no byte [4.1/5 4.2/7 23/5]",
        bounds::out_of_range_moves_no_byte,
    );
    suite.case(
        "zero length never looks at the buffer [3/11 4.1/6 4.2/16 23/6 23/40]",
        bounds::zero_length_never_looks_at_the_buffer,
    );
    suite.case(
        "the bounds come before the buffer [3/10 4.2/15 22/2 22/2z 23/39]",
        || bounds::the_bounds_come_before_the_buffer(modes),
    );
    suite.case(
        "handles come before everything else [2.2/1 2.2/3 3/10 23/1 23/33 23/34]",
        bounds::handles_come_before_everything_else,
    );
    suite.case(
        "new pages read as zeros [7/4]",
        data::new_pages_read_as_zeros,
    );
    suite.case(
        "data goes and comes at many places [4.1/8 4.2/12 4.4/1]",
        data::data_at_many_places,
    );
    suite.case(
        "sparse VMOs take far offsets [4.2/17 4.2/18 4.4/14 7/5 7/6]",
        data::sparse_vmos_take_far_offsets,
    );
    suite.case(
        "bytes behind the stream size are ordinary [4.1/11 4.2/9 4.2/10 7/3]",
        data::bytes_behind_the_stream_size_are_ordinary,
    );
    suite.case(
        "all handles lead to the same bytes",
        data::all_handles_lead_to_the_same_bytes,
    );
}
