//! The guest `inspected` at rest, and what it was told.

#![allow(
    clippy::indexing_slicing,
    reason = "JSON values give null for what is not there"
)]

use crate::kit::{self, Guest};
use libtest_mimic::Failed;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::Output;

/// The guest, and the lines of its last round.
pub(super) struct Scene {
    guest: Guest,
    told: Vec<Value>,
}

impl Scene {
    /// Starts it with these options of `vmm run` and waits until it has told everything.
    pub(super) fn start(options: &[&str]) -> Result<Self, Failed> {
        let arguments = [options, &["inspected"]].concat();
        let mut guest = Guest::start(&arguments)?;
        let stdout = guest.child().stdout.take().ok_or("no console")?;
        let mut told = Vec::new();
        let mut ready = false;
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            if line == "READY" {
                ready = true;
                break;
            }
            if line.starts_with('{') {
                let record: Value = serde_json::from_str(&line)?;
                if record["round"] == 2 {
                    told.push(record);
                }
            }
        }
        if !ready {
            return Err("`inspected` did not get ready".into());
        }
        Ok(Self { guest, told })
    }

    /// The records of a topic.
    pub(super) fn told<'s>(&'s self, topic: &'s str) -> impl Iterator<Item = &'s Value> {
        self.told
            .iter()
            .filter(move |record| record["topic"] == topic)
    }

    /// Those of a process.
    pub(super) fn told_of<'s>(
        &'s self,
        topic: &'s str,
        process: &'s Value,
    ) -> impl Iterator<Item = &'s Value> {
        self.told(topic)
            .filter(move |record| record["process"] == *process)
    }

    fn arguments(&self, question: &[&str]) -> Vec<String> {
        let socket = self.guest.socket().to_string_lossy().into_owned();
        let words = question.iter().map(|word| (*word).to_owned());
        words.chain(["--vm".to_owned(), socket]).collect()
    }

    /// What a command of the inspector says in JSON; all must be readable.
    pub(super) fn ask(&self, question: &[&str]) -> Result<Value, Failed> {
        let arguments = self.arguments(question);
        let mut arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        arguments.push("--json");
        kit::json(&arguments, 0)
    }

    /// What it says to a person.
    pub(super) fn run(&self, question: &[&str]) -> Result<Output, Failed> {
        let arguments = self.arguments(question);
        kit::run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Saves the machine.
    pub(super) fn dump(&self) -> Result<PathBuf, Failed> {
        let image = kit::scratch("image");
        let output = self.run(&["dump", "-o", &image.to_string_lossy()])?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        Ok(image)
    }
}
