/* assert, which may be included again with another NDEBUG. */
#include <features.h>

#undef assert
#ifdef NDEBUG
#define assert(condition) ((void)0)
#else
#define assert(condition) \
  ((condition) ? (void)0 : __assert_fail(#condition, __FILE__, __LINE__, __func__))
#endif

#if !defined(__cplusplus) && !defined(static_assert)
#define static_assert _Static_assert
#endif

#ifndef VMOSCOPE_ASSERT_H_
#define VMOSCOPE_ASSERT_H_
__BEGIN_DECLS
/* Says on stderr what does not hold, and aborts. */
void __assert_fail(const char* condition, const char* file, int line, const char* function)
    __attribute__((__noreturn__, __cold__));
__END_DECLS
#endif
