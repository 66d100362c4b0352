// A debugger: finds a string and a flag in another process and patches them, though the
// string is in pages that its owner may not write.
//
//     scripts/zxc++ -o debugger++ guest/examples/cpp/debugger.cc
//     scripts/zxcc -o target guest/examples/c/target.c
//     vmm run --cmdline kernel.enable-debugging-syscalls=true ./debugger++ ./target

#include <stdio.h>
#include <string.h>
#include <zircon/process.h>
#include <zircon/processargs.h>
#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/object.h>

namespace {

// What zx_system_get_page_size() says here.
constexpr size_t kPage = 4096;

constexpr char kMarker[] = "the target's greeting: ";
constexpr char kPatched[] = "the target's greeting: patched by the debugger";

// Another process's memory.
class Memory {
 public:
  explicit Memory(zx_handle_t process) : process_(process) {}

  zx_status_t Read(zx_vaddr_t address, void* buffer, size_t size) const {
    size_t actual = 0;
    const zx_status_t status = zx_process_read_memory(process_, address, buffer, size, &actual);
    return status == ZX_OK && actual != size ? ZX_ERR_OUT_OF_RANGE : status;
  }

  zx_status_t Write(zx_vaddr_t address, const void* buffer, size_t size) const {
    size_t actual = 0;
    const zx_status_t status = zx_process_write_memory(process_, address, buffer, size, &actual);
    return status == ZX_OK && actual != size ? ZX_ERR_OUT_OF_RANGE : status;
  }

  // The first address of `text` in a mapping with just these permissions, or 0.
  zx_vaddr_t Find(const char* text, size_t length, zx_vm_option_t permissions) const {
    static zx_info_maps_t maps[64];
    size_t count = 0;
    if (zx_object_get_info(process_, ZX_INFO_PROCESS_MAPS, maps, sizeof(maps), &count, nullptr) !=
        ZX_OK) {
      return 0;
    }
    for (size_t i = 0; i < count; i++) {
      const auto& map = maps[i];
      if (map.type == ZX_INFO_MAPS_TYPE_MAPPING && map.u.mapping.mmu_flags == permissions) {
        if (const zx_vaddr_t found = FindIn(map.base, map.size, text, length)) {
          return found;
        }
      }
    }
    return 0;
  }

 private:
  zx_vaddr_t FindIn(zx_vaddr_t base, size_t size, const char* text, size_t length) const {
    static char page[2 * kPage];
    for (size_t at = 0; at < size; at += kPage) {
      // Two pages at a time, so that nothing is missed between them.
      const size_t bytes = size - at < sizeof(page) ? size - at : sizeof(page);
      if (Read(base + at, page, bytes) != ZX_OK) {
        continue;
      }
      for (size_t i = 0; i + length <= bytes; i++) {
        if (memcmp(page + i, text, length) == 0) {
          return base + at + i;
        }
      }
    }
    return 0;
  }

  zx_handle_t process_;
};

int Fail(const char* what, zx_status_t status) {
  printf("debugger: %s: %s\n", what, zx_status_get_string(status));
  return 1;
}

}  // namespace

int main() {
  const zx_handle_t process = zx_take_startup_handle(PA_HND(PA_USER0, 0));
  if (process == ZX_HANDLE_INVALID) {
    printf("debugger: start me with the target as second program\n");
    return 1;
  }
  const Memory target(process);

  // The marker is in this program as well, but it is the other's memory that is searched.
  zx_vaddr_t greeting = 0;
  for (const zx_time_t deadline = zx_deadline_after(ZX_SEC(10));
       greeting == 0 && zx_clock_get_monotonic() < deadline;) {
    greeting = target.Find(kMarker, sizeof(kMarker) - 1, ZX_VM_PERM_READ);
  }
  if (greeting == 0) {
    return Fail("the greeting is nowhere in the target's constants", ZX_ERR_NOT_FOUND);
  }
  char text[sizeof(kPatched)];
  if (const zx_status_t status = target.Read(greeting, text, sizeof(text)); status != ZX_OK) {
    return Fail("reading the greeting", status);
  }
  text[sizeof(text) - 1] = 0;
  printf("debugger: found \"%s\"\n", text);
  if (const zx_status_t status = target.Write(greeting, kPatched, sizeof(kPatched));
      status != ZX_OK) {
    return Fail("patching the greeting", status);
  }

  zx_status_t status =
      zx_object_wait_one(process, ZX_TASK_TERMINATED, zx_deadline_after(ZX_SEC(10)), nullptr);
  zx_info_process_t info{};
  if (status == ZX_OK) {
    status = zx_object_get_info(process, ZX_INFO_PROCESS, &info, sizeof(info), nullptr, nullptr);
  }
  if (status != ZX_OK) {
    return Fail("waiting for the target", status);
  }
  printf("debugger: the target has ended with %ld\n", info.return_code);
  return info.return_code == 0 ? 0 : 1;
}
