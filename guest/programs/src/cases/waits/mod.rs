//! The cases of `test-waits`, and what they share.

mod futexes;
mod ports;
mod signals;

use crate::cases::tasks::code::{RAISE_FLAG, STAY, call, code, point_to_data, prepared, word};
use crate::child::{Child, DATA};
use crate::regions::Object;
use crate::suite::{Failure, Suite};
use libzx::{Call, startup};

/// The handle of the thread that runs the cases.
fn own_thread() -> u32 {
    let found = startup().raw_handle(abi::startup::PA_THREAD_SELF, 0);
    found.unwrap_or(0)
}

/// A child that waits once it is started: in the port whose handle it is given, or at
/// the futex at the start of its data.
fn waiting_child(how: Call) -> Result<(Child, Object), Failure> {
    // mov rdx, DATA + 64: where a packet goes
    let packet = move_to(0xBA, DATA + 64);
    // mov rdi, DATA; xor esi, esi; xor edx, edx; mov rcx, i64::MAX
    let address = move_to(0xBF, DATA);
    let zeros = [0x31, 0xF6, 0x31, 0xD2];
    let forever = move_to(0xB9, i64::MAX.cast_unsigned());
    let wait = call(how)?;
    let after: [&[u8]; 3] = [&point_to_data(), &RAISE_FLAG, &STAY];
    let [a, b, c] = after;
    let program = match how {
        Call::PortWait => code(&[&packet, &wait, a, b, c]),
        _ => code(&[&address, &zeros, &forever, &wait, a, b, c]),
    };
    prepared("waiting", program)
}

/// `mov r64, value`, where `opcode` names the register.
fn move_to(opcode: u8, value: u64) -> [u8; 10] {
    crate::cases::tasks::code::load(opcode, value)
}

/// Whether the child's wait is over.
fn has_come_back(data: &Object) -> Result<bool, Failure> {
    Ok(word(data, crate::cases::tasks::code::FLAG)? & 0xFFFF_FFFF != 0)
}

/// Runs them all.
pub fn run(suite: &mut Suite) {
    suite.case(
        "signals: what is asserted is seen at once",
        signals::what_is_asserted_is_seen_at_once,
    );
    suite.case(
        "signals: waiting needs the right",
        signals::waiting_needs_the_right,
    );
    suite.case(
        "signals: a bad place for the signals is refused",
        signals::a_bad_place_for_the_signals_is_refused,
    );
    suite.case("signals: time runs out", signals::time_runs_out);
    suite.case(
        "signals: a signal ends the wait",
        signals::a_signal_ends_the_wait,
    );
    suite.case(
        "signals: a signal that is cleared at once is seen",
        signals::a_signal_that_is_cleared_at_once_is_seen,
    );
    suite.case(
        "signals: everybody who waits is told",
        signals::everybody_who_waits_is_told,
    );
    suite.case(
        "signals: closing the handle cancels the wait",
        signals::closing_the_handle_cancels_the_wait,
    );
    suite.case(
        "signals: replacing the handle cancels the wait",
        signals::replacing_the_handle_cancels_the_wait,
    );
    suite.case(
        "signals: the last handle can be waited by",
        signals::the_last_handle_can_be_waited_by,
    );
    suite.case(
        "signals: signalling needs the right",
        signals::signalling_needs_the_right,
    );
    suite.case(
        "signals: only the users signals can be changed",
        signals::only_the_users_signals_can_be_changed,
    );
    suite.case(
        "signals: tasks have signals of the users too",
        signals::tasks_have_signals_of_the_users_too,
    );
    suite.case(
        "ports: create checks its arguments",
        ports::create_checks_its_arguments,
    );
    suite.case(
        "ports: packets come in order and whole",
        ports::packets_come_in_order_and_whole,
    );
    suite.case(
        "ports: packets of programs are of their type",
        ports::packets_of_programs_are_of_their_type,
    );
    suite.case(
        "ports: queue and wait need their rights",
        ports::queue_and_wait_need_their_rights,
    );
    suite.case(
        "ports: bad packets are refused",
        ports::bad_packets_are_refused,
    );
    suite.case(
        "ports: a packet that cannot be stored stays",
        ports::a_packet_that_cannot_be_stored_stays,
    );
    suite.case("ports: time runs out", ports::time_runs_out);
    suite.case(
        "ports: who waits longest is served first",
        ports::who_waits_longest_is_served_first,
    );
    suite.case(
        "ports: a packet goes on to the next who waits",
        ports::a_packet_goes_on_to_the_next_who_waits,
    );
    suite.case(
        "ports: a packet for the dead goes on",
        ports::a_packet_for_the_dead_goes_on,
    );
    suite.case(
        "ports: a port takes only so many",
        ports::a_port_takes_only_so_many,
    );
    suite.case(
        "ports: a closed port keeps its waiters",
        ports::a_closed_port_keeps_its_waiters,
    );
    suite.case(
        "futexes: another value does not wait",
        futexes::another_value_does_not_wait,
    );
    suite.case(
        "futexes: bad addresses are refused",
        futexes::bad_addresses_are_refused,
    );
    suite.case("futexes: time runs out", futexes::time_runs_out);
    suite.case(
        "futexes: who waits longest wakes first",
        futexes::who_waits_longest_wakes_first,
    );
    suite.case(
        "futexes: each word is a futex of its own",
        futexes::each_word_is_a_futex_of_its_own,
    );
    suite.case(
        "futexes: each process has its own",
        futexes::each_process_has_its_own,
    );
    suite.case(
        "futexes: bad owners are refused",
        futexes::bad_owners_are_refused,
    );
    suite.case(
        "futexes: good owners are taken",
        futexes::good_owners_are_taken,
    );
    suite.case(
        "futexes: who waits can be killed",
        futexes::who_waits_can_be_killed,
    );
    suite.case(
        "the host finds nothing wrong",
        crate::cases::tasks::end::the_host_finds_nothing_wrong,
    );
}
