//! The cases of `test-process-memory`.

mod checks;
mod copies;
mod kinds;
mod order;
mod others;
mod place;
mod private;
mod read;
mod target;
mod targets;
mod walk;
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
    case("reads what is there [5.1/8]", &|| {
        read::reads_what_is_there(target)
    });
    case(
        "reads are short at the end of a mapping [5.1/6 5.2/1 5.3/4 22/12 23/18]",
        &|| read::reads_are_short_at_the_end_of_a_mapping(target),
    );
    case(
        "reads are short at the end of the VMO [5.1/15 5.2/5 5.2/6 5.3/2 5.3/4 22/13 23/20 23/32]",
        &|| read::reads_are_short_at_the_end_of_the_vmo(target),
    );
    case(
        "permissions of the mapping do not matter [5.2/2 6.2/3 6.2/4 22/16]",
        &|| checks::permissions_of_the_mapping_do_not_matter(target, modes),
    );
    case(
        "nothing there is NO_MEMORY [5.1/5 5.1/11 5.3/2 6.1/6 22/1 23/15]",
        &|| checks::nothing_there_is_no_memory(target, modes),
    );
    case(
        "sizes up to 64 MiB [5.1/2 5.1/9 6.1/3 22/26 23/12]",
        &|| checks::sizes_up_to_64_mib(target, modes),
    );
    case(
        "handles are checked [2.2/1 5.1/3 5.4/5 6.1/4 22/15 23/13]",
        &|| checks::handles_are_checked(target, modes),
    );
    case(
        "bad buffers [3/3 5.1/1 5.1/17 6.1/2 6.1/15 22/9 22/9z 22/9b 23/11 23/21]",
        &|| checks::bad_buffers(target, modes),
    );
    if modes.gate {
        case(
            "writes go through [5.3/2 6.1/9 6.1/10 6.1/13 6.2/3 6.3/1]",
            &|| write::writes_go_through(target),
        );
        case("writes into absent pages [6.2/4]", &|| {
            write::writes_into_absent_pages(target)
        });
        case(
            "never writable mappings become private [6.2/2 6.2/6 6.2/10 22/16 23/17]",
            &|| private::never_writable_mappings_become_private(target),
        );
        case("private copies span the mapping [6.2/11]", &|| {
            private::private_copies_span_the_mapping(target)
        });
    } else {
        case(
            "the gate comes first [6.1/1 22/14 23/10 23/23 23/56]",
            &|| write::the_gate_comes_first(target),
        );
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
    suite.case("the victim's own memory [2.1/6 5.4/3]", || {
        others::the_victims_own_memory(&target, &post, modes)
    });
    suite.case("the victim runs meanwhile [5.4/3]", || {
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
            "the own eyes see the change [5.4/1 6.2/3 6.2/6 6.2/15]",
            write::the_own_eyes_see_the_change,
        );
    }
    suite.case(
        "an ended process is a bad state [5.4/4 22/10 23/14]",
        || others::an_ended_process_is_a_bad_state(modes),
    );
    order::run(suite, modes);
    walk::run(suite, modes);
    kinds::run(suite, modes);
    copies::run(suite, modes);
    targets::run(suite, modes);
    on_the_victim(suite, modes);
}
