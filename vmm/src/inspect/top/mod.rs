//! `vmm top`: how a guest is now, and what it has done since it was last looked at.

mod rates;
mod sample;

#[cfg(test)]
mod tests;

pub use rates::{CallRate, ProcessRate, TopFrame};
pub use sample::{CallTotals, TopProcess, TopSample};
