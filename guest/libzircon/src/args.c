/* The start-up block: handles, arguments, environment and names. */
#include <stdlib.h>
#include <string.h>
#include <vmoscope/programs.h>
#include <vmoscope/startup.h>
#include <zircon/process.h>
#include <zircon/processargs.h>

#include "internal.h"

struct own_handles __libzircon_own;

extern char** environ;

/* The block, in memory of its own; strings are the program's to write to. */
static char* block;
static const vmoscope_proc_args_t* header;
static const char* first_name;
static __libc_mutex_t mutex;

/* Finds the handles that mapping memory takes, without any memory. */
const char* __libzircon_handles(zx_handle_t vmo) {
  vmoscope_proc_args_t head;
  if (zx_vmo_read(vmo, &head, 0, sizeof(head)) != ZX_OK) {
    return "libzircon: the start-up block cannot be read";
  }
  if (head.args.protocol != ZX_PROCARGS_PROTOCOL || head.args.version != ZX_PROCARGS_VERSION) {
    return "libzircon: the start-up block is of another version";
  }
  enum { PART = 64 };
  for (uint32_t done = 0; done < head.handles_num; done += PART) {
    uint32_t infos[PART], values[PART];
    uint32_t left = head.handles_num - done, count = left < PART ? left : PART;
    uint64_t offset = (uint64_t)done * sizeof(uint32_t);
    size_t size = count * sizeof(uint32_t);
    if (zx_vmo_read(vmo, infos, head.args.handle_info_off + offset, size) != ZX_OK ||
        zx_vmo_read(vmo, values, head.handles_off + offset, size) != ZX_OK) {
      return "libzircon: the handles of the start-up block cannot be read";
    }
    for (uint32_t i = 0; i < count; i++) {
      if (infos[i] == PA_HND(PA_PROC_SELF, 0)) __libzircon_own.process = values[i];
      if (infos[i] == PA_HND(PA_THREAD_SELF, 0)) __libzircon_own.thread = values[i];
      if (infos[i] == PA_HND(PA_VMAR_ROOT, 0)) __libzircon_own.vmar = values[i];
      if (infos[i] == PA_HND(PA_JOB_DEFAULT, 0)) __libzircon_own.job = values[i];
    }
  }
  return NULL;
}

/* A NULL-terminated array of pointers to `count` strings, one behind the other. */
static char** strings(uint32_t offset, uint32_t count) {
  char** list = malloc((count + 1) * sizeof(char*));
  if (list == NULL) return NULL;
  char* text = block + offset;
  for (uint32_t i = 0; i < count; i++, text += strlen(text) + 1) list[i] = text;
  list[count] = NULL;
  return list;
}

const char* __libzircon_startup(zx_handle_t vmo, int* argc, char*** argv) {
  static const char no_memory[] = "libzircon: no memory for the start-up block";
  vmoscope_proc_args_t head;
  zx_vmo_read(vmo, &head, 0, sizeof(head));
  block = malloc(head.total_size);
  if (block == NULL) return no_memory;
  if (zx_vmo_read(vmo, block, 0, head.total_size) != ZX_OK) {
    return "libzircon: the start-up block cannot be read";
  }
  zx_handle_close(vmo);
  header = (const vmoscope_proc_args_t*)block;
  first_name = block + head.args.names_off;
  *argc = (int)head.args.args_num;
  *argv = strings(head.args.args_off, head.args.args_num);
  environ = strings(head.args.environ_off, head.args.environ_num);
  if (*argv == NULL || environ == NULL) return no_memory;
  /* These stay the library's. */
  zx_take_startup_handle(PA_HND(PA_PROC_SELF, 0));
  zx_take_startup_handle(PA_HND(PA_THREAD_SELF, 0));
  zx_take_startup_handle(PA_HND(PA_VMAR_ROOT, 0));
  zx_take_startup_handle(PA_HND(PA_JOB_DEFAULT, 0));
  return NULL;
}

zx_handle_t zx_take_startup_handle(uint32_t info) {
  zx_handle_t taken = ZX_HANDLE_INVALID;
  uint32_t* infos = (uint32_t*)(block + header->args.handle_info_off);
  const zx_handle_t* values = (const zx_handle_t*)(block + header->handles_off);
  LOCK(mutex);
  for (uint32_t i = 0; i < header->handles_num; i++) {
    if (infos[i] == info && info != 0) {
      infos[i] = 0;
      taken = values[i];
      break;
    }
  }
  UNLOCK(mutex);
  return taken;
}

zx_handle_t zx_process_self(void) { return __libzircon_own.process; }
zx_handle_t zx_vmar_root_self(void) { return __libzircon_own.vmar; }
zx_handle_t zx_job_default(void) { return __libzircon_own.job; }
zx_handle_t zx_thread_self(void) { return self()->handle; }

zx_handle_t _zx_process_self(void) __attribute__((__alias__("zx_process_self")));
zx_handle_t _zx_vmar_root_self(void) __attribute__((__alias__("zx_vmar_root_self")));
zx_handle_t _zx_job_default(void) __attribute__((__alias__("zx_job_default")));
zx_handle_t _zx_thread_self(void) __attribute__((__alias__("zx_thread_self")));

size_t vmoscope_program_count(void) { return header->args.names_num; }

const char* vmoscope_program_name(size_t i) {
  if (i >= header->args.names_num) return NULL;
  const char* name = first_name;
  for (; i > 0; i--) name += strlen(name) + 1;
  return name;
}

char* getenv(const char* name) {
  size_t length = strlen(name);
  for (char** each = environ; length > 0 && *each != NULL; each++) {
    if (strncmp(*each, name, length) == 0 && (*each)[length] == '=') return *each + length + 1;
  }
  return NULL;
}
