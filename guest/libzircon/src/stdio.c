/* Streams: stdout keeps what it has until a line is whole, stderr until a call is over. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zircon/syscalls.h>

#include "format.h"
#include "internal.h"

struct __libc_file {
  __libc_mutex_t mutex;
  int descriptor;
  size_t used;
  char buffer[BUFSIZ];
};

static struct __libc_file in = {.mutex = {.__type = 1}, .descriptor = 0};
static struct __libc_file out = {.mutex = {.__type = 1}, .descriptor = 1};
static struct __libc_file error = {.mutex = {.__type = 1}, .descriptor = 2};
#undef stdin
#undef stdout
#undef stderr
FILE* const stdin = &in;
FILE* const stdout = &out;
FILE* const stderr = &error;

/* The most bytes that one zx_debug_write takes. */
enum { LONGEST_WRITE = 1 << 20 };

/* Whether what was written last ended a line. */
static bool at_line_start = true;

void __libzircon_write(const char* text, size_t size) {
  if (size > 0) __atomic_store_n(&at_line_start, text[size - 1] == '\n', __ATOMIC_RELAXED);
  while (size > 0) {
    size_t part = size < LONGEST_WRITE ? size : LONGEST_WRITE;
    zx_debug_write(text, part);
    text += part;
    size -= part;
  }
}

/* Writes the first `size` bytes of the buffer. */
static void write_out(FILE* file, size_t size) {
  if (file->descriptor != 0) __libzircon_write(file->buffer, size);
  file->used -= size;
  memmove(file->buffer, file->buffer + size, file->used);
}

static void add(FILE* file, const char* text, size_t size) {
  while (size > 0) {
    if (file->used == sizeof(file->buffer)) {
      /* Whole lines, if there are any. */
      const char* end = memrchr(file->buffer, '\n', file->used);
      write_out(file, end == NULL ? file->used : (size_t)(end - file->buffer) + 1);
    }
    size_t room = sizeof(file->buffer) - file->used, part = size < room ? size : room;
    memcpy(file->buffer + file->used, text, part);
    file->used += part;
    text += part;
    size -= part;
  }
}

static void begin(FILE* file) { LOCK(file->mutex); }

static void end(FILE* file) {
  if (file == &error) {
    write_out(file, file->used);
  } else {
    const char* line = memrchr(file->buffer, '\n', file->used);
    if (line != NULL) write_out(file, (size_t)(line - file->buffer) + 1);
  }
  UNLOCK(file->mutex);
}

int fflush(FILE* file) {
  if (file == NULL) return fflush(&out);
  LOCK(file->mutex);
  write_out(file, file->used);
  UNLOCK(file->mutex);
  return 0;
}

/* At the end of the program, where a thread that has died may hold the lock. */
void __libzircon_flush(void) {
  if (__libzircon_lock(&out.mutex, zx_deadline_after(100000000)) != 0) return;
  write_out(&out, out.used);
  UNLOCK(out.mutex);
}

void __libzircon_end_line(void) {
  fflush(&out);
  if (!__atomic_load_n(&at_line_start, __ATOMIC_RELAXED)) __libzircon_write("\n", 1);
}

size_t fwrite(const void* restrict data, size_t size, size_t count, FILE* restrict file) {
  begin(file);
  add(file, data, size * count);
  end(file);
  return count;
}

int fputs(const char* restrict text, FILE* restrict file) {
  fwrite(text, 1, strlen(text), file);
  return 0;
}

int puts(const char* text) {
  begin(&out);
  add(&out, text, strlen(text));
  add(&out, "\n", 1);
  end(&out);
  return 0;
}

int fputc(int c, FILE* file) {
  char byte = (char)c;
  fwrite(&byte, 1, 1, file);
  return (unsigned char)c;
}

int putc(int c, FILE* file) { return fputc(c, file); }
int putchar(int c) { return fputc(c, &out); }

struct file_sink {
  struct sink sink;
  FILE* file;
};

static void put_to_file(struct sink* sink, const char* text, size_t size) {
  add(((struct file_sink*)sink)->file, text, size);
}

int vfprintf(FILE* restrict file, const char* restrict format, va_list arguments) {
  struct file_sink sink = {{put_to_file, 0}, file};
  begin(file);
  __libzircon_format(&sink.sink, format, arguments);
  end(file);
  return (int)sink.sink.count;
}

struct buffer_sink {
  struct sink sink;
  char* buffer;
  size_t size;
};

static void put_to_buffer(struct sink* sink, const char* text, size_t size) {
  struct buffer_sink* buffer = (struct buffer_sink*)sink;
  size_t before = sink->count - size;
  if (before >= buffer->size) return;
  size_t room = buffer->size - before;
  memcpy(buffer->buffer + before, text, size < room ? size : room);
}

int vsnprintf(char* restrict buffer, size_t size, const char* restrict format,
              va_list arguments) {
  struct buffer_sink sink = {{put_to_buffer, 0}, buffer, size > 0 ? size - 1 : 0};
  __libzircon_format(&sink.sink, format, arguments);
  if (size > 0) buffer[sink.sink.count < size ? sink.sink.count : size - 1] = 0;
  return (int)sink.sink.count;
}

int vsprintf(char* restrict buffer, const char* restrict format, va_list arguments) {
  return vsnprintf(buffer, PTRDIFF_MAX, format, arguments);
}

int vasprintf(char** text, const char* restrict format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  int length = vsnprintf(NULL, 0, format, again);
  va_end(again);
  *text = malloc((size_t)length + 1);
  if (*text == NULL) return -1;
  return vsnprintf(*text, (size_t)length + 1, format, arguments);
}

int vprintf(const char* restrict format, va_list arguments) {
  return vfprintf(&out, format, arguments);
}

#define FORWARD(call)         \
  va_list arguments;          \
  va_start(arguments, format); \
  int count = call;           \
  va_end(arguments);          \
  return count

int printf(const char* restrict format, ...) { FORWARD(vfprintf(&out, format, arguments)); }
int fprintf(FILE* restrict file, const char* restrict format, ...) {
  FORWARD(vfprintf(file, format, arguments));
}
int dprintf(int descriptor, const char* restrict format, ...) {
  FORWARD(vfprintf(descriptor == STDERR_FILENO ? &error : &out, format, arguments));
}
int sprintf(char* restrict buffer, const char* restrict format, ...) {
  FORWARD(vsnprintf(buffer, PTRDIFF_MAX, format, arguments));
}
int snprintf(char* restrict buffer, size_t size, const char* restrict format, ...) {
  FORWARD(vsnprintf(buffer, size, format, arguments));
}
int asprintf(char** text, const char* restrict format, ...) {
  FORWARD(vasprintf(text, format, arguments));
}

int ferror(FILE* file) {
  (void)file;
  return 0;
}
int feof(FILE* file) { return file == &in; }
void clearerr(FILE* file) { (void)file; }
int fileno(FILE* file) { return file->descriptor; }
void perror(const char* text) {
  fprintf(&error, "%s%s%s\n", text == NULL ? "" : text, text == NULL ? "" : ": ",
          strerror(errno));
}

ssize_t write(int descriptor, const void* data, size_t size) {
  if (descriptor != STDOUT_FILENO && descriptor != STDERR_FILENO) {
    errno = EBADF;
    return -1;
  }
  fflush(&out);
  __libzircon_write(data, size);
  return (ssize_t)size;
}
