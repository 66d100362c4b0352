//! Several tests at a time, each in a thread of its own.

use super::Options;
use super::machines::Machines;
use super::plan::Item;
use super::results::{Outcome, TestResult};
use super::session::{CaseList, Session};
use super::test::Test;
use crate::machine::interrupted;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

/// Notices that wait to be taken before the guests have to.
const QUEUE: usize = 1024;

/// Something about the item of that index.
#[derive(Debug)]
pub enum Notice {
    /// It runs.
    Started(usize),
    /// One of its cases is over.
    Case(usize, Outcome),
    /// It prints, if that is wanted.
    Console(usize, Vec<u8>),
    /// It is over. Each item comes to this once, also if it was not reached.
    Finished(usize, TestResult),
}

/// Who runs tests.
#[allow(missing_debug_implementations, reason = "the machines may have none")]
pub struct Pool<'a> {
    /// Where.
    pub machines: &'a dyn Machines,
    /// What holds for all tests.
    pub options: &'a Options,
    /// How many at a time.
    pub jobs: usize,
    /// Whether consoles are wanted as they come.
    pub live: bool,
}

impl Pool<'_> {
    /// Runs everything and hands on what happens, in the calling thread.
    pub fn run(&self, items: &[Item], mut take: impl FnMut(Notice)) {
        let stop = AtomicBool::new(false);
        let mut finished = vec![false; items.len()];
        self.each(
            items.len(),
            |index, notices| {
                let Some(item) = items.get(index) else { return };
                if stop.load(Ordering::Relaxed) || interrupted() {
                    return;
                }
                // Nobody takes notices any more only if the receiver is gone, and then
                // nothing matters.
                let _ = notices.send(Notice::Started(index));
                let result = self.test(index, item, &stop, notices);
                if self.options.fail_fast && !result.is_well() {
                    stop.store(true, Ordering::Relaxed);
                }
                let _ = notices.send(Notice::Finished(index, result));
            },
            |notice| {
                if let Notice::Finished(index, _) = &notice
                    && let Some(slot) = finished.get_mut(*index)
                {
                    *slot = true;
                }
                take(notice);
            },
        );
        let reason = if interrupted() {
            "interrupted"
        } else if stop.into_inner() {
            "the run was stopped at the first failure"
        } else {
            "no thread could be started"
        };
        for (index, finished) in finished.into_iter().enumerate() {
            if !finished {
                take(Notice::Finished(index, TestResult::not_reached(reason)));
            }
        }
    }

    /// Asks programs for their cases; the answers are in the order of the tests.
    #[must_use]
    pub fn list(&self, tests: &[Test]) -> Vec<Result<CaseList, String>> {
        let none = || Err("interrupted".to_owned());
        let mut lists: Vec<_> = tests.iter().map(|_| none()).collect();
        let stop = AtomicBool::new(false);
        self.each(
            tests.len(),
            |index, answers| {
                let Some(test) = tests.get(index) else { return };
                if interrupted() {
                    return;
                }
                let session = Session {
                    machines: self.machines,
                    test,
                    options: self.options,
                    stop: &stop,
                    live: None,
                    progress: &|_| (),
                };
                let list = catch_unwind(AssertUnwindSafe(|| session.list()));
                let list = list.unwrap_or_else(|panic| Err(panicked(&*panic)));
                let _ = answers.send((index, list));
            },
            |(index, list)| {
                if let Some(slot) = lists.get_mut(index) {
                    *slot = list;
                }
            },
        );
        lists
    }

    fn test(
        &self,
        index: usize,
        item: &Item,
        stop: &AtomicBool,
        notices: &SyncSender<Notice>,
    ) -> TestResult {
        if let Some(message) = &item.broken {
            return TestResult::broken(message.clone());
        }
        let live = |text: &[u8]| {
            let _ = notices.send(Notice::Console(index, text.to_vec()));
        };
        let session = Session {
            machines: self.machines,
            test: &item.test,
            options: self.options,
            stop,
            live: if self.live { Some(&live) } else { None },
            progress: &|outcome| {
                let _ = notices.send(Notice::Case(index, outcome));
            },
        };
        let run = || session.run(&item.selection);
        catch_unwind(AssertUnwindSafe(run))
            .unwrap_or_else(|panic| TestResult::broken(panicked(&*panic)))
    }

    /// Works on each of `count` things in one of the threads.
    fn each<T: Send>(
        &self,
        count: usize,
        work: impl Fn(usize, &SyncSender<T>) + Sync,
        mut take: impl FnMut(T),
    ) {
        let next = AtomicUsize::new(0);
        thread::scope(|scope| {
            let (sender, receiver) = sync_channel(QUEUE);
            for number in 0..self.jobs.clamp(1, count.max(1)) {
                let (next, work, sender) = (&next, &work, sender.clone());
                let run = move || {
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        if index >= count {
                            break;
                        }
                        work(index, &sender);
                    }
                };
                let thread = thread::Builder::new().name(format!("job {number}"));
                // With fewer threads it takes longer.
                let _ = thread.spawn_scoped(scope, run);
            }
            drop(sender);
            receiver.iter().for_each(&mut take);
        });
    }
}

/// What is told of a panic of ours.
fn panicked(panic: &(dyn Any + Send)) -> String {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    format!(
        "vmm itself panicked: {}; this is a bug in vmm",
        message.unwrap_or("no message")
    )
}
