//! Physical memory: frames and pools of objects.

pub mod frames;
pub mod pool;
