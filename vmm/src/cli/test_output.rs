//! Where `vmm test` writes what: the person's view with its progress, and the report.

use super::test_args::{Format, TestArgs};
use anstream::AutoStream;
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;
use std::time::Duration;
use vmm::testing::report::{Detail, JsonReport, JunitReport, Report, TapReport, TextReport};

/// A stream that anything can be written to.
type Stream = Box<dyn Write>;

/// Everything that `vmm test` writes to.
#[allow(missing_debug_implementations, reason = "streams have none")]
pub struct Output {
    /// For people.
    pub person: TextReport<Stream>,
    /// For programs.
    pub report: Option<Box<dyn Report>>,
    /// Runs along while tests do.
    pub progress: ProgressBar,
}

/// The format of the report: what was asked for, or as the file's name ends.
///
/// # Errors
/// A message if the name does not tell.
pub fn format(args: &TestArgs) -> Result<Format, String> {
    let ending = args.output.as_deref().and_then(Path::extension);
    let ending = ending.and_then(|ending| ending.to_str());
    match (args.format, &args.output, ending) {
        (Some(format), _, _) => Ok(format),
        (None, None, _) => Ok(Format::Text),
        (None, Some(_), Some("xml")) => Ok(Format::Junit),
        (None, Some(_), Some("tap")) => Ok(Format::Tap),
        (None, Some(_), Some("json" | "jsonl")) => Ok(Format::Json),
        (None, Some(_), Some("txt")) => Ok(Format::Text),
        (None, Some(path), _) => Err(format!(
            "which format should `{}` have? Add --format text, tap, junit or json",
            path.display()
        )),
    }
}

impl Output {
    /// Opens the streams.
    ///
    /// # Errors
    /// Those of the output file.
    pub fn open(args: &TestArgs, format: Format, tests: usize) -> io::Result<Self> {
        let detail = match (args.quiet, args.verbose) {
            (true, _) => Detail::Quiet,
            (false, 0) => Detail::Tests,
            (false, _) => Detail::Cases,
        };
        let to_file = args.output.is_some();
        let report = match (&args.output, format) {
            (None, Format::Text) => None,
            (None, _) => Some(report(Box::new(io::stdout()), format)),
            (Some(path), _) => {
                let file = BufWriter::new(File::create(path)?);
                Some(report(Box::new(file), format))
            }
        };
        // Standard output is the report's if it is not a person's.
        let person: Stream = if format == Format::Text || to_file {
            Box::new(AutoStream::auto(io::stdout()))
        } else {
            Box::new(AutoStream::auto(io::stderr()))
        };
        let progress = if io::stderr().is_terminal() && !args.quiet {
            bar(tests)
        } else {
            ProgressBar::hidden()
        };
        Ok(Self {
            person: TextReport::new(person, detail),
            report,
            progress,
        })
    }
}

/// A report in that format; text in a file has no colours.
fn report(stream: Stream, format: Format) -> Box<dyn Report> {
    match format {
        Format::Text => Box::new(TextReport::new(
            anstream::StripStream::new(stream),
            Detail::Cases,
        )),
        Format::Tap => Box::new(TapReport::new(stream)),
        Format::Junit => Box::new(JunitReport::new(stream)),
        Format::Json => Box::new(JsonReport::new(stream)),
    }
}

fn bar(tests: usize) -> ProgressBar {
    let bar = ProgressBar::new(tests as u64);
    // Without the style it would look different, and that is all.
    if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} tests, {msg} {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}
