//! Structures: size and every field's place.

use abi::info::{
    InfoHandleBasic, InfoMaps, InfoProcess, InfoTaskStats, InfoVmar, InfoVmo, LockState,
    PageRequest, PortPacket,
};
use abi::startup::StartupHeader;
use std::mem::{offset_of, size_of};

/// Assertions for one structure: its size, and for each field its offset and size, which are
/// taken from the Rust type. A field has its name in C behind the arrow.
macro_rules! layout {
    ($source:ident, $rust:ident = $c:literal { $($field:ident => $in_c:literal,)* }) => {
        let (name, size) = ($c, size_of::<$rust>());
        $source += &format!("CHECK(sizeof({name}) == {size}, \"size of {name}\");\n");
        // Naming every field here keeps the list complete.
        let fields = |value: &$rust| {
            let $rust { $($field,)* } = value;
            [$(($in_c, offset_of!($rust, $field), size_of_val($field)),)*]
        };
        for (field, offset, size) in fields(&$rust::default()) {
            $source += &format!(
                "CHECK(offsetof({name}, {field}) == {offset}, \"place of {name}::{field}\");\n"
            );
            // What is reserved may be one field in Rust and two in C.
            if field != "reserved" {
                $source += &format!(
                    "CHECK(sizeof((({name}*)0)->{field}) == {size}, \"size of {name}::{field}\");\n"
                );
            }
        }
    };
}

/// Records of `zx_object_get_info`.
fn records(source: &mut String) {
    let mut text = String::new();
    layout!(text, InfoHandleBasic = "zx_info_handle_basic_t" {
        koid => "koid",
        rights => "rights",
        object_type => "type",
        related_koid => "related_koid",
        reserved => "reserved",
    });
    layout!(text, InfoProcess = "zx_info_process_t" {
        return_code => "return_code",
        start_time => "start_time",
        flags => "flags",
        padding => "padding1",
    });
    layout!(text, InfoVmar = "zx_info_vmar_t" {
        base => "base",
        len => "len",
    });
    layout!(text, InfoTaskStats = "zx_info_task_stats_t" {
        mapped => "mem_mapped_bytes",
        private => "mem_private_bytes",
        shared => "mem_shared_bytes",
        scaled_shared => "mem_scaled_shared_bytes",
        fractional_scaled_shared => "mem_fractional_scaled_shared_bytes",
    });
    layout!(text, InfoVmo = "zx_info_vmo_t" {
        koid => "koid",
        name => "name",
        size_bytes => "size_bytes",
        parent_koid => "parent_koid",
        num_children => "num_children",
        num_mappings => "num_mappings",
        share_count => "share_count",
        flags => "flags",
        padding => "padding1",
        committed_bytes => "committed_bytes",
        handle_rights => "handle_rights",
        cache_policy => "cache_policy",
        metadata_bytes => "metadata_bytes",
        committed_change_events => "committed_change_events",
        populated_bytes => "populated_bytes",
        committed_private_bytes => "committed_private_bytes",
        populated_private_bytes => "populated_private_bytes",
        committed_scaled_bytes => "committed_scaled_bytes",
        populated_scaled_bytes => "populated_scaled_bytes",
        committed_fractional_scaled_bytes => "committed_fractional_scaled_bytes",
        populated_fractional_scaled_bytes => "populated_fractional_scaled_bytes",
    });
    layout!(text, InfoMaps = "zx_info_maps_t" {
        name => "name",
        base => "base",
        size => "size",
        depth => "depth",
        kind => "type",
        padding => "padding1",
        mmu_flags => "u.mapping.mmu_flags",
        mapping_padding => "u.mapping.padding1",
        vmo_koid => "u.mapping.vmo_koid",
        vmo_offset => "u.mapping.vmo_offset",
        committed_bytes => "u.mapping.committed_bytes",
        populated_bytes => "u.mapping.populated_bytes",
        committed_private_bytes => "u.mapping.committed_private_bytes",
        populated_private_bytes => "u.mapping.populated_private_bytes",
        committed_scaled_bytes => "u.mapping.committed_scaled_bytes",
        populated_scaled_bytes => "u.mapping.populated_scaled_bytes",
        committed_fractional_scaled_bytes => "u.mapping.committed_fractional_scaled_bytes",
        populated_fractional_scaled_bytes => "u.mapping.populated_fractional_scaled_bytes",
    });
    *source += &text;
}

/// Packets of ports, the state of a lock, and the start-up block.
fn others(source: &mut String) {
    let mut text = String::new();
    layout!(text, PortPacket = "zx_port_packet_t" {
        key => "key",
        packet_type => "type",
        status => "status",
        payload => "user",
    });
    layout!(text, PageRequest = "zx_packet_page_request_t" {
        command => "command",
        flags => "flags",
        reserved0 => "reserved0",
        offset => "offset",
        length => "length",
        reserved1 => "reserved1",
    });
    layout!(text, LockState = "zx_vmo_lock_state_t" {
        offset => "offset",
        size => "size",
        discarded_offset => "discarded_offset",
        discarded_size => "discarded_size",
    });
    layout!(text, StartupHeader = "vmoscope_proc_args_t" {
        protocol => "args.protocol",
        version => "args.version",
        handle_info_offset => "args.handle_info_off",
        args_offset => "args.args_off",
        args_count => "args.args_num",
        environ_offset => "args.environ_off",
        environ_count => "args.environ_num",
        names_offset => "args.names_off",
        names_count => "args.names_num",
        handles_offset => "handles_off",
        handles_count => "handles_num",
        total_size => "total_size",
    });
    *source += &text;
    // Every kind of payload takes the same room in a packet.
    let payload = std::mem::size_of::<PageRequest>();
    for member in [
        "user",
        "signal",
        "guest_bell",
        "guest_mem",
        "guest_io",
        "guest_vcpu",
        "interrupt",
        "page_request",
        "processor_power_level_transition",
    ] {
        *source += &format!(
            "CHECK(sizeof(((zx_port_packet_t*)0)->{member}) == {payload}, \"{member}\");\n\
             CHECK(offsetof(zx_port_packet_t, {member}) == 16, \"{member}\");\n"
        );
    }
    // Records that `abi` has no type for: sizes as Zircon's documents have them.
    for (name, size) in [
        ("zx_handle_t", 4),
        ("zx_status_t", 4),
        ("zx_rights_t", 4),
        ("zx_signals_t", 4),
        ("zx_koid_t", 8),
        ("zx_time_t", 8),
        ("zx_vaddr_t", 8),
        ("zx_futex_t", 4),
        ("zx_info_handle_count_t", 4),
        ("zx_info_task_stats_v1_t", 32),
        ("zx_info_maps_v1_t", 96),
        ("zx_info_maps_v2_t", 104),
        ("zx_proc_args_t", 36),
        ("zx_exception_report_t", 40),
        ("zx_exception_info_t", 24),
        ("zx_thread_state_general_regs_t", 160),
        ("zx_thread_state_fp_regs_t", 160),
        ("zx_thread_state_vector_regs_t", 2120),
        ("zx_thread_state_debug_regs_t", 48),
    ] {
        *source += &format!("CHECK(sizeof({name}) == {size}, \"size of {name}\");\n");
    }
}

/// Assertions for all structures.
pub fn assertions() -> String {
    let mut source = String::new();
    records(&mut source);
    others(&mut source);
    source
}
