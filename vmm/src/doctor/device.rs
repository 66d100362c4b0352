//! `/dev/kvm`: whose it is, and what we may do with it.

use super::facts;
use crate::machine::KvmError;
use serde::Serialize;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The device and our access to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Device {
    /// Its path.
    pub path: &'static str,
    /// It is there.
    pub exists: bool,
    /// It can be opened, and has what vmoscope needs.
    pub usable: bool,
    /// Its owner, group and mode, if it is there.
    pub owner: Option<Names>,
    /// Who asks.
    pub we: Option<Identity>,
    /// Why it cannot be used.
    pub problem: Option<String>,
    /// What to do about that, a step each.
    pub advice: Vec<String>,
}

/// Who owns a file, and who may do what with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Names {
    /// The owner's name, or number where it has none.
    pub user: String,
    /// The group's name, or number where it has none.
    pub group: String,
    /// The permission bits as `ls` has them in octal, such as `660`.
    pub mode: String,
}

/// Who a process is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// The effective user's name, or number where it has none.
    pub user: String,
    /// Names, or numbers, of all its groups.
    pub groups: Vec<String>,
}

impl Device {
    /// Looks at the device under `root`; `error` says why it could not be opened.
    #[must_use]
    pub fn read(root: &Path, error: Option<&KvmError>) -> Self {
        let users = facts::text(root, "etc/passwd").unwrap_or_default();
        let groups = facts::text(root, "etc/group").unwrap_or_default();
        let metadata = fs::metadata(root.join("dev/kvm")).ok();
        let owner = metadata.as_ref().map(|metadata| Names {
            user: name_of(&users, metadata.uid()),
            group: name_of(&groups, metadata.gid()),
            mode: format!("{:03o}", metadata.mode() & 0o7777),
        });
        let we = facts::text(root, "proc/self/status")
            .and_then(|status| identity(&status, &users, &groups));
        let mode = metadata.as_ref().map_or(0, MetadataExt::mode);
        let advice = match error {
            Some(KvmError::Missing) => missing(),
            Some(KvmError::NoPermission) => match &owner {
                Some(owner) => permission(owner, mode, we.as_ref()),
                None => Vec::new(),
            },
            _ => Vec::new(),
        };
        Self {
            path: "/dev/kvm",
            exists: metadata.is_some(),
            usable: error.is_none(),
            owner,
            we,
            problem: error.map(ToString::to_string),
            advice,
        }
    }
}

/// What to do where there is no such device.
fn missing() -> Vec<String> {
    vec![
        "on bare metal: enable virtualisation (VT-x, AMD-V, SVM) in the firmware, then sudo \
         modprobe kvm_intel or kvm_amd"
            .to_owned(),
        "in a virtual machine: ask for nested virtualisation, where the provider has it".to_owned(),
        "in a container: pass the device in (--device /dev/kvm)".to_owned(),
    ]
}

/// What to do where the device refuses us.
fn permission(owner: &Names, mode: u32, we: Option<&Identity>) -> Vec<String> {
    let in_group = we.is_some_and(|we| we.groups.contains(&owner.group));
    let shared = mode & 0o060 == 0o060 && owner.group != "root";
    match (shared, in_group) {
        (true, false) => vec![format!(
            "sudo usermod -aG {} $USER, then log in again",
            owner.group
        )],
        (true, true) => vec![
            "the mode would let you in: a container's device rules or a security module \
             forbids it"
                .to_owned(),
        ],
        (false, _) => vec![
            "until the next start: sudo setfacl -m u:$USER:rw /dev/kvm".to_owned(),
            "for good: echo 'KERNEL==\"kvm\", GROUP=\"kvm\", MODE=\"0660\"' | sudo tee \
             /etc/udev/rules.d/99-kvm.rules, then sudo udevadm trigger --name-match=kvm and \
             sudo usermod -aG kvm $USER"
                .to_owned(),
        ],
    }
}

/// The name that /etc/passwd or /etc/group has for a number: both have the name first and
/// the number third.
fn name_of(table: &str, number: u32) -> String {
    let number = number.to_string();
    table
        .lines()
        .find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            (fields.nth(1) == Some(number.as_str())).then(|| name.to_owned())
        })
        .unwrap_or(number)
}

/// Who we are, from /proc/self/status: the second number of each line is the effective one.
fn identity(status: &str, users: &str, groups: &str) -> Option<Identity> {
    let numbers = |key: &str| -> Vec<u32> {
        let line = status.lines().find_map(|line| line.strip_prefix(key));
        line.unwrap_or_default()
            .split_whitespace()
            .filter_map(|word| word.parse().ok())
            .collect()
    };
    let user = *numbers("Uid:").get(1)?;
    let mut all = vec![*numbers("Gid:").get(1)?];
    all.extend(numbers("Groups:"));
    let mut names: Vec<String> = all.iter().map(|group| name_of(groups, *group)).collect();
    names.dedup();
    Some(Identity {
        user: name_of(users, user),
        groups: names,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n";
    const GROUPS: &str = "root:x:0:\nkvm:x:104:ann\nann:x:1000:\n";
    const STATUS: &str = "Name:\tvmm\nUid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\n\
                          Groups:\t104 1000 4711 \n";

    fn owner(group: &str) -> Names {
        Names {
            user: "root".to_owned(),
            group: group.to_owned(),
            mode: String::new(),
        }
    }

    #[test]
    fn we_are_named_with_all_our_groups() {
        let we = identity(STATUS, USERS, GROUPS).unwrap();
        assert_eq!(we.user, "ann");
        assert_eq!(we.groups, ["ann", "kvm", "ann", "4711"]);
        assert_eq!(identity("", USERS, GROUPS), None);
    }

    #[test]
    fn a_group_that_may_is_joined() {
        let advice = permission(&owner("kvm"), 0o660, None);
        assert_eq!(advice, ["sudo usermod -aG kvm $USER, then log in again"]);
    }

    #[test]
    fn where_no_group_may_the_mode_is_changed() {
        for (group, mode) in [("root", 0o660), ("kvm", 0o600), ("root", 0o600)] {
            let advice = permission(&owner(group), mode, None).join("\n");
            assert!(
                advice.contains("setfacl") && advice.contains("udev"),
                "{advice}"
            );
        }
    }

    #[test]
    fn where_the_mode_would_let_us_in_something_else_is_named() {
        let we = identity(STATUS, USERS, GROUPS);
        let advice = permission(&owner("kvm"), 0o660, we.as_ref()).join("\n");
        assert!(advice.contains("device rules"), "{advice}");
    }
}
