/* The other programs of the machine, whose handles the first program has:
   zx_take_startup_handle(PA_HND(PA_USER0, i)) is the process of the i-th, PA_USER1 its root
   VMAR. */
#ifndef VMOSCOPE_PROGRAMS_H_
#define VMOSCOPE_PROGRAMS_H_

#include <features.h>
#include <stddef.h>

__BEGIN_DECLS
/* How many there are; 0 in all but the first program. */
size_t vmoscope_program_count(void);
/* The name of the i-th, counted from 0 in the order of the command line; NULL beyond. */
const char* vmoscope_program_name(size_t i);
__END_DECLS

#endif
