//! The attribute of `libzx` that makes a function a case of a test program.

use proc_macro::TokenStream;
use quote::{format_ident, quote};
use syn::meta::ParseNestedMeta;
use syn::{ItemFn, LitStr, parse_macro_input};

/// Makes a function a case of the test program that it is in.
///
/// The function has no arguments and returns nothing or a `Result` with an error that is a
/// `libzx::test::Failure` or a `Status`. The case is called as the function, with the modules
/// that it is in, unless `name = "..."` says otherwise. `ignore = "the reason"` reports it as
/// skipped without running it.
#[proc_macro_attribute]
pub fn guest_test(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut found = Options::default();
    let parser = syn::meta::parser(|meta| found.take(&meta));
    parse_macro_input!(options with parser);
    let function = parse_macro_input!(item as ItemFn);
    case(&found, &function)
        .unwrap_or_else(|error| {
            let error = error.to_compile_error();
            quote!(#error #function)
        })
        .into()
}

/// What stands in the attribute's parentheses.
#[derive(Default)]
struct Options {
    name: Option<LitStr>,
    ignore: Option<LitStr>,
}

impl Options {
    fn take(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let place = if meta.path.is_ident("name") {
            &mut self.name
        } else if meta.path.is_ident("ignore") {
            &mut self.ignore
        } else {
            return Err(meta.error("not an option of guest_test: name or ignore"));
        };
        let value: LitStr = meta.value()?.parse()?;
        if value.value().is_empty() {
            return Err(syn::Error::new(value.span(), "it must say something"));
        }
        if place.replace(value).is_some() {
            return Err(meta.error("said twice"));
        }
        Ok(())
    }
}

fn case(options: &Options, function: &ItemFn) -> syn::Result<proc_macro2::TokenStream> {
    let signature = &function.sig;
    let refuse = |why| Err(syn::Error::new_spanned(signature, why));
    if !signature.inputs.is_empty() {
        return refuse("a case has no arguments");
    }
    if !signature.generics.params.is_empty() {
        return refuse("a case is not generic");
    }
    if signature.asyncness.is_some() || signature.unsafety.is_some() {
        return refuse("a case is a plain function");
    }
    let ident = &signature.ident;
    let [name, ignore] = [&options.name, &options.ignore].map(|option| match option {
        Some(text) => quote!(::core::option::Option::Some(#text)),
        None => quote!(::core::option::Option::None),
    });
    let case = format_ident!("__libzx_case_{ident}");
    Ok(quote! {
        #function

        #[allow(non_upper_case_globals, reason = "the name follows the function's")]
        static #case: ::libzx::test::Case = ::libzx::test::Case::new(
            ::core::concat!(::core::module_path!(), "::", ::core::stringify!(#ident)),
            #name,
            #ignore,
            (::core::file!(), ::core::line!(), ::core::column!()),
            || ::libzx::test::Verdict::verdict(#ident()),
        );

        #[cfg(target_os = "none")]
        ::core::arch::global_asm!(
            ".pushsection libzx_tests, \"awR\", @progbits",
            ".balign 8",
            ".quad {case}",
            ".popsection",
            case = sym #case,
        );

        #[cfg(not(target_os = "none"))]
        const _: &::libzx::test::Case = &#case;
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse::Parser;

    fn options(text: &str) -> syn::Result<Options> {
        let mut found = Options::default();
        syn::meta::parser(|meta| found.take(&meta)).parse_str(text)?;
        Ok(found)
    }

    #[test]
    fn options_are_names_with_texts() {
        let found = options("name = \"a\", ignore = \"b\"").unwrap();
        assert_eq!(found.name.unwrap().value(), "a");
        assert_eq!(found.ignore.unwrap().value(), "b");
        assert!(options("").unwrap().name.is_none());
        for wrong in ["name", "name = 1", "name = \"\"", "nam = \"a\""] {
            assert!(options(wrong).is_err(), "{wrong}");
        }
        assert!(options("name = \"a\", name = \"b\"").is_err());
    }

    #[test]
    fn only_a_plain_function_without_arguments_is_a_case() {
        let made = |text| case(&Options::default(), &syn::parse_str(text).unwrap());
        assert!(made("fn f() -> Outcome { Ok(()) }").is_ok());
        for wrong in [
            "fn f(x: u32) {}",
            "fn f<T>() {}",
            "async fn f() {}",
            "unsafe fn f() {}",
        ] {
            assert!(made(wrong).is_err(), "{wrong}");
        }
    }
}
