//! A vCPU's registers as inspectors and images have them.

use super::KvmError;
use super::error::failed;
use crate::inspect::{DescriptorTable, Hex, Place, Segment, VcpuState, digits, general_registers};
use kvm_bindings::{kvm_dtable, kvm_fpu, kvm_segment};
use kvm_ioctls::VcpuFd;

/// The size of what FXSAVE64 stores (SDM vol. 1, 10.5.1).
const FXSAVE_BYTES: usize = 512;
/// All bits of MXCSR that a CPU with denormals-are-zero has (SDM vol. 1, 11.6.6).
const MXCSR_MASK: u32 = 0xFFFF;

/// The registers of a vCPU that stands still.
pub(super) fn of(vcpu: &VcpuFd, place: Place) -> Result<VcpuState, KvmError> {
    let regs = vcpu.get_regs().map_err(failed("KVM_GET_REGS"))?;
    let sregs = vcpu.get_sregs().map_err(failed("KVM_GET_SREGS"))?;
    // Not all of KVM's backends have them; the rest is of use without.
    let fxsave = vcpu.get_fpu().map(|fpu| digits(&fxsave(&fpu)));
    Ok(VcpuState {
        place,
        general: general_registers!(regs, rflags),
        cs: segment(&sregs.cs),
        ds: segment(&sregs.ds),
        es: segment(&sregs.es),
        fs: segment(&sregs.fs),
        gs: segment(&sregs.gs),
        ss: segment(&sregs.ss),
        tr: segment(&sregs.tr),
        ldt: segment(&sregs.ldt),
        gdt: table(&sregs.gdt),
        idt: table(&sregs.idt),
        cr0: Hex(sregs.cr0),
        cr2: Hex(sregs.cr2),
        cr3: Hex(sregs.cr3),
        cr4: Hex(sregs.cr4),
        cr8: Hex(sregs.cr8),
        efer: Hex(sregs.efer),
        fxsave: fxsave.unwrap_or_default(),
    })
}

/// The flags are those of the descriptor's second word, in place (SDM vol. 3, 3.4.5).
fn segment(segment: &kvm_segment) -> Segment {
    let flags = [
        (segment.type_, 8),
        (segment.s, 12),
        (segment.dpl, 13),
        (segment.present, 15),
        (segment.avl, 20),
        (segment.l, 21),
        (segment.db, 22),
        (segment.g, 23),
    ];
    Segment {
        selector: segment.selector,
        base: Hex(segment.base),
        limit: segment.limit,
        flags: flags
            .iter()
            .fold(0, |all, (value, bit)| all | u32::from(*value) << bit),
    }
}

fn table(table: &kvm_dtable) -> DescriptorTable {
    DescriptorTable {
        base: Hex(table.base),
        limit: table.limit,
    }
}

/// What FXSAVE64 would have stored.
fn fxsave(fpu: &kvm_fpu) -> Vec<u8> {
    let mut image = Vec::with_capacity(FXSAVE_BYTES);
    image.extend(fpu.fcw.to_le_bytes());
    image.extend(fpu.fsw.to_le_bytes());
    image.extend([fpu.ftwx, 0]);
    image.extend(fpu.last_opcode.to_le_bytes());
    image.extend(fpu.last_ip.to_le_bytes());
    image.extend(fpu.last_dp.to_le_bytes());
    image.extend(fpu.mxcsr.to_le_bytes());
    image.extend(MXCSR_MASK.to_le_bytes());
    image.extend(fpu.fpr.as_flattened());
    image.extend(fpu.xmm.as_flattened());
    image.resize(FXSAVE_BYTES, 0);
    image
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_fxsave_image_has_each_register_at_its_place() {
        let mut fpu = kvm_fpu {
            fcw: 0x037F,
            mxcsr: 0x1F80,
            ftwx: 0xFF,
            last_ip: 0x1122_3344_5566_7788,
            ..kvm_fpu::default()
        };
        fpu.fpr[7] = [7; 16];
        fpu.xmm[15] = [15; 16];
        let image = fxsave(&fpu);
        assert_eq!(image.len(), 512);
        assert_eq!(image[..2], [0x7F, 0x03]);
        assert_eq!(image[4], 0xFF);
        assert_eq!(image[8..16], 0x1122_3344_5566_7788u64.to_le_bytes());
        assert_eq!(image[24..28], 0x1F80u32.to_le_bytes());
        assert_eq!(image[32 + 7 * 16..160], [7; 16]);
        assert_eq!(image[160 + 15 * 16..416], [15; 16]);
        assert_eq!(digits(&image[..2]), "7f03");
    }

    #[test]
    fn a_segments_flags_stand_as_in_its_descriptor() {
        // A 64-bit code segment of ring 3: present, DPL 3, accessed, readable, L, G.
        let code = kvm_segment {
            selector: 0x33,
            type_: 11,
            present: 1,
            dpl: 3,
            s: 1,
            l: 1,
            g: 1,
            ..kvm_segment::default()
        };
        assert_eq!(segment(&code).flags, 0x00A0_FB00);
    }
}
