// The shortest guest in C++, with what C++ wants from below: constructors of globals, a
// heap, destructors at the end.
//
//     scripts/zxc++ -o hello++ guest/examples/cpp/hello.cc && vmm run ./hello++

#include <stdio.h>
#include <zircon/syscalls.h>

namespace {

// A VMO's handle, closed when it goes.
class Vmo {
 public:
  explicit Vmo(uint64_t size) { status_ = zx_vmo_create(size, 0, &handle_); }
  ~Vmo() {
    if (status_ == ZX_OK) {
      zx_handle_close(handle_);
    }
  }
  Vmo(const Vmo&) = delete;
  Vmo& operator=(const Vmo&) = delete;

  uint64_t size() const {
    uint64_t size = 0;
    return zx_vmo_get_size(handle_, &size) == ZX_OK ? size : 0;
  }

 private:
  zx_handle_t handle_ = ZX_HANDLE_INVALID;
  zx_status_t status_;
};

class Greeter {
 public:
  Greeter() { printf("before main\n"); }
  ~Greeter() { printf("after main\n"); }
} greeter;

}  // namespace

int main() {
  auto* vmo = new Vmo(10'000);
  printf("10000 bytes make a VMO of %lu\n", vmo->size());
  const bool rounded = vmo->size() == 12'288;
  delete vmo;
  return rounded ? 0 : 1;
}
