//! What is on the screen, and what keys do to it.

use super::super::table::counted;
use super::rows::{Detail, ProcessRow, Sort, handles, header, mappings, processes, threads, vmos};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::widgets::TableState;
use std::collections::VecDeque;
use std::time::Duration;
use vmm::inspect::Problems;
use vmm::inspect::top::{TopFrame, TopSample};

/// Intervals that the sparkline shows at most.
const MAX_HISTORY: usize = 512;

/// What the table shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    Processes,
    Threads,
    Mappings,
    Vmos,
    Handles,
    Help,
}

/// What is left to do after a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    None,
    Quit,
    /// Look at the guest again.
    Refresh,
    /// Pause the VM, or let it go on.
    Pause,
}

pub struct State {
    title: String,
    interval: Duration,
    sample: Option<TopSample>,
    frame: Option<TopFrame>,
    /// Calls a second, the latest last.
    history: VecDeque<u64>,
    sort: Sort,
    view: View,
    /// The process that is selected, by koid: it stays so when the order changes.
    selected: Option<u64>,
    /// Where the table of processes and the other one stand.
    pub list: TableState,
    pub detail: TableState,
    /// Rows that a page has, as it was drawn last.
    pub page: u16,
    message: Option<String>,
    held: bool,
}

impl State {
    pub fn new(title: String, interval: Duration) -> Self {
        Self {
            title,
            interval,
            sample: None,
            frame: None,
            history: VecDeque::new(),
            sort: Sort::Koid,
            view: View::Processes,
            selected: None,
            list: TableState::default(),
            detail: TableState::default(),
            page: 10,
            message: None,
            held: false,
        }
    }

    /// Takes over how the guest is now.
    pub fn update(&mut self, sample: TopSample) {
        let frame = TopFrame::new(self.sample.as_ref(), &sample);
        if let Some(calls) = frame.calls_per_second.filter(|_| self.sample.is_some()) {
            if self.history.len() == MAX_HISTORY {
                self.history.pop_front();
            }
            self.history.push_back(calls);
        }
        self.frame = Some(frame);
        self.sample = Some(sample);
        if !self.held {
            self.message = None;
        }
        self.reselect();
    }

    /// Shows a line until the guest is next looked at.
    pub fn say(&mut self, message: String) {
        self.message = Some(message);
    }

    pub const fn hold(&mut self, held: bool) {
        self.held = held;
    }

    pub const fn is_held(&self) -> bool {
        self.held
    }

    pub const fn interval(&self) -> Duration {
        self.interval
    }

    pub const fn view(&self) -> View {
        self.view
    }

    pub const fn sort(&self) -> Sort {
        self.sort
    }

    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    pub fn history(&self) -> impl Iterator<Item = u64> {
        self.history.iter().copied()
    }

    pub fn problems(&self) -> Problems {
        let sample = self.sample.as_ref();
        sample.map_or_else(Problems::default, |sample| sample.problems.clone())
    }

    /// The lines above the table.
    pub fn header(&self) -> Vec<String> {
        let Some((frame, sample)) = self.frame.as_ref().zip(self.sample.as_ref()) else {
            return vec![format!("vmm top: {}", self.title)];
        };
        let mut lines = header(&self.title, frame, sample.standstill, self.held);
        if !sample.problems.is_empty() {
            lines.push(format!(
                "not all could be read: {}",
                counted(sample.problems.count(), "problem")
            ));
        }
        lines
    }

    /// The share of frames in use, in percent.
    pub fn used_percent(&self) -> u16 {
        let Some(frame) = &self.frame else { return 0 };
        let used = frame.managed_frames.saturating_sub(frame.free_frames);
        let percent = u128::from(used) * 100 / u128::from(frame.managed_frames.max(1));
        u16::try_from(percent).unwrap_or(100).min(100)
    }

    pub fn processes(&self) -> Vec<ProcessRow> {
        let frame = self.frame.as_ref();
        frame.map_or_else(Vec::new, |frame| processes(frame, self.sort))
    }

    /// What is shown of the selected process, with its koid and name.
    pub fn detail_rows(&self) -> Option<(String, Detail)> {
        let sample = self.sample.as_ref()?;
        let koid = self.selected?;
        let process = sample.processes.iter().find(|p| p.koid == koid)?;
        let record = sample.survey.processes.iter().find(|p| p.koid() == koid)?;
        let (what, detail) = match self.view {
            View::Threads => ("Threads", threads(process)),
            View::Mappings => ("Mappings", mappings(&sample.survey, record)),
            View::Vmos => ("VMOs", vmos(&sample.survey, record)),
            View::Handles => ("Handles", handles(record)),
            View::Processes | View::Help => return None,
        };
        let name = &process.name;
        let title = format!("{what} of {koid} {name}: {}", detail.rows.len());
        Some((title, detail))
    }

    /// Finds the selected process again, or another where it stood.
    fn reselect(&mut self) {
        let rows = self.processes();
        let place = rows.iter().position(|row| Some(row.koid) == self.selected);
        let place = place.or_else(|| {
            let before = self.list.selected().unwrap_or(0);
            rows.len().checked_sub(1).map(|last| before.min(last))
        });
        self.list.select(place);
        self.selected = place.and_then(|place| rows.get(place)).map(|row| row.koid);
    }

    fn step(&mut self, rows: isize) {
        if self.view == View::Processes {
            let last = self.processes().len().saturating_sub(1);
            let place = self.list.selected().unwrap_or(0);
            self.list
                .select(Some(place.saturating_add_signed(rows).min(last)));
            let koid = self.list.selected().and_then(|place| {
                let rows = self.processes();
                rows.get(place).map(|row| row.koid)
            });
            self.selected = koid;
        } else {
            let last = self
                .detail_rows()
                .map_or(0, |(_, detail)| detail.rows.len().saturating_sub(1));
            let place = self.detail.selected().unwrap_or(0);
            self.detail
                .select(Some(place.saturating_add_signed(rows).min(last)));
        }
    }

    /// Shows that of the selected process; if it is shown, the processes again.
    fn show(&mut self, view: View) {
        self.view = if self.view == view {
            View::Processes
        } else {
            view
        };
        self.detail = TableState::default().with_selected(Some(0));
    }

    /// What a key does.
    pub fn key(&mut self, key: KeyEvent) -> Action {
        let page = isize::try_from(self.page.max(1)).unwrap_or(1);
        match key.code {
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                return Action::Quit;
            }
            KeyCode::Char('q') => return Action::Quit,
            KeyCode::Esc | KeyCode::Backspace => self.view = View::Processes,
            KeyCode::Up | KeyCode::Char('k') => self.step(-1),
            KeyCode::Down | KeyCode::Char('j') => self.step(1),
            KeyCode::PageUp => self.step(-page),
            KeyCode::PageDown => self.step(page),
            KeyCode::Home => self.step(isize::MIN),
            KeyCode::End => self.step(isize::MAX),
            KeyCode::Char('s') => {
                self.sort = self.sort.next();
                self.reselect();
            }
            KeyCode::Enter | KeyCode::Char('t') => self.show(View::Threads),
            KeyCode::Char('m') => self.show(View::Mappings),
            KeyCode::Char('v') => self.show(View::Vmos),
            KeyCode::Char('h') => self.show(View::Handles),
            KeyCode::Char('?') => self.show(View::Help),
            KeyCode::Char('p') => return Action::Pause,
            KeyCode::Char('r' | ' ') => return Action::Refresh,
            KeyCode::Char('+' | '=') => self.pace(self.interval * 2),
            KeyCode::Char('-') => self.pace(self.interval / 2),
            _ => {}
        }
        Action::None
    }

    fn pace(&mut self, interval: Duration) {
        self.interval = interval.clamp(Duration::from_millis(50), Duration::from_secs(3600));
        self.say(format!("every {:.2?}", self.interval));
    }
}
