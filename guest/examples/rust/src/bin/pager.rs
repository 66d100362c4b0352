//! A user pager: a VMO whose pages a thread of this program makes the moment somebody
//! touches them.
//!
//!     cargo run --bin pager

#![cfg_attr(target_os = "none", no_std, no_main)]

use core::sync::atomic::{AtomicU32, Ordering};
use libzx::{
    MapOptions, Mapping, Object, PAGE_SIZE, PageCommand, Pager, Port, PortPacket, Result, Rights,
    Status, TIME_INFINITE, Thread, Vmo, VmoOptions, println,
};

const PAGES: u64 = 64;
const PAGE: u64 = PAGE_SIZE as u64;

static REQUESTS: AtomicU32 = AtomicU32::new(0);

/// Answers requests until it is told to stop: each page holds its own number.
fn serve(pager: &Pager, port: &Port, vmo: &Vmo) -> Result<()> {
    loop {
        let packet = port.wait(TIME_INFINITE)?;
        let Some(request) = packet.page_request() else {
            return pager.detach(vmo);
        };
        if request.command == PageCommand::READ {
            REQUESTS.fetch_add(1, Ordering::Relaxed);
            let source = Vmo::create(request.length)?;
            for at in (0..request.length).step_by(PAGE_SIZE) {
                let number = (request.offset + at) / PAGE;
                source.write(&number.to_le_bytes(), at)?;
            }
            // The pages move: no byte is copied.
            pager.supply(vmo, request.offset, request.length, &source, 0)?;
        }
    }
}

fn pages() -> Result<bool> {
    let (pager, port) = (Pager::create()?, Port::create()?);
    let vmo = pager.create_vmo(VmoOptions::empty(), &port, 7, PAGES * PAGE)?;
    let (served, requests) = (vmo.duplicate(Rights::SAME)?, port.duplicate(Rights::SAME)?);
    let thread = Thread::spawn(move || {
        if let Err(status) = serve(&pager, &requests, &served) {
            println!("the pager gave up: {status}");
        }
    })?;

    // By a mapping: the CPU faults, and goes on when the page is there.
    let size = usize::try_from(PAGES * PAGE).map_err(|_| Status::OUT_OF_RANGE)?;
    let map = Mapping::new(&vmo, size, MapOptions::PERM_READ)?;
    let mut number = [0; 8];
    map.load(3 * PAGE_SIZE, &mut number);
    println!("mapped: page {}", u64::from_le_bytes(number));
    let mapped = u64::from_le_bytes(number) == 3;

    // By a call.
    vmo.read(&mut number, 60 * PAGE)?;
    println!("read:   page {}", u64::from_le_bytes(number));
    let read = u64::from_le_bytes(number) == 60;

    // Any packet that is no request says that it is over.
    port.queue(&PortPacket::default())?;
    thread.join()?;
    let requests = REQUESTS.load(Ordering::Relaxed);
    println!("{requests} requests answered");
    // What was never supplied never will be.
    let after = vmo.read(&mut number, 0);
    println!("after the end: {after:?}");
    Ok(mapped && read && requests == 2 && after == Err(Status::BAD_STATE))
}

fn program() -> i64 {
    match pages() {
        Ok(well) => i64::from(!well),
        Err(status) => {
            println!("a call failed: {status}");
            1
        }
    }
}

libzx::main!(program);
