// Zircon's test macros for C and C++: cases, checks, and a main function if the program has
// none. What a run reports stands in docs/test-protocol.md; docs/sdk-c.md says which of
// Zircon's macros are here.
//
//   TEST(Handles, AClosedHandleIsRefused) {
//     zx_handle_t vmo;
//     ASSERT_OK(zx_vmo_create(4096, 0, &vmo));
//     EXPECT_OK(zx_handle_close(vmo));
//     EXPECT_STATUS(zx_handle_close(vmo), ZX_ERR_BAD_HANDLE, "closed twice");
//   }

#ifndef ZXTEST_ZXTEST_H_
#define ZXTEST_ZXTEST_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <zircon/types.h>
#include <zxtest/runner.h>
#ifdef __cplusplus
#include <zxtest/cpp.h>
#endif

// A program without main gets one that runs its cases, if some file of it has this header: the
// name is what the linker complains of if there is neither.
__BEGIN_CDECLS
__attribute__((__weak__)) char a_main_function_or_a_TEST;
__END_CDECLS

// --- Cases: they run in the order in which they stand in a file. -------------------------

#ifdef __cplusplus
#define TEST(Suite, Name) _ZXTEST_CASE(Suite, Name, ::zxtest::Test)
#define TEST_F(Fixture, Name) _ZXTEST_CASE(Fixture, Name, Fixture)
#else
#define TEST(Suite, Name)                                                              \
  static void Suite##_##Name##_zxtest(void);                                           \
  static struct zxtest_case Suite##_##Name##_zxtest_case = {                           \
      #Suite, #Name, __FILE__, __LINE__, Suite##_##Name##_zxtest, NULL, NULL};         \
  __attribute__((__section__("zxtest_cases"),                                          \
                 __used__)) static struct zxtest_case* Suite##_##Name##_zxtest_entry = \
      &Suite##_##Name##_zxtest_case;                                                   \
  static void Suite##_##Name##_zxtest(void)
#endif

// Runs the cases that are asked for; the exit code of the program. The arguments are not
// looked at.
#define RUN_ALL_TESTS(argc, argv) zxtest_run((argc), (argv))

// --- Checks. ASSERT_… leaves the function if it fails, EXPECT_… does not. A message, in the
// --- form of printf's arguments, may follow the operands. --------------------------------

#define ASSERT_EQ(a, b, ...) _ZXTEST_COMPARE(_ZXTEST_LEAVE, a, #a, ==, b, #b, "" __VA_ARGS__)
#define ASSERT_NE(a, b, ...) _ZXTEST_COMPARE(_ZXTEST_LEAVE, a, #a, !=, b, #b, "" __VA_ARGS__)
#define ASSERT_LT(a, b, ...) _ZXTEST_COMPARE(_ZXTEST_LEAVE, a, #a, <, b, #b, "" __VA_ARGS__)
#define ASSERT_LE(a, b, ...) _ZXTEST_COMPARE(_ZXTEST_LEAVE, a, #a, <=, b, #b, "" __VA_ARGS__)
#define ASSERT_GT(a, b, ...) _ZXTEST_COMPARE(_ZXTEST_LEAVE, a, #a, >, b, #b, "" __VA_ARGS__)
#define ASSERT_GE(a, b, ...) _ZXTEST_COMPARE(_ZXTEST_LEAVE, a, #a, >=, b, #b, "" __VA_ARGS__)
#define EXPECT_EQ(a, b, ...) _ZXTEST_COMPARE(_ZXTEST_STAY, a, #a, ==, b, #b, "" __VA_ARGS__)
#define EXPECT_NE(a, b, ...) _ZXTEST_COMPARE(_ZXTEST_STAY, a, #a, !=, b, #b, "" __VA_ARGS__)
#define EXPECT_LT(a, b, ...) _ZXTEST_COMPARE(_ZXTEST_STAY, a, #a, <, b, #b, "" __VA_ARGS__)
#define EXPECT_LE(a, b, ...) _ZXTEST_COMPARE(_ZXTEST_STAY, a, #a, <=, b, #b, "" __VA_ARGS__)
#define EXPECT_GT(a, b, ...) _ZXTEST_COMPARE(_ZXTEST_STAY, a, #a, >, b, #b, "" __VA_ARGS__)
#define EXPECT_GE(a, b, ...) _ZXTEST_COMPARE(_ZXTEST_STAY, a, #a, >=, b, #b, "" __VA_ARGS__)

#define ASSERT_TRUE(a, ...) _ZXTEST_TRUTH(_ZXTEST_LEAVE, a, #a, true, "" __VA_ARGS__)
#define ASSERT_FALSE(a, ...) _ZXTEST_TRUTH(_ZXTEST_LEAVE, a, #a, false, "" __VA_ARGS__)
#define EXPECT_TRUE(a, ...) _ZXTEST_TRUTH(_ZXTEST_STAY, a, #a, true, "" __VA_ARGS__)
#define EXPECT_FALSE(a, ...) _ZXTEST_TRUTH(_ZXTEST_STAY, a, #a, false, "" __VA_ARGS__)

#define ASSERT_NULL(a, ...) _ZXTEST_IS_NULL(_ZXTEST_LEAVE, a, #a, true, "" __VA_ARGS__)
#define ASSERT_NOT_NULL(a, ...) _ZXTEST_IS_NULL(_ZXTEST_LEAVE, a, #a, false, "" __VA_ARGS__)
#define EXPECT_NULL(a, ...) _ZXTEST_IS_NULL(_ZXTEST_STAY, a, #a, true, "" __VA_ARGS__)
#define EXPECT_NOT_NULL(a, ...) _ZXTEST_IS_NULL(_ZXTEST_STAY, a, #a, false, "" __VA_ARGS__)

// Statuses, shown by name.
#define ASSERT_OK(a, ...) _ZXTEST_STATUS(_ZXTEST_LEAVE, a, #a, true, ZX_OK, "" __VA_ARGS__)
#define ASSERT_NOT_OK(a, ...) _ZXTEST_STATUS(_ZXTEST_LEAVE, a, #a, false, ZX_OK, "" __VA_ARGS__)
#define ASSERT_STATUS(a, b, ...) _ZXTEST_STATUS(_ZXTEST_LEAVE, a, #a, true, b, "" __VA_ARGS__)
#define EXPECT_OK(a, ...) _ZXTEST_STATUS(_ZXTEST_STAY, a, #a, true, ZX_OK, "" __VA_ARGS__)
#define EXPECT_NOT_OK(a, ...) _ZXTEST_STATUS(_ZXTEST_STAY, a, #a, false, ZX_OK, "" __VA_ARGS__)
#define EXPECT_STATUS(a, b, ...) _ZXTEST_STATUS(_ZXTEST_STAY, a, #a, true, b, "" __VA_ARGS__)

// Strings that end with a NUL; null pointers are equal to each other only.
#define ASSERT_STREQ(a, b, ...) _ZXTEST_STRINGS(_ZXTEST_LEAVE, a, #a, b, #b, true, "" __VA_ARGS__)
#define ASSERT_STRNE(a, b, ...) _ZXTEST_STRINGS(_ZXTEST_LEAVE, a, #a, b, #b, false, "" __VA_ARGS__)
#define EXPECT_STREQ(a, b, ...) _ZXTEST_STRINGS(_ZXTEST_STAY, a, #a, b, #b, true, "" __VA_ARGS__)
#define EXPECT_STRNE(a, b, ...) _ZXTEST_STRINGS(_ZXTEST_STAY, a, #a, b, #b, false, "" __VA_ARGS__)
#define ASSERT_STR_EQ ASSERT_STREQ
#define ASSERT_STR_NE ASSERT_STRNE
#define EXPECT_STR_EQ EXPECT_STREQ
#define EXPECT_STR_NE EXPECT_STRNE
// The first string is somewhere in the second.
#define ASSERT_SUBSTR(part, all, ...) \
  _ZXTEST_PART(_ZXTEST_LEAVE, part, #part, all, #all, "" __VA_ARGS__)
#define EXPECT_SUBSTR(part, all, ...) \
  _ZXTEST_PART(_ZXTEST_STAY, part, #part, all, #all, "" __VA_ARGS__)
#define ASSERT_STR_STR(all, part, ...) ASSERT_SUBSTR(part, all, __VA_ARGS__)
#define EXPECT_STR_STR(all, part, ...) EXPECT_SUBSTR(part, all, __VA_ARGS__)

#define ASSERT_BYTES_EQ(a, b, size, ...) \
  _ZXTEST_BYTES(_ZXTEST_LEAVE, a, #a, b, #b, size, true, "" __VA_ARGS__)
#define ASSERT_BYTES_NE(a, b, size, ...) \
  _ZXTEST_BYTES(_ZXTEST_LEAVE, a, #a, b, #b, size, false, "" __VA_ARGS__)
#define EXPECT_BYTES_EQ(a, b, size, ...) \
  _ZXTEST_BYTES(_ZXTEST_STAY, a, #a, b, #b, size, true, "" __VA_ARGS__)
#define EXPECT_BYTES_NE(a, b, size, ...) \
  _ZXTEST_BYTES(_ZXTEST_STAY, a, #a, b, #b, size, false, "" __VA_ARGS__)

#define FAIL(...) _ZXTEST_FAIL(_ZXTEST_LEAVE, "" __VA_ARGS__)
#define ADD_FATAL_FAILURE(...) _ZXTEST_FAIL(_ZXTEST_STAY_FATAL, "" __VA_ARGS__)
#define ADD_FAILURE(...) _ZXTEST_FAIL(_ZXTEST_STAY, "" __VA_ARGS__)

// Runs the statement, and leaves the function if an ASSERT_… in it has failed.
#define ASSERT_NO_FATAL_FAILURE(statement, ...)                    \
  do {                                                             \
    statement;                                                     \
    if (zxtest_has_fatal_failure()) {                              \
      zxtest_note(__FILE__, __LINE__, #statement, "" __VA_ARGS__); \
      return;                                                      \
    }                                                              \
  } while (0)
#define ASSERT_NO_FATAL_FAILURES(statement, ...) ASSERT_NO_FATAL_FAILURE(statement, __VA_ARGS__)
#define EXPECT_NO_FATAL_FAILURE(statement, ...)                    \
  do {                                                             \
    statement;                                                     \
    if (zxtest_has_fatal_failure()) {                              \
      zxtest_note(__FILE__, __LINE__, #statement, "" __VA_ARGS__); \
    }                                                              \
  } while (0)
#define EXPECT_NO_FATAL_FAILURES(statement, ...) EXPECT_NO_FATAL_FAILURE(statement, __VA_ARGS__)
#define CURRENT_TEST_HAS_FAILURES() zxtest_has_failure()
#define CURRENT_TEST_HAS_FATAL_FAILURES() zxtest_has_fatal_failure()

// The case does not apply here: says so and leaves the function.
#define ZXTEST_SKIP(...)         \
  do {                           \
    zxtest_skip("" __VA_ARGS__); \
    return;                      \
  } while (0)

// --- What these are made of. -------------------------------------------------------------
// --- The operands' texts are made above, before any macro in them is expanded.

#define _ZXTEST_LEAVE(fail, ...)                 \
  do {                                           \
    fail(__FILE__, __LINE__, true, __VA_ARGS__); \
    return;                                      \
  } while (0)
#define _ZXTEST_STAY(fail, ...) fail(__FILE__, __LINE__, false, __VA_ARGS__)
#define _ZXTEST_STAY_FATAL(fail, ...) fail(__FILE__, __LINE__, true, __VA_ARGS__)

#ifdef __cplusplus
#define _ZXTEST_VALUE(value) ::zxtest::internal::Show(value)
#define _ZXTEST_TYPE(a) const auto&
#else
#define _ZXTEST_VALUE(value)                    \
  _Generic((value),                             \
      bool: zxtest_show_bool,                   \
      char: zxtest_show_char,                   \
      signed char: zxtest_show_signed,          \
      short: zxtest_show_signed,                \
      int: zxtest_show_signed,                  \
      long: zxtest_show_signed,                 \
      long long: zxtest_show_signed,            \
      unsigned char: zxtest_show_unsigned,      \
      unsigned short: zxtest_show_unsigned,     \
      unsigned int: zxtest_show_unsigned,       \
      unsigned long: zxtest_show_unsigned,      \
      unsigned long long: zxtest_show_unsigned, \
      float: zxtest_show_double,                \
      double: zxtest_show_double,               \
      long double: zxtest_show_double,          \
      char*: zxtest_show_string,                \
      const char*: zxtest_show_string,          \
      default: zxtest_show_pointer)(value)
#define _ZXTEST_TYPE(a) __auto_type
#endif

// A size compared with a plain number is no reason to warn; gcc does not, in such a header.
#ifdef __clang__
#define _ZXTEST_QUIET_BEGIN \
  _Pragma("clang diagnostic push") _Pragma("clang diagnostic ignored \"-Wsign-compare\"")
#define _ZXTEST_QUIET_END _Pragma("clang diagnostic pop")
#else
#define _ZXTEST_QUIET_BEGIN
#define _ZXTEST_QUIET_END
#endif

#define _ZXTEST_COMPARE(react, a, a_text, operation, b, b_text, ...)                   \
  do {                                                                                 \
    _ZXTEST_TYPE(a) _zxtest_a = (a);                                                   \
    _ZXTEST_TYPE(b) _zxtest_b = (b);                                                   \
    _ZXTEST_QUIET_BEGIN                                                                \
    const bool _zxtest_holds = _zxtest_a operation _zxtest_b;                          \
    _ZXTEST_QUIET_END                                                                  \
    if (!_zxtest_holds) {                                                              \
      react(zxtest_fail_compare, a_text, #operation, b_text, _ZXTEST_VALUE(_zxtest_a), \
            _ZXTEST_VALUE(_zxtest_b), __VA_ARGS__);                                    \
    }                                                                                  \
  } while (0)

#define _ZXTEST_TRUTH(react, a, a_text, wanted, ...)           \
  do {                                                         \
    if (!!(a) != (wanted)) {                                   \
      react(zxtest_fail_truth, a_text, (wanted), __VA_ARGS__); \
    }                                                          \
  } while (0)

#define _ZXTEST_IS_NULL(react, a, a_text, wanted, ...)          \
  do {                                                          \
    const volatile void* _zxtest_a = (const volatile void*)(a); \
    if ((_zxtest_a == 0) != (wanted)) {                         \
      react(zxtest_fail_null, a_text, _zxtest_a, __VA_ARGS__);  \
    }                                                           \
  } while (0)

#define _ZXTEST_STATUS(react, a, a_text, wanted, b, ...)                              \
  do {                                                                                \
    zx_status_t _zxtest_a = _ZXTEST_STATUS_OF(a);                                     \
    zx_status_t _zxtest_b = _ZXTEST_STATUS_OF(b);                                     \
    if ((_zxtest_a == _zxtest_b) != (wanted)) {                                       \
      react(zxtest_fail_status, a_text, (wanted), _zxtest_a, _zxtest_b, __VA_ARGS__); \
    }                                                                                 \
  } while (0)
#ifdef __cplusplus
#define _ZXTEST_STATUS_OF(value) ::zxtest::internal::StatusOf(value)
#else
#define _ZXTEST_STATUS_OF(value) (value)
#endif

#define _ZXTEST_STRINGS(react, a, a_text, b, b_text, wanted, ...)                                \
  do {                                                                                           \
    const char* _zxtest_a = (a);                                                                 \
    const char* _zxtest_b = (b);                                                                 \
    bool _zxtest_same = _zxtest_a == _zxtest_b ||                                                \
                        (_zxtest_a != 0 && _zxtest_b != 0 && strcmp(_zxtest_a, _zxtest_b) == 0); \
    if (_zxtest_same != (wanted)) {                                                              \
      react(zxtest_fail_compare, a_text, (wanted) ? "==" : "!=", b_text,                         \
            zxtest_show_string(_zxtest_a), zxtest_show_string(_zxtest_b), __VA_ARGS__);          \
    }                                                                                            \
  } while (0)

#define _ZXTEST_PART(react, part, part_text, all, all_text, ...)                           \
  do {                                                                                     \
    const char* _zxtest_a = (part);                                                        \
    const char* _zxtest_b = (all);                                                         \
    if (_zxtest_a == 0 || _zxtest_b == 0 || strstr(_zxtest_b, _zxtest_a) == 0) {           \
      react(zxtest_fail_compare, part_text, "in", all_text, zxtest_show_string(_zxtest_a), \
            zxtest_show_string(_zxtest_b), __VA_ARGS__);                                   \
    }                                                                                      \
  } while (0)

#define _ZXTEST_BYTES(react, a, a_text, b, b_text, size, wanted, ...)                            \
  do {                                                                                           \
    const void* _zxtest_a = (a);                                                                 \
    const void* _zxtest_b = (b);                                                                 \
    size_t _zxtest_size = (size);                                                                \
    if ((memcmp(_zxtest_a, _zxtest_b, _zxtest_size) == 0) != (wanted)) {                         \
      react(zxtest_fail_bytes, a_text, b_text, _zxtest_a, _zxtest_b, _zxtest_size, __VA_ARGS__); \
    }                                                                                            \
  } while (0)

#define _ZXTEST_FAIL(react, ...)     \
  do {                               \
    react(zxtest_fail, __VA_ARGS__); \
  } while (0)

#endif  // ZXTEST_ZXTEST_H_
