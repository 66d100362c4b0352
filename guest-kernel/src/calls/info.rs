//! `zx_object_get_info` (reference §15): the topics of one record; the others stand in the
//! files below.

mod maps;
mod vmos;

use abi::info::{InfoHandleBasic, InfoProcess, InfoTaskStats, InfoVmar};
use abi::objects::{ObjectHeader, ObjectType, Process, ProcessState, Thread, Vmar};
use abi::options::Topic;
use abi::{Rights, Status};

use super::Context;
use crate::object::handle;
use crate::state::{Follow, Ptr};
use crate::user_copy;

/// Where records go.
struct Output {
    context: Context,
    /// Where the next record goes.
    at: u64,
    /// Bytes that are left there.
    room: u64,
    /// Where the number of records stored goes, if not 0.
    out_actual: u64,
    /// Where the number of all records goes, if not 0.
    out_avail: u64,
    actual: u64,
    avail: u64,
}

impl Output {
    /// The next record: the first `length` bytes of it are stored, if there is room.
    fn push<T: Copy>(&mut self, record: &T, length: u64) -> Result<(), Status> {
        if self.room >= length && self.actual == self.avail {
            user_copy::store_part(self.context.process, self.at, record, length)?;
            self.at += length;
            self.room -= length;
            self.actual += 1;
        }
        self.avail += 1;
        Ok(())
    }

    /// Tells how many records there were.
    fn finish(self) -> Result<(), Status> {
        for (out, value) in [(self.out_actual, self.actual), (self.out_avail, self.avail)] {
            if out != 0 {
                user_copy::store(self.context.process, out, value)?;
            }
        }
        Ok(())
    }

    /// Stores the one record of a topic.
    fn single<T: Copy>(mut self, record: &T, length: usize) -> Result<(), Status> {
        self.push(record, length as u64)?;
        let stored = self.actual == 1;
        self.finish()?;
        if stored {
            Ok(())
        } else {
            Err(Status::BUFFER_TOO_SMALL)
        }
    }
}

/// Answers.
pub fn get(
    context: Context,
    value: u32,
    topic: u32,
    buffer: u64,
    size: u64,
    (out_actual, out_avail): (u64, u64),
) -> Result<(), Status> {
    let out = Output {
        context,
        at: buffer,
        room: size,
        out_actual,
        out_avail,
        actual: 0,
        avail: 0,
    };
    let process = |rights| {
        handle::find_object::<Process>(context.process, value, ObjectType::PROCESS, rights)
            .map(|(process, _)| process)
    };
    let vmar = || {
        handle::find_object::<Vmar>(context.process, value, ObjectType::VMAR, Rights::INSPECT)
            .map(|(vmar, _)| vmar)
    };
    match topic {
        Topic::HANDLE_VALID => handle::find(context.process, value).map(|_| ()),
        Topic::HANDLE_BASIC => {
            let record = basic(handle::find(context.process, value)?);
            out.single(&record, size_of_val(&record))
        }
        Topic::HANDLE_COUNT => {
            let found = handle::find(context.process, value)?;
            if !found.rights.contains(Rights::INSPECT) {
                return Err(Status::ACCESS_DENIED);
            }
            out.single(&found.object.handles, size_of::<u32>())
        }
        Topic::PROCESS => {
            let record = of_process(process(Rights::INSPECT)?);
            out.single(&record, size_of_val(&record))
        }
        Topic::PROCESS_THREADS => threads(process(Rights::ENUMERATE)?, out),
        Topic::VMAR => {
            let region = vmar()?.region;
            let record = InfoVmar {
                base: region.base,
                len: region.size,
            };
            out.single(&record, size_of_val(&record))
        }
        Topic::TASK_STATS | Topic::TASK_STATS_V1 => {
            let record = maps::task_stats(process(Rights::INSPECT)?)?;
            let newest = topic == Topic::TASK_STATS;
            // The first version lacks the last field.
            let missing = if newest { 0 } else { size_of::<u64>() };
            out.single(&record, size_of::<InfoTaskStats>() - missing)
        }
        Topic::PROCESS_MAPS | Topic::PROCESS_MAPS_V2 | Topic::PROCESS_MAPS_V1 => {
            maps::of_process(process(Rights::INSPECT)?, topic, out)
        }
        Topic::VMAR_MAPS => maps::of_vmar(vmar()?, out),
        Topic::PROCESS_VMOS
        | Topic::PROCESS_VMOS_V3
        | Topic::PROCESS_VMOS_V2
        | Topic::PROCESS_VMOS_V1 => vmos::of_process(process(Rights::INSPECT)?, topic, out),
        Topic::VMO | Topic::VMO_V3 | Topic::VMO_V2 | Topic::VMO_V1 => {
            vmos::of_handle(context, value, topic, out)
        }
        Topic::BTI => {
            let (bti, inspect) = (ObjectType::BTI, Rights::INSPECT);
            handle::find_object::<ObjectHeader>(context.process, value, bti, inspect)?;
            // Contiguity of a page, all addresses; nothing pinned, nothing in quarantine.
            out.single(&[abi::layout::PAGE_SIZE, u64::MAX, 0, 0], 32)
        }
        _ => Err(Status::NOT_SUPPORTED),
    }
}

fn basic(found: handle::Found) -> InfoHandleBasic {
    let object = found.object;
    let related_koid = match ObjectType(object.object_type) {
        ObjectType::PROCESS => object.cast::<Process>().job_koid,
        ObjectType::THREAD => {
            let process = object.cast::<Thread>().process.get();
            process.map_or(0, |process| process.header.koid)
        }
        _ => 0,
    };
    InfoHandleBasic {
        koid: object.koid,
        rights: found.rights.bits(),
        object_type: object.object_type,
        related_koid,
        reserved: 0,
    }
}

fn of_process(process: Ptr<Process>) -> InfoProcess {
    const STARTED: u32 = 1;
    const EXITED: u32 = 2;
    let (flags, return_code) = match ProcessState(process.state) {
        ProcessState::INITIAL => (0, 0),
        ProcessState::RUNNING => (STARTED, 0),
        _ => (STARTED | EXITED, process.return_code),
    };
    InfoProcess {
        return_code,
        start_time: process.start_time,
        flags,
        padding: 0,
    }
}

fn threads(process: Ptr<Process>, mut out: Output) -> Result<(), Status> {
    let mut next = process.first_thread;
    while let Some(thread) = next.get() {
        out.push(&thread.header.koid, size_of::<u64>() as u64)?;
        next = thread.next_in_process;
    }
    out.finish()
}
