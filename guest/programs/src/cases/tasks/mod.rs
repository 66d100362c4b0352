//! The cases of `test-tasks`, and what they share.

pub(super) mod code;
mod create;
pub(super) mod end;
mod handles;
mod random;
mod start;
mod threads;

use crate::suite::Suite;

/// Runs them all.
pub fn run(suite: &mut Suite) {
    suite.case(
        "close_many ignores zeros [14/4]",
        handles::zeros_are_ignored,
    );
    suite.case(
        "close_many closes what is good [14/5]",
        handles::a_bad_one_does_not_keep_the_others,
    );
    suite.case(
        "close_many: a value twice is bad the second time [14/6]",
        handles::a_value_twice_is_bad,
    );
    suite.case("close_many closes many", handles::many_are_closed);
    suite.case(
        "close_many refuses a list that cannot be read [3/1]",
        handles::a_bad_list_is_refused,
    );
    suite.case(
        "process_create refuses unknown options [16/1]",
        create::unknown_options_are_refused,
    );
    suite.case(
        "process_create refuses bad names [16/2]",
        create::bad_names_are_refused,
    );
    suite.case(
        "process_create cuts long names [16/3]",
        create::long_names_are_cut,
    );
    suite.case(
        "process_create needs a job with MANAGE_PROCESS [16/4]",
        create::the_job_is_checked,
    );
    suite.case(
        "new processes have the rights of the table [16/6]",
        create::handles_have_the_rights_of_the_table,
    );
    suite.case(
        "process_create closes handles that cannot be stored [2.3/2 2.3/4]",
        create::handles_that_cannot_be_stored_are_closed,
    );
    suite.case(
        "process_start needs WRITE on both [16/7]",
        start::both_handles_need_write,
    );
    suite.case(
        "process_start refuses the thread of another process [16/8]",
        start::the_thread_must_be_its_own,
    );
    suite.case(
        "process_start refuses an argument without TRANSFER [16/9]",
        start::the_argument_needs_transfer,
    );
    suite.case(
        "nobody starts twice, or after death [16/10 16/11]",
        start::nobody_starts_twice,
    );
    suite.case(
        "process_start refuses a place that is no program's [16/11]",
        start::a_place_that_is_no_programs_is_refused,
    );
    suite.case(
        "the child starts with what it is given [16/12 19.2/5]",
        start::the_child_starts_with_what_it_is_given,
    );
    suite.case(
        "no argument is handle zero",
        start::no_argument_is_handle_zero,
    );
    suite.case(
        "a handle has another value in the child [2.1/4]",
        start::a_handle_has_another_value_in_the_child,
    );
    suite.case(
        "the child's handle leads to the object [16/12]",
        start::the_childs_handle_leads_to_the_object,
    );
    suite.case(
        "a refused start leaves the process as it was",
        start::a_refused_start_leaves_the_process_as_it_was,
    );
    suite.case(
        "process_exit does not return [16/13 15.5/2]",
        end::process_exit_does_not_return,
    );
    suite.case(
        "the last thread ends its process",
        end::the_last_thread_ends_its_process,
    );
    suite.case("kill needs DESTROY [16/14 15.5/3]", end::kill_needs_destroy);
    suite.case("kill takes no thread [16/15]", end::kill_takes_no_thread);
    suite.case(
        "the dead can be killed [16/16]",
        end::the_dead_can_be_killed,
    );
    suite.case(
        "the dead assert TERMINATED [16/17]",
        end::the_dead_assert_terminated,
    );
    suite.case(
        "threads, handles and mappings of the dead go [16/19]",
        end::everything_of_the_dead_goes,
    );
    suite.case(
        "the running need no handles [16/20]",
        end::the_running_need_no_handles,
    );
    suite.case(
        "the last handle ends what never started [16/21]",
        end::the_last_handle_ends_what_never_started,
    );
    suite.case(
        "the handle of the dead is good [16/22]",
        end::the_handle_of_the_dead_is_good,
    );
    suite.case(
        "a fault ends the process [15.5/7]",
        end::a_fault_ends_the_process,
    );
    suite.case(
        "a thousand processes come and go",
        end::processes_come_and_go,
    );
    suite.case(
        "thread_create checks its arguments",
        threads::create_checks_its_arguments,
    );
    suite.case(
        "thread_start checks its arguments",
        threads::start_checks_its_arguments,
    );
    suite.case(
        "thread_start needs a running process",
        threads::start_needs_a_running_process,
    );
    suite.case("a thread runs and ends", threads::a_thread_runs_and_ends);
    suite.case(
        "a process outlives one of its threads",
        threads::a_process_outlives_one_of_its_threads,
    );
    suite.case(
        "threads that never start come and go",
        threads::threads_that_never_start_come_and_go,
    );
    suite.case(
        "many threads come and go",
        threads::many_threads_come_and_go,
    );
    suite.case("sleepers are killed too", threads::sleepers_are_killed_too);
    suite.case(
        "random calls leave every count right",
        random::random_calls_leave_every_count_right,
    );
    suite.case(
        "the host finds nothing wrong",
        end::the_host_finds_nothing_wrong,
    );
}
