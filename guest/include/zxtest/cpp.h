// What <zxtest/zxtest.h> needs in C++ only: fixtures, and values of any type in messages.

#ifndef ZXTEST_CPP_H_
#define ZXTEST_CPP_H_

#include <stddef.h>
#include <zxtest/runner.h>

#include <type_traits>

namespace zxtest {

// What a fixture derives from; each case gets an object of its own.
class Test {
 public:
  Test() = default;
  Test(const Test&) = delete;
  Test& operator=(const Test&) = delete;
  virtual ~Test() = default;

  // A fixture may have static functions of these names, for all of its cases together.
  static void SetUpTestSuite() {}
  static void TearDownTestSuite() {}

 protected:
  virtual void SetUp() {}
  virtual void TearDown() {}
  virtual void TestBody() = 0;

 private:
  template <typename Case>
  friend void RunCase();
};

// Not run if SetUp failed for good or skipped; TearDown always is.
template <typename Case>
void RunCase() {
  Case object;
  Test& test = object;
  test.SetUp();
  if (!zxtest_has_fatal_failure() && !zxtest_is_skipped()) test.TestBody();
  test.TearDown();
}

namespace internal {

template <typename T>
concept IsString = requires(const T& value) {
  requires std::is_convertible_v<decltype(value.data()), const char*>;
  value.size();
};

template <typename T>
zxtest_value Show(const T& value) {
  using Decayed = std::decay_t<T>;
  if constexpr (std::is_same_v<Decayed, bool>) {
    return zxtest_show_bool(value);
  } else if constexpr (std::is_same_v<Decayed, char>) {
    return zxtest_show_char(value);
  } else if constexpr (std::is_enum_v<Decayed>) {
    return Show(static_cast<std::underlying_type_t<Decayed>>(value));
  } else if constexpr (std::is_floating_point_v<Decayed>) {
    return zxtest_show_double(static_cast<double>(value));
  } else if constexpr (std::is_integral_v<Decayed> && std::is_signed_v<Decayed>) {
    return zxtest_show_signed(value);
  } else if constexpr (std::is_integral_v<Decayed>) {
    return zxtest_show_unsigned(value);
  } else if constexpr (std::is_same_v<Decayed, char*> || std::is_same_v<Decayed, const char*>) {
    return zxtest_show_string(value);
  } else if constexpr (std::is_null_pointer_v<Decayed>) {
    return zxtest_show_pointer(nullptr);
  } else if constexpr (std::is_function_v<std::remove_pointer_t<Decayed>>) {
    return zxtest_show_pointer(reinterpret_cast<const void*>(value));
  } else if constexpr (std::is_pointer_v<Decayed>) {
    return zxtest_show_pointer(value);
  } else if constexpr (IsString<T>) {
    return zxtest_show_characters(value.data(), value.size());
  } else {
    return zxtest_show_bytes(&value, sizeof(value));
  }
}

// A status, or anything that has one as zx::result and its kin do.
template <typename T>
zx_status_t StatusOf(const T& value) {
  if constexpr (std::is_convertible_v<const T&, zx_status_t>) {
    return value;
  } else if constexpr (requires { value.status_value(); }) {
    return value.status_value();
  } else {
    return value.status();
  }
}

}  // namespace internal
}  // namespace zxtest

#define _ZXTEST_CASE(Suite, Name, Base)                                         \
  class Suite##_##Name##_ZxTest final : public Base {                           \
   public:                                                                      \
    static void ZxtestSetUpSuite() { Base::SetUpTestSuite(); }                  \
    static void ZxtestTearDownSuite() { Base::TearDownTestSuite(); }            \
                                                                                \
   private:                                                                     \
    void TestBody() override;                                                   \
  };                                                                            \
  static zxtest_case Suite##_##Name##_zxtest_case = {                           \
      #Suite,                                                                   \
      #Name,                                                                    \
      __FILE__,                                                                 \
      __LINE__,                                                                 \
      ::zxtest::RunCase<Suite##_##Name##_ZxTest>,                               \
      Suite##_##Name##_ZxTest::ZxtestSetUpSuite,                                \
      Suite##_##Name##_ZxTest::ZxtestTearDownSuite};                            \
  __attribute__((__section__("zxtest_cases"),                                   \
                 __used__)) static zxtest_case* Suite##_##Name##_zxtest_entry = \
      &Suite##_##Name##_zxtest_case;                                            \
  void Suite##_##Name##_ZxTest::TestBody()

#endif  // ZXTEST_CPP_H_
