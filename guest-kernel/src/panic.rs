//! The kernel's own end: a message to the host, then silence.

use core::cell::UnsafeCell;
use core::fmt::{self, Write};
use core::panic::PanicInfo;

use crate::arch::descriptors::Shared;
use crate::host;

static TEXT: Shared<[u8; 512]> = Shared(UnsafeCell::new([0; 512]));

struct Buffer {
    used: usize,
}

impl Write for Buffer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // SAFETY: one thread of execution, and a panic does not come back.
        let buffer = unsafe { &mut *TEXT.0.get() };
        for (slot, byte) in buffer.iter_mut().skip(self.used).zip(text.bytes()) {
            *slot = byte;
            self.used += 1;
        }
        Ok(())
    }
}

/// Reports `message` to the host and stops.
pub fn stop(message: fmt::Arguments<'_>) -> ! {
    let mut buffer = Buffer { used: 0 };
    // A message that does not fit is cut; that is no reason to fail again.
    let _ = buffer.write_fmt(message);
    host::panic(TEXT.0.get().cast(), buffer.used as u64)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    match info.location() {
        Some(place) => stop(format_args!(
            "{} at {}:{}",
            info.message(),
            place.file(),
            place.line()
        )),
        None => stop(format_args!("{}", info.message())),
    }
}
