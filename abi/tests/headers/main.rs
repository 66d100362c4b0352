//! The C and C++ headers of `guest/include/zircon` against this crate: the same names must
//! have the same values, layouts and arguments.
//!
//! Compilers do the comparing: the tests write programs of nothing but static assertions and
//! have them compiled. What a compiler that is not installed would have compiled is reported
//! as ignored, with the reason.

mod calls;
mod compilers;
mod include;
mod layouts;
mod macros;
mod mutations;
mod programs;
mod values;

use compilers::Compiler;
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::process::ExitCode;

/// What a test comes to.
type Outcome = Result<(), Failed>;

/// A test that needs a compiler.
fn compiled(
    name: &str,
    compiler: Compiler,
    test: impl FnOnce(&Compiler) -> Outcome + Send + 'static,
) -> Trial {
    let name = format!("{name}: {}", compiler.name());
    Trial::ignorable_test(name, move || match compiler.missing() {
        Some(reason) => Ok(Completion::ignored_with(reason)),
        None => test(&compiler).map(|()| Completion::Completed),
    })
}

/// What every program of assertions starts with.
const PRELUDE: &str = "\
#ifdef __cplusplus
#define CHECK static_assert
#else
#define CHECK _Static_assert
#endif
";

/// A program in which the compiler compares everything that can be compared.
fn assertions() -> Result<String, Failed> {
    let mut source = String::from(PRELUDE);
    for header in include::headers()? {
        source += &format!("#include <{header}>\n");
    }
    source += &values::assertions()?;
    source += &layouts::assertions();
    source += &calls::assertions()?;
    Ok(source)
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for compiler in Compiler::all() {
        trials.push(compiled("each header alone", compiler, include::alone));
        let all = |compiler: &Compiler| compiler.accepts(&include::own()?, &assertions()?);
        trials.push(compiled("values, layouts and calls", compiler, all));
    }
    trials.extend(calls::tests());
    trials.extend(macros::tests());
    trials.extend(mutations::tests());
    trials.extend(programs::tests());
    let conclusion = libtest_mimic::run(&arguments, trials);
    if let Err(error) = include::clean() {
        eprintln!("the tests' files stay: {error}");
    }
    conclusion.exit_code()
}
