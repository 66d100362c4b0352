//! Signals of objects.

use abi::objects::ObjectHeader;
use abi::options::Signals;

use crate::state::Ptr;

/// Clears, then asserts signals.
pub fn change(mut object: Ptr<ObjectHeader>, clear: Signals, set: Signals) {
    object.signals = (object.signals & !clear.bits()) | set.bits();
}
