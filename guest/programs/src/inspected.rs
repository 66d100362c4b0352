//! What `inspected` is made of: one of everything that an inspector has a word for.

mod child;
pub mod tell;

use crate::memory::PAGE;
use crate::suite::{Failure, Outcome};
use crate::toucher;
use child::{sleeper, spinner, stillborn, victim};
use core::sync::atomic::AtomicI32;
use libzx::{
    CachePolicy, ChildOptions, Handle, MapOptions, Mapping, Object, PAGE_SIZE, Pager, PagerOp,
    Port, PortPacket, Process, RangeOp, Rights, Signals, Status, TIME_INFINITE, Thread, Vmar, Vmo,
    VmoOptions, futex_wait, sleep_until, startup,
};

/// What one of the threads waits for.
static FUTEX: AtomicI32 = AtomicI32::new(1);
/// Long after any test.
const FAR: i64 = 3_600_000_000_000_000;

/// Everything, kept alive.
#[derive(Debug)]
pub struct Scene {
    /// VMOs with the words by which the tests know them (their names).
    pub vmos: [Option<Vmo>; 32],
    /// Other handles of this process.
    pub handles: [Option<Handle>; 16],
    /// Processes besides this one.
    pub processes: [Option<Process>; 8],
    /// Threads of this process, the first one not among them.
    pub threads: [Option<Thread>; 8],
    /// Mappings.
    pub mappings: [Option<Mapping>; 16],
    /// VMARs of this process.
    pub vmars: [Option<Vmar>; 4],
}

impl Scene {
    const EMPTY: Self = Self {
        vmos: [const { None }; 32],
        handles: [const { None }; 16],
        processes: [const { None }; 8],
        threads: [const { None }; 8],
        mappings: [const { None }; 16],
        vmars: [const { None }; 4],
    };

    /// Builds it; `spin` for one process more, which never rests.
    ///
    /// # Errors
    /// A call that should work did not.
    pub fn build(spin: bool) -> Result<Self, Failure> {
        let mut scene = Self::EMPTY;
        scene.family()?;
        scene.kinds()?;
        scene.regions()?;
        scene.rights()?;
        scene.waiting()?;
        scene.others(spin)?;
        scene.paged()?;
        crate::background::settle();
        Ok(scene)
    }

    /// A VMO of that name with `pages` pages, the first `present` of which are there.
    fn named(&mut self, name: &str, pages: u64, present: u64) -> Result<Vmo, Failure> {
        let vmo = Vmo::create(pages * PAGE)?;
        vmo.set_name(name)?;
        fill(&vmo, present, 0x10)?;
        self.keep(&vmo)?;
        Ok(vmo)
    }

    /// Keeps a handle of its own to a VMO.
    fn keep(&mut self, vmo: &Vmo) -> Outcome {
        put(&mut self.vmos, vmo.duplicate(Rights::SAME)?)
    }

    fn child(
        &mut self,
        of: &Vmo,
        name: &str,
        options: ChildOptions,
        (offset, pages): (u64, u64),
    ) -> Result<Vmo, Failure> {
        let child = of.create_child(options, offset * PAGE, pages * PAGE)?;
        child.set_name(name)?;
        self.keep(&child)?;
        Ok(child)
    }

    /// Snapshots of snapshots, a slice, a reference.
    fn family(&mut self) -> Outcome {
        let root = self.named("family", 6, 5)?;
        let whole = (0, 6);
        let first = self.child(&root, "snapshot", ChildOptions::SNAPSHOT, whole)?;
        root.write(b"the parent's own", PAGE)?;
        first.write(b"the child's own", 2 * PAGE)?;
        let second = self.child(
            &first,
            "snapshot of snapshot",
            ChildOptions::SNAPSHOT,
            (1, 4),
        )?;
        second.write(b"the grandchild's own", 3 * PAGE)?;
        self.child(
            &root,
            "immutable",
            ChildOptions::SNAPSHOT | ChildOptions::NO_WRITE,
            (0, 2),
        )?;
        let plain = self.named("plain", 4, 3)?;
        self.child(&plain, "slice", ChildOptions::SLICE, (1, 2))?;
        self.child(&plain, "reference", ChildOptions::REFERENCE, (0, 0))?;
        let map = Mapping::new(&first, 6 * PAGE_SIZE, MapOptions::READ_WRITE)?;
        put(&mut self.mappings, map)
    }

    /// Contiguous, physical, discardable, resizable, uncached.
    fn kinds(&mut self) -> Outcome {
        let bti = startup().bti().ok_or(Status::NOT_FOUND)?;
        let contiguous = Vmo::create_contiguous(&bti, 4 * PAGE, 14)?;
        contiguous.set_name("contiguous")?;
        self.keep(&contiguous)?;
        let resource = startup().resource().ok_or(Status::NOT_FOUND)?;
        let base = abi::layout::SCRATCH_BASE;
        let physical = Vmo::create_physical(&resource, base, 2 * PAGE)?;
        physical.set_name("physical")?;
        self.keep(&physical)?;
        let map = Mapping::new(&physical, 2 * PAGE_SIZE, MapOptions::PERM_READ)?;
        let _ = map.byte(0);
        put(&mut self.mappings, map)?;
        let discardable = Vmo::create_with(2 * PAGE, VmoOptions::DISCARDABLE)?;
        discardable.set_name("discardable")?;
        discardable.lock()?;
        fill(&discardable, 2, 0x20)?;
        self.keep(&discardable)?;
        let resizable = Vmo::create_with(PAGE, VmoOptions::RESIZABLE)?;
        resizable.set_name("resizable")?;
        resizable.set_size(8 * PAGE)?;
        resizable.set_stream_size(5000)?;
        fill(&resizable, 1, 0x30)?;
        self.keep(&resizable)?;
        let uncached = Vmo::create(PAGE)?;
        uncached.set_name("uncached")?;
        uncached.set_cache_policy(CachePolicy::UNCACHED)?;
        self.keep(&uncached)?;
        self.named("empty", 0, 0)?;
        self.named("sparse", 1 << 20, 1)?
            .write(b"far out", 700 << 20)?;
        Ok(())
    }

    /// VMARs in VMARs, mappings of which parts have other permissions.
    fn regions(&mut self) -> Outcome {
        let root = startup().vmar_root().ok_or(Status::NOT_FOUND)?;
        let all =
            MapOptions::CAN_MAP_READ | MapOptions::CAN_MAP_WRITE | MapOptions::CAN_MAP_SPECIFIC;
        let (outer, _) = root.allocate(all, 0, 64 * PAGE_SIZE)?;
        let inside = all | MapOptions::SPECIFIC;
        let (inner, _) = outer.allocate(inside, 16 * PAGE_SIZE, 32 * PAGE_SIZE)?;
        let vmo = self.named("cut", 8, 8)?;
        let place = MapOptions::READ_WRITE | MapOptions::SPECIFIC;
        let at = inner.map(place, 4 * PAGE_SIZE, &vmo, 0, 8 * PAGE_SIZE)?;
        inner.protect(MapOptions::PERM_READ, at + 2 * PAGE_SIZE, 2 * PAGE_SIZE)?;
        inner.protect(MapOptions::empty(), at + 5 * PAGE_SIZE, PAGE_SIZE)?;
        let low = outer.map(
            MapOptions::PERM_READ | MapOptions::SPECIFIC,
            0,
            &vmo,
            PAGE,
            PAGE_SIZE,
        )?;
        touch(low);
        touch(at);
        touch(at + 2 * PAGE_SIZE);
        // A hole that was only read: the frame of zeros may stand there.
        let holes = self.named("holes", 3, 0)?;
        let map = Mapping::new(&holes, 3 * PAGE_SIZE, MapOptions::READ_WRITE)?;
        let _ = map.byte(0);
        map.store(PAGE_SIZE, b"x");
        put(&mut self.mappings, map)?;
        put(&mut self.vmars, outer)?;
        put(&mut self.vmars, inner)
    }

    /// Handles that may do less, and such to objects of other kinds.
    fn rights(&mut self) -> Outcome {
        let vmo = self.named("rights", 1, 1)?;
        for rights in [
            Rights::READ,
            Rights::READ | Rights::MAP | Rights::INSPECT,
            Rights::BASIC,
            Rights::empty(),
        ] {
            put(&mut self.vmos, vmo.duplicate(rights)?)?;
        }
        let port = Port::create()?;
        port.queue(&PortPacket {
            key: 7,
            ..PortPacket::default()
        })?;
        put(
            &mut self.handles,
            port.duplicate(Rights::READ)?.into_handle(),
        )?;
        put(&mut self.handles, port.into_handle())
    }

    /// Threads that wait: for a futex, a port, the time, a signal; one that has not started.
    fn waiting(&mut self) -> Outcome {
        let port = Port::create()?;
        let (mine, theirs) = (port.duplicate(Rights::SAME)?, port);
        put(&mut self.handles, mine.into_handle())?;
        self.thread("on a futex", || _ = futex_wait(&FUTEX, 1, TIME_INFINITE))?;
        self.thread("on a port", move || _ = theirs.wait(TIME_INFINITE))?;
        self.thread("asleep", || sleep_until(FAR))?;
        let vmo = self.named("signalled", 1, 0)?;
        let signals = Signals::from_bits_retain(1 << 24);
        self.thread("on a signal", move || _ = vmo.wait_one(signals, FAR))?;
        let process = startup().process_self().ok_or(Status::NOT_FOUND)?;
        put(&mut self.threads, Thread::create(&process, "not started")?)
    }

    fn thread(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> Outcome {
        let thread = Thread::spawn(work)?;
        thread.set_name(name)?;
        put(&mut self.threads, thread)
    }

    /// Processes: one asleep, one not started, one dead, and one that may spin.
    fn others(&mut self, spin: bool) -> Outcome {
        let shared = self.named("shared", 3, 2)?;
        let map = Mapping::new(&shared, 3 * PAGE_SIZE, MapOptions::READ_WRITE)?;
        let _ = map.byte(0);
        put(&mut self.mappings, map)?;
        let asleep = sleeper("asleep", &shared, FAR)?;
        // Becomes a private copy, if debugging is allowed: the mapping cannot be written.
        let _ = asleep.write_memory(child::SHARED, b"patched");
        put(&mut self.processes, asleep)?;
        put(&mut self.processes, stillborn("not started")?)?;
        put(&mut self.processes, victim("dead")?)?;
        if spin {
            put(&mut self.processes, spinner("spinning")?)?;
        }
        Ok(())
    }

    /// A VMO with a pager: two pages there, one of them dirty, one that a process waits for;
    /// and a clone of it.
    fn paged(&mut self) -> Outcome {
        let (pager, port) = (Pager::create()?, Port::create()?);
        let options = VmoOptions::TRAP_DIRTY;
        let vmo = pager.create_vmo(options, &port, 42, 8 * PAGE)?;
        vmo.set_name("paged")?;
        let source = Vmo::create(2 * PAGE)?;
        fill(&source, 2, 0x40)?;
        pager.supply(&vmo, 0, 2 * PAGE, &source, 0)?;
        pager.op_range(PagerOp::DIRTY, &vmo, 0, PAGE, 0)?;
        self.keep(&vmo)?;
        let clone = self.child(
            &vmo,
            "paged clone",
            ChildOptions::SNAPSHOT_AT_LEAST_ON_WRITE,
            (0, 4),
        )?;
        clone.write(b"the clone's own", PAGE)?;
        let waiting = toucher::Child::start(&toucher::LOAD, &vmo, 8, 5 * PAGE_SIZE + 9)?;
        waiting.process.set_name("on a page")?;
        let toucher::Child { process, vmar, .. } = &waiting;
        put(&mut self.processes, process.duplicate(Rights::SAME)?)?;
        put(
            &mut self.handles,
            vmar.duplicate(Rights::SAME)?.into_handle(),
        )?;
        // What it has besides stays for as long as this process.
        core::mem::forget(waiting);
        put(&mut self.handles, pager.into_handle())?;
        put(&mut self.handles, port.into_handle())
    }
}

/// Makes the first pages present, each with bytes of its own.
fn fill(vmo: &Vmo, pages: u64, mark: u8) -> Outcome {
    vmo.op_range(RangeOp::COMMIT, 0, pages * PAGE)?;
    for (page, value) in (0..pages).zip(mark..) {
        vmo.write(&[value; 64], page * PAGE)?;
    }
    Ok(())
}

fn touch(address: usize) {
    let place = core::ptr::with_exposed_provenance::<u8>(address);
    // SAFETY: the caller has just mapped it, to be read.
    unsafe { place.read_volatile() };
}

fn put<T>(places: &mut [Option<T>], value: T) -> Outcome {
    let free = places.iter_mut().find(|place| place.is_none());
    *free.ok_or(Status::NO_SPACE)? = Some(value);
    Ok(())
}
