//! Rights of a handle, in short.

use abi::Rights;

/// The rights by what they differ in from those that a new object's handle has; all of them if
/// that is no shorter.
pub fn short(object_type: &str, names: &[String]) -> String {
    let all = names.join(" ").to_lowercase();
    let parsed = names.iter().map(|name| Rights::from_name(name));
    let (Some(rights), Some(usual)) = (parsed.collect::<Option<Rights>>(), usual(object_type))
    else {
        return all;
    };
    let mut text = "default".to_owned();
    for (sign, difference) in [('-', usual - rights), ('+', rights - usual)] {
        for (name, _) in difference.iter_names() {
            text.push_str(&format!(" {sign}{}", name.to_lowercase()));
        }
    }
    if text.len() < all.len() { text } else { all }
}

/// The rights that a new object of that type gets (reference §20.3).
fn usual(object_type: &str) -> Option<Rights> {
    Some(match object_type {
        "process" => Rights::DEFAULT_PROCESS,
        "thread" => Rights::DEFAULT_THREAD,
        "vmo" => Rights::DEFAULT_VMO,
        "port" => Rights::DEFAULT_PORT,
        "resource" => Rights::DEFAULT_RESOURCE,
        "job" => Rights::DEFAULT_JOB,
        "vmar" => Rights::DEFAULT_VMAR,
        "bti" => Rights::DEFAULT_BTI,
        "pager" => Rights::DEFAULT_PAGER,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use vmm::inspect::look;

    #[test]
    fn rights_are_told_by_what_is_unusual() {
        let short = |rights| short("vmo", &look::rights_names(rights));
        let usual = Rights::DEFAULT_VMO;
        assert_eq!(short(usual), "default");
        let other = (usual | Rights::RESIZE) - Rights::WRITE;
        assert_eq!(short(other), "default -write +resize");
        assert_eq!(short(Rights::READ), "read");
        assert_eq!(short(Rights::empty()), "");
        let odd = Rights::READ | Rights::from_bits_retain(1 << 30);
        assert_eq!(short(odd), "read 0x40000000");
    }
}
