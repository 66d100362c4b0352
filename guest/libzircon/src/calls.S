/* The calls: each jumps to its function of the vDSO, which vdso.c has found. As in the vDSO,
   a name without underscore is weak, so that a program can put its own in front. */
        .set    slot, 0
        .macro  call_stub name
        .globl  _\name
        .type   _\name, @function
        .weak   \name
        .type   \name, @function
        .p2align 4
_\name:
\name:
        endbr64
        jmp     *__libzircon_slots + slot(%rip)
        .size   _\name, . - _\name
        .size   \name, . - \name
        .set    slot, slot + 8
        .endm

        .text
#define CALL(name) call_stub name;
#include "../calls.inc"

        .hidden __libzircon_slots
        .section .note.GNU-stack, "", @progbits
