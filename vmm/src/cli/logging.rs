//! `-v`: what the host itself has to tell, on standard error.

use tracing_subscriber::EnvFilter;

/// Starts to log at the level that so many `-v` ask for; `RUST_LOG` says it in more detail.
/// Without either nothing is set up, for that would cost start-up time.
pub fn start(verbosity: u8) {
    let level = match verbosity {
        0 => "warn",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let wanted = std::env::var(EnvFilter::DEFAULT_ENV).ok();
    if verbosity == 0 && wanted.is_none() {
        return;
    }
    let filter = wanted
        .and_then(|text| EnvFilter::try_new(text).ok())
        .unwrap_or_else(|| EnvFilter::new(level));
    // It fails only if there is a logger already, and that one will do.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .without_time()
        .try_init();
}
