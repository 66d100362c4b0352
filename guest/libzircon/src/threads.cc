// What libstdc++'s <thread>, <condition_variable> and <chrono> leave to its library. Empty with
// another C++ library.
#include <pthread.h>
#include <zircon/syscalls.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <thread>

#ifdef __GLIBCXX__

namespace std {

// --- std::thread -----------------------------------------------------------------------------

thread::_State::~_State() = default;

void thread::_M_start_thread(_State_ptr state, void (*)()) {
  auto run = [](void* argument) -> void* {
    _State_ptr owned(static_cast<_State*>(argument));
    owned->_M_run();
    return nullptr;
  };
  int error = pthread_create(&_M_id._M_thread, nullptr, run, state.get());
  if (error != 0) __throw_system_error(error);
  state.release();
}

void thread::join() {
  int error = joinable() ? pthread_join(_M_id._M_thread, nullptr) : EINVAL;
  if (error != 0) __throw_system_error(error);
  _M_id = id();
}

void thread::detach() {
  int error = joinable() ? pthread_detach(_M_id._M_thread) : EINVAL;
  if (error != 0) __throw_system_error(error);
  _M_id = id();
}

unsigned thread::hardware_concurrency() noexcept { return 1; }

// --- std::condition_variable -----------------------------------------------------------------

condition_variable::condition_variable() noexcept = default;
condition_variable::~condition_variable() noexcept = default;

void condition_variable::wait(unique_lock<mutex>& lock) {
  pthread_cond_wait(native_handle(), lock.mutex()->native_handle());
}

void condition_variable::notify_one() noexcept { pthread_cond_signal(native_handle()); }
void condition_variable::notify_all() noexcept { pthread_cond_broadcast(native_handle()); }

// --- The clocks: both count from the start of the machine. -----------------------------------

namespace chrono {

steady_clock::time_point steady_clock::now() noexcept {
  return time_point(nanoseconds(zx_clock_get_monotonic()));
}

system_clock::time_point system_clock::now() noexcept {
  return time_point(duration_cast<duration>(nanoseconds(zx_clock_get_monotonic())));
}

}  // namespace chrono
}  // namespace std

#endif  // __GLIBCXX__
