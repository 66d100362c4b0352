//! Macros and inline functions: `macros.c` uses them, and must do so without a warning.

use crate::compilers::Compiler;
use crate::{Outcome, compiled, include};
use libtest_mimic::Trial;

/// The program.
const PROGRAM: &str = include_str!("macros.c");

/// The program is accepted, with debug assertions and without.
fn program(compiler: &Compiler) -> Outcome {
    let own = include::own()?;
    compiler.accepts(&own, PROGRAM)?;
    compiler.accepts(&own, &PROGRAM.replace("#define ZX_ASSERT_LEVEL 2", ""))
}

/// A mistake in a condition or in a message is found in spite of the macros.
fn mistakes(compiler: &Compiler) -> Outcome {
    let own = include::own()?;
    let assign = ("ZX_ASSERT(number > 0)", "ZX_ASSERT(number = 0)");
    let format = ("with %s and", "with %d and");
    // C's macros put parentheses around the condition.
    let mut mistakes = vec![format];
    if compiler.language == "c++" {
        mistakes.push(assign);
    }
    for (from, to) in mistakes {
        let changed = PROGRAM.replace(from, to);
        if changed == PROGRAM || compiler.complaint(&own, &changed)?.is_none() {
            return Err(format!("nobody saw {to:?} for {from:?}").into());
        }
    }
    Ok(())
}

/// The tests.
pub fn tests() -> Vec<Trial> {
    let both = |compiler| {
        [
            compiled("macros", compiler, program),
            compiled("mistakes are seen through macros", compiler, mistakes),
        ]
    };
    Compiler::all().into_iter().flat_map(both).collect()
}
