//! From the segments of a core to pieces of RAM.

use super::super::{Problems, RamPiece};
use vm_memory::GuestAddress;

/// Pieces that are kept: each is mapped by itself, and hosts allow some 65000 mappings.
const MAX_PIECES: usize = 1 << 12;

/// Joins segments that may share their bytes in the file, as QEMU's do with `-p`: each
/// address is kept once. Where two segments differ about an address, the one that starts
/// lower counts; what reaches beyond the file's `length` is cut off.
pub(super) fn join(
    mut segments: Vec<RamPiece>,
    length: u64,
    problems: &mut Problems,
) -> Vec<RamPiece> {
    segments.sort_by_key(|segment| (segment.base.0, segment.file_offset));
    let mut pieces: Vec<RamPiece> = Vec::new();
    let (mut missing, mut contradicting) = (0u64, 0u64);
    for mut segment in segments {
        let Some(mut end) = segment.base.0.checked_add(segment.length) else {
            problems.note(format_args!(
                "a segment of {:#x} bytes at guest-physical {:#x} wraps",
                segment.length, segment.base.0
            ));
            continue;
        };
        let there = length.saturating_sub(segment.file_offset);
        if there < segment.length {
            missing = missing.saturating_add(segment.length - there);
            segment.length = there;
            end = segment.base.0 + there;
        }
        if let Some(last) = pieces.last_mut() {
            let last_end = last.base.0 + last.length;
            // Both count modulo 2^64: what matters is whether they agree.
            let shift = |piece: &RamPiece| piece.file_offset.wrapping_sub(piece.base.0);
            let agree = shift(last) == shift(&segment);
            if agree && segment.base.0 <= last_end {
                last.length = end.max(last_end) - last.base.0;
                continue;
            }
            let overlap = last_end.saturating_sub(segment.base.0).min(segment.length);
            if overlap > 0 {
                contradicting += 1;
                segment.base.0 += overlap;
                segment.file_offset += overlap;
                segment.length -= overlap;
            }
        }
        if segment.length > 0 {
            pieces.push(segment);
        }
    }
    if pieces.len() > MAX_PIECES {
        problems.note(format_args!(
            "its RAM is in {} pieces: the first {MAX_PIECES} of them are shown",
            pieces.len()
        ));
        pieces.truncate(MAX_PIECES);
    }
    if missing > 0 {
        problems.note(format_args!(
            "the file is cut short: {missing} bytes of RAM ({:.1}M) are missing at its end",
            mebibytes(missing)
        ));
    }
    if contradicting > 0 {
        problems.note(format_args!(
            "{contradicting} segments give other bytes for guest-physical addresses of another one"
        ));
    }
    pieces
}

/// A piece at a guest-physical address.
pub(super) const fn piece(base: u64, length: u64, file_offset: u64) -> RamPiece {
    RamPiece {
        base: GuestAddress(base),
        length,
        file_offset,
    }
}

#[allow(
    clippy::cast_precision_loss,
    reason = "a number for people, with one digit after the point"
)]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(segments: &[RamPiece], length: u64) -> (Vec<RamPiece>, u64) {
        let mut problems = Problems::default();
        let pieces = join(segments.to_vec(), length, &mut problems);
        (pieces, problems.count())
    }

    #[test]
    fn segments_that_share_their_bytes_become_one_piece() {
        // As QEMU writes them with `-p`: the same bytes at two virtual addresses.
        let (pieces, problems) = joined(
            &[
                piece(0x2000, 0x1000, 0x3000),
                piece(0, 0x8000, 0x1000),
                piece(0x8000, 0x1000, 0x9000),
                piece(0x2000, 0x1000, 0x3000),
            ],
            0xA000,
        );
        assert_eq!(pieces, [piece(0, 0x9000, 0x1000)]);
        assert_eq!(problems, 0);
    }

    #[test]
    fn what_contradicts_is_left_out_and_told() {
        let (pieces, problems) = joined(
            &[piece(0, 0x3000, 0x1000), piece(0x2000, 0x4000, 0x8000)],
            0x10000,
        );
        assert_eq!(
            pieces,
            [piece(0, 0x3000, 0x1000), piece(0x3000, 0x3000, 0x9000)]
        );
        assert_eq!(problems, 1);
    }

    #[test]
    fn what_is_behind_the_end_of_the_file_is_missing() {
        let (pieces, problems) = joined(
            &[
                piece(0, 0x3000, 0x1000),
                piece(0x10_0000, 0x3000, 0x4000),
                piece(u64::MAX - 1, 0x3000, 0),
                piece(0x20_0000, u64::MAX - 0x20_0000, u64::MAX),
            ],
            0x5000,
        );
        assert_eq!(
            pieces,
            [piece(0, 0x3000, 0x1000), piece(0x10_0000, 0x1000, 0x4000)]
        );
        assert_eq!(problems, 2);
    }
}
