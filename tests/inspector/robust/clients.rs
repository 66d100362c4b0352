//! Clients of a control socket that say whatever there is to say, and many of them.

use crate::kit::{Guest, PATIENCE};
use crate::{Outcome, vm};
use libtest_mimic::{Failed, Trial};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};
use vmm::inspect::Inspector;
use vmm::inspect::top::TopSample;

fn connect(path: &Path) -> std::io::Result<UnixStream> {
    let stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Calls that the guest has made.
fn calls(path: &Path) -> Result<u64, Failed> {
    let sample = TopSample::take(&mut Inspector::live(path)?)?;
    let totals = sample.processes.iter().filter_map(|process| process.totals);
    Ok(totals.map(|totals| totals.calls).sum())
}

/// Expects that the guest makes calls.
fn moves(path: &Path) -> Outcome {
    let (before, until) = (calls(path)?, Instant::now() + PATIENCE);
    while calls(path)? == before {
        if Instant::now() > until {
            return Err("the guest makes no progress".into());
        }
    }
    Ok(())
}

/// Xorshift (Marsaglia, 2003): the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 1).map_or(0, |word| word % end)
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// A request whose fields are right, wrong, missing or too many.
fn request(random: &mut Random) -> String {
    let kinds = [
        "attach", "pause", "resume", "write", "hold", "release", "status", "trace", "boom", "",
    ];
    let fields = [
        "wait_ms",
        "lease_ms",
        "at",
        "bytes",
        "process",
        "calls",
        "status",
        "range",
        "follow_data",
        "request",
        "\\u0000",
    ];
    let values = [
        "0",
        "1",
        "-1",
        "18446744073709551615",
        "1e308",
        "null",
        "true",
        "\"\"",
        "\"0x1000\"",
        "\"00ff\"",
        "\"0f0\"",
        "\"0xffffffffffffffff\"",
        "[]",
        "[\"vmo_read\"]",
        "{}",
        "[[[[]]]]",
        "{\"start\":\"0x0\",\"end\":\"0xffffffffffffffff\"}",
        "\"error\"",
        "\"\\ud800\"",
    ];
    let mut text = format!("{{\"request\":\"{}\"", random.pick(&kinds));
    for _ in 0..random.below(4) {
        let (field, value) = (random.pick(&fields), random.pick(&values));
        text.push_str(&format!(",\"{field}\":{value}"));
    }
    text.push('}');
    text
}

fn whatever_is_said_harms_nobody() -> Outcome {
    let guest = Guest::start(&["counter", "--", "calls"])?;
    let path = guest.socket();
    let mut random = Random(0x2545_F491_4F6C_DD1D);
    for _ in 0..150 {
        let mut stream = connect(path)?;
        for _ in 0..random.below(8) {
            let mut line = request(&mut random).into_bytes();
            if random.below(4) == 0 {
                let at = random.below(line.len());
                line[at] = random.below(256).to_le_bytes()[0];
            }
            line.push(b'\n');
            if stream.write_all(&line).is_err() {
                break;
            }
        }
        // Some take what they are told, some go without.
        if random.below(2) == 0 {
            stream.shutdown(std::net::Shutdown::Write)?;
            stream.set_read_timeout(Some(Duration::from_millis(50)))?;
            let mut answer = vec![0; 1 << 16];
            let _ = stream.read(&mut answer);
        }
    }
    // One of them may have held it, which outlives its client as it should.
    let mut stream = connect(path)?;
    stream.write_all(b"{\"request\":\"release\"}\n")?;
    BufReader::new(stream).read_line(&mut String::new())?;
    moves(path)
}

fn a_hundred_clients_at_once_are_served_or_refused() -> Outcome {
    let guest = Guest::start(&["counter", "--", "calls"])?;
    let path = guest.socket();
    let ask = |index: usize| -> std::io::Result<bool> {
        let mut stream = connect(path)?;
        let request: &[u8] = match index % 3 {
            0 => b"{\"request\":\"pause\",\"lease_ms\":60000}\n",
            1 => b"{\"request\":\"status\"}\n",
            _ => b"{\"request\":\"trace\"}\n",
        };
        stream.write_all(request)?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line)?;
        Ok(line.contains("\"answer\""))
    };
    let served = thread::scope(|scope| {
        let clients: Vec<_> = (0..100)
            .map(|index| scope.spawn(move || ask(index)))
            .collect();
        let answers = clients.into_iter().map(|client| client.join());
        answers
            .filter(|answer| matches!(answer, Ok(Ok(true))))
            .count()
    });
    if served == 0 {
        return Err("nobody was served".into());
    }
    // Those that held a pause are gone, and it with them.
    moves(path)
}

fn pauses_die_with_their_clients() -> Outcome {
    let guest = Guest::start(&["counter", "--", "calls"])?;
    let path = guest.socket();
    for _ in 0..20 {
        let mut stream = connect(path)?;
        stream.write_all(b"{\"request\":\"pause\",\"lease_ms\":60000}\n")?;
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line)?;
        if !line.contains("\"paused\"") {
            return Err(line.into());
        }
        // Another request in half, and the end.
        stream.write_all(b"{\"request\":")?;
    }
    moves(path)
}

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        vm(
            "robust_whatever_is_said_harms_nobody",
            whatever_is_said_harms_nobody,
        ),
        vm(
            "robust_a_hundred_clients_at_once_are_served_or_refused",
            a_hundred_clients_at_once_are_served_or_refused,
        ),
        vm(
            "robust_pauses_die_with_their_clients",
            pauses_die_with_their_clients,
        ),
    ]
}
