// Checks that end the program.

#ifndef ZIRCON_ASSERT_H_
#define ZIRCON_ASSERT_H_

#include <zircon/compiler.h>

__BEGIN_CDECLS

// Prints the message, as printf formats it, and ends the process.
void __zx_panic(const char* format, ...) __NO_RETURN __PRINTFLIKE(1, 2);

__END_CDECLS

#define ZX_PANIC(...) __zx_panic(__VA_ARGS__)

// 1 if the debug assertions below check anything: with -DZX_ASSERT_LEVEL=2 or more.
#ifdef ZX_ASSERT_LEVEL
#define ZX_DEBUG_ASSERT_IMPLEMENTED (ZX_ASSERT_LEVEL > 1)
#else
#define ZX_DEBUG_ASSERT_IMPLEMENTED 0
#endif

// The message is a format and its arguments, of which there may be none. Standard C before
// C23 cannot leave out the comma before absent arguments, hence one more "%s" and an empty
// string behind the message.
#define _ZX_MESSAGE_FORMAT(format, ...) format "%s"
#define _ZX_MESSAGE_ARGUMENTS(format, ...) __VA_ARGS__
#define _ZX_ASSERT_FAILED(kind, text, ...)                                                \
  __zx_panic(kind " FAILED at (%s:%d): %s" _ZX_MESSAGE_FORMAT(__VA_ARGS__, ""), __FILE__, \
             __LINE__, text, _ZX_MESSAGE_ARGUMENTS(__VA_ARGS__, ""))

// In C++ the condition stands in an `if` of its own, without parentheses: the compiler warns
// of `=` for `==`, and the condition may declare a variable that the message uses.
#ifdef __cplusplus
#if __cplusplus >= 202002L
#define _ZX_LIKELY [[likely]]
#else
#define _ZX_LIKELY
#endif
#define _ZX_CHECK(kind, x, text, ...)             \
  do {                                            \
    if (x)                                        \
      _ZX_LIKELY { break; }                       \
    else {                                        \
      _ZX_ASSERT_FAILED(kind, text, __VA_ARGS__); \
    }                                             \
  } while (0)
#else
#define _ZX_CHECK(kind, x, text, ...)             \
  do {                                            \
    if (unlikely(!(x))) {                         \
      _ZX_ASSERT_FAILED(kind, text, __VA_ARGS__); \
    }                                             \
  } while (0)
#endif

// Always checked.
#define ZX_ASSERT(x) _ZX_CHECK("ASSERT", x, #x, "")
#define ZX_ASSERT_MSG(x, ...) _ZX_CHECK("ASSERT", x, #x ": ", __VA_ARGS__)

// Compiled in any case, but evaluated only at the assertion level above.
#define ZX_DEBUG_ASSERT(x)                  \
  do {                                      \
    if (ZX_DEBUG_ASSERT_IMPLEMENTED) {      \
      _ZX_CHECK("DEBUG ASSERT", x, #x, ""); \
    }                                       \
  } while (0)
#define ZX_DEBUG_ASSERT_MSG(x, ...)                       \
  do {                                                    \
    if (ZX_DEBUG_ASSERT_IMPLEMENTED) {                    \
      _ZX_CHECK("DEBUG ASSERT", x, #x ": ", __VA_ARGS__); \
    }                                                     \
  } while (0)

// Not even compiled below that level.
#if ZX_DEBUG_ASSERT_IMPLEMENTED
#define ZX_DEBUG_ASSERT_COND(x) ZX_DEBUG_ASSERT(x)
#define ZX_DEBUG_ASSERT_MSG_COND(x, ...) ZX_DEBUG_ASSERT_MSG(x, __VA_ARGS__)
#else
#define ZX_DEBUG_ASSERT_COND(x) \
  do {                          \
  } while (0)
#define ZX_DEBUG_ASSERT_MSG_COND(x, ...) \
  do {                                   \
  } while (0)
#endif

#endif  // ZIRCON_ASSERT_H_
