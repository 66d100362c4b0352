//! Sockets that somebody else than a VM serves.

use super::run::bounded;
use crate::kit::scratch;
use crate::{Outcome, anywhere};
use libtest_mimic::{Failed, Trial};
use rustix::fs::{MemfdFlags, SealFlags};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
use std::fs::File;
use std::io::{BufRead, BufReader, IoSlice, Write};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;

/// What the server does with its one client.
type Serve = fn(UnixStream) -> Result<(), Failed>;

/// Runs `vmm ps` against the server; it must fail for what the host does, and say these words.
fn served(serve: Serve, words: &str) -> Outcome {
    let path = scratch("server");
    let listener = UnixListener::bind(&path)?;
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().map_err(|error| error.to_string())?;
        // The client may hang up at any time.
        let _ = serve(stream);
        Ok::<_, String>(())
    });
    let name = path.to_str().ok_or("a path that is no text")?;
    let ran = bounded(&["ps", "--vm", name])?;
    server.join().map_err(|_| "the server panicked")??;
    if ![65, 69, 71].contains(&ran.code) || !ran.stderr.contains(words) {
        return Err(format!("{ran:?}, not a failure with `{words}`").into());
    }
    Ok(())
}

fn request(stream: &UnixStream) -> Result<String, Failed> {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    Ok(line)
}

/// An answer to `attach`, with these pieces of RAM.
fn attached(protocol: u32, abi: u32, ram: &str) -> String {
    format!(
        "{{\"answer\":\"attached\",\"protocol\":{protocol},\"monitor\":1,\"name\":\"x\",\
         \"abi_version\":{abi},\"ram\":[{ram}]}}\n"
    )
}

/// Sends it with a memory file.
fn send(stream: &UnixStream, text: &str, file: &File) -> Result<(), Failed> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    let files = [file.as_fd()];
    ancillary.push(SendAncillaryMessage::ScmRights(&files));
    let bytes = [IoSlice::new(text.as_bytes())];
    rustix::net::sendmsg(stream, &bytes, &mut ancillary, SendFlags::empty())?;
    Ok(())
}

fn memory(length: u64, seals: SealFlags) -> Result<File, Failed> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let file = File::from(rustix::fs::memfd_create("ram", flags)?);
    file.set_len(length)?;
    rustix::fs::fcntl_add_seals(&file, seals)?;
    Ok(file)
}

const PAGE: &str = "{\"base\":\"0x0\",\"length\":4096,\"file_offset\":0}";

fn answers_that_make_no_sense_are_told() -> Outcome {
    served(
        |mut stream| Ok(stream.write_all(b"\x00\xff garbage\n")?),
        "makes no sense",
    )?;
    served(|mut stream| Ok(stream.write_all(&vec![b'['; 1 << 19])?), "")?;
    served(
        |mut stream| {
            stream.write_all(&b"[".repeat(100_000))?;
            Ok(stream.write_all(b"\n")?)
        },
        "makes no sense",
    )?;
    served(
        |mut stream| {
            request(&stream)?;
            Ok(stream.write_all(b"{\"answer\":\"held\",\"waited_ns\":1}\n")?)
        },
        "another question",
    )?;
    served(
        |mut stream| {
            request(&stream)?;
            Ok(stream.write_all(b"{\"error\":\"\\u001b[2J\\u0007go away\"}\n")?)
        },
        "go away",
    )
}

fn a_line_without_end_is_not_waited_for() -> Outcome {
    served(
        |mut stream| loop {
            stream.write_all(&[b'x'; 1 << 16])?;
        },
        "far too long",
    )
}

fn silence_is_told() -> Outcome {
    served(
        |stream| {
            request(&stream)?;
            // Until the client goes.
            request(&stream).map(drop)
        },
        "does not answer",
    )?;
    served(|_| Ok(()), "ended")
}

fn a_server_that_dribbles_is_told() -> Outcome {
    served(
        |mut stream| loop {
            stream.write_all(b" ")?;
            thread::sleep(std::time::Duration::from_millis(50));
        },
        "does not answer",
    )
}

fn other_versions_are_told() -> Outcome {
    served(
        |mut stream| Ok(stream.write_all(attached(9999, abi::ABI_VERSION, PAGE).as_bytes())?),
        "another version",
    )?;
    served(
        |mut stream| Ok(stream.write_all(attached(1, 9999, PAGE).as_bytes())?),
        "another version",
    )?;
    served(
        |mut stream| Ok(stream.write_all(attached(1, abi::ABI_VERSION, PAGE).as_bytes())?),
        "no memory file",
    )
}

fn memory_files_that_could_kill_us_are_refused() -> Outcome {
    served(
        |stream| {
            let file = memory(1 << 20, SealFlags::empty())?;
            send(&stream, &attached(1, abi::ABI_VERSION, PAGE), &file)
        },
        "shortened",
    )?;
    served(
        |stream| {
            let file = File::open("/dev/zero")?;
            send(&stream, &attached(1, abi::ABI_VERSION, PAGE), &file)
        },
        "shortened",
    )?;
    for (ram, words) in [
        (
            "{\"base\":\"0x0\",\"length\":4097,\"file_offset\":0}",
            "beyond",
        ),
        (
            "{\"base\":\"0x0\",\"length\":4096,\"file_offset\":4096}",
            "beyond",
        ),
        (
            "{\"base\":\"0x0\",\"length\":18446744073709551615,\"file_offset\":18446744073709551615}",
            "beyond",
        ),
        (
            "{\"base\":\"0xfffffffffffff000\",\"length\":8192,\"file_offset\":0}",
            "wraps",
        ),
    ] {
        let path = scratch("server");
        let listener = UnixListener::bind(&path)?;
        let answer = attached(1, abi::ABI_VERSION, ram);
        let server = thread::spawn(move || -> Result<(), String> {
            let (stream, _) = listener.accept().map_err(|error| error.to_string())?;
            let file = memory(4096, SealFlags::SHRINK | SealFlags::GROW);
            let file = file.map_err(|error| format!("{error:?}"))?;
            send(&stream, &answer, &file).map_err(|error| format!("{error:?}"))?;
            let _ = request(&stream);
            Ok(())
        });
        let ran = bounded(&["ps", "--vm", path.to_str().ok_or("no text")?])?;
        server.join().map_err(|_| "the server panicked")??;
        if ran.code == 0 || !ran.stderr.contains(words) {
            return Err(format!("{ram}: {ran:?}, not a failure with `{words}`").into());
        }
    }
    Ok(())
}

/// A server that is at its place and then holds its tongue when it is asked to pause.
fn a_vm_that_never_pauses_is_told() -> Outcome {
    served(
        |stream| {
            request(&stream)?;
            let file = memory(4096, SealFlags::SHRINK | SealFlags::GROW)?;
            send(&stream, &attached(1, abi::ABI_VERSION, PAGE), &file)?;
            loop {
                if request(&stream)?.is_empty() {
                    return Ok(());
                }
            }
        },
        "does not answer",
    )
}

/// A registers' worth of nonsense in the answer to a pause.
fn a_root_block_that_is_none_is_told() -> Outcome {
    served(
        |stream| {
            let mut lines = BufReader::new(&stream);
            lines.read_line(&mut String::new())?;
            let file = memory(4096, SealFlags::SHRINK | SealFlags::GROW)?;
            send(&stream, &attached(1, abi::ABI_VERSION, PAGE), &file)?;
            lines.read_line(&mut String::new())?;
            let paused = "{\"answer\":\"paused\",\"machine\":{\"root\":\"0xffffffffffffffff\",\
                          \"ram\":18446744073709551615,\"command_line\":\"\",\"programs\":[],\
                          \"elapsed_ns\":18446744073709551615,\"vcpus\":[],\"stats\":null},\
                          \"waited_ns\":18446744073709551615}\n";
            (&stream).write_all(paused.as_bytes())?;
            lines.read_line(&mut String::new())?;
            let resumed = "{\"answer\":\"resumed\",\"ns\":18446744073709551615,\
                           \"waited_ns\":18446744073709551615}\n";
            Ok((&stream).write_all(resumed.as_bytes())?)
        },
        "root block",
    )
}

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        anywhere(
            "robust_answers_that_make_no_sense_are_told",
            answers_that_make_no_sense_are_told,
        ),
        anywhere(
            "robust_a_line_without_end_is_not_waited_for",
            a_line_without_end_is_not_waited_for,
        ),
        anywhere("robust_silence_is_told", silence_is_told),
        anywhere(
            "robust_a_server_that_dribbles_is_told",
            a_server_that_dribbles_is_told,
        ),
        anywhere("robust_other_versions_are_told", other_versions_are_told),
        anywhere(
            "robust_memory_files_that_could_kill_us_are_refused",
            memory_files_that_could_kill_us_are_refused,
        ),
        anywhere(
            "robust_a_vm_that_never_pauses_is_told",
            a_vm_that_never_pauses_is_told,
        ),
        anywhere(
            "robust_a_root_block_that_is_none_is_told",
            a_root_block_that_is_none_is_told,
        ),
    ]
}
