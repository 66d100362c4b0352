//! The tables: processes, threads, VMOs, handles, other objects.

use super::Report;
use super::index::{Index, MAX_ROWS};
use super::text::{Bytes, Count, Text};
use crate::inspect::Hex;
use crate::inspect::look::{cache_policy_name, thread_state_name, vmo_kind};
use crate::objects::{MappingView, VmoView};
use abi::objects::{CachePolicy, ObjectType, ProcessState, VmoOptions, WaitKind};
use std::io::{self, Write};

/// A column: its title, and whether it has numbers.
type Column = (&'static str, bool);

const fn text(title: &'static str) -> Column {
    (title, false)
}

const fn number(title: &'static str) -> Column {
    (title, true)
}

/// A section with a table of `total` rows.
fn open(
    stream: &mut dyn Write,
    (id, title): (&str, &str),
    total: usize,
    columns: &[Column],
) -> io::Result<()> {
    writeln!(
        stream,
        "<section id=\"{id}\">\n<h2>{title} <span class=\"count\">{}</span></h2>\n\
         <div class=\"scroll\"><table class=\"rows\">\n<thead><tr>",
        Count(total as u64)
    )?;
    for (title, is_number) in columns {
        let class = if *is_number { " class=\"n\"" } else { "" };
        write!(stream, "<th scope=\"col\"{class}>{title}</th>")?;
    }
    writeln!(stream, "</tr></thead>\n<tbody>")
}

fn close(stream: &mut dyn Write, total: usize) -> io::Result<()> {
    writeln!(stream, "</tbody>\n</table></div>")?;
    if total > MAX_ROWS {
        writeln!(
            stream,
            "<p class=\"more\">The first {} of {} are shown.</p>",
            Count(MAX_ROWS as u64),
            Count(total as u64)
        )?;
    }
    writeln!(stream, "</section>")
}

/// The identity of a row; empty without a koid.
pub(super) fn row_id(koid: u64) -> String {
    if koid == 0 {
        return String::new();
    }
    format!(" id=\"k{koid}\" data-k=\"{koid}\"")
}

/// A cell with a size: what it is sorted by is the number of bytes.
pub(super) fn size(bytes: u64) -> String {
    format!(
        "<td class=\"n\" data-v=\"{bytes}\" title=\"{bytes} bytes\">{}</td>",
        Bytes(bytes)
    )
}

pub(super) fn processes(report: &Report, stream: &mut dyn Write) -> io::Result<()> {
    let processes = &report.survey.processes;
    open(
        stream,
        ("processes", "Processes"),
        processes.len(),
        &[
            number("KOID"),
            text("Name"),
            text("State"),
            number("Return code"),
            number("Threads"),
            number("Handles"),
            number("Mappings"),
            number("Mapped"),
            number("Private"),
            number("Shared"),
            number("PSS"),
            number("Page tables"),
        ],
    )?;
    for (process, task) in processes.iter().zip(&report.tasks.processes).take(MAX_ROWS) {
        let raw = process.view.raw();
        let koid = process.koid();
        let memory = task.memory.unwrap_or_default();
        let ended = process.view.state() == ProcessState::DEAD;
        let code = if ended {
            raw.return_code.to_string()
        } else {
            "–".to_owned()
        };
        writeln!(
            stream,
            "<tr{}><td class=\"n\">{koid}</td><td><a href=\"#space{koid}\"><bdi>{}</bdi></a></td>\
             <td>{}</td><td class=\"n\">{code}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td>{}{}{}{}<td class=\"n\">{}</td></tr>",
            row_id(koid),
            Text(&process.view.name()),
            process.view.state().name(),
            process.threads.len(),
            process.handles.len(),
            process.mappings().filter(|m| !m.is_joined()).count(),
            size(memory.mapped),
            size(memory.private),
            size(memory.shared),
            size(memory.proportional()),
            raw.table_count,
        )?;
    }
    close(stream, processes.len())
}

fn resident(vmo: &VmoView) -> u64 {
    vmo.raw().page_count.saturating_mul(4096)
}

pub(super) fn threads(report: &Report, index: &Index, stream: &mut dyn Write) -> io::Result<()> {
    let survey = &report.survey;
    let total = survey.processes.iter().map(|p| p.threads.len()).sum();
    open(
        stream,
        ("threads", "Threads"),
        total,
        &[
            number("KOID"),
            text("Name"),
            text("Process"),
            text("State"),
            number("Instruction"),
            number("Stack"),
            number("Thread pointer"),
        ],
    )?;
    let threads = survey
        .processes
        .iter()
        .flat_map(|process| process.threads.iter().map(move |thread| (process, thread)));
    for (process, thread) in threads.take(MAX_ROWS) {
        let koid = thread.raw().header.koid;
        let (registers, fs) = survey.machine.registers_of(thread, survey.current_thread);
        let on_vcpu = survey.machine.vcpu_of(thread, survey.current_thread);
        writeln!(
            stream,
            "<tr{}><td class=\"n\">{koid}</td><td><bdi>{}</bdi></td><td>{}</td><td>{}{}</td>\
             <td class=\"n a\">{}</td><td class=\"n a\">{}</td><td class=\"n a\">{fs}</td></tr>",
            row_id(koid),
            Text(&thread.name()),
            index.named(process.koid()),
            thread_state_name(thread.state(), WaitKind(thread.raw().wait_kind)),
            if on_vcpu.is_some() {
                ", on the vCPU"
            } else {
                ""
            },
            registers.rip,
            registers.rsp,
        )?;
    }
    close(stream, total)
}

pub(super) fn vmos(report: &Report, index: &Index, stream: &mut dyn Write) -> io::Result<()> {
    let survey = &report.survey;
    open(
        stream,
        ("vmos", "VMOs"),
        survey.vmos.len(),
        &[
            number("KOID"),
            text("Name"),
            text("Kind"),
            number("Size"),
            number("Resident"),
            number("Parent"),
            number("Bytes from"),
            number("Children"),
            number("Handles"),
            text("Mapped by"),
            text("Cache"),
            text("Options"),
        ],
    )?;
    for vmo in survey.vmos.iter().take(MAX_ROWS) {
        let raw = vmo.raw();
        let koid = vmo.koid();
        let source = vmo.source().and_then(|source| survey.vmo_at(source));
        let mapped = index.mapped_by(vmo);
        let mut by = mapped
            .iter()
            .filter_map(|place| survey.processes.get(*place))
            .take(6)
            .map(|process| index.named(process.koid()).to_string())
            .collect::<Vec<_>>()
            .join(", ");
        if mapped.len() > 6 {
            by.push_str(&format!(" and {} more", mapped.len() - 6));
        }
        writeln!(
            stream,
            "<tr{}><td class=\"n\">{}</td><td><bdi>{}</bdi></td><td>{}</td>{}{}\
             <td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td><td>{by}</td><td>{}</td><td class=\"small\">{}</td></tr>",
            row_id(koid),
            if koid == 0 {
                "–".to_owned()
            } else {
                koid.to_string()
            },
            Text(&vmo.name()),
            vmo_kind(vmo),
            size(survey.vmo_size(vmo)),
            size(resident(vmo)),
            index.koid(raw.parent_koid),
            index.koid(source.map_or(0, VmoView::koid)),
            raw.child_count,
            index.handles(koid),
            cache_policy_name(CachePolicy(raw.cache_policy)),
            options(vmo),
        )?;
    }
    close(stream, survey.vmos.len())
}

/// The options that are no kind, in lower case.
fn options(vmo: &VmoView) -> String {
    let kinds = VmoOptions::PRIVATE_CLONE
        | VmoOptions::SLICE
        | VmoOptions::REFERENCE
        | VmoOptions::CLONE
        | VmoOptions::CONTIGUOUS
        | VmoOptions::VDSO;
    names(vmo.options().difference(kinds).iter_names())
}

/// Names of bits, in lower case.
fn names<T>(bits: impl Iterator<Item = (&'static str, T)>) -> String {
    bits.map(|(name, _)| name.to_lowercase().replace('_', "-"))
        .collect::<Vec<_>>()
        .join(" ")
}

pub(super) fn handles(report: &Report, index: &Index, stream: &mut dyn Write) -> io::Result<()> {
    let processes = &report.survey.processes;
    let total = processes.iter().map(|p| p.handles.len()).sum();
    open(
        stream,
        ("handles", "Handles"),
        total,
        &[
            text("Process"),
            number("Value"),
            text("Type"),
            number("KOID"),
            text("Object"),
            text("Rights"),
        ],
    )?;
    let handles = processes
        .iter()
        .flat_map(|process| process.handles.iter().map(move |handle| (process, handle)));
    for (process, handle) in handles.take(MAX_ROWS) {
        writeln!(
            stream,
            "<tr><td>{}</td><td class=\"n a\">{}</td><td>{}</td><td class=\"n\">{}</td>\
             <td><bdi>{}</bdi></td><td class=\"small\">{}</td></tr>",
            index.named(process.koid()),
            Hex(handle.value.into()),
            type_name(handle.object_type),
            index.koid(handle.koid),
            Text(index.name_of(handle.koid)),
            names(handle.rights.iter_names()),
        )?;
    }
    close(stream, total)
}

fn type_name(object_type: ObjectType) -> String {
    let known = object_type.name().map(str::to_owned);
    known.unwrap_or_else(|| format!("type {}", object_type.0))
}

/// Objects that are known by their handles alone: ports, VMARs, pagers, the job.
pub(super) fn others(index: &Index, stream: &mut dyn Write) -> io::Result<()> {
    open(
        stream,
        ("others", "Other objects"),
        index.others.len(),
        &[
            number("KOID"),
            text("Type"),
            text("Name"),
            number("Handles"),
            text("Held by"),
        ],
    )?;
    for (koid, object) in index.others.iter().take(MAX_ROWS) {
        let held: Vec<_> = object
            .holders
            .iter()
            .take(6)
            .map(|holder| index.named(*holder).to_string())
            .collect();
        writeln!(
            stream,
            "<tr{}><td class=\"n\">{koid}</td><td>{}</td><td><bdi>{}</bdi></td>\
             <td class=\"n\">{}</td><td>{}</td></tr>",
            row_id(*koid),
            type_name(ObjectType(object.object_type)),
            Text(index.name_of(*koid)),
            object.handles,
            held.join(", "),
        )?;
    }
    close(stream, index.others.len())
}

/// What it may do now.
pub(super) fn allowed(mapping: &MappingView) -> abi::objects::Permissions {
    abi::objects::Permissions::from_bits_truncate(mapping.raw().permissions)
}
