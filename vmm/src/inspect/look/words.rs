//! Words for masks and states, as answers have them.

use abi::Rights;
use abi::objects::{CachePolicy, Permissions, ThreadState, WaitKind};

/// The names of rights, without `ZX_RIGHT_`; bits without a name are one more element, in
/// hexadecimal.
#[must_use]
pub fn rights_names(rights: Rights) -> Vec<String> {
    let mut names: Vec<_> = rights
        .iter_names()
        .map(|(name, _)| name.to_owned())
        .collect();
    let rest = rights.difference(Rights::all()).bits();
    if rest != 0 {
        names.push(format!("{rest:#x}"));
    }
    names
}

/// Permissions as three letters, `-` for what is not permitted: `r-x`.
#[must_use]
pub fn permissions_text(permissions: Permissions) -> String {
    let letter = |bit, letter| {
        if permissions.contains(bit) {
            letter
        } else {
            '-'
        }
    };
    [
        letter(Permissions::READ, 'r'),
        letter(Permissions::WRITE, 'w'),
        letter(Permissions::EXECUTE, 'x'),
    ]
    .into_iter()
    .collect()
}

/// A cache policy's name, without `ZX_CACHE_POLICY_`, in lower case.
#[must_use]
pub const fn cache_policy_name(policy: CachePolicy) -> &'static str {
    match policy {
        CachePolicy::CACHED => "cached",
        CachePolicy::UNCACHED => "uncached",
        CachePolicy::UNCACHED_DEVICE => "uncached_device",
        CachePolicy::WRITE_COMBINING => "write_combining",
        _ => "?",
    }
}

/// A thread's state in Zircon's words (`ZX_THREAD_STATE_*`): one that waits is `blocked` by
/// what it waits for. One that waits for leave to make a page dirty waits for its pager, too.
#[must_use]
pub const fn thread_state_name(state: ThreadState, wait: WaitKind) -> &'static str {
    match state {
        ThreadState::INITIAL => "new",
        ThreadState::READY => "running",
        ThreadState::DEAD => "dead",
        ThreadState::WAITING => match wait {
            WaitKind::TIME => "blocked.sleeping",
            WaitKind::SIGNALS => "blocked.wait_one",
            WaitKind::PORT => "blocked.port",
            WaitKind::FUTEX => "blocked.futex",
            WaitKind::PAGE | WaitKind::DIRTY => "blocked.pager",
            _ => "blocked",
        },
        _ => "?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_without_a_name_are_told() {
        let rights = Rights::READ | Rights::MAP | Rights::from_bits_retain(1 << 30);
        assert_eq!(rights_names(rights), ["READ", "MAP", "0x40000000"]);
        assert_eq!(rights_names(Rights::empty()), [""; 0]);
    }

    #[test]
    fn permissions_are_three_letters() {
        assert_eq!(permissions_text(Permissions::empty()), "---");
        assert_eq!(
            permissions_text(Permissions::READ | Permissions::EXECUTE),
            "r-x"
        );
    }
}
