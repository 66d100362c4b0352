//! The address space of each process: a strip, and a table of what stands where.

use super::Report;
use super::index::{Index, MAX_ROWS};
use super::tables::{allowed, size};
use super::text::{Bytes, Count, Text};
use crate::inspect::look::permissions_text;
use crate::inspect::{Hex, ProcessRecord, RegionRecord};
use crate::objects::{MappingView, RegionView};
use abi::objects::{MappingFlags, Permissions};
use std::io::{self, Write};

/// Pieces of a strip at most.
const MAX_PIECES: usize = 300;

pub(super) fn write(report: &Report, index: &Index, stream: &mut dyn Write) -> io::Result<()> {
    let processes = &report.survey.processes;
    writeln!(
        stream,
        "<section id=\"spaces\">\n<h2>Address spaces</h2>\n\
         <p class=\"note\">In a strip, each mapping is as wide as the logarithm of its size, and \
         what is not mapped is left out (‖).</p>"
    )?;
    let mut rows = 0;
    for process in processes {
        if rows >= MAX_ROWS {
            writeln!(stream, "<p class=\"more\">The rest is left out.</p>")?;
            break;
        }
        rows += process.regions.len();
        space(report, index, process, stream)?;
    }
    writeln!(stream, "</section>")
}

fn space(
    report: &Report,
    index: &Index,
    process: &ProcessRecord,
    stream: &mut dyn Write,
) -> io::Result<()> {
    let koid = process.koid();
    writeln!(
        stream,
        "<article id=\"space{koid}\">\n<h3>{} <span class=\"count\">{}</span></h3>",
        index.named(koid),
        Count(process.regions.len() as u64)
    )?;
    if process.regions.is_empty() {
        return writeln!(
            stream,
            "<p class=\"note\">It has no address space.</p></article>"
        );
    }
    strip(report, process, stream)?;
    writeln!(
        stream,
        "<div class=\"scroll\"><table class=\"rows tree\">\n<thead><tr>\
         <th scope=\"col\" class=\"n\">From</th><th scope=\"col\" class=\"n\">To</th>\
         <th scope=\"col\" class=\"n\">Size</th><th scope=\"col\">Now</th>\
         <th scope=\"col\">At most</th><th scope=\"col\" class=\"n\">VMO</th>\
         <th scope=\"col\">Name</th><th scope=\"col\" class=\"n\">Offset</th>\
         <th scope=\"col\">Remarks</th></tr></thead>\n<tbody>"
    )?;
    for (number, region) in process.regions.iter().take(MAX_ROWS).enumerate() {
        row(report, index, (koid, number), region, stream)?;
    }
    writeln!(stream, "</tbody>\n</table></div>\n</article>")
}

/// The class of a mapping's colour.
fn class(permissions: Permissions) -> &'static str {
    if permissions.contains(Permissions::EXECUTE) {
        "x"
    } else if permissions.contains(Permissions::WRITE) {
        "w"
    } else if permissions.contains(Permissions::READ) {
        "r"
    } else {
        "none"
    }
}

fn strip(report: &Report, process: &ProcessRecord, stream: &mut dyn Write) -> io::Result<()> {
    writeln!(stream, "<div class=\"strip\">")?;
    let mut end = None;
    let mappings = process.regions.iter().enumerate();
    let mappings = mappings.filter_map(|(number, region)| match &region.view {
        RegionView::Mapping(mapping) => Some((number, mapping)),
        RegionView::Vmar(_) => None,
    });
    for (number, mapping) in mappings.take(MAX_PIECES) {
        if end.is_some_and(|end| end != mapping.base()) {
            write!(stream, "<i aria-hidden=\"true\">‖</i>")?;
        }
        end = Some(mapping.end());
        piece(report, process.koid(), number, mapping, stream)?;
    }
    writeln!(stream, "</div>")
}

fn piece(
    report: &Report,
    koid: u64,
    number: usize,
    mapping: &MappingView,
    stream: &mut dyn Write,
) -> io::Result<()> {
    let bytes = mapping.end().saturating_sub(mapping.base());
    let name = report.survey.vmo_at(mapping.vmo());
    let name = name.map_or_else(String::new, |vmo| vmo.name().into_owned());
    let now = permissions_text(allowed(mapping));
    writeln!(
        stream,
        "<a class=\"{}\" style=\"flex-grow:{}\" href=\"#m{koid}-{number}\" \
         title=\"{} to {}, {}, {now}, {name}\"><b>{now}</b><span>{name}</span></a>",
        class(allowed(mapping)),
        (bytes >> 11).max(2).ilog2(),
        Hex(mapping.base()),
        Hex(mapping.end()),
        Bytes(bytes),
        name = Text(&name),
    )
}

fn row(
    report: &Report,
    index: &Index,
    (koid, number): (u64, usize),
    region: &RegionRecord,
    stream: &mut dyn Write,
) -> io::Result<()> {
    let (from, to) = (region.view.base(), region.view.end());
    write!(
        stream,
        "<tr id=\"m{koid}-{number}\" data-r=\"{from:x}-{to:x}\"><td class=\"n a\">{}</td>\
         <td class=\"n a\">{}</td>{}",
        Hex(from),
        Hex(to),
        size(to.saturating_sub(from)),
    )?;
    match &region.view {
        RegionView::Vmar(vmar) => {
            let own = vmar.raw().region.header.koid;
            let what = if region.depth == 0 {
                "root VMAR"
            } else {
                "VMAR"
            };
            writeln!(
                stream,
                "<td colspan=\"2\" class=\"vmar\">{}{what}</td><td class=\"n\">{}</td>\
                 <td></td><td></td><td></td></tr>",
                "<i>└ </i>".repeat(region.depth.min(8)),
                index.koid(own),
            )
        }
        RegionView::Mapping(mapping) => {
            let vmo = report.survey.vmo_at(mapping.vmo());
            let name = vmo.map_or_else(String::new, |vmo| vmo.name().into_owned());
            let now = allowed(mapping);
            writeln!(
                stream,
                "<td><b class=\"p {}\">{}</b></td><td class=\"a\">{}</td>\
                 <td class=\"n\">{}</td><td><bdi>{}</bdi></td><td class=\"n a\">{}</td>\
                 <td class=\"small\">{}</td></tr>",
                class(now),
                permissions_text(now),
                permissions_text(mapping.maximum()),
                index.koid(vmo.map_or(0, |vmo| vmo.koid())),
                Text(&name),
                Hex(mapping.raw().vmo_offset),
                remarks(mapping),
            )
        }
    }
}

fn remarks(mapping: &MappingView) -> &'static str {
    let flags = mapping.flags();
    if flags.contains(MappingFlags::VDSO) {
        "vDSO"
    } else if flags.contains(MappingFlags::PRIVATE_COPY) {
        "private copy"
    } else if flags.contains(MappingFlags::JOINED) {
        "part of the mapping before"
    } else {
        ""
    }
}
