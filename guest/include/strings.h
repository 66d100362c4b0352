/* What POSIX keeps apart from <string.h>. */
#ifndef VMOSCOPE_STRINGS_H_
#define VMOSCOPE_STRINGS_H_

#include <string.h>

__BEGIN_DECLS
void bzero(void* to, size_t size);
int bcmp(const void* a, const void* b, size_t size);
int ffs(int value);
__END_DECLS

#endif
