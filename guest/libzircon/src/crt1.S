/* The first instructions. rdi holds the handle of the start-up VMO, rsi the address of the
   vDSO; both travel on as arguments. A zero frame pointer ends every backtrace. `main` is
   named here so that a program without one does not link. */
        .text
        .globl  _start
        .type   _start, @function
_start:
        xor     %ebp, %ebp
        and     $-16, %rsp
        lea     main(%rip), %rdx
        call    __libzircon_start
        ud2
        .size   _start, . - _start

        .section .note.GNU-stack, "", @progbits
