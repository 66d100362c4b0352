//! A progress bar for what takes long.

use indicatif::{ProgressBar, ProgressStyle};
use std::cell::OnceCell;
use std::time::{Duration, Instant};

/// How long something may take without one.
const PATIENCE: Duration = Duration::from_secs(1);

/// A bar that appears on standard error, if that is a terminal, when a second has passed.
#[derive(Debug)]
pub struct Progress {
    what: &'static str,
    start: Instant,
    bar: OnceCell<ProgressBar>,
}

impl Progress {
    /// A bar for `what`, such as "saving".
    pub fn new(what: &'static str) -> Self {
        Self {
            what,
            start: Instant::now(),
            bar: OnceCell::new(),
        }
    }

    /// So many bytes are done, of so many.
    pub fn at(&self, done: u64, all: u64) {
        if self.start.elapsed() < PATIENCE {
            return;
        }
        let bar = self.bar.get_or_init(|| {
            let bar = ProgressBar::new(all).with_message(self.what);
            let template = "{msg} {wide_bar} {bytes}/{total_bytes} {eta}";
            match ProgressStyle::with_template(template) {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            }
        });
        bar.set_length(all);
        bar.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}
