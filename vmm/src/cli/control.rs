//! `--control` and `--name` of `vmm run`.

use super::args::RunArgs;
use super::complain;
use super::hosted::HostedError;
use anyhow::Context;
use vmm::control::{Server, runtime_folder};
use vmm::doctor::Setting;
use vmm::machine::Machine;

/// The `--control` that means: no socket.
const NONE: &str = "none";

/// Serves the inspector as the command line says. Where nobody asked for it, the lack of a
/// socket is no error.
pub fn serve(args: &RunArgs, machine: &Machine) -> anyhow::Result<Option<Server>> {
    match (&args.control, &args.name) {
        (Some(path), _) if path.as_os_str() == NONE => Ok(None),
        (Some(path), _) => Server::at(path, machine, complain)
            .map(Some)
            .with_context(|| format!("--control {}", path.display()))
            .map_err(with_cause),
        (None, Some(name)) => Server::named(name, machine, complain)
            .map(Some)
            .with_context(|| format!("--name {name}: in {}", runtime_folder().display()))
            .map_err(with_cause),
        // Nobody could reach it in the Linux under QEMU.
        (None, None) if Setting::here().inside => Ok(None),
        (None, None) => Ok(Some(Server::beside(machine, complain))),
    }
}

/// QEMU-hosted there is no way to a socket.
pub fn check_hosted(args: &RunArgs) -> Result<(), HostedError> {
    let wanted = args
        .control
        .as_ref()
        .is_some_and(|path| path.as_os_str() != NONE);
    if wanted || args.name.is_some() {
        return Err(HostedError::Control);
    }
    Ok(())
}

/// Only the outermost message is shown.
fn with_cause(error: anyhow::Error) -> anyhow::Error {
    let text = format!("{error:#}");
    error.context(text)
}
