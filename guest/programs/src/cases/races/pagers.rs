//! A pager that answers, fails, shrinks and goes, against those who wait for it.

use super::ring::{allow, breathe, race, random, say_through, set_word, through, word, wrong};
use crate::background::PATIENCE;
use crate::memory::{Area, PAGE};
use crate::probe::{self, out, vmo_read, vmo_write};
use crate::suite::{Failure, Outcome};
use crate::{ensure, pattern};
use abi::info::{PageCommand, PageRequest, PortPacket};
use abi::options::{ChildOptions, PagerOp};
use libzx::{Call, Handle, PAGE_SIZE, Status, Vmo, VmoOptions, monotonic};
use zerocopy::FromBytes;

/// Words of these races.
const VMO: usize = 0;
const CLONE: usize = 1;
const END: usize = 2;
/// The root mapped.
const PLACE: usize = 3;
const PLAIN: usize = 4;
/// Whether bytes may be zero (after a shrink).
const ZEROS: usize = 5;
const BUFFERS: usize = 8;

const PAGES: usize = 16;
const TURNS: usize = 40;
/// The bytes of every page are this pattern, whoever supplies or writes them.
const CONTENT: u64 = 77;

fn handle(index: usize) -> u32 {
    u32::try_from(word(index)).unwrap_or(0)
}

fn make(call: Call, args: &[u64]) -> Result<Handle, Failure> {
    let mut value = 0_u32;
    let mut all = [0; 8];
    let with_out = args.iter().copied().chain([out(&mut value)]);
    for (to, from) in all.iter_mut().zip(with_out) {
        *to = from;
    }
    probe::status(call, &all).ok()?;
    let handle = Handle::from_raw(core::hint::black_box(value));
    Ok(handle.ok_or(Status::INTERNAL)?)
}

/// What those who wait may be told.
const TOLD: [Status; 4] = [
    Status::OK,
    Status::IO,
    Status::BAD_STATE,
    Status::OUT_OF_RANGE,
];

fn check(number: usize, buffer: u64, offset: u64, length: u64) {
    for at in (0..length).step_by(113) {
        let address = usize::try_from(buffer + at).unwrap_or(0);
        let place = core::ptr::with_exposed_provenance::<u8>(address);
        // SAFETY: a byte of the thread's own buffer.
        let found = unsafe { place.read_volatile() };
        let zero = found == 0 && word(ZEROS) != 0;
        if found != pattern::byte(CONTENT, offset + at) && !zero {
            wrong(number, u64::from(found) | offset << 8);
        }
    }
}

/// Reads the root, the clone or the clone's clone.
fn reader(number: usize) {
    let mut random = random(number);
    let buffer = word(BUFFERS + number);
    for _ in 0..TURNS {
        let vmo = handle(random.below(3));
        let offset = random.below((PAGES - 3) * PAGE_SIZE) as u64;
        let length = random.below(3 * PAGE_SIZE) as u64 + 1;
        let status = vmo_read(vmo, buffer, offset, length);
        allow(number, status, &TOLD);
        if status == Status::OK {
            check(number, buffer, offset, length);
        }
        breathe(&mut random);
    }
    say_through();
}

/// Writes what is there anyway, so that readers can tell what they should find.
fn writer(number: usize) {
    let mut random = random(number);
    let buffer = word(BUFFERS + number);
    for _ in 0..TURNS {
        let vmo = handle(random.below(3));
        let page = random.below(PAGES);
        let from = usize::try_from(buffer).unwrap_or(0);
        for at in 0..PAGE_SIZE {
            let place = core::ptr::with_exposed_provenance_mut::<u8>(from + at);
            let byte = pattern::byte(CONTENT, (page * PAGE_SIZE + at) as u64);
            // SAFETY: a byte of the thread's own buffer; nobody refers to it.
            unsafe { place.write_volatile(byte) };
        }
        let skip = random.below(64) as u64;
        let offset = page as u64 * PAGE + skip;
        let length = random.below(PAGE_SIZE - 64) as u64;
        allow(number, vmo_write(vmo, buffer + skip, offset, length), &TOLD);
        breathe(&mut random);
    }
    say_through();
}

/// Uses the mapped root as a buffer.
fn buffer_user(number: usize) {
    let mut random = random(number);
    for _ in 0..TURNS {
        let page = random.below(PAGES - 1) as u64;
        let at = word(PLACE) + page * PAGE;
        // The plain VMO holds the pattern too, at the same offsets.
        let status = match random.once_in(2) {
            true => vmo_read(handle(PLAIN), at, page * PAGE, PAGE + 9),
            false => vmo_write(handle(PLAIN), at, page * PAGE, PAGE + 9),
        };
        allow(number, status, &TOLD);
        breathe(&mut random);
    }
    say_through();
}

/// The pager, its port, a VMO with two clones and everything that the threads use.
struct Scene {
    port: Handle,
    pager: Handle,
    vmo: Vmo,
    clones: [Vmo; 2],
    place: libzx::Mapping,
    plain: Vmo,
    buffers: Area,
}

fn scene(options: VmoOptions) -> Result<Scene, Failure> {
    let port = make(Call::PortCreate, &[0])?;
    let pager = make(Call::PagerCreate, &[0])?;
    let bytes = PAGES as u64 * PAGE;
    let args = [
        u64::from(pager.raw()),
        u64::from(options.bits()),
        u64::from(port.raw()),
        1,
        bytes,
    ];
    let vmo = Vmo::from_handle(make(Call::PagerCreateVmo, &args)?);
    let lazy = u64::from(ChildOptions::SNAPSHOT_AT_LEAST_ON_WRITE.bits());
    let child = |of: &Vmo| {
        let args = [u64::from(of.handle().raw()), lazy, 0, bytes];
        make(Call::VmoCreateChild, &args).map(Vmo::from_handle)
    };
    let clone = child(&vmo)?;
    let end = child(&clone)?;
    let place = libzx::Mapping::new(&vmo, PAGES * PAGE_SIZE, libzx::MapOptions::READ_WRITE)?;
    let plain = content(0, PAGES as u64)?;
    let buffers = Area::touched(4 * 6)?;
    set_word(VMO, u64::from(vmo.handle().raw()));
    set_word(CLONE, u64::from(clone.handle().raw()));
    set_word(END, u64::from(end.handle().raw()));
    set_word(PLACE, place.address() as u64);
    set_word(PLAIN, u64::from(plain.handle().raw()));
    set_word(ZEROS, 0);
    for number in 0..6 {
        set_word(BUFFERS + number, buffers.at(4 * PAGE * number as u64));
    }
    Ok(Scene {
        port,
        pager,
        vmo,
        clones: [clone, end],
        place,
        plain,
        buffers,
    })
}

/// A VMO with the content from that page on.
fn content(page: u64, pages: u64) -> Result<Vmo, Failure> {
    let vmo = Vmo::create(pages * PAGE)?;
    let mut bytes = [0; PAGE_SIZE];
    for number in 0..pages {
        pattern::fill(CONTENT, (page + number) * PAGE, &mut bytes);
        vmo.write(&bytes, number * PAGE)?;
    }
    Ok(vmo)
}

impl Scene {
    fn request(&self) -> Option<PageRequest> {
        let mut packet = PortPacket::default();
        let deadline = monotonic().saturating_add(1_000_000).cast_unsigned();
        let args = [u64::from(self.port.raw()), deadline, out(&mut packet)];
        probe::status(Call::PortWait, &args).ok().ok()?;
        PageRequest::read_from_bytes(&core::hint::black_box(packet).payload).ok()
    }

    fn supply(&self, offset: u64, length: u64) -> Result<Status, Failure> {
        let aux = content(offset / PAGE, length / PAGE)?;
        let args = [
            u64::from(self.pager.raw()),
            u64::from(self.vmo.handle().raw()),
            offset,
            length,
            u64::from(aux.handle().raw()),
            0,
        ];
        Ok(probe::status(Call::PagerSupplyPages, &args))
    }

    fn fail(&self, offset: u64, length: u64) -> Status {
        let args = [
            u64::from(self.pager.raw()),
            u64::from(PagerOp::FAIL),
            u64::from(self.vmo.handle().raw()),
            offset,
            length,
            Status::IO.to_register(),
        ];
        probe::status(Call::PagerOpRange, &args)
    }

    fn dirty(&self, offset: u64, length: u64) -> Status {
        let args = [
            u64::from(self.pager.raw()),
            u64::from(PagerOp::DIRTY),
            u64::from(self.vmo.handle().raw()),
            offset,
            length,
            0,
        ];
        probe::status(Call::PagerOpRange, &args)
    }

    /// Answers requests, in pieces and not always well, until that many threads are through
    /// or `until` says so before a request; what may stand against the answers.
    fn serve(
        &self,
        threads: u64,
        random: &mut crate::random::Random,
        mut each: impl FnMut(&mut crate::random::Random) -> Result<bool, Failure>,
    ) -> Outcome {
        let end = monotonic().saturating_add(3 * PATIENCE);
        while through() < threads {
            ensure!(monotonic() < end, "{} of {threads} are through", through());
            if each(random)? {
                return Ok(());
            }
            let Some(PageRequest {
                command,
                offset,
                length,
                ..
            }) = self.request()
            else {
                continue;
            };
            let pages = length / PAGE;
            let first = (random.below(usize::try_from(pages).unwrap_or(1)) as u64 + 1) * PAGE;
            let mut answer = |offset, length| -> Result<Status, Failure> {
                Ok(match (command, random.below(4)) {
                    (_, 0) => self.fail(offset, length),
                    (PageCommand::READ, _) => self.supply(offset, length)?,
                    _ => self.dirty(offset, length),
                })
            };
            let rest = length - first;
            let mut statuses = [answer(offset, first)?, Status::OK];
            if let (true, [_, second]) = (rest > 0, &mut statuses) {
                *second = answer(offset + first, rest)?;
            }
            for status in statuses {
                // Shrunk away meanwhile, or permission for pages that went with it.
                let fine = [Status::OK, Status::OUT_OF_RANGE, Status::NOT_FOUND];
                ensure!(fine.contains(&status), "answering gave {status}");
            }
        }
        Ok(())
    }
}

const THREADS: [fn(usize); 5] = [reader, writer, reader, buffer_user, reader];

pub(super) fn supply_and_fail(seed: u64) -> Outcome {
    for options in [VmoOptions::empty(), VmoOptions::TRAP_DIRTY] {
        let scene = scene(options)?;
        race(seed, &THREADS, || {
            scene.serve(5, &mut random(6), |_| Ok(false))
        })?;
        drop(scene);
        super::ring::sound(seed)?;
    }
    Ok(())
}

pub(super) fn shrink_and_grow(seed: u64) -> Outcome {
    let scene = scene(VmoOptions::RESIZABLE)?;
    set_word(ZEROS, 1);
    let vmo = u64::from(scene.vmo.handle().raw());
    race(seed, &THREADS, || {
        scene.serve(5, &mut random(6), |random| {
            if random.once_in(3) {
                let size = random.below(PAGES + 1) as u64 * PAGE;
                probe::status(Call::VmoSetSize, &[vmo, size]).ok()?;
            }
            Ok(false)
        })
    })?;
    drop(scene);
    super::ring::sound(seed)
}

/// Detaches, or closes the pager, while they wait; from then on all is BAD_STATE or there.
pub(super) fn the_pager_goes(seed: u64) -> Outcome {
    for close in [false, true] {
        let mut scene = Some(scene(VmoOptions::empty())?);
        let mut left = random(7).below(25) + 1;
        let mut kept = None;
        race(seed, &THREADS, || {
            if let Some(scene) = &scene {
                scene.serve(5, &mut random(6), |_| {
                    left -= 1;
                    Ok(left == 0)
                })?;
            }
            let Some(whole) = scene.take() else {
                return Ok(());
            };
            let Scene {
                port,
                pager,
                vmo,
                clones,
                place,
                plain,
                buffers,
            } = whole;
            if close {
                drop(pager);
                kept = Some((port, None, vmo, clones, place, plain, buffers));
            } else {
                let args = [u64::from(pager.raw()), u64::from(vmo.handle().raw())];
                probe::status(Call::PagerDetachVmo, &args).ok()?;
                kept = Some((port, Some(pager), vmo, clones, place, plain, buffers));
            }
            Ok(())
        })?;
        drop(kept);
        super::ring::sound(seed)?;
    }
    Ok(())
}
