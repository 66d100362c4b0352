// Processes: one is made, given code and memory, looked into and killed.

#include "check.h"

#include <zircon/processargs.h>

// Where the child's two pages are, counted from its lowest address.
#define CODE_OFFSET (16 * PAGE)
#define DATA_OFFSET (32 * PAGE)

// A VMO that holds code, which the root resource makes executable.
static zx_handle_t code_vmo(void) {
  // Adds one to the word that rsi points to, over and over:
  // 1: incq (%rsi); pause; jmp 1b
  const uint8_t code[] = {0x48, 0xFF, 0x06, 0xF3, 0x90, 0xEB, 0xF9};
  zx_handle_t resource = zx_take_startup_handle(PA_HND(PA_RESOURCE, 0));
  zx_handle_t vmo = ZX_HANDLE_INVALID;
  zx_handle_t executable = ZX_HANDLE_INVALID;
  CHECK(resource != ZX_HANDLE_INVALID);
  CHECK(zx_take_startup_handle(PA_HND(PA_RESOURCE, 0)) == ZX_HANDLE_INVALID);
  CHECK_OK(zx_vmo_create(PAGE, 0, &vmo));
  CHECK_OK(zx_vmo_write(vmo, code, 0, sizeof(code)));
  CHECK_OK(zx_vmo_replace_as_executable(vmo, resource, &executable));
  CHECK_OK(zx_handle_close(resource));
  return executable;
}

static zx_info_process_t info_of(zx_handle_t process) {
  zx_info_process_t info;
  CHECK_OK(zx_object_get_info(process, ZX_INFO_PROCESS, &info, sizeof(info), NULL, NULL));
  return info;
}

static zx_vaddr_t map_into(zx_handle_t vmar, zx_vm_option_t permissions, size_t offset,
                           zx_handle_t vmo) {
  zx_vaddr_t address = 0;
  CHECK_OK(zx_vmar_map(vmar, permissions | ZX_VM_SPECIFIC, offset, vmo, 0, PAGE, &address));
  return address;
}

int main(void) {
  const char name[] = "child";
  zx_handle_t process = ZX_HANDLE_INVALID;
  zx_handle_t vmar = ZX_HANDLE_INVALID;
  zx_handle_t thread = ZX_HANDLE_INVALID;
  zx_handle_t data = ZX_HANDLE_INVALID;
  CHECK_OK(zx_process_create(zx_job_default(), name, sizeof(name) - 1, 0, &process, &vmar));
  CHECK(info_of(process).flags == 0);

  zx_info_handle_basic_t basic;
  CHECK_OK(zx_object_get_info(process, ZX_INFO_HANDLE_BASIC, &basic, sizeof(basic), NULL, NULL));
  CHECK(basic.type == ZX_OBJ_TYPE_PROCESS && basic.rights == ZX_DEFAULT_PROCESS_RIGHTS);
  zx_info_handle_basic_t job;
  CHECK_OK(zx_object_get_info(zx_job_default(), ZX_INFO_HANDLE_BASIC, &job, sizeof(job), NULL,
                              NULL));
  CHECK(job.koid == basic.related_koid);

  zx_handle_t code = code_vmo();
  zx_vaddr_t entry = map_into(vmar, ZX_VM_PERM_READ | ZX_VM_PERM_EXECUTE, CODE_OFFSET, code);
  CHECK_OK(zx_vmo_create(PAGE, 0, &data));
  zx_vaddr_t word = map_into(vmar, ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, DATA_OFFSET, data);

  uint64_t value = 0x1234;
  size_t actual = 0;
  CHECK_OK(zx_vmo_write(data, &value, 0, sizeof(value)));
  value = 0;
  CHECK_OK(zx_process_read_memory(process, word, &value, sizeof(value), &actual));
  CHECK(value == 0x1234 && actual == sizeof(value));
  CHECK_STATUS(ZX_ERR_NO_MEMORY,
               zx_process_read_memory(process, word + PAGE, &value, sizeof(value), &actual));
  // Only with the debugging system calls switched on.
  value = 1;
  zx_status_t status = zx_process_write_memory(process, word, &value, sizeof(value), &actual);
  CHECK(status == ZX_OK || status == ZX_ERR_NOT_SUPPORTED);

  CHECK_OK(zx_thread_create(process, name, sizeof(name) - 1, 0, &thread));
  zx_handle_t argument = ZX_HANDLE_INVALID;
  CHECK_OK(zx_handle_duplicate(data, ZX_RIGHT_SAME_RIGHTS, &argument));
  CHECK_OK(zx_process_start(process, thread, entry, word + PAGE - 8, argument, word));
  CHECK_STATUS(ZX_ERR_BAD_HANDLE, zx_handle_close(argument));
  CHECK(info_of(process).flags == ZX_INFO_PROCESS_FLAG_STARTED);

  // It counts.
  volatile uint64_t* counter = (volatile uint64_t*)map(data, PAGE);
  uint64_t before = *counter;
  while (*counter == before) {
    CHECK_OK(zx_thread_legacy_yield(0));
  }

  CHECK_OK(zx_task_kill(process));
  zx_signals_t observed = ZX_SIGNAL_NONE;
  CHECK_OK(zx_object_wait_one(process, ZX_PROCESS_TERMINATED, ZX_TIME_INFINITE, &observed));
  CHECK((observed & ZX_PROCESS_TERMINATED) != 0);
  zx_info_process_t info = info_of(process);
  CHECK((info.flags & ZX_INFO_PROCESS_FLAG_EXITED) != 0);
  CHECK(info.return_code == ZX_TASK_RETCODE_SYSCALL_KILL);
  CHECK_STATUS(ZX_ERR_BAD_STATE,
               zx_process_read_memory(process, word, &value, sizeof(value), &actual));

  const zx_handle_t all[] = {process, vmar, thread, data, code};
  CHECK_OK(zx_handle_close_many(all, countof(all)));
  say("process: all well\n");
  return 0;
}
