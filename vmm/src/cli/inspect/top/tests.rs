//! The screen as a test's terminal shows it.

use super::screen::draw;
use super::state::{Action, State, View};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::time::Duration;
use vmm::inspect::Inspector;
use vmm::inspect::top::{CallTotals, TopSample};
use vmm::objects::mock::MockGuest;

fn sample(elapsed_ns: u64, calls: u64) -> TopSample {
    let mut guest = MockGuest::new(4 << 20).unwrap();
    for (name, pages) in [("first", 1), ("second", 5), ("evil\x1b[2J", 2)] {
        let process = guest.process(name).unwrap();
        guest.thread(process, "main thread").unwrap();
        let vmo = guest.vmo("heap", 64 << 10).unwrap();
        guest.commit(vmo, 0, pages << 12).unwrap();
        let permissions = abi::objects::Permissions::READ;
        guest
            .map(process, 0x200_0000, 64 << 10, (vmo, 0), permissions)
            .unwrap();
        guest
            .handle(process, vmo, abi::Rights::DEFAULT_VMO)
            .unwrap();
    }
    let mut sample = TopSample::take(&mut Inspector::mock(&guest)).unwrap();
    sample.elapsed_ns = elapsed_ns;
    let totals = CallTotals {
        calls,
        errors: calls / 10,
    };
    sample.calls = Some([("zx_vmo_read".to_owned(), totals)].into());
    for process in &mut sample.processes {
        process.totals = Some(totals);
    }
    sample
}

fn state() -> State {
    let mut state = State::new("test".to_owned(), Duration::from_secs(1));
    state.update(sample(1_000_000_000, 1000));
    state.update(sample(2_000_000_000, 1700));
    state
}

fn shown(state: &mut State, width: u16, height: u16) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, state)).unwrap();
    let buffer = terminal.backend().buffer();
    let lines = buffer.content().chunks(usize::from(width));
    lines
        .map(|line| line.iter().map(|cell| cell.symbol()).collect::<String>())
        .map(|line| line.trim_end().to_owned())
        .collect()
}

fn press(state: &mut State, code: KeyCode) -> Action {
    state.key(KeyEvent::new(code, KeyModifiers::NONE))
}

fn line<'l>(lines: &'l [String], with: &str) -> &'l str {
    let found = lines.iter().find(|line| line.contains(with));
    found.unwrap_or_else(|| panic!("no line with {with} in {lines:#?}"))
}

#[test]
fn a_screen_has_the_totals_the_processes_and_the_keys() {
    let lines = shown(&mut state(), 100, 30);
    assert!(
        lines[0].starts_with("vmm top: test, 2.0s old"),
        "{lines:#?}"
    );
    line(&lines, "3 processes, 3 threads; frames:");
    line(&lines, "calls: 700/s, errors: 70/s  vmo_read 700");
    let header = line(&lines, "KOID");
    assert_eq!(
        header.split_whitespace().collect::<Vec<_>>(),
        [
            "KOID▾", "NAME", "STATE", "THREADS", "HANDLES", "PRIVATE", "SHARED", "CALLS/s",
            "ERRORS/s"
        ]
    );
    let second = line(&lines, "second");
    let cells: Vec<_> = second.split_whitespace().skip(1).collect();
    assert_eq!(
        cells,
        ["second", "running", "1", "1", "20k", "0", "700", "70"]
    );
    assert!(
        lines
            .last()
            .unwrap()
            .starts_with(" q quit ↑↓ select ? help")
    );
}

#[test]
fn a_name_does_not_command_the_terminal() {
    let lines = shown(&mut state(), 100, 30);
    line(&lines, "evil\\u{1b}[2J");
}

#[test]
fn every_size_can_be_drawn() {
    for width in [1, 2, 10, 20, 33, 47, 80, 300] {
        for height in [1, 2, 3, 5, 8, 13, 24, 100] {
            let mut state = state();
            for view in ['x', 'm', 'v', 'h', 't', '?'] {
                press(&mut state, KeyCode::Char(view));
                let lines = shown(&mut state, width, height);
                assert_eq!(lines.len(), usize::from(height));
            }
        }
    }
    let narrow = shown(&mut state(), 30, 8);
    line(&narrow, "second");
    line(&narrow, "q quit");
}

#[test]
fn the_selected_process_stays_selected_when_the_order_changes() {
    let mut state = state();
    press(&mut state, KeyCode::Down);
    // By private memory, the second is the first.
    for _ in 0..4 {
        press(&mut state, KeyCode::Char('s'));
    }
    let lines = shown(&mut state, 100, 30);
    line(&lines, "PRIVATE▾");
    let header = lines.iter().position(|line| line.contains("KOID")).unwrap();
    assert!(lines[header + 1].contains("second"), "{lines:#?}");
    press(&mut state, KeyCode::Char('t'));
    line(&shown(&mut state, 100, 30), "Threads of 1028 second: 1");
}

#[test]
fn each_key_shows_what_it_says() {
    let mut state = state();
    for (key, view, text) in [
        ('t', View::Threads, "main thread"),
        ('m', View::Mappings, "0x2000000"),
        ('v', View::Vmos, "heap"),
        ('h', View::Handles, "  default"),
        ('?', View::Help, "pause the VM"),
    ] {
        assert_eq!(press(&mut state, KeyCode::Char(key)), Action::None);
        assert_eq!(state.view(), view);
        line(&shown(&mut state, 100, 30), text);
        press(&mut state, KeyCode::Esc);
        assert_eq!(state.view(), View::Processes);
    }
    assert_eq!(press(&mut state, KeyCode::Char('p')), Action::Pause);
    assert_eq!(press(&mut state, KeyCode::Char('q')), Action::Quit);
    let ctrl_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(state.key(ctrl_c), Action::Quit);
}

#[test]
fn scrolling_ends_at_the_ends() {
    let mut state = state();
    press(&mut state, KeyCode::End);
    assert_eq!(state.list.selected(), Some(2));
    press(&mut state, KeyCode::PageDown);
    assert_eq!(state.list.selected(), Some(2));
    press(&mut state, KeyCode::Home);
    assert_eq!(state.list.selected(), Some(0));
    for _ in 0..40 {
        press(&mut state, KeyCode::Char('-'));
    }
    assert_eq!(state.interval(), Duration::from_millis(50));
}

#[test]
fn a_guest_that_is_not_seen_yet_has_a_screen() {
    let mut state = State::new("test".to_owned(), Duration::from_secs(1));
    state.say("kernel busy".to_owned());
    line(&shown(&mut state, 80, 24), "kernel busy");
    press(&mut state, KeyCode::Char('m'));
    press(&mut state, KeyCode::Down);
    shown(&mut state, 80, 24);
}
