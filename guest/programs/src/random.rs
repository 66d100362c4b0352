//! Numbers that depend on seed and step alone, so that leaving steps out does not change
//! what the others do.

/// The numbers of one step.
#[derive(Clone, Copy, Debug)]
pub struct Random(u64);

impl Random {
    /// The numbers of that seed and step.
    #[must_use]
    pub const fn new(seed: u64, step: u64) -> Self {
        let mut random = Self(seed.wrapping_mul(0xA24B_AED4_963E_E407) ^ step);
        // The first numbers of neighbouring steps are alike; these are not used.
        random.next();
        random.next();
        random
    }

    /// The next number (splitmix64).
    #[allow(clippy::should_implement_trait, reason = "it never ends")]
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`; 0 if that is 0.
    pub const fn below(&mut self, limit: usize) -> usize {
        let number = self.next() >> 16;
        match limit {
            0 => 0,
            _ => (number % limit as u64) as usize,
        }
    }

    /// True once in `times`.
    pub const fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}
