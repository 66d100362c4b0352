//! Bytes as instructions, in NASM's syntax.

use super::super::Hex;
use super::read::HexBytes;
use iced_x86::{
    Decoder, DecoderError, DecoderOptions, Formatter, Instruction as Decoded, NasmFormatter,
};
use serde::Serialize;

/// Bytes of the longest instruction (SDM vol. 2, 2.3.11).
pub const LONGEST_INSTRUCTION: usize = 15;

/// An instruction, or a byte that starts none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Instruction {
    /// Where it stands.
    pub address: Hex,
    /// Its bytes.
    pub bytes: HexBytes,
    /// Itself, as NASM reads it; `db` and the byte if it is none, `(cut short)` if the bytes
    /// end within it.
    pub text: String,
    /// Where it jumps to or what it calls, if the instruction itself says so.
    pub target: Option<Hex>,
}

/// Decodes bytes in ascending order of address.
pub struct Disassembler {
    formatter: NasmFormatter,
    /// The end of what came before, which may be the start of an instruction.
    carried: Vec<u8>,
    /// The address of the first byte of `carried`.
    address: u64,
}

impl std::fmt::Debug for Disassembler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Disassembler")
            .field("carried", &self.carried)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Default for Disassembler {
    fn default() -> Self {
        let mut formatter = NasmFormatter::new();
        let options = formatter.options_mut();
        options.set_space_after_operand_separator(true);
        options.set_hex_prefix("0x");
        options.set_hex_suffix("");
        options.set_uppercase_hex(false);
        options.set_branch_leading_zeros(false);
        options.set_show_branch_size(false);
        options.set_rip_relative_addresses(true);
        Self {
            formatter,
            carried: Vec::new(),
            address: 0,
        }
    }
}

impl Disassembler {
    /// Bytes that follow those before, or do not: then what came before ends there.
    pub fn bytes(&mut self, address: u64, bytes: &[u8], each: &mut dyn FnMut(Instruction)) {
        if self.address.wrapping_add(self.carried.len() as u64) != address {
            self.finish(each);
            self.address = address;
        }
        if self.carried.is_empty() {
            self.address = address;
            let done = self.decode(bytes, false, each);
            self.carried
                .extend_from_slice(bytes.get(done..).unwrap_or_default());
            return;
        }
        let mut all = std::mem::take(&mut self.carried);
        all.extend_from_slice(bytes);
        let done = self.decode(&all, false, each);
        self.carried
            .extend_from_slice(all.get(done..).unwrap_or_default());
    }

    /// What is left of the bytes, now that none follow.
    pub fn finish(&mut self, each: &mut dyn FnMut(Instruction)) {
        self.finish_with(&[], each);
    }

    /// The same where more bytes `following` are known, of which no instruction is wanted:
    /// the last one is whole with them.
    pub fn finish_with(&mut self, following: &[u8], each: &mut dyn FnMut(Instruction)) {
        let mut rest = std::mem::take(&mut self.carried);
        let end = self.address.wrapping_add(rest.len() as u64);
        if !rest.is_empty() {
            rest.extend_from_slice(following);
        }
        self.decode(&rest, true, &mut |one| {
            if one.address.0 < end {
                each(one);
            }
        });
    }

    /// Decodes as far as can be said without what follows, all of it if it is the `last`;
    /// returns how far, and moves the address there.
    fn decode(&mut self, bytes: &[u8], last: bool, each: &mut dyn FnMut(Instruction)) -> usize {
        let first = self.address;
        let mut decoder = Decoder::with_ip(64, bytes, first, DecoderOptions::NONE);
        let mut decoded = Decoded::default();
        let mut done = 0;
        while done < bytes.len() && (last || bytes.len() - done >= LONGEST_INSTRUCTION) {
            let at = first.wrapping_add(done as u64);
            // The position is within the bytes.
            let _ = decoder.set_position(done);
            decoder.set_ip(at);
            decoder.decode_out(&mut decoded);
            let cut = decoder.last_error() == DecoderError::NoMoreBytes;
            let length = match decoded.is_invalid() {
                true if cut => bytes.len() - done,
                true => 1,
                false => decoded.len().max(1),
            };
            let own = bytes.get(done..done + length).unwrap_or_default();
            let mut text = String::new();
            if decoded.is_invalid() && cut {
                text.push_str("(cut short)");
            } else if decoded.is_invalid() {
                text = format!("db 0x{:02x}", own.first().copied().unwrap_or(0));
            } else {
                self.formatter.format(&decoded, &mut text);
            }
            each(Instruction {
                address: Hex(at),
                bytes: HexBytes(own.to_vec()),
                text,
                target: target(&decoded).map(Hex),
            });
            done += length;
        }
        self.address = first.wrapping_add(done as u64);
        done
    }
}

/// Where a branch leads whose target stands in it.
fn target(decoded: &Decoded) -> Option<u64> {
    let near = matches!(
        decoded.op0_kind(),
        iced_x86::OpKind::NearBranch16
            | iced_x86::OpKind::NearBranch32
            | iced_x86::OpKind::NearBranch64
    );
    (!decoded.is_invalid() && near).then(|| decoded.near_branch_target())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(pieces: &[(u64, &[u8])]) -> Vec<Instruction> {
        let (mut found, mut disassembler) = (Vec::new(), Disassembler::default());
        for (address, bytes) in pieces {
            disassembler.bytes(*address, bytes, &mut |one| found.push(one));
        }
        disassembler.finish(&mut |one| found.push(one));
        found
    }

    fn texts(found: &[Instruction]) -> Vec<(u64, String)> {
        found
            .iter()
            .map(|one| (one.address.0, one.text.clone()))
            .collect()
    }

    #[test]
    fn instructions_are_nasms_and_branches_say_where_to() {
        let found = all(&[(
            0x1000,
            &[
                0x55, 0x48, 0x89, 0xE5, 0xE8, 0xF7, 0x00, 0x00, 0x00, 0x75, 0xF5, 0xC3,
            ],
        )]);
        assert_eq!(
            texts(&found),
            [
                (0x1000, "push rbp".to_owned()),
                (0x1001, "mov rbp, rsp".to_owned()),
                (0x1004, "call 0x1100".to_owned()),
                (0x1009, "jne 0x1000".to_owned()),
                (0x100B, "ret".to_owned()),
            ]
        );
        let targets: Vec<_> = found.iter().map(|one| one.target).collect();
        assert_eq!(
            targets,
            [None, None, Some(Hex(0x1100)), Some(Hex(0x1000)), None]
        );
    }

    #[test]
    fn an_instruction_across_pieces_is_whole() {
        let code = [0x48, 0xB8, 1, 2, 3, 4, 5, 6, 7, 8, 0x90];
        for cut in 1..code.len() {
            let (a, b) = code.split_at(cut);
            let found = all(&[(0xFF8, a), (0xFF8 + cut as u64, b)]);
            assert_eq!(found, all(&[(0xFF8, &code)]), "{cut}");
            assert_eq!(found.len(), 2);
        }
    }

    #[test]
    fn what_is_none_is_shown_byte_by_byte_and_holes_cut() {
        let found = all(&[(0, &[0x06, 0x90]), (0x1000, &[0xE8, 1])]);
        assert_eq!(
            texts(&found),
            [
                (0, "db 0x06".to_owned()),
                (1, "nop".to_owned()),
                (0x1000, "(cut short)".to_owned()),
            ]
        );
        assert_eq!(found.last().map(|one| one.bytes.0.len()), Some(2));
    }

    #[test]
    fn the_last_instruction_is_whole_with_what_follows() {
        let code = [0x90, 0xE8, 0xF9, 0, 0, 0, 0x90, 0x90];
        for cut in 2..6 {
            let (mut found, mut disassembler) = (Vec::new(), Disassembler::default());
            let (own, following) = code.split_at(cut);
            disassembler.bytes(0x1000, own, &mut |one| found.push(one));
            disassembler.finish_with(following, &mut |one| found.push(one));
            let expected = [
                (0x1000, "nop".to_owned()),
                (0x1001, "call 0x10ff".to_owned()),
            ];
            assert_eq!(texts(&found), expected, "{cut}");
        }
    }
}
