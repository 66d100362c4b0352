//! What the served calls would give at an address, and by which rule.

use super::fault::{FaultHandler, Handling};
use crate::calls::{Forecast, ForecastEnd, ForecastStage, Forecaster};
use crate::inspect::Hex;
use crate::memory::PhysicalMemory;
use crate::objects::ProcessView;
use abi::root::BootOptions;
use abi::{RootBlock, Status};
use serde::{Serialize, Serializer};
use vm_memory::GuestAddress;

/// A status by name and number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatusName {
    /// `"ZX_OK"`, `"ZX_ERR_…"`.
    pub name: String,
    /// Its number.
    pub code: i32,
}

impl StatusName {
    pub(super) fn new(status: Status) -> Self {
        let code = status.0;
        let name = status.name();
        let name = name.map_or_else(|| code.to_string(), str::to_owned);
        Self { name, code }
    }
}

pub(super) fn status<S: Serializer>(status: &Status, to: S) -> Result<S::Ok, S::Error> {
    StatusName::new(*status).serialize(to)
}

/// How a call would end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The status; null if there is none, because it waits or the machine stops.
    pub status: Option<StatusName>,
    /// Whether it waits for a pager first, whose answer decides.
    pub waits: bool,
    /// Bytes that are moved before it ends: with `ZX_OK`, what it moves (`*actual`).
    pub bytes: u64,
    /// The address of the first byte that fails; null if none does.
    pub fails_at: Option<Hex>,
    /// Why, in words.
    pub reason: String,
    /// By which rule, as sections of the reference.
    pub rule: &'static str,
}

/// What a call would give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallVerdict {
    /// The call's name.
    pub call: &'static str,
    /// What of it is at the address: `"target"` (the memory of the process that is read or
    /// written), `"buffer"` (of a call that this process makes), `"vmo"` (the VMO behind the
    /// address, at its offset).
    pub role: &'static str,
    /// How it would end in this guest.
    pub outcome: Outcome,
    /// The guest's `vmoscope.errors`: `"documented"` or `"zircon"`.
    pub errors: &'static str,
    /// How it would end with the other value of it; null if alike.
    pub other_errors: Option<Outcome>,
}

/// A question to a forecaster.
#[derive(Clone, Copy, Debug)]
enum Question {
    ProcessRead,
    ProcessWrite,
    ReadInto,
    WriteFrom,
    VmoRead(GuestAddress, u64),
    VmoWrite(GuestAddress, u64),
}

/// What all verdicts are about.
#[derive(Debug)]
pub(super) struct Court<'m, M> {
    pub(super) memory: &'m M,
    pub(super) process: ProcessView,
    pub(super) root: RootBlock,
    pub(super) address: u64,
    pub(super) length: u64,
}

impl<M: PhysicalMemory> Court<'_, M> {
    /// The verdicts for the calls; `vmo` is the VMO behind the address and the offset in it.
    pub(super) fn verdicts(&self, vmo: Option<(GuestAddress, u64)>) -> Vec<CallVerdict> {
        let mut questions = vec![
            ("zx_process_read_memory", "target", Question::ProcessRead),
            ("zx_process_write_memory", "target", Question::ProcessWrite),
            ("zx_vmo_read", "buffer", Question::ReadInto),
            ("zx_vmo_write", "buffer", Question::WriteFrom),
        ];
        if let Some((vmo, offset)) = vmo {
            questions.push(("zx_vmo_read", "vmo", Question::VmoRead(vmo, offset)));
            questions.push(("zx_vmo_write", "vmo", Question::VmoWrite(vmo, offset)));
        }
        let options = BootOptions::from_bits_truncate(self.root.options);
        let zircon = options.contains(BootOptions::ZIRCON_ERRORS);
        questions
            .into_iter()
            .map(|(call, role, question)| {
                let outcome = self.ask(question, options);
                let other = self.ask(question, options ^ BootOptions::ZIRCON_ERRORS);
                CallVerdict {
                    call,
                    role,
                    other_errors: (other.status != outcome.status).then_some(other),
                    outcome,
                    errors: if zircon { "zircon" } else { "documented" },
                }
            })
            .collect()
    }

    fn ask(&self, question: Question, options: BootOptions) -> Outcome {
        let (address, length) = (self.address, self.length);
        let handler = FaultHandler::new(self.memory, self.process, self.root);
        let mut forecaster = Forecaster::new(self.memory, self.process, options, handler);
        let forecast = match question {
            Question::ProcessRead => forecaster.process_read(address, length),
            Question::ProcessWrite => forecaster.process_write(address, length),
            Question::ReadInto => forecaster.read_into(address, length),
            Question::WriteFrom => forecaster.write_from(address, length),
            Question::VmoRead(vmo, offset) => forecaster.vmo_read(vmo, offset, length),
            Question::VmoWrite(vmo, offset) => forecaster.vmo_write(vmo, offset, length),
        };
        let handling = forecaster.provider().last();
        let write = matches!(question, Question::ProcessWrite | Question::VmoWrite(..));
        self.outcome(&forecast, handling, write)
    }

    fn outcome(&self, forecast: &Forecast, handling: Option<Handling>, write: bool) -> Outcome {
        let fails_at = Some(Hex(self.address.wrapping_add(forecast.bytes)));
        let bytes = forecast.bytes;
        match forecast.end {
            ForecastEnd::Status(Status::OK) => {
                let short = bytes < self.length;
                let reason = match handling {
                    Some(Handling::Supplies { how }) => {
                        format!("the kernel {} first", how.words())
                    }
                    _ => "all of it is there".to_owned(),
                };
                Outcome {
                    status: Some(StatusName::new(Status::OK)),
                    waits: false,
                    bytes,
                    fails_at: None,
                    reason: if short {
                        "no more than this: there the mapping or its VMO ends".to_owned()
                    } else {
                        reason
                    },
                    rule: forecast.stage.rule(Status::OK, write, short),
                }
            }
            ForecastEnd::Status(status) => Outcome {
                status: Some(StatusName::new(status)),
                waits: false,
                bytes,
                fails_at,
                reason: match handling {
                    Some(Handling::Refuses { why, .. })
                        if matches!(
                            forecast.stage,
                            ForecastStage::Page | ForecastStage::Buffer | ForecastStage::Copy
                        ) && !self.is_out_of_range(forecast) =>
                    {
                        why.to_owned()
                    }
                    _ => self.words(forecast, status).to_owned(),
                },
                rule: if self.is_out_of_range(forecast) {
                    "§3, §22 items 2 and 3"
                } else {
                    forecast.stage.rule(status, write, false)
                },
            },
            ForecastEnd::Waits => Outcome {
                status: None,
                waits: true,
                bytes,
                fails_at,
                reason: match handling {
                    Some(Handling::AsksPager {
                        vmo,
                        offset,
                        command,
                    }) => format!(
                        "the pager of VMO {vmo} is asked ({command}) for its page at {offset:#x}"
                    ),
                    _ => "a pager is asked".to_owned(),
                },
                rule: "§4.5",
            },
            ForecastEnd::Broken(error) => Outcome {
                status: None,
                waits: false,
                bytes,
                fails_at,
                reason: format!("the machine stops: {error}"),
                rule: "a fault of the guest's kernel",
            },
        }
    }

    /// Whether it is about a buffer that is not in the user range.
    fn is_out_of_range(&self, forecast: &Forecast) -> bool {
        forecast.stage == ForecastStage::Buffer
            && crate::memory::UserRange::new(
                crate::memory::GuestVirtAddr(self.address),
                self.length,
            )
            .is_none()
    }

    fn words(&self, forecast: &Forecast, status: Status) -> &'static str {
        match (forecast.stage, status) {
            (ForecastStage::Gate, _) => "the calls for debuggers are not switched on",
            (ForecastStage::Arguments, _) => "a length of 0, or of more than 64 MiB",
            (ForecastStage::Mapping, Status::BAD_STATE) => "the process is dead",
            (ForecastStage::Mapping, _) => "nothing is mapped there",
            (ForecastStage::Goal, _) => "it is the vDSO",
            (ForecastStage::Clip, Status::OUT_OF_RANGE) => "the VMO ends before that byte",
            (ForecastStage::Clip, Status::NOT_SUPPORTED) => "the VMO is physical",
            (ForecastStage::Clip, _) => "the VMO is not cached",
            (ForecastStage::Page, Status::NOT_FOUND) => {
                "the VMO is discardable, its pages were taken, and it was not locked since"
            }
            (ForecastStage::Buffer, _) if self.address == 0 => "the buffer is NULL",
            (ForecastStage::Buffer, _) => "the buffer is not all in the user range",
            _ => "the page cannot be had",
        }
    }
}
