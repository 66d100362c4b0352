//! A file that appears whole or not at all.

use super::super::InspectError;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use vm_memory::volatile_memory::Error as VolatileError;
use vm_memory::{VolatileSlice, WriteVolatile};

/// Bytes of another file that are copied at a time, and how many times as many are under
/// way.
const BUFFER: usize = 256 << 10;
const BUFFERS: usize = 3;
/// Zeros for files that know no holes.
static ZEROS: [u8; 1 << 16] = [0; 1 << 16];

/// A file that is being written, from its start to its end.
///
/// A regular file is written under a temporary name beside its own, readable by its owner
/// only, and takes its name when it is whole ([`Output::finish`]); dropped before that, it
/// leaves nothing. Anything else (a pipe, a device) is written as it is.
#[derive(Debug)]
pub struct Output {
    path: PathBuf,
    file: File,
    /// The temporary name; `None` of what is no regular file.
    temporary: Option<PathBuf>,
    overwrite: bool,
    /// Where the next byte goes.
    at: u64,
    /// Bytes that were skipped and are not written yet.
    skipped: u64,
}

impl Output {
    /// Starts to write to `path`; an existing file is replaced only if `overwrite`.
    ///
    /// # Errors
    /// [`InspectError::Refused`] if the file is there and may not be replaced;
    /// [`InspectError::Output`] if it cannot be made.
    pub fn create(path: &Path, overwrite: bool) -> Result<Self, InspectError> {
        let failed = |source| failed(path, source);
        let there = match fs::metadata(path) {
            Ok(there) => Some(there),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        if there.as_ref().is_some_and(|there| !there.is_file()) {
            let file = OpenOptions::new().write(true).open(path).map_err(failed)?;
            return Ok(Self {
                path: path.to_owned(),
                file,
                temporary: None,
                overwrite,
                at: 0,
                skipped: 0,
            });
        }
        // What a symbolic link leads to is replaced, and not the link.
        let path = match there {
            Some(_) if !overwrite => return Err(exists(path)),
            Some(_) => fs::canonicalize(path).map_err(failed)?,
            None => path.to_owned(),
        };
        let Some(name) = path.file_name() else {
            return Err(failed(io::ErrorKind::InvalidFilename.into()));
        };
        let mut temporary = OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".{}.partial", std::process::id()));
        let temporary = path.with_file_name(temporary);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&temporary)
            .map_err(failed)?;
        Ok(Self {
            path,
            file,
            temporary: Some(temporary),
            overwrite,
            at: 0,
            skipped: 0,
        })
    }

    /// Where the next byte goes: all that was written, holes included.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.at + self.skipped
    }

    /// Writes bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), InspectError> {
        self.catch_up()?;
        self.file
            .write_all(bytes)
            .map_err(|error| failed(&self.path, error))?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    /// Writes a piece of memory.
    pub(super) fn write_slice(&mut self, bytes: &VolatileSlice<'_>) -> Result<(), InspectError> {
        self.catch_up()?;
        self.file.write_all_volatile(bytes).map_err(|error| {
            let error = match error {
                VolatileError::IOError(error) => error,
                other => io::Error::other(other),
            };
            failed(&self.path, error)
        })?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    /// Writes bytes of another file; says how many: fewer if that ends before. `progress` is
    /// told how many are done.
    ///
    /// They go through buffers that the CPU's cache holds: `sendfile`, which moves page by
    /// page, was measured to take twice as long, and the faults of a mapping three times.
    /// A second thread reads ahead, for reading costs half as much as writing.
    pub(super) fn send(
        &mut self,
        from: &File,
        offset: u64,
        length: u64,
        progress: &mut dyn FnMut(u64),
    ) -> Result<u64, InspectError> {
        if length <= BUFFER as u64 {
            let mut buffer = Vec::new();
            let count = read_at(from, &mut buffer, offset, length)
                .map_err(|error| failed(&self.path, error))?;
            self.write(&buffer)?;
            progress(count);
            return Ok(count);
        }
        thread::scope(|scope| {
            let (full, filled) = mpsc::sync_channel(BUFFERS);
            let (empty, emptied) = mpsc::channel();
            for _ in 0..BUFFERS {
                // Its receiver stands right here.
                let _ = empty.send(Vec::new());
            }
            scope.spawn(move || {
                let mut done = 0;
                // Who writes has given up if one of the channels is closed.
                while let (true, Ok(mut buffer)) = (done < length, emptied.recv()) {
                    let count = read_at(from, &mut buffer, offset + done, length - done);
                    let last = !matches!(count, Ok(1..));
                    done += *count.as_ref().unwrap_or(&0);
                    if full.send(count.map(|_| buffer)).is_err() || last {
                        break;
                    }
                }
            });
            let mut done = 0;
            for buffer in filled {
                let buffer: Vec<u8> = buffer.map_err(|error| failed(&self.path, error))?;
                self.write(&buffer)?;
                done += buffer.len() as u64;
                progress(done);
                // The reader may be done.
                let _ = empty.send(buffer);
            }
            Ok(done)
        })
    }

    /// Leaves a hole up to `position`, which is not behind.
    pub(super) const fn skip_to(&mut self, position: u64) {
        self.skipped = position.saturating_sub(self.at);
    }

    /// Writes the hole that was left: as one, where files can have some.
    fn catch_up(&mut self) -> Result<(), InspectError> {
        let failed = |error| failed(&self.path, error);
        let end = self.at + self.skipped;
        if self.skipped > 0 && self.temporary.is_some() {
            rustix::fs::seek(&self.file, rustix::fs::SeekFrom::Start(end))
                .map_err(|error| failed(error.into()))?;
        } else {
            while self.skipped > 0 {
                let length = usize::try_from(self.skipped)
                    .unwrap_or(usize::MAX)
                    .min(ZEROS.len());
                let zeros = ZEROS.get(..length).unwrap_or(&ZEROS);
                self.file.write_all(zeros).map_err(failed)?;
                self.skipped -= length as u64;
            }
        }
        (self.at, self.skipped) = (end, 0);
        Ok(())
    }

    /// Gives the file, now whole, its name.
    ///
    /// # Errors
    /// [`InspectError::Output`] if that fails; [`InspectError::Refused`] if somebody else has
    /// put a file there meanwhile that may not be replaced. Nothing is left then.
    pub fn finish(mut self) -> Result<(), InspectError> {
        let Some(temporary) = self.temporary.clone() else {
            return self.catch_up();
        };
        self.file
            .set_len(self.position())
            .map_err(|error| failed(&self.path, error))?;
        let renamed = if self.overwrite {
            fs::rename(&temporary, &self.path)
        } else {
            let flags = RenameFlags::NOREPLACE;
            match renameat_with(CWD, &temporary, CWD, &self.path, flags) {
                // The file system cannot do it in one step.
                Err(Errno::INVAL) => {
                    fs::hard_link(&temporary, &self.path).and_then(|()| fs::remove_file(&temporary))
                }
                other => other.map_err(Into::into),
            }
        };
        match renamed {
            Ok(()) => {
                self.temporary = None;
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(exists(&self.path)),
            Err(error) => Err(failed(&self.path, error)),
        }
    }
}

/// For what is made as a stream.
impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.catch_up().map_err(io::Error::other)?;
        let count = self.file.write(bytes)?;
        self.at += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // Should it be gone, all the better.
            let _ = fs::remove_file(temporary);
        }
    }
}

/// Fills the buffer with what stands in the file, at most `length` bytes and what fits;
/// returns how many, 0 at the file's end.
fn read_at(from: &File, buffer: &mut Vec<u8>, offset: u64, length: u64) -> io::Result<u64> {
    buffer.resize(BUFFER.min(usize::try_from(length).unwrap_or(BUFFER)), 0);
    loop {
        // The offset is given: the file's own is shared with the VM's other clients.
        match from.read_at(buffer, offset) {
            Ok(count) => {
                buffer.truncate(count);
                return Ok(count as u64);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn failed(path: &Path, source: io::Error) -> InspectError {
    InspectError::Output {
        path: path.to_owned(),
        source,
    }
}

fn exists(path: &Path) -> InspectError {
    InspectError::Refused(format!(
        "{} is there already: `--force` replaces it",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("vmm-output-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name();
        entries
            .map(|entry| name(entry).into_string().unwrap())
            .collect()
    }

    #[test]
    fn a_file_appears_when_it_is_whole_and_has_holes() {
        let folder = folder("whole");
        let path = folder.join("file");
        let mut output = Output::create(&path, false).unwrap();
        output.write(b"start").unwrap();
        output.skip_to(1 << 20);
        output.write(b"end").unwrap();
        output.skip_to(2 << 20);
        assert!(!path.exists());
        output.finish().unwrap();
        let bytes = fs::read(&path).unwrap();
        assert_eq!(bytes.len(), 2 << 20);
        assert_eq!(&bytes[..5], b"start");
        assert_eq!(&bytes[1 << 20..(1 << 20) + 3], b"end");
        assert_eq!(bytes.iter().filter(|byte| **byte != 0).count(), 8);
        let metadata = fs::metadata(&path).unwrap();
        assert!(std::os::unix::fs::MetadataExt::blocks(&metadata) * 512 < 1 << 20);
        assert_eq!(names(&folder), ["file"]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn nothing_is_left_of_what_was_not_finished_and_nothing_is_replaced_unasked() {
        let folder = folder("broken-off");
        let path = folder.join("file");
        let mut output = Output::create(&path, false).unwrap();
        output.write(b"half").unwrap();
        drop(output);
        assert!(names(&folder).is_empty());

        // Somebody else was first.
        let output = Output::create(&path, false).unwrap();
        fs::write(&path, "theirs").unwrap();
        assert!(matches!(output.finish(), Err(InspectError::Refused(_))));
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
        assert_eq!(names(&folder), ["file"]);
        let refused = Output::create(&path, false).unwrap_err().to_string();
        assert!(refused.contains("--force"), "{refused}");

        let mut output = Output::create(&path, true).unwrap();
        output.write(b"ours").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
        output.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"ours");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_full_disk_is_an_error_that_names_the_file() {
        let mut output = Output::create(Path::new("/dev/full"), false).unwrap();
        let error = output.write(b"x").unwrap_err();
        assert!(matches!(&error, InspectError::Output { .. }), "{error}");
        assert!(error.to_string().contains("/dev/full"), "{error}");
    }
}
