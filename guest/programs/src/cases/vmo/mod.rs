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
        "sizes are rounded up to pages",
        create::sizes_are_rounded_up_to_pages,
    );
    suite.case(
        "sizes beyond the largest are refused",
        create::sizes_beyond_the_largest_are_refused,
    );
    suite.case(
        "unbounded VMOs have the largest size",
        create::unbounded_vmos_have_the_largest_size,
    );
    suite.case(
        "options are checked in order",
        create::options_are_checked_in_order,
    );
    suite.case(
        "handles get the default rights",
        create::handles_get_the_default_rights,
    );
    suite.case("get_size needs no right", create::size_needs_no_right);
    suite.case(
        "bad out pointers are INVALID_ARGS",
        create::bad_out_pointers_are_invalid_args,
    );
    suite.case("boundaries of every kind", bounds::boundaries_of_every_kind);
    suite.case(
        "OUT_OF_RANGE moves no byte",
        bounds::out_of_range_moves_no_byte,
    );
    suite.case(
        "zero length never looks at the buffer",
        bounds::zero_length_never_looks_at_the_buffer,
    );
    suite.case("the bounds come before the buffer", || {
        bounds::the_bounds_come_before_the_buffer(modes)
    });
    suite.case(
        "handles come before everything else",
        bounds::handles_come_before_everything_else,
    );
    suite.case("new pages read as zeros", data::new_pages_read_as_zeros);
    suite.case(
        "data goes and comes at many places",
        data::data_at_many_places,
    );
    suite.case(
        "sparse VMOs take far offsets",
        data::sparse_vmos_take_far_offsets,
    );
    suite.case(
        "bytes behind the stream size are ordinary",
        data::bytes_behind_the_stream_size_are_ordinary,
    );
    suite.case(
        "all handles lead to the same bytes",
        data::all_handles_lead_to_the_same_bytes,
    );
}
