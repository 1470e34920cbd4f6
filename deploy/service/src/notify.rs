//! What the service manager is told over `NOTIFY_SOCKET`; without one, nothing happens.

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// The process serves.
pub fn ready() {
    send("READY=1");
}

/// What the process is doing, in one line for people.
pub fn status(text: &str) {
    send(&format!("STATUS={}", text.replace('\n', " ")));
}

/// The event loop went round once more.
pub fn watchdog() {
    send("WATCHDOG=1");
}

/// The process is ending in order.
pub fn stopping() {
    send("STOPPING=1");
}

fn send(message: &str) {
    let Ok(path) = std::env::var("NOTIFY_SOCKET") else {
        return;
    };
    if let Err(error) = send_to(&path, message) {
        tracing::debug!(%error, "the service manager could not be told");
    }
}

fn send_to(path: &str, message: &str) -> std::io::Result<()> {
    let address = match path.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(path)?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.send_to_addr(message.as_bytes(), &address)?;
    Ok(())
}
