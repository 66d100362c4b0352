// What the headers compute: arithmetic on times, assertions, strings, attributes. Valid as C and
// as C++; what C cannot evaluate at compile time only C++ checks.

#define ZX_ASSERT_LEVEL 2

#include <zircon/assert.h>
#include <zircon/availability.h>
#include <zircon/status.h>
#include <zircon/string_view.h>
#include <zircon/syscalls/object.h>
#include <zircon/syscalls/port.h>
#include <zircon/syscalls/resource.h>
#include <zircon/types.h>

#ifdef __cplusplus
#define CHECK static_assert

CHECK(zx_time_add_duration(1, 2) == 3, "");
CHECK(zx_time_add_duration(ZX_TIME_INFINITE, 1) == ZX_TIME_INFINITE, "");
CHECK(zx_time_add_duration(ZX_TIME_INFINITE_PAST, -1) == ZX_TIME_INFINITE_PAST, "");
CHECK(zx_time_add_duration(ZX_TIME_INFINITE, ZX_TIME_INFINITE_PAST) == -1, "");
CHECK(zx_time_sub_duration(1, 2) == -1, "");
CHECK(zx_time_sub_duration(ZX_TIME_INFINITE_PAST, 1) == ZX_TIME_INFINITE_PAST, "");
CHECK(zx_time_sub_time(0, ZX_TIME_INFINITE_PAST) == ZX_TIME_INFINITE, "");
CHECK(zx_duration_mul_int64(ZX_TIME_INFINITE, 2) == ZX_TIME_INFINITE, "");
CHECK(zx_duration_mul_int64(ZX_TIME_INFINITE, -2) == ZX_TIME_INFINITE_PAST, "");
CHECK(zx_duration_mul_int64(ZX_TIME_INFINITE_PAST, 2) == ZX_TIME_INFINITE_PAST, "");
CHECK(zx_duration_mul_int64(ZX_TIME_INFINITE_PAST, -1) == ZX_TIME_INFINITE, "");
CHECK(zx_duration_from_sec(-5) == -5000000000, "");
CHECK(zx_duration_from_hour(INT64_MAX) == ZX_TIME_INFINITE, "");
CHECK(zx_ticks_sub_ticks(ZX_TIME_INFINITE, -1) == ZX_TIME_INFINITE, "");
CHECK(zx_nsec_from_duration(zx_duration_from_usec(7)) == 7000, "");

// As std::string_view is made.
struct View {
  using value_type = char;
  using const_pointer = const char*;
  const char* first;
  size_t count;
  constexpr View(const char* text, size_t length) : first(text), count(length) {}
};
View view(zx_string_view_t text);
View view(zx_string_view_t text) { return text; }
#else
#define CHECK _Static_assert
#endif

// Constant arguments make constants, fit for an initializer.
static const zx_duration_t durations[] = {ZX_NSEC(1), ZX_USEC(1), ZX_MSEC(1),
                                          ZX_SEC(1),  ZX_MIN(1),  ZX_HOUR(1)};
CHECK(ZX_NSEC(3) == 3 && ZX_USEC(3) == 3000 && ZX_MSEC(3) == 3000000, "");
CHECK(ZX_SEC(3) == 3000000000 && ZX_MIN(1) == 60000000000 && ZX_HOUR(1) == 3600000000000, "");

// Constants are one operand wherever they stand.
CHECK((~ZX_RIGHT_WRITE & ZX_RIGHTS_IO) == ZX_RIGHT_READ, "");
CHECK(2 * ZX_RIGHT_TRANSFER == ZX_RIGHT_READ, "");
CHECK(ZX_INFO_PROCESS_FLAG_STARTED * 2 == ZX_INFO_PROCESS_FLAG_EXITED, "");
CHECK((ZX_VM_ALIGN_4GB >> ZX_VM_ALIGN_BASE) == 32, "");
CHECK(-ZX_ERR_INTERNAL == 1, "");
CHECK(sizeof(ZX_MAX_NAME_LEN) == sizeof(size_t), "");
CHECK(ZX_RSRC_EXTRACT_KIND(0x10005) == ZX_RSRC_KIND_SYSTEM, "");
CHECK(ZX_PKT_IS_PAGE_REQUEST(9) && !ZX_PKT_IS_PAGE_REQUEST(0), "");
CHECK(FUCHSIA_API_LEVEL_AT_LEAST(23), "");

int use(int number, zx_status_t status);
int use(int number, zx_status_t status) {
  ZX_ASSERT(number > 0);
  ZX_ASSERT_MSG(number > 1, "with no arguments");
  ZX_ASSERT_MSG(number > 2, "with %s and %d%%", zx_status_get_string(status), number);
  ZX_DEBUG_ASSERT(number != 3);
  ZX_DEBUG_ASSERT_MSG(number != 4, "with one: %d", number);
  ZX_DEBUG_ASSERT_COND(number != 5);
  ZX_DEBUG_ASSERT_MSG_COND(number != 6, "with none");
#ifdef __cplusplus
  ZX_ASSERT_MSG(const int twice = number * 2; twice != 8, "of the condition: %d", twice);
#endif
  // Alone in an if, before an else.
  if (number == 7)
    ZX_ASSERT(status == ZX_OK);
  else
    ZX_DEBUG_ASSERT(status != ZX_OK);
  if (number == 8) {
    ZX_PANIC("no arguments");
  }
  switch (number) {
    case 9:
      number++;
      __FALLTHROUGH;
    case 10:
      return (int)durations[number - 9];
    default:
      ZX_PANIC("%d arguments", 1);
  }
}
