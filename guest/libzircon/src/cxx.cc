// What C++ programs ask of their runtime: memory, static objects, the end. Exceptions are
// off, and what would throw ends the program with its reason.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <zircon/assert.h>
#include <zircon/syscalls.h>

#include <new>

namespace {

[[noreturn]] void Die(const char* what) { ZX_PANIC("libzircon: %s", what); }

std::new_handler current_handler;

void* Allocate(size_t size, size_t alignment) {
  for (;;) {
    void* block = alignment <= 16 ? malloc(size) : memalign(alignment, size);
    if (block != nullptr) return block;
    std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) return nullptr;
    handler();
  }
}

void* MustAllocate(size_t size, size_t alignment) {
  void* block = Allocate(size, alignment);
  if (block == nullptr) Die("operator new: no memory");
  return block;
}

size_t Plain(std::align_val_t alignment) { return static_cast<size_t>(alignment); }

}  // namespace

const std::nothrow_t std::nothrow{};

std::new_handler std::set_new_handler(std::new_handler handler) noexcept {
  return __atomic_exchange_n(&current_handler, handler, __ATOMIC_ACQ_REL);
}
std::new_handler std::get_new_handler() noexcept {
  return __atomic_load_n(&current_handler, __ATOMIC_ACQUIRE);
}

// A program may define any of these itself.
#define WEAK __attribute__((__weak__))

WEAK void* operator new(size_t size) { return MustAllocate(size, 1); }
WEAK void* operator new[](size_t size) { return ::operator new(size); }
WEAK void* operator new(size_t size, const std::nothrow_t&) noexcept { return Allocate(size, 1); }
WEAK void* operator new[](size_t size, const std::nothrow_t& tag) noexcept {
  return ::operator new(size, tag);
}
WEAK void* operator new(size_t size, std::align_val_t alignment) {
  return MustAllocate(size, Plain(alignment));
}
WEAK void* operator new[](size_t size, std::align_val_t alignment) {
  return ::operator new(size, alignment);
}
WEAK void* operator new(size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return Allocate(size, Plain(alignment));
}
WEAK void* operator new[](size_t size, std::align_val_t alignment,
                          const std::nothrow_t& tag) noexcept {
  return ::operator new(size, alignment, tag);
}

WEAK void operator delete(void* block) noexcept { free(block); }
WEAK void operator delete[](void* block) noexcept { ::operator delete(block); }
WEAK void operator delete(void* block, const std::nothrow_t&) noexcept { ::operator delete(block); }
WEAK void operator delete[](void* block, const std::nothrow_t&) noexcept {
  ::operator delete[](block);
}
WEAK void operator delete(void* block, size_t) noexcept { ::operator delete(block); }
WEAK void operator delete[](void* block, size_t) noexcept { ::operator delete[](block); }
WEAK void operator delete(void* block, std::align_val_t) noexcept { free(block); }
WEAK void operator delete[](void* block, std::align_val_t alignment) noexcept {
  ::operator delete(block, alignment);
}
WEAK void operator delete(void* block, size_t, std::align_val_t alignment) noexcept {
  ::operator delete(block, alignment);
}
WEAK void operator delete[](void* block, size_t, std::align_val_t alignment) noexcept {
  ::operator delete[](block, alignment);
}
WEAK void operator delete(void* block, std::align_val_t alignment,
                          const std::nothrow_t&) noexcept {
  ::operator delete(block, alignment);
}
WEAK void operator delete[](void* block, std::align_val_t alignment,
                            const std::nothrow_t&) noexcept {
  ::operator delete[](block, alignment);
}

// The Itanium C++ ABI: a guard is 64 bits, of which the first byte says that the object is
// there. The second half is ours, a futex.
namespace {
enum : int { kIdle, kRunning, kWaitedFor };
int* Lock(uint64_t* guard) { return reinterpret_cast<int*>(guard) + 1; }
bool IsDone(uint64_t* guard) {
  return __atomic_load_n(reinterpret_cast<unsigned char*>(guard), __ATOMIC_ACQUIRE) != 0;
}
void Release(uint64_t* guard) {
  if (__atomic_exchange_n(Lock(guard), static_cast<int>(kIdle), __ATOMIC_RELEASE) == kWaitedFor) {
    zx_futex_wake(Lock(guard), UINT32_MAX);
  }
}
}  // namespace

extern "C" {

int __cxa_guard_acquire(uint64_t* guard) {
  for (;;) {
    if (IsDone(guard)) return 0;
    int state = kIdle;
    if (__atomic_compare_exchange_n(Lock(guard), &state, static_cast<int>(kRunning), false,
                                    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
      if (!IsDone(guard)) return 1;
      // Somebody was done between the two looks.
      Release(guard);
      return 0;
    }
    if (state == kRunning &&
        !__atomic_compare_exchange_n(Lock(guard), &state, static_cast<int>(kWaitedFor), false,
                                     __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
      continue;
    }
    zx_futex_wait(Lock(guard), kWaitedFor, ZX_HANDLE_INVALID, ZX_TIME_INFINITE);
  }
}

void __cxa_guard_release(uint64_t* guard) {
  __atomic_store_n(reinterpret_cast<unsigned char*>(guard), 1, __ATOMIC_RELEASE);
  Release(guard);
}

void __cxa_guard_abort(uint64_t* guard) { Release(guard); }

[[noreturn]] void __cxa_pure_virtual() { Die("a pure virtual function was called"); }
[[noreturn]] void __cxa_deleted_virtual() { Die("a deleted virtual function was called"); }
[[noreturn]] void __cxa_throw_bad_array_new_length() { Die("operator new[]: a bad length"); }

}  // extern "C"

// What libstdc++'s headers call where they would throw.
namespace std {

void terminate() noexcept { Die("std::terminate"); }

[[noreturn]] void __throw_bad_alloc() { Die("bad_alloc"); }
[[noreturn]] void __throw_bad_array_new_length() { Die("bad_array_new_length"); }
[[noreturn]] void __throw_bad_cast() { Die("bad_cast"); }
[[noreturn]] void __throw_bad_function_call() { Die("bad_function_call"); }
[[noreturn]] void __throw_bad_optional_access() { Die("bad_optional_access"); }
[[noreturn]] void __throw_logic_error(const char* what) { Die(what); }
[[noreturn]] void __throw_domain_error(const char* what) { Die(what); }
[[noreturn]] void __throw_invalid_argument(const char* what) { Die(what); }
[[noreturn]] void __throw_length_error(const char* what) { Die(what); }
[[noreturn]] void __throw_out_of_range(const char* what) { Die(what); }
[[noreturn]] void __throw_runtime_error(const char* what) { Die(what); }
[[noreturn]] void __throw_range_error(const char* what) { Die(what); }
[[noreturn]] void __throw_overflow_error(const char* what) { Die(what); }
[[noreturn]] void __throw_underflow_error(const char* what) { Die(what); }
[[noreturn]] void __throw_system_error(int) { Die("system_error"); }
// The format knows %s and %zu, as printf does.
[[noreturn]] void __throw_out_of_range_fmt(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fflush(stdout);
  fprintf(stderr, "libzircon: ");
  vfprintf(stderr, format, arguments);
  fprintf(stderr, "\n");
  abort();
}
[[noreturn]] void __glibcxx_assert_fail(const char* file, int line, const char* function,
                                        const char* condition) noexcept {
  fflush(stdout);
  fprintf(stderr, "%s:%d: %s: `%s` does not hold\n", file == nullptr ? "?" : file, line,
          function == nullptr ? "?" : function, condition == nullptr ? "?" : condition);
  abort();
}

}  // namespace std
