//! The cases of `test-process-memory`.

mod checks;
mod others;
mod private;
mod read;
mod target;
mod write;

use crate::expect_eq;
use crate::modes::Modes;
use crate::suite::{Failure, Outcome, Suite};
use crate::victim;
use libzx::{Status, startup};
use target::Target;

fn on_any_process(suite: &mut Suite, target: &Target, modes: Modes) {
    let mut case = |name: &str, body: &dyn Fn() -> Outcome| {
        let title = crate::text::Text::new(format_args!("{}: {name}", target.name));
        suite.case(title.as_str(), body);
    };
    case("reads what is there", &|| read::reads_what_is_there(target));
    case("reads are short at the end of a mapping", &|| {
        read::reads_are_short_at_the_end_of_a_mapping(target)
    });
    case("reads are short at the end of the VMO", &|| {
        read::reads_are_short_at_the_end_of_the_vmo(target)
    });
    case("permissions of the mapping do not matter", &|| {
        checks::permissions_of_the_mapping_do_not_matter(target, modes)
    });
    case("nothing there is NO_MEMORY", &|| {
        checks::nothing_there_is_no_memory(target, modes)
    });
    case("sizes up to 64 MiB", &|| {
        checks::sizes_up_to_64_mib(target, modes)
    });
    case("handles are checked", &|| {
        checks::handles_are_checked(target, modes)
    });
    case("bad buffers", &|| checks::bad_buffers(target, modes));
    if modes.gate {
        case("writes go through", &|| write::writes_go_through(target));
        case("writes into absent pages", &|| {
            write::writes_into_absent_pages(target)
        });
        case("never writable mappings become private", &|| {
            private::never_writable_mappings_become_private(target)
        });
        case("private copies span the mapping", &|| {
            private::private_copies_span_the_mapping(target)
        });
    } else {
        case("the gate comes first", &|| {
            write::the_gate_comes_first(target)
        });
    }
}

fn on_the_victim(suite: &mut Suite, modes: Modes) {
    let (other, post) = match victim::find() {
        Ok(found) => found,
        Err(why) => return suite.case("the victim is there", || Err(why)),
    };
    let target = Target {
        name: "victim",
        process: other.process,
        vmar: other.vmar,
    };
    on_any_process(suite, &target, modes);
    suite.case("the victim's own memory", || {
        others::the_victims_own_memory(&target, &post, modes)
    });
    suite.case("the victim runs meanwhile", || {
        others::the_victim_runs_meanwhile(&target, &post, modes)
    });
    if modes.gate {
        suite.case("the victim ends when told to", || {
            let address = usize::try_from(post.end_address()).unwrap_or(0);
            let told = target.process.write_memory(address, &7_u64.to_le_bytes())?;
            expect_eq!(told, 8);
            Ok(())
        });
    }
}

/// Runs them all.
pub fn run(suite: &mut Suite, modes: Modes) {
    if let (Some(process), Some(vmar)) = (startup().process_self(), startup().vmar_root()) {
        let target = Target {
            name: "self",
            process,
            vmar,
        };
        on_any_process(suite, &target, modes);
    } else {
        suite.case("own handles", || Err(Failure::from(Status::NOT_FOUND)));
    }
    if modes.gate {
        suite.case(
            "the own eyes see the change",
            write::the_own_eyes_see_the_change,
        );
    }
    suite.case("an ended process is a bad state", || {
        others::an_ended_process_is_a_bad_state(modes)
    });
    on_the_victim(suite, modes);
}
