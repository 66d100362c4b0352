//! Programs of one's own: position independent, with a large stack, large themselves. The
//! ELF files are made here byte by byte, so that no compiler is needed.

use super::machine::{Output, run};
use super::{Outcome, Tests};
use libtest_mimic::Failed;
use std::fs;
use std::path::PathBuf;

/// Where the user range begins.
const USER_BASE: u64 = 0x100_0000;
/// `ud2`: the report of the fault shows where the program ran.
const FAULT: &[u8] = &[0x0F, 0x0B];
/// `mov byte ptr [rsp - 1 MiB], 1` and `ud2`.
const DEEP: &[u8] = &[0xC6, 0x84, 0x24, 0x00, 0x00, 0xF0, 0xFF, 0x01, 0x0F, 0x0B];

pub(crate) fn tests(tests: &mut Tests) {
    tests.vm(
        "programs::one_at_no_fixed_address_is_placed_by_the_seed",
        placed,
    );
    tests.vm("programs::the_stack_is_as_large_as_the_file_says", stack);
    tests.vm("programs::ram_grows_with_what_the_programs_need", large);
}

/// An ELF file in a folder for temporary files, removed when dropped.
struct Program(PathBuf);

impl Program {
    /// Code in its first segment at `address`, behind the headers; `data` bytes of zeros
    /// in the file for a second one.
    fn new(name: &str, movable: bool, code: &[u8], data: u64, stack: u64) -> Result<Self, Failed> {
        let address = if movable { 0 } else { USER_BASE };
        let headers = 64 + 3 * 56;
        let mut bytes = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
        let kind: u16 = if movable { 3 } else { 2 };
        for half in [kind, 62, 1, 0] {
            bytes.extend(half.to_le_bytes());
        }
        for word in [address + headers, 64, 0] {
            bytes.extend(word.to_le_bytes());
        }
        for half in [0_u16, 0, 64, 56, 3, 64, 0, 0] {
            bytes.extend(half.to_le_bytes());
        }
        let code_size = headers + code.len() as u64;
        let mut header = |kind: u32, flags: u32, words: [u64; 6]| {
            bytes.extend(kind.to_le_bytes());
            bytes.extend(flags.to_le_bytes());
            words
                .iter()
                .for_each(|word| bytes.extend(word.to_le_bytes()));
        };
        header(1, 5, [0, address, address, code_size, code_size, 4096]);
        let at = address + 0x1_0000;
        header(1, 6, [4096, at, at, data, data.max(1), 4096]);
        header(0x6474_E551, 6, [0, 0, 0, 0, stack, 16]);
        bytes.extend(code);
        let name = format!("vmoscope-test-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, bytes)?;
        let program = Self(path);
        let file = fs::OpenOptions::new().write(true).open(&program.0)?;
        file.set_len(4096 + data)?;
        Ok(program)
    }

    fn run(&self, options: &[&str]) -> Result<Output, Failed> {
        run(&[&self.0.display().to_string()])
            .options(options)
            .output()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // A file that stays behind in the folder for temporary files does no harm.
        let _ = fs::remove_file(&self.0);
    }
}

/// The `rip` of the fault that the run ends with.
fn fault_address(output: &Output) -> Result<u64, Failed> {
    output.expect_code(82)?;
    let text = output.stdout.split("invalid opcode").nth(1);
    let text = text.and_then(|text| text.split("at rip 0x").nth(1));
    let digits = text.and_then(|text| text.split_whitespace().next());
    digits
        .and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .ok_or_else(|| output.failed("there is no invalid opcode in the report"))
}

fn placed() -> Outcome {
    let program = Program::new("movable", true, FAULT, 8, 0)?;
    let place = |seed| fault_address(&program.run(&["--seed", seed])?);
    let [first, again, other] = [place("1")?, place("1")?, place("2")?];
    if first != again || first == other || first < USER_BASE || first % 4096 != 64 + 3 * 56 {
        return Err(format!("{first:#x}, then {again:#x}; {other:#x} by another seed").into());
    }
    Ok(())
}

fn stack() -> Outcome {
    let program = Program::new("stack", false, DEEP, 8, (1 << 20) + 1)?;
    fault_address(&program.run(&[])?)?;
    let output = Program::new("small-stack", false, DEEP, 8, 1 << 19)?.run(&[])?;
    output
        .expect_code(82)?
        .expect_stdout("page fault writing")?;
    let output = Program::new("huge-stack", false, DEEP, 8, 1 << 40)?.run(&[])?;
    output.expect_code(65)?.expect_stderr("-z,stack-size")?;
    Ok(())
}

fn large() -> Outcome {
    // The program's last byte.
    let load = [0x8A, 0x04, 0x25, 0xFF, 0xFF, 0x00, 0x05, 0x0F, 0x0B];
    let program = Program::new("large", false, &load, 64 << 20, 0)?;
    fault_address(&program.run(&[])?)?;
    let output = program.run(&["--mem", "64M"])?;
    output.expect_code(65)?.expect_stderr("--mem")?;
    Ok(())
}
