//! Sizes as people write them.

use abi::layout::PAGE_SIZE;

/// Bytes: a number, with `K`, `M`, `G` or `T` for powers of 1024, either case.
///
/// # Errors
/// A message with the way out, for a size that cannot be read, is zero, too large or not
/// a whole number of pages.
pub fn parse(text: &str) -> Result<u64, String> {
    let (digits, shift) = match text.char_indices().last() {
        Some((at, suffix)) => {
            let shift = match suffix.to_ascii_uppercase() {
                'K' => 10,
                'M' => 20,
                'G' => 30,
                'T' => 40,
                _ => 0,
            };
            (text.get(..at).filter(|_| shift > 0).unwrap_or(text), shift)
        }
        None => (text, 0),
    };
    // `parse` takes a leading plus sign.
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("write a number of bytes, or one with a suffix, such as 64M or 2G".to_owned());
    }
    let size = digits
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(1 << shift))
        .ok_or("that is more than 2^64 bytes")?;
    if size == 0 {
        return Err("a guest cannot do without RAM: write a size above 0, such as 64M".to_owned());
    }
    if !size.is_multiple_of(PAGE_SIZE) {
        let next = size.checked_next_multiple_of(PAGE_SIZE).unwrap_or(size);
        return Err(format!(
            "RAM comes in pages of {PAGE_SIZE} bytes: the next size is {next}"
        ));
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_are_powers_of_1024() {
        for (text, size) in [
            ("4096", 4096),
            ("4K", 4096),
            ("64M", 64 << 20),
            ("64m", 64 << 20),
            ("8G", 8 << 30),
            ("1T", 1 << 40),
        ] {
            assert_eq!(parse(text), Ok(size), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused_with_the_way_out() {
        for bad in [
            "", "M", "-1M", "+4K", "1.5G", "64MB", "0x1000", "ä", "6ä", " 4K", "64 M",
        ] {
            assert!(parse(bad).unwrap_err().contains("such as 64M"), "{bad}");
        }
        assert!(parse("0G").unwrap_err().contains("above 0"));
        assert!(parse("16777216T").unwrap_err().contains("2^64"));
        assert!(parse("99999999999999999999").unwrap_err().contains("2^64"));
        assert!(parse("4097").unwrap_err().ends_with("8192"));
    }
}
