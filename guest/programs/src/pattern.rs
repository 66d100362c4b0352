//! Bytes that tell where they belong, so that a shifted or lost page is noticed.

/// The byte at `offset` of the pattern with that seed.
#[must_use]
pub const fn byte(seed: u64, offset: u64) -> u8 {
    let mixed =
        (seed ^ offset.wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_mul(0xD1B5_4A32_D192_ED03);
    let [.., top] = mixed.to_le_bytes();
    top
}

/// Fills `data` with the pattern from `offset` on.
pub fn fill(seed: u64, offset: u64, data: &mut [u8]) {
    for (at, slot) in (offset..).zip(data) {
        *slot = byte(seed, at);
    }
}

/// Where `data` first differs from the pattern from `offset` on.
#[must_use]
pub fn mismatch(seed: u64, offset: u64, data: &[u8]) -> Option<u64> {
    let mut places = (offset..).zip(data);
    places
        .find(|&(at, &found)| found != byte(seed, at))
        .map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shift_by_any_page_is_noticed() {
        let mut data = [0; 64];
        fill(1, 0x1000, &mut data);
        assert_eq!(mismatch(1, 0x1000, &data), None);
        for page in [0_u64, 0x2000, 0x3000, 0x10_0000] {
            assert!(mismatch(1, page, &data).is_some());
        }
        assert!(mismatch(2, 0x1000, &data).is_some());
    }
}
