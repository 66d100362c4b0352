//! The cases of `test-vdso`, and what they share.

mod access;
mod call;
mod functions;
mod image;

use crate::modes::Modes;
use crate::suite::{Failure, Suite};
use libzx::vdso::{self, Image};
use libzx::{Call, Vmo, startup};

fn failure(why: &str) -> Failure {
    Failure::new(format_args!("{why}"))
}

/// The vDSO as it is mapped here.
fn image() -> Result<Image, Failure> {
    vdso::image().ok_or_else(|| failure("there is no vDSO"))
}

/// The addresses of its data and of its code.
fn segments() -> Result<[(u64, u64); 2], Failure> {
    let image = image()?;
    let code = image.code().ok_or_else(|| failure("it has no code"))?;
    let data = (image.base() as u64, image.data().len() as u64);
    Ok([data, (code.start as u64, code.len() as u64)])
}

/// Its VMO, by the handle that every program is given.
fn vmo() -> Result<core::mem::ManuallyDrop<Vmo>, Failure> {
    startup()
        .vdso()
        .ok_or_else(|| failure("no handle of the vDSO among the first ones"))
}

/// The address of a function that it exports.
fn symbol(name: &str) -> Result<usize, Failure> {
    let missing = || Failure::new(format_args!("the vDSO does not export {name}"));
    vdso::symbol(name).ok_or_else(missing)
}

/// Where the stub of a call starts.
fn stub(call: Call) -> Result<u64, Failure> {
    let [_, (code, _)] = segments()?;
    Ok(code + u64::from(call.number()) * abi::vdso::STUB_SIZE)
}

/// Runs them all.
pub fn run(suite: &mut Suite, modes: Modes) {
    suite.case(
        "it is an ELF shared object of two segments [18/1]",
        image::it_is_an_elf_shared_object_of_two_segments,
    );
    suite.case(
        "every call has two names for its stub",
        image::every_call_has_two_names_for_its_stub,
    );
    suite.case(
        "its base is the address that the program is given [18/2]",
        image::its_base_is_the_address_that_the_program_is_given,
    );
    suite.case(
        "functions can be called by their names",
        functions::functions_can_be_called_by_their_names,
    );
    suite.case("statuses have names", functions::statuses_have_names);
    suite.case("deadlines saturate", functions::deadlines_saturate);
    suite.case(
        "arguments and results go where C has them [19.1/1]",
        call::arguments_and_results_go_where_c_has_them,
    );
    suite.case(
        "registers are kept or zeroed [19.1/2 19.1/3]",
        call::registers_are_kept_or_zeroed,
    );
    suite.case(
        "the handle cannot write and can execute [18/3]",
        access::the_handle_cannot_write_and_can_execute,
    );
    suite.case("the VMO holds the image", access::the_vmo_holds_the_image);
    suite.case(
        "both segments are only for reading",
        access::both_segments_are_only_for_reading,
    );
    suite.case("the process can be read there", || {
        access::the_process_can_be_read_there()
    });
    suite.case(
        "neither segment can be written from outside [18/11 6.4/2 6.1/8]",
        || access::neither_segment_can_be_written_from_outside(modes),
    );
    suite.case("nor can those of another process [6.4/1 6.4/2]", || {
        access::anothers_neither(modes)
    });
    suite.case(
        "a write that starts below does not reach it [6.4/3]",
        || access::a_write_that_starts_below_does_not_reach_it(modes),
    );
}
