// A string that the vDSO holds, with its length.

#ifndef ZIRCON_STRING_VIEW_H_
#define ZIRCON_STRING_VIEW_H_

#include <stddef.h>

// The string ends with a NUL, which the length leaves out, and stays as long as the process.
typedef struct zx_string_view {
  const char* c_str;
  size_t length;

#ifdef __cplusplus
  using value_type = char;
  using const_pointer = const char*;
  using size_type = size_t;

  const_pointer data() const { return c_str; }
  size_type size() const { return length; }

  // Becomes std::string_view, std::u8string_view or what is made like them.
  template <typename View>
#ifdef __cpp_concepts
    requires(sizeof(typename View::value_type) == 1)
#endif
  operator View() const {
    return View(reinterpret_cast<typename View::const_pointer>(c_str), length);
  }
#endif
} zx_string_view_t;

#endif  // ZIRCON_STRING_VIEW_H_
