//! Start-up blocks, well and badly formed.

use super::*;
use zerocopy::IntoBytes;

/// A block with arguments `prog`, `--gate`, `on`, two variables, one name and three handles.
fn block() -> Vec<u8> {
    let header_size = u32::try_from(size_of::<StartupHeader>()).unwrap();
    let infos = [
        handle_info(PA_PROC_SELF, 0),
        handle_info(PA_USER0, 0),
        handle_info(PA_USER1, 0),
    ];
    let values = [0x13_u32, 0x17, 0x1b];
    let args = b"prog\0--gate\0on\0";
    let environ = b"A=B=1\0AB=2\0";
    let names = b"victim\0";
    let args_offset = header_size + 24;
    let environ_offset = args_offset + 15;
    let names_offset = environ_offset + 11;
    let header = StartupHeader {
        protocol: PROCARGS_PROTOCOL,
        version: PROCARGS_VERSION,
        handle_info_offset: header_size,
        handles_offset: header_size + 12,
        handles_count: 3,
        args_offset,
        args_count: 3,
        environ_offset,
        environ_count: 2,
        names_offset,
        names_count: 1,
        total_size: names_offset + 7,
    };
    let mut bytes = header.as_bytes().to_vec();
    for word in infos.iter().chain(&values) {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(args);
    bytes.extend(environ);
    bytes.extend(names);
    assert_eq!(bytes.len(), usize::try_from(header.total_size).unwrap());
    bytes
}

#[test]
fn arguments_names_and_handles_are_found() {
    let bytes = block();
    let startup = Startup::parse(&bytes).unwrap();
    assert_eq!(startup.args().collect::<Vec<_>>(), ["prog", "--gate", "on"]);
    assert_eq!(startup.value("--gate"), Some("on"));
    assert_eq!(startup.value("on"), None);
    assert_eq!(startup.environ().collect::<Vec<_>>(), ["A=B=1", "AB=2"]);
    assert_eq!(startup.var("A"), Some("B=1"));
    assert_eq!(startup.var("AB"), Some("2"));
    assert_eq!(startup.var("B"), None);
    assert_eq!(startup.raw_handle(PA_PROC_SELF, 0), Some(0x13));
    assert_eq!(startup.raw_handle(PA_VMAR_ROOT, 0), None);
    let other = startup.other_named("victim").unwrap();
    assert_eq!(other.process.handle().raw(), 0x17);
    assert_eq!(other.vmar.handle().raw(), 0x1b);
    assert!(startup.other_named("nobody").is_none());
    assert!(startup.other(1).is_none());
}

#[test]
fn a_block_of_another_protocol_is_refused() {
    let mut bytes = block();
    bytes[0] ^= 1;
    assert!(Startup::parse(&bytes).is_none());
    assert!(Startup::parse(&[]).is_none());
}

#[test]
fn offsets_outside_the_block_lead_to_nothing() {
    let whole = block();
    for field in 2..12 {
        let mut bytes = whole.clone();
        bytes[field * 4..field * 4 + 4].fill(0xFF);
        let startup = Startup::parse(&bytes).unwrap();
        let _ = startup.args().count() + startup.names().count();
        let _ = startup.environ().count();
        let _ = startup.raw_handle(PA_USER1, 0);
    }
    for length in size_of::<StartupHeader>()..whole.len() {
        let startup = Startup::parse(&whole[..length]).unwrap();
        assert!(startup.args().count() <= 3);
        let _ = startup.other(0);
    }
}
