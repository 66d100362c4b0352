//! The page around the tables.

use super::index::Index;
use super::text::{Bytes, Count, Share, Text, script_json};
use super::{FrameKind, Report, data, spaces, tables};
use crate::inspect::{Origin, Problems};
use chrono::{DateTime, Utc};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Write};

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = concat!(
    include_str!("page/base.js"),
    include_str!("page/map.js"),
    include_str!("page/tables.js"),
);

/// Writes all of it.
pub(super) fn write(report: &Report, stream: &mut dyn Write) -> io::Result<()> {
    let index = Index::new(&report.survey);
    let name = guest_name(&report.origin);
    // Only the page's own script has the number, so that no markup of a guest's would run,
    // should any ever get through.
    let nonce = format!("{:016x}{:016x}", random(), random());
    write!(
        stream,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; img-src data:; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>Guest {} · vmm report</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n<style>\n{STYLE}</style>\n</head>\n<body>\n",
        Text(&name)
    )?;
    head(report, &name, stream)?;
    search(stream)?;
    writeln!(stream, "<main>")?;
    problems(&report.problems, stream)?;
    memory(report, stream)?;
    tables::processes(report, stream)?;
    spaces::write(report, &index, stream)?;
    tables::threads(report, &index, stream)?;
    tables::vmos(report, &index, stream)?;
    tables::handles(report, &index, stream)?;
    tables::others(&index, stream)?;
    writeln!(stream, "</main>")?;
    let data = data::json(report, &index)?;
    write!(
        stream,
        "<script type=\"application/json\" id=\"data\">{}</script>\n\
         <script nonce=\"{nonce}\">\n\"use strict\";\n(() => {{\n{SCRIPT}}})();\n</script>\n\
         </body>\n</html>\n",
        script_json(&data)
    )
}

/// Differs each time, and cannot be guessed: the keys of [`RandomState`] are random.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

fn guest_name(origin: &Origin) -> String {
    let file = |path: &std::path::Path| {
        let name = path.file_name().unwrap_or(path.as_os_str());
        name.to_string_lossy().into_owned()
    };
    match origin {
        Origin::Live { path, .. } | Origin::Image { path, .. } => file(path),
        Origin::Mock => "mock".to_owned(),
    }
}

fn head(report: &Report, name: &str, stream: &mut dyn Write) -> io::Result<()> {
    let machine = &report.survey.machine;
    let summary = report.summary();
    let total = report.frames.frames();
    let idle = report.frames.of_kind(FrameKind::Free) + report.frames.of_kind(FrameKind::NeverUsed);
    let taken = DateTime::<Utc>::from(report.taken).format("%Y-%m-%d %H:%M:%S UTC");
    write!(
        stream,
        "<header>\n<h1>Guest <bdi>{}</bdi></h1>\n<ul class=\"figures\">\n",
        Text(name)
    )?;
    for (value, what, target) in [
        (summary.processes, "processes", "processes"),
        (summary.threads, "threads", "threads"),
        (summary.mappings, "mappings", "spaces"),
        (summary.vmos, "VMOs", "vmos"),
        (summary.handles, "handles", "handles"),
    ] {
        writeln!(
            stream,
            "<li><a href=\"#{target}\"><b>{}</b> {what}</a></li>",
            Count(value as u64)
        )?;
    }
    writeln!(
        stream,
        "<li><a href=\"#memory\"><b>{}</b> of {} used</a></li>\n</ul>\n<dl class=\"facts\">",
        Bytes(total.saturating_sub(idle).saturating_mul(4096)),
        Bytes(total.saturating_mul(4096)),
    )?;
    let mut fact =
        |name: &str, value: &str| writeln!(stream, "<div><dt>{name}</dt><dd>{value}</dd></div>");
    match &report.origin {
        Origin::Live { path, monitor } => {
            let path = path.to_string_lossy();
            fact("Live VM", &format!("{} (process {monitor})", Text(&path)))?;
        }
        Origin::Image { path, format } => {
            let path = path.to_string_lossy();
            fact("Image", &format!("{} ({format})", Text(&path)))?;
        }
        Origin::Mock => fact("Guest", "made up, without a machine")?,
    }
    fact("Looked at", &taken.to_string())?;
    if machine.elapsed_ns > 0 {
        let time = std::time::Duration::from_nanos(machine.elapsed_ns);
        fact("Age of the guest", &format!("{time:.1?}"))?;
    }
    if let Some(still) = report.standstill {
        fact("Stood still for", &format!("{:.1?}", still.time()))?;
    }
    if !machine.programs.is_empty() {
        fact("Programs", &Text(&machine.programs.join(", ")).to_string())?;
    }
    if !machine.command_line.is_empty() {
        let line = format!("<code>{}</code>", Text(&machine.command_line));
        fact("Command line", &line)?;
    }
    writeln!(stream, "</dl>\n</header>")
}

/// The search and the way to the sections. Without the script it does nothing, so it is the
/// script that shows it.
fn search(stream: &mut dyn Write) -> io::Result<()> {
    writeln!(
        stream,
        "<search class=\"bar\" hidden>\n\
         <label for=\"q\">Search</label>\n\
         <input type=\"search\" id=\"q\" autocomplete=\"off\" spellcheck=\"false\" \
         placeholder=\"name, koid, 0xaddress, right, state …\" aria-describedby=\"found\">\n\
         <output id=\"found\" for=\"q\"></output>\n\
         <nav aria-label=\"Sections\"><a href=\"#memory\">Memory</a> \
         <a href=\"#processes\">Processes</a> <a href=\"#spaces\">Address spaces</a> \
         <a href=\"#threads\">Threads</a> <a href=\"#vmos\">VMOs</a> \
         <a href=\"#handles\">Handles</a> <a href=\"#others\">Others</a></nav>\n</search>"
    )
}

fn problems(problems: &Problems, stream: &mut dyn Write) -> io::Result<()> {
    if problems.is_empty() {
        return Ok(());
    }
    writeln!(
        stream,
        "<section id=\"problems\" class=\"problems\">\n<h2>Not all could be read</h2>\n<ul>"
    )?;
    for line in problems.told() {
        writeln!(stream, "<li>{}</li>", Text(line))?;
    }
    let more = problems
        .count()
        .saturating_sub(problems.told().len() as u64);
    if more > 0 {
        writeln!(stream, "<li>and {} more</li>", Count(more))?;
    }
    writeln!(stream, "</ul>\n</section>")
}

/// The map and the totals.
fn memory(report: &Report, stream: &mut dyn Write) -> io::Result<()> {
    writeln!(
        stream,
        "<section id=\"memory\">\n<h2>Physical memory</h2>\n\
         <noscript><p>The map is drawn by a script; the totals and tables need none.</p></noscript>\n\
         <div id=\"map\" hidden>\n\
         <div class=\"controls\">\n<div role=\"radiogroup\" aria-label=\"Colour by\" class=\"modes\">\
         <span>Colour by</span>\
         <label><input type=\"radio\" name=\"by\" value=\"kind\" checked> use</label>\
         <label><input type=\"radio\" name=\"by\" value=\"process\"> process</label>\
         <label><input type=\"radio\" name=\"by\" value=\"vmo\"> VMO</label></div>\n\
         <output id=\"range\"></output>\n<div class=\"zoom\"><button type=\"button\" id=\"used\">Used part</button>\
         <button type=\"button\" id=\"in\" title=\"Zoom in (+)\">Zoom in</button>\
         <button type=\"button\" id=\"out\" title=\"Zoom out (-)\">Zoom out</button>\
         <button type=\"button\" id=\"all\">All of RAM</button></div>\n</div>\n\
         <ul id=\"legend\" class=\"legend\"></ul>\n\
         <div id=\"field\"><canvas id=\"frames\" tabindex=\"0\" role=\"application\" \
         aria-roledescription=\"map of frames\" aria-describedby=\"cell\"></canvas></div>\n\
         <p id=\"cell\" aria-live=\"polite\"></p>\n</div>"
    )?;
    let total = report.frames.frames();
    writeln!(
        stream,
        "<div class=\"scroll\"><table id=\"totals\">\n<caption>What frames (4 KiB each) are used \
         for</caption>\n<thead><tr><th scope=\"col\">Use</th><th scope=\"col\" class=\"n\">Frames</th>\
         <th scope=\"col\" class=\"n\">Size</th><th scope=\"col\" class=\"n\">Share</th>\
         <th scope=\"col\" class=\"wide\"></th></tr></thead>\n<tbody>"
    )?;
    for kind in FrameKind::ALL {
        let frames = report.frames.of_kind(kind);
        if frames == 0 {
            continue;
        }
        let share = Share {
            part: frames,
            whole: total,
        };
        writeln!(
            stream,
            "<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{share}</td>\
             <td class=\"wide note\"><span class=\"share\"><i class=\"{}\" \
             style=\"width:{}%\"></i></span>{}</td></tr>",
            kind.name(),
            Count(frames),
            Bytes(frames.saturating_mul(4096)),
            kind.class(),
            u128::from(frames) * 100 / u128::from(total.max(1)),
            kind.note(),
        )?;
    }
    writeln!(
        stream,
        "</tbody>\n<tfoot><tr><th scope=\"row\">all</th><td class=\"n\">{}</td>\
         <td class=\"n\">{}</td><td></td><td class=\"wide\"></td></tr></tfoot>\n</table></div>\n</section>",
        Count(total),
        Bytes(total.saturating_mul(4096)),
    )
}
