//! The start-up block of a program (`abi::startup`), without the handle values, which
//! the kernel fills in.

use super::ProgramError;
use abi::startup::{
    PA_JOB_DEFAULT, PA_PROC_SELF, PA_RESOURCE, PA_THREAD_SELF, PA_USER0, PA_USER1, PA_USER2,
    PA_VMAR_ROOT, PA_VMO_VDSO, PROCARGS_PROTOCOL, PROCARGS_VERSION, StartupHeader, handle_info,
};
use zerocopy::IntoBytes;

/// The most bytes of a start-up block: what the SDK keeps room for.
pub const MAX_STARTUP_SIZE: usize = 64 << 10;

/// Bytes of a handle info, and of a handle value.
const WORD: u32 = 4;

/// Whether that can stand in a program's environment: `NAME=value`, the name not empty
/// (POSIX, base definitions, 8.1).
///
/// # Errors
/// [`ProgramError::NotAVariable`] if it cannot.
pub fn check_variable(text: &str) -> Result<(), ProgramError> {
    match text.split_once('=') {
        Some((name, _)) if !name.is_empty() => Ok(()),
        _ => Err(ProgramError::NotAVariable { text: text.into() }),
    }
}

/// The block of a program with these arguments (its own name first) and environment.
/// `others` are the names of the other programs whose handles it gets.
pub(super) fn build(
    args: &[&str],
    environ: &[&str],
    others: &[&str],
) -> Result<Vec<u8>, ProgramError> {
    environ.iter().copied().try_for_each(check_variable)?;
    let infos = handle_infos(others.len());
    let mut strings = Vec::new();
    let mut put = |list: &[&str]| {
        let start = strings.len();
        for text in list {
            if text.contains('\0') {
                let text = (*text).to_owned();
                return Err(ProgramError::NulInString { text });
            }
            strings.extend_from_slice(text.as_bytes());
            strings.push(0);
        }
        Ok(start)
    };
    let (args_start, environ_start, names_start) = (put(args)?, put(environ)?, put(others)?);

    let header_size = size_of::<StartupHeader>();
    let words = infos.len() * size_of::<u32>();
    let strings_offset = header_size + 2 * words;
    let size = strings_offset + strings.len();
    if size > MAX_STARTUP_SIZE {
        return Err(ProgramError::ArgumentsTooLong { size });
    }
    // Nothing is larger than `size` from here on, so that all of it fits into 32 bits.
    let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    let handle_info_offset = number(header_size);
    let handles_count = number(infos.len());
    let header = StartupHeader {
        protocol: PROCARGS_PROTOCOL,
        version: PROCARGS_VERSION,
        handle_info_offset,
        args_offset: number(strings_offset + args_start),
        args_count: number(args.len()),
        environ_offset: number(strings_offset + environ_start),
        environ_count: number(environ.len()),
        names_offset: number(strings_offset + names_start),
        names_count: number(others.len()),
        handles_offset: handle_info_offset + handles_count * WORD,
        handles_count,
        total_size: number(size),
    };
    let mut block = Vec::with_capacity(size);
    block.extend_from_slice(header.as_bytes());
    block.extend_from_slice(infos.as_bytes());
    block.resize(strings_offset, 0);
    block.extend_from_slice(&strings);
    Ok(block)
}

/// The handles that a program gets: its own, then two for each other program.
fn handle_infos(others: usize) -> Vec<u32> {
    let own = [
        PA_PROC_SELF,
        PA_THREAD_SELF,
        PA_VMAR_ROOT,
        PA_VMO_VDSO,
        PA_JOB_DEFAULT,
        PA_RESOURCE,
        PA_USER2,
    ];
    let own = own.map(|kind| handle_info(kind, 0));
    let of_others = (0u32..)
        .take(others)
        .flat_map(|index| [PA_USER0, PA_USER1].map(|kind| handle_info(kind, index)));
    own.into_iter().chain(of_others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use zerocopy::FromBytes;

    fn strings(block: &[u8], offset: u32, count: u32) -> Vec<String> {
        block[offset as usize..]
            .split(|byte| *byte == 0)
            .take(count as usize)
            .map(|text| String::from_utf8(text.to_vec()).unwrap())
            .collect()
    }

    #[test]
    fn a_block_reads_back_as_it_was_asked_for() {
        let block = build(&["me", "-x", ""], &["A=1"], &["other", "third"]).unwrap();
        let (header, _) = StartupHeader::read_from_prefix(&block).unwrap();
        assert_eq!(header.total_size as usize, block.len());
        assert_eq!(
            strings(&block, header.args_offset, header.args_count),
            ["me", "-x", ""]
        );
        assert_eq!(
            strings(&block, header.environ_offset, header.environ_count),
            ["A=1"]
        );
        assert_eq!(
            strings(&block, header.names_offset, header.names_count),
            ["other", "third"]
        );
        let words = |offset: u32| {
            let bytes = &block[offset as usize..][..4 * header.handles_count as usize];
            <[u32]>::ref_from_bytes(bytes).unwrap().to_vec()
        };
        assert_eq!(
            words(header.handle_info_offset),
            [1, 2, 4, 0x11, 3, 0x3F, 0xF2, 0xF0, 0xF1, 0x1_00F0, 0x1_00F1]
        );
        assert_eq!(words(header.handles_offset), [0; 11]);
    }

    #[test]
    fn what_is_no_variable_is_refused() {
        for text in ["", "A", "=1"] {
            let refused = Err(ProgramError::NotAVariable { text: text.into() });
            assert_eq!(build(&["me"], &["A=1", text], &[]), refused);
        }
        assert!(build(&["me"], &["A=", "B==", "a b=\n"], &[]).is_ok());
    }

    #[test]
    fn strings_that_cannot_be_told_apart_or_do_not_fit_are_refused() {
        let text = "a\0b".to_owned();
        assert_eq!(
            build(&["me", "a\0b"], &[], &[]),
            Err(ProgramError::NulInString { text })
        );
        let long = "x".repeat(MAX_STARTUP_SIZE);
        assert!(matches!(
            build(&["me", &long], &[], &[]),
            Err(ProgramError::ArgumentsTooLong { size }) if size > MAX_STARTUP_SIZE
        ));
    }
}
