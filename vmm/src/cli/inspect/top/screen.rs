//! Drawing the screen.

use super::super::table::printable;
use super::rows::Detail;
use super::state::{State, View};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Cell, LineGauge, Paragraph, Row, Sparkline, Table};

/// Keys at the foot of the screen, the most needed first: what has no room is left out.
const KEYS: [(&str, &str); 11] = [
    ("q", "quit"),
    ("↑↓", "select"),
    ("?", "help"),
    ("s", "sort"),
    ("t", "threads"),
    ("m", "maps"),
    ("v", "VMOs"),
    ("h", "handles"),
    ("p", "pause"),
    ("+-", "interval"),
    ("r", "refresh"),
];

const HELP: &str = "\
q, Ctrl-C      quit; a VM that was paused from here goes on
↑ ↓ PgUp PgDn  select a process, scroll (also k j, Home, End)
s              sort by the next column
t, Enter       threads of the selected process
m              its mappings
v              its VMOs
h              its handles
Esc            back to the processes
p              pause the VM, or let it go on
+ -            look less or more often
r, Space       look now
?              this help

PRIVATE  bytes of resident pages that only this process maps
SHARED   bytes of resident pages that others map too
CALLS/s  system calls that the host has served since the last look";

/// The columns of the table of processes: title, width, and the width of the screen from
/// which on it is shown.
const COLUMNS: [(&str, u16, u16); 9] = [
    ("KOID", 7, 0),
    ("NAME", 12, 0),
    ("STATE", 8, 58),
    ("THREADS", 8, 78),
    ("HANDLES", 8, 68),
    ("PRIVATE", 8, 34),
    ("SHARED", 8, 48),
    ("CALLS/s", 9, 26),
    ("ERRORS/s", 9, 60),
];
const NAME: usize = 1;
const STATE: usize = 2;

fn bold() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

fn selected() -> Style {
    Style::new().add_modifier(Modifier::REVERSED)
}

/// Draws all of it, whatever the size of the screen is.
pub fn draw(frame: &mut Frame<'_>, state: &mut State) {
    let area = frame.area();
    let header = state.header();
    let history = state.history().next().is_some();
    // A low screen keeps the table and the keys.
    let lines = u16::try_from(header.len()).unwrap_or(0);
    let head = if area.height >= 8 {
        lines
    } else {
        u16::from(area.height >= 3)
    };
    let graph = if area.height >= 14 && history { 3 } else { 0 };
    let gauge = u16::from(area.height >= 10);
    let foot = u16::from(area.height >= 2);
    let [top, bar, spark, body, keys] = Layout::vertical([
        Constraint::Length(head),
        Constraint::Length(gauge),
        Constraint::Length(graph),
        Constraint::Min(0),
        Constraint::Length(foot),
    ])
    .areas(area);
    head_lines(frame, top, &header);
    frame.render_widget(
        LineGauge::default()
            .ratio(f64::from(state.used_percent()) / 100.0)
            .label(format!("RAM {:>3} %", state.used_percent()))
            .filled_style(Style::new().fg(Color::Cyan)),
        bar,
    );
    sparkline(frame, spark, state);
    match state.view() {
        View::Help => frame.render_widget(Paragraph::new(HELP), body),
        View::Processes => processes(frame, body, state),
        _ => match state.detail_rows() {
            Some((title, rows)) => detail(frame, body, state, &title, rows),
            None => frame.render_widget(Paragraph::new("No process is selected."), body),
        },
    }
    foot_line(frame, keys, state);
}

fn head_lines(frame: &mut Frame<'_>, area: Rect, lines: &[String]) {
    let lines = lines.iter().enumerate().map(|(number, line)| {
        let style = if number == 0 { bold() } else { Style::new() };
        Line::styled(printable(line), style)
    });
    frame.render_widget(Paragraph::new(Text::from_iter(lines)), area);
}

/// Calls a second, the latest at the right.
fn sparkline(frame: &mut Frame<'_>, area: Rect, state: &State) {
    if area.is_empty() {
        return;
    }
    let history: Vec<_> = state.history().collect();
    let most = history.iter().max().copied().unwrap_or(0);
    let [label, graph] =
        Layout::horizontal([Constraint::Length(12), Constraint::Min(0)]).areas(area);
    let text = Text::from_iter([Line::from("calls/s"), Line::from(format!("to {most}"))]);
    frame.render_widget(Paragraph::new(text), label);
    let shown = history.len().saturating_sub(usize::from(graph.width));
    let data = history.into_iter().skip(shown);
    frame.render_widget(
        Sparkline::default()
            .data(data)
            .style(Style::new().fg(Color::Cyan)),
        graph,
    );
}

fn processes(frame: &mut Frame<'_>, area: Rect, state: &mut State) {
    state.page = area.height.saturating_sub(1);
    let shown: Vec<_> = COLUMNS
        .iter()
        .enumerate()
        .filter(|(_, (_, _, from))| frame.area().width >= *from)
        .collect();
    let is_number = |place: usize| place != NAME && place != STATE;
    let aligned = |place: usize, text: String| {
        let text = Text::from(text);
        Cell::from(if is_number(place) {
            text.right_aligned()
        } else {
            text
        })
    };
    let titles = shown.iter().map(|(place, (title, ..))| {
        let sorted = *title == state.sort().column();
        let text = if sorted {
            format!("{title}▾")
        } else {
            (*title).to_owned()
        };
        aligned(*place, text).style(bold())
    });
    let header = Row::new(titles.collect::<Vec<_>>());
    let rows = state.processes().into_iter().map(|row| {
        let cells = shown
            .iter()
            .filter_map(|(place, _)| Some((*place, row.cells.get(*place)?)));
        Row::new(
            cells
                .map(|(place, text)| aligned(place, printable(text)))
                .collect::<Vec<_>>(),
        )
    });
    let rows: Vec<_> = rows.collect();
    let widths = shown.iter().map(|(place, (_, width, _))| {
        if *place == NAME {
            Constraint::Min(*width)
        } else {
            Constraint::Length(*width)
        }
    });
    let table = Table::new(rows, widths.collect::<Vec<_>>())
        .header(header)
        .row_highlight_style(selected());
    frame.render_stateful_widget(table, area, &mut state.list);
}

fn detail(frame: &mut Frame<'_>, area: Rect, state: &mut State, title: &str, detail: Detail) {
    let [line, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    state.page = body.height.saturating_sub(1);
    frame.render_widget(Line::styled(printable(title), bold()), line);
    // As wide as its widest cell; the last column takes the rest.
    let width = |column: usize, title: &str| {
        let cells = detail.rows.iter().filter_map(|row| row.get(column));
        let widest = cells.map(|cell| printable(cell).chars().count()).max();
        let width = widest.unwrap_or(0).max(title.len());
        u16::try_from(width).unwrap_or(u16::MAX).min(40)
    };
    let last = detail.columns.len().saturating_sub(1);
    let widths: Vec<_> = (0..)
        .zip(detail.columns)
        .map(|(column, title)| match width(column, title) {
            width if column == last => Constraint::Min(width.min(12)),
            width => Constraint::Length(width),
        })
        .collect();
    let header = Row::new(detail.columns.to_vec()).style(bold());
    let rows = detail.rows.into_iter();
    let rows = rows.map(|row| Row::new(row.iter().map(|cell| printable(cell)).collect::<Vec<_>>()));
    let table = Table::new(rows.collect::<Vec<_>>(), widths)
        .header(header)
        .column_spacing(2)
        .row_highlight_style(selected());
    frame.render_stateful_widget(table, body, &mut state.detail);
}

/// A message if there is one, the keys otherwise.
fn foot_line(frame: &mut Frame<'_>, area: Rect, state: &State) {
    if let Some(message) = state.message() {
        let line = Line::styled(printable(message), Style::new().fg(Color::Yellow));
        frame.render_widget(line, area);
        return;
    }
    let mut spans = Vec::new();
    let mut room = usize::from(area.width);
    for (key, what) in KEYS {
        let width = key.chars().count() + what.len() + 3;
        let Some(left) = room.checked_sub(width) else {
            break;
        };
        room = left;
        spans.push(Span::styled(format!(" {key} "), selected()));
        spans.push(Span::raw(what));
    }
    frame.render_widget(Line::from(spans), area);
}
