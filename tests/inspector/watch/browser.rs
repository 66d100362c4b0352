//! Looking at a page with a headless Chromium.

use crate::kit::scratch;
use libtest_mimic::Failed;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How a page is looked at.
#[derive(Clone, Copy)]
pub(super) struct View {
    /// Of the window, in pixels.
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) dark: bool,
}

impl Default for View {
    fn default() -> Self {
        Self {
            width: 1280,
            height: 4000,
            dark: false,
        }
    }
}

/// What the browser made of a page.
pub(super) struct Seen {
    /// The document after its script ran.
    pub(super) dom: String,
    pub(super) picture: Picture,
}

/// A picture of the window.
pub(super) struct Picture {
    pub(super) width: usize,
    pub(super) height: usize,
    bytes: Vec<u8>,
    bytes_per_pixel: usize,
}

/// The browser, if there is one.
pub(super) fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .flat_map(|folder| {
            ["chromium", "chromium-browser", "google-chrome"].map(|n| folder.join(n))
        })
        .find(|program| program.is_file())
}

/// Opens the page at `path` with that behind the `#`.
pub(super) fn look(path: &Path, hash: &str, view: View) -> Result<Seen, Failed> {
    let program = program().ok_or("there is no chromium")?;
    let (profile, shot) = (scratch("profile"), scratch("shot.png"));
    let output = Command::new(program)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
        ])
        // The same colours and sizes on every machine.
        .args([
            "--force-color-profile=srgb",
            "--force-device-scale-factor=1",
        ])
        .arg("--disable-dev-shm-usage")
        .arg(format!(
            "--blink-settings=preferredColorScheme={}",
            u8::from(!view.dark)
        ))
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--window-size={},{}", view.width, view.height))
        .arg(format!("--screenshot={}", shot.display()))
        .arg("--dump-dom")
        .arg(format!("file://{}#{hash}", path.display()))
        .stdin(Stdio::null())
        .output()?;
    let _ = fs::remove_dir_all(&profile);
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(format!("the browser: {}\n{stderr}", output.status).into());
    }
    let picture = Picture::read(&shot)?;
    // To look at by hand what a test has seen.
    if let Some(folder) = std::env::var_os("VMM_KEEP_PICTURES") {
        let name = format!(
            "{}-{}-{}-{hash}.png",
            path.file_stem().unwrap_or_default().to_string_lossy(),
            view.width,
            if view.dark { "dark" } else { "light" }
        );
        fs::copy(&shot, Path::new(&folder).join(name.replace('/', "_")))?;
        fs::copy(
            path,
            Path::new(&folder).join(path.file_name().unwrap_or_default()),
        )?;
    }
    fs::remove_file(&shot)?;
    Ok(Seen {
        dom: String::from_utf8(output.stdout)?,
        picture,
    })
}

impl Picture {
    fn read(path: &Path) -> Result<Self, Failed> {
        let mut reader = png::Decoder::new(BufReader::new(File::open(path)?)).read_info()?;
        let size = reader.output_buffer_size().ok_or("a picture too large")?;
        let mut bytes = vec![0; size];
        let info = reader.next_frame(&mut bytes)?;
        let bytes_per_pixel = info.color_type.samples();
        if info.bit_depth != png::BitDepth::Eight || bytes_per_pixel < 3 {
            return Err(format!("a picture of {:?} {:?}", info.color_type, info.bit_depth).into());
        }
        Ok(Self {
            width: info.width as usize,
            height: info.height as usize,
            bytes,
            bytes_per_pixel,
        })
    }

    /// The colour there as `#rrggbb`.
    pub(super) fn colour(&self, x: usize, y: usize) -> String {
        assert!(x < self.width && y < self.height, "{x},{y} is outside");
        let at = (y * self.width + x) * self.bytes_per_pixel;
        let pixel = self.bytes.get(at..at + 3).unwrap_or_default();
        let digits: String = pixel.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("#{digits}")
    }
}
