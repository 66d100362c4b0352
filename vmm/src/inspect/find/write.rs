//! Writing: every rule is checked for every byte before the first is stored.

use super::super::look::{FrameKind, permissions_text};
use super::super::{Hex, InspectError, Paused, Problems, ProcessRecord, Survey};
use super::SpaceSelector;
use super::metered::Metered;
use super::owner::OwnerIndex;
use super::process_space::ProcessSpace;
use super::read::{HexBytes, end_of};
use super::space::{Gap, Space, Stretch, Via};
use super::vmo_space::VmoSpace;
use crate::memory::{GuestVirtAddr, PhysicalMemory, VmoOffset};
use crate::translate::{Access, FaultReason, PageCursor, PageSlot};
use abi::layout::PAGE_SIZE;
use abi::objects::Permissions;
use serde::Serialize;
use std::fmt;
use vm_memory::GuestAddress;

/// Bytes that are stored at once at most.
pub const MAX_WRITE: u64 = 16 << 20;
/// Bytes of what was there before that are told.
const KEPT: usize = 4096;

/// What is to be stored.
#[derive(Clone, Debug)]
pub struct WriteRequest {
    /// Where.
    pub space: SpaceSelector,
    /// First address, or offset.
    pub address: u64,
    /// What.
    pub bytes: Vec<u8>,
    /// Whether to store it even where a rule forbids it.
    pub force: bool,
}

/// A rule that forbids to store a byte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum Rule {
    /// The program may not write there.
    ReadOnly {
        /// What forbids it.
        detail: String,
    },
    /// The program was not there yet: no page table leads there.
    NotPresent,
    /// Other VMOs have the same page: it must be copied first.
    CopyOnWrite,
    /// The page is a pager's and clean: nobody would write the change back.
    Clean,
    /// Page tables lead to another frame than the VMO shows.
    NotTheVmos,
    /// The frame is no page of a VMO.
    NotData {
        /// What it is.
        owner: String,
    },
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReadOnly { detail } => {
                return write!(f, "the program may not write there: {detail}");
            }
            Self::NotPresent => {
                "the program was not there yet: no page table leads to the page of its VMO"
            }
            Self::CopyOnWrite => {
                "copy-on-write: other VMOs show the same page, which must be copied first"
            }
            Self::Clean => "the page is a pager's and clean: the change would not be written back",
            Self::NotTheVmos => "the page tables lead to another frame than the VMO shows",
            Self::NotData { owner } => {
                return write!(f, "the frame is no data of a program: {owner}");
            }
        })
    }
}

/// What was stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Written {
    /// The space, as it was asked for.
    pub space: String,
    /// First address, or offset.
    pub address: Hex,
    /// Bytes.
    pub length: u64,
    /// The first 4096 bytes that were there before.
    pub before: HexBytes,
    /// Where they are in RAM, in ascending order of address.
    pub pieces: Vec<WrittenPiece>,
    /// Rules that were broken, by force.
    pub broken: Vec<BrokenRule>,
}

/// A part of what was stored, physically contiguous.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct WrittenPiece {
    /// Where it is in the space.
    pub address: Hex,
    /// Guest-physical address.
    pub physical: Hex,
    /// Bytes.
    pub length: u64,
}

/// A rule, and where it forbids the write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BrokenRule {
    /// Where in the space.
    pub address: Hex,
    /// Bytes from there on.
    pub length: u64,
    /// Which one.
    #[serde(flatten)]
    pub rule: Rule,
}

impl Paused<'_> {
    /// Stores bytes in a live guest, all of them or none. What the guest's own rules forbid
    /// is refused unless it is forced; what has no frame cannot be forced. The VM notes it in
    /// its log.
    ///
    /// # Errors
    /// [`InspectError::Refused`] names the rule and the first address; besides, those of
    /// [`Paused::read`] and [`Paused::write_physical`].
    pub fn write(
        &mut self,
        survey: &Survey,
        request: &WriteRequest,
    ) -> Result<Written, InspectError> {
        let length = request.bytes.len() as u64;
        let end = end_of(request.address, length)?;
        if length > MAX_WRITE {
            return Err(InspectError::Refused(format!(
                "{length} bytes are more than can be stored at once: {MAX_WRITE}"
            )));
        }
        let plan = self.plan(survey, request, end)?;
        if let (Some(first), false) = (plan.broken.first(), request.force) {
            let more = match plan.broken.len() {
                1 => String::new(),
                count => format!(" (and {} more places)", count - 1),
            };
            return Err(InspectError::Refused(format!(
                "{} of {}: {}{more}; nothing was stored, --force stores it all the same",
                first.address, request.space, first.rule
            )));
        }
        let mut rest = request.bytes.as_slice();
        for piece in &plan.pieces {
            let (now, later) = rest
                .split_at_checked(usize::try_from(piece.length).unwrap_or(usize::MAX))
                .unwrap_or((rest, &[]));
            rest = later;
            self.write_physical(GuestAddress(piece.physical.0), now)?;
        }
        Ok(plan)
    }

    /// Where the bytes go, and what forbids it.
    fn plan(
        &self,
        survey: &Survey,
        request: &WriteRequest,
        end: u64,
    ) -> Result<Written, InspectError> {
        let meter = Metered::new(self.memory());
        let mut rules = Rules::new(&meter, survey, &request.space)?;
        // What is broken elsewhere is no business of this write.
        let owners = OwnerIndex::new(self, survey, &mut Problems::default());
        let mut plan = Written {
            space: request.space.to_string(),
            address: Hex(request.address),
            length: end - request.address,
            before: HexBytes::default(),
            pieces: Vec::new(),
            broken: Vec::new(),
        };
        let mut at = request.address;
        while at < end {
            let page_end = (at | (PAGE_SIZE - 1)).saturating_add(1);
            let (frame, length, rule) = rules.target(at, page_end.min(end) - at, &owners)?;
            plan.add(at, (frame, length), rule);
            plan.keep(&meter, frame, length)?;
            at = at.saturating_add(length);
        }
        Ok(plan)
    }
}

impl Written {
    fn add(&mut self, at: u64, (frame, length): (GuestAddress, u64), rule: Option<Rule>) {
        match self.pieces.last_mut() {
            Some(last) if last.physical.0.checked_add(last.length) == Some(frame.0) => {
                last.length += length;
            }
            _ => self.pieces.push(WrittenPiece {
                address: Hex(at),
                physical: Hex(frame.0),
                length,
            }),
        }
        let Some(rule) = rule else { return };
        match self.broken.last_mut() {
            Some(last) if last.rule == rule && last.address.0 + last.length == at => {
                last.length += length;
            }
            _ => self.broken.push(BrokenRule {
                address: Hex(at),
                length,
                rule,
            }),
        }
    }

    fn keep(
        &mut self,
        memory: &Metered<'_>,
        frame: GuestAddress,
        length: u64,
    ) -> Result<(), InspectError> {
        let kept = self.before.0.len();
        let more = usize::try_from(length)
            .unwrap_or(usize::MAX)
            .min(KEPT - kept.min(KEPT));
        self.before.0.resize(kept + more, 0);
        let into = self.before.0.get_mut(kept..).unwrap_or_default();
        Ok(memory.read_bytes(frame, into)?)
    }
}

/// The rules of a space.
struct Rules<'m, 'r> {
    space: Space<'m, 'r>,
    /// Of a process: what its page tables let it write.
    writable: Option<PageCursor<'m, Metered<'r>>>,
}

impl<'m, 'r> Rules<'m, 'r> {
    fn new(
        memory: &'m Metered<'r>,
        survey: &Survey,
        space: &SpaceSelector,
    ) -> Result<Self, InspectError> {
        let writable = match space {
            SpaceSelector::Process(process) => writable(memory, survey.process(process)?),
            _ => None,
        };
        Ok(Self {
            space: Space::open(memory, Some(survey), space)?,
            writable,
        })
    }

    /// The frame of the bytes at `at`, at most `limit` to the end of the page, how many of
    /// them are in it, and the rule that forbids to write them.
    fn target(
        &mut self,
        at: u64,
        limit: u64,
        owners: &OwnerIndex<'_>,
    ) -> Result<(GuestAddress, u64, Option<Rule>), InspectError> {
        let (start, length, via) = match self.space.stretch(at, limit) {
            Stretch::Bytes { start, length, via } => (start, length, via),
            Stretch::Hole { gap, .. } => return Err(no_frame(at, &gap)),
        };
        let rule = match &mut self.space {
            Space::Physical(_) => None,
            Space::Vmo(vmo) => vmo_rule(vmo, at, start)?,
            Space::Process(process) => match &mut self.writable {
                Some(tables) => process_rule(process, tables, at, start, via)?,
                None => Some(Rule::NotPresent),
            },
        };
        let owner = owners.frames().owner_of(start);
        let data = owner
            .as_ref()
            .is_some_and(|owner| matches!(owner.kind, FrameKind::VmoPage | FrameKind::PhysicalVmo));
        let shared = owner
            .as_ref()
            .is_some_and(|owner| !owner.shared_with.is_empty());
        let rule = match rule {
            _ if !data => Some(Rule::NotData {
                owner: owner.map_or_else(|| "no RAM".to_owned(), |owner| owner.to_string()),
            }),
            None if shared => Some(Rule::CopyOnWrite),
            rule => rule,
        };
        Ok((start, length, rule))
    }
}

fn writable<'m, 'r>(
    memory: &'m Metered<'r>,
    process: &ProcessRecord,
) -> Option<PageCursor<'m, Metered<'r>>> {
    let space = process.view.address_space()?;
    Some(PageCursor::new(memory, space, Access::Write))
}

/// What forbids a program to write the byte at `at`, which is at `start`.
fn process_rule(
    process: &mut ProcessSpace<'_, '_>,
    tables: &mut PageCursor<'_, Metered<'_>>,
    at: u64,
    start: GuestAddress,
    via: Via,
) -> Result<Option<Rule>, InspectError> {
    let mapping = process.mapping_at(at);
    let denied = tables.page(GuestVirtAddr(at)).err();
    if let Some(mapping) = &mapping
        && let permissions = Permissions::from_bits_truncate(mapping.raw().permissions)
        && !permissions.contains(Permissions::WRITE)
    {
        let detail = format!("its mapping allows {}", permissions_text(permissions));
        return Ok(Some(Rule::ReadOnly { detail }));
    }
    let Some(mapping) = mapping else {
        let detail = "no mapping is there".to_owned();
        return Ok(Some(Rule::ReadOnly { detail }));
    };
    let offset = mapping.raw().vmo_offset + (at - mapping.base());
    let behind = match process.shown(&mapping) {
        Ok(vmo) => vmo_rule(vmo, offset, start)?,
        Err(detail) => {
            return Ok(Some(Rule::ReadOnly {
                detail: detail.clone(),
            }));
        }
    };
    Ok(match (behind, denied) {
        (Some(rule), _) => Some(rule),
        (None, None) => None,
        (None, Some(_)) if via == Via::Mapping => Some(Rule::NotPresent),
        (None, Some(fault)) if fault.reason == FaultReason::NotPresent => Some(Rule::NotPresent),
        (None, Some(fault)) => Some(Rule::ReadOnly {
            detail: fault.to_string(),
        }),
    })
}

/// What forbids to write the byte at that offset of a VMO, which is said to be at `start`.
fn vmo_rule(
    vmo: &mut VmoSpace<'_, '_>,
    at: u64,
    start: GuestAddress,
) -> Result<Option<Rule>, InspectError> {
    match vmo.stretch(at, 1) {
        Stretch::Bytes { start: shown, .. } if shown == start => {}
        Stretch::Bytes { .. } => return Ok(Some(Rule::NotTheVmos)),
        // Such as the frame of zeros, which stands for what has no page: many would change.
        Stretch::Hole { gap, .. } => return Err(no_frame(at, &gap)),
    }
    let holder = vmo.holder();
    let Some(offset) = vmo.offset(at).filter(|_| !holder.is_physical()) else {
        return Ok(None);
    };
    let own = holder.pages(vmo.memory()).run(VmoOffset(offset), 1);
    Ok(match own.map(|own| own.slot) {
        Ok(PageSlot::Present { writable: true, .. }) => None,
        Ok(PageSlot::Present { .. }) if holder.has_pager() => Some(Rule::Clean),
        _ => Some(Rule::CopyOnWrite),
    })
}

fn no_frame(at: u64, gap: &Gap) -> InspectError {
    InspectError::Refused(format!(
        "{at:#x}: {gap}: there is no frame that could be written to, and nothing was stored"
    ))
}
