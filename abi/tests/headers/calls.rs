//! Prototypes: every call of `abi` is declared, with its arguments under their names and of
//! types that fit, for C and for C++.

use crate::compilers::Compiler;
use crate::{Outcome, compiled, include};
use abi::Call;
use abi::calls::{ArgKind, Returns};
use libtest_mimic::{Failed, Trial};
use std::fs;

/// What the vDSO answers itself, in `<zircon/syscalls.h>`.
const VDSO: &[&str] = &[
    "zx_ticks_per_second",
    "zx_deadline_after",
    "zx_system_get_page_size",
];

/// A function as a header declares it.
#[derive(Debug)]
struct Prototype {
    returns: String,
    name: String,
    /// Type and name of each.
    parameters: Vec<(String, String)>,
}

impl Prototype {
    /// From `type`, `name` and `type name, type* name`.
    fn new(returns: &str, name: &str, parameters: &str) -> Self {
        let split = |parameter: &str| {
            let end = parameter.rfind([' ', '*']).map_or(0, |end| end + 1);
            let (kind, name) = parameter.split_at(end);
            (kind.trim().to_owned(), name.to_owned())
        };
        let parameters = parameters.split(", ").filter(|&text| text != "void");
        Self {
            returns: returns.to_owned(),
            name: name.to_owned(),
            parameters: parameters.map(split).collect(),
        }
    }
}

/// The text without comments and preprocessor lines, one space between words.
fn declarations(text: &str) -> String {
    let mut continued = false;
    let mut words = Vec::new();
    for line in text.lines() {
        let directive = continued || line.starts_with('#');
        continued = directive && line.ends_with('\\');
        if !directive && !line.trim_start().starts_with("//") {
            words.extend(line.split_whitespace());
        }
    }
    words.join(" ")
}

/// What `<zircon/syscalls.h>` declares: `_ZX_CALL(type, name, (parameters));`.
fn zircon(text: &str) -> Vec<Prototype> {
    let declarations = declarations(text);
    let calls = declarations.split("_ZX_CALL(").skip(1);
    calls
        .filter_map(|call| {
            let (returns, rest) = call.split_once(", ")?;
            let (name, rest) = rest.split_once(", (")?;
            let (parameters, _) = rest.split_once(')')?;
            Some(Prototype::new(returns, &format!("zx_{name}"), parameters))
        })
        .collect()
}

/// What `<vmoscope/syscalls.h>` declares: `type name(parameters);`.
fn own(text: &str) -> Vec<Prototype> {
    let declarations = declarations(text);
    declarations
        .split(';')
        .filter_map(|declaration| {
            let (head, parameters) = declaration.trim().strip_suffix(')')?.split_once('(')?;
            let mut words = head.rsplit(' ');
            let (name, returns) = (words.next()?, words.next()?);
            let own = name.starts_with("vmoscope_");
            own.then(|| Prototype::new(returns, name, parameters))
        })
        .collect()
}

/// The types that an argument may have. All but the exceptions have the width that the kind
/// says.
fn types(call: Call, argument: &str, kind: ArgKind) -> &'static [&'static str] {
    match (call, argument, kind) {
        (Call::FutexWait, "current_value", _) => &["int32_t"],
        (_, _, ArgKind::Handle) => &["zx_handle_t"],
        // Whatever it points to: the kernel knows nothing of it.
        (_, _, ArgKind::Pointer) => &[],
        (_, _, ArgKind::Address) => &[
            "uint64_t",
            "size_t",
            "uintptr_t",
            "zx_vaddr_t",
            "zx_paddr_t",
        ],
        (_, _, ArgKind::Size) => &["size_t", "uint64_t"],
        (_, _, ArgKind::Rights) => &["zx_rights_t"],
        (_, _, ArgKind::Options) => &["uint32_t", "zx_vm_option_t", "zx_signals_t"],
        (_, _, ArgKind::Number) => &["uint32_t"],
        (_, _, ArgKind::Time) => &["zx_instant_mono_t"],
        (_, _, ArgKind::Signed) => &["int64_t"],
    }
}

/// Fails unless the prototype is that of the call.
fn compare(call: Call, prototype: &Prototype) -> Outcome {
    let signature = call.signature();
    let returns: &[&str] = match signature.returns {
        Returns::Status => &["zx_status_t"],
        Returns::Time => &["zx_instant_mono_t", "zx_instant_mono_ticks_t"],
        Returns::Never => &["__NO_RETURN void"],
    };
    let names = signature.arguments.iter().map(|(name, _)| *name);
    let same_names = names.eq(prototype.parameters.iter().map(|(_, name)| name.as_str()));
    let mut both = signature.arguments.iter().zip(&prototype.parameters);
    let fit = both.all(|((name, kind), (in_c, _))| match kind {
        ArgKind::Pointer => in_c.ends_with('*'),
        kind => types(call, name, *kind).contains(&in_c.as_str()),
    });
    if same_names && fit && returns.contains(&prototype.returns.as_str()) {
        Ok(())
    } else {
        Err(format!("{signature:?} is declared as {prototype:?}").into())
    }
}

/// Fails unless the headers with these texts declare exactly the calls that there are.
pub fn check(zircon_text: &str, own_text: &str) -> Outcome {
    let mut prototypes = zircon(zircon_text);
    prototypes.extend(own(own_text));
    for &call in Call::ALL {
        let name = call.signature().name;
        let found = prototypes.iter().find(|prototype| prototype.name == name);
        compare(
            call,
            found.ok_or_else(|| format!("{name} is not declared"))?,
        )?;
    }
    let vdso = include_str!("../../../guest/vdso/build.rs");
    for name in VDSO {
        if !vdso.contains(&format!("function {name}\n")) {
            return Err(format!("the vDSO has no {name}").into());
        }
    }
    let known = |name: &str| {
        VDSO.contains(&name) || Call::ALL.iter().any(|call| call.signature().name == name)
    };
    match prototypes.iter().find(|prototype| !known(&prototype.name)) {
        Some(prototype) => Err(format!("there is no call {prototype:?}").into()),
        None => Ok(()),
    }
}

/// All prototypes of the headers.
fn prototypes() -> Result<Vec<Prototype>, Failed> {
    let mut prototypes = zircon(&include::text("zircon/syscalls.h")?);
    prototypes.extend(own(&include::text("vmoscope/syscalls.h")?));
    Ok(prototypes)
}

/// Assertions that each name and its twin with an underscore are the same to the compiler.
pub fn assertions() -> Result<String, Failed> {
    let mut source = String::from(
        "#ifdef __cplusplus\n\
         template <typename A, typename B> constexpr bool same = false;\n\
         template <typename A> constexpr bool same<A, A> = true;\n\
         #define SAME(a, b) same<decltype(a), decltype(b)>\n\
         #else\n\
         #define SAME(a, b) __builtin_types_compatible_p(__typeof__(a), __typeof__(b))\n\
         #endif\n",
    );
    for Prototype { name, .. } in prototypes()? {
        source += &format!("CHECK(SAME({name}, _{name}), \"{name}\");\n");
    }
    source += "CHECK(SAME(zx_status_get_string, _zx_status_get_string), \"names\");\n";
    Ok(source)
}

/// A C++ program finds what C defines, under every name, and the definitions in C agree with
/// the declarations.
fn links(compiler: &Compiler) -> Outcome {
    let mut c = String::from("#include <vmoscope/syscalls.h>\n#include <zircon/syscalls.h>\n");
    let mut cpp = c.clone();
    cpp += "extern \"C\" void (*const table[])();\nvoid (*const table[])() = {\n";
    for prototype in prototypes()? {
        let Prototype {
            returns,
            name,
            parameters,
        } = prototype;
        let mut list: Vec<_> = parameters
            .iter()
            .map(|(kind, name)| format!("{kind} {name}"))
            .collect();
        if list.is_empty() {
            list.push("void".to_owned());
        }
        let body = if returns.ends_with("void") {
            "for (;;) {}"
        } else {
            "return 0;"
        };
        for name in [format!("_{name}"), name] {
            c += &format!("{returns} {name}({}) {{ {body} }}\n", list.join(", "));
            cpp += &format!("reinterpret_cast<void (*)()>({name}),\n");
        }
    }
    cpp += "};\n";
    let folder = include::own()?;
    let (c_file, cpp_file) = (folder.join("calls.c"), folder.join("table.cc"));
    fs::write(&c_file, c)?;
    fs::write(&cpp_file, cpp)?;
    let (c_object, library) = (folder.join("calls.o"), folder.join("calls.so"));
    let in_c = Compiler {
        command: if compiler.command == "g++" {
            "gcc"
        } else {
            "clang"
        },
        language: "c",
        standard: "c11",
        ..*compiler
    };
    let to = |from: &std::path::Path, to: &std::path::Path| {
        [from.into(), std::ffi::OsString::from("-o"), to.into()]
    };
    let compile = ["-c", "-fPIC", "-Wno-unused-parameter"].map(Into::into);
    in_c.run(&folder, compile.into_iter().chain(to(&c_file, &c_object)))?;
    let link = ["-shared", "-nostdlib", "-fPIC", "-Wl,--no-undefined"].map(Into::into);
    let object = [c_object.clone().into_os_string()];
    compiler.run(
        &folder,
        link.into_iter()
            .chain(to(&cpp_file, &library))
            .chain(object),
    )
}

/// The tests.
pub fn tests() -> Vec<Trial> {
    let mut tests = vec![Trial::test(
        "every call is declared, and nothing else",
        || {
            check(
                &include::text("zircon/syscalls.h")?,
                &include::text("vmoscope/syscalls.h")?,
            )
        },
    )];
    for compiler in Compiler::all() {
        if compiler.language == "c++" && compiler.freestanding {
            tests.push(compiled("C++ calls what C defines", compiler, links));
        }
    }
    tests
}
