/* Bytes: copies and fills by the processor's string instructions, so that no compiler makes
   a call of the same function out of them. */
#include <stdint.h>
#include <string.h>
#include <strings.h>

typedef uint64_t __attribute__((__may_alias__, __aligned__(1))) word;

void* memcpy(void* restrict to, const void* restrict from, size_t size) {
  void* at = to;
  if (size < 32) {
    /* Starting the instruction costs more than this. */
    unsigned char* bytes = to;
    const unsigned char* source = from;
    if (size >= 16) {
      word a = *(const word*)source, b = *(const word*)(source + 8);
      word c = *(const word*)(source + size - 16), d = *(const word*)(source + size - 8);
      *(word*)bytes = a, *(word*)(bytes + 8) = b;
      *(word*)(bytes + size - 16) = c, *(word*)(bytes + size - 8) = d;
    } else if (size >= 8) {
      word a = *(const word*)source, b = *(const word*)(source + size - 8);
      *(word*)bytes = a, *(word*)(bytes + size - 8) = b;
    } else {
      __asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(size) : : "memory");
    }
    return to;
  }
  __asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(size) : : "memory");
  return to;
}

void* mempcpy(void* restrict to, const void* restrict from, size_t size) {
  return (char*)memcpy(to, from, size) + size;
}

void* memmove(void* to, const void* from, size_t size) {
  uintptr_t distance = (uintptr_t)to - (uintptr_t)from;
  if (distance >= size) {
    void* at = to;
    __asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(size) : : "memory");
    return to;
  }
  /* The target starts inside the source: from the end, in words where they do not
     overlap. */
  volatile unsigned char* bytes = to;
  const unsigned char* source = from;
  while (distance >= 8 && size >= 8) {
    size -= 8;
    *(volatile word*)(bytes + size) = *(const word*)(source + size);
  }
  while (size > 0) {
    size--;
    bytes[size] = source[size];
  }
  return to;
}

void* memset(void* to, int byte, size_t size) {
  void* at = to;
  __asm__ volatile("rep stosb" : "+D"(at), "+c"(size) : "a"(byte) : "memory");
  return to;
}

void explicit_bzero(void* to, size_t size) { memset(to, 0, size); }
void bzero(void* to, size_t size) { memset(to, 0, size); }

int memcmp(const void* a, const void* b, size_t size) {
  const unsigned char *left = a, *right = b;
  while (size >= 8 && *(const word*)left == *(const word*)right) left += 8, right += 8, size -= 8;
  for (; size > 0; left++, right++, size--) {
    if (*left != *right) return *left - *right;
  }
  return 0;
}

int bcmp(const void* a, const void* b, size_t size) { return memcmp(a, b, size); }

void* memchr(const void* data, int byte, size_t size) {
  const unsigned char* bytes = data;
  for (; size > 0; bytes++, size--) {
    if (*bytes == (unsigned char)byte) return (void*)bytes;
  }
  return NULL;
}

void* memrchr(const void* data, int byte, size_t size) {
  const unsigned char* bytes = data;
  while (size-- > 0) {
    if (bytes[size] == (unsigned char)byte) return (void*)(bytes + size);
  }
  return NULL;
}

void* memmem(const void* data, size_t size, const void* part, size_t part_size) {
  if (part_size == 0) return (void*)data;
  const unsigned char* at = data;
  while (size >= part_size) {
    const unsigned char* found = memchr(at, *(const unsigned char*)part, size - part_size + 1);
    if (found == NULL) return NULL;
    if (memcmp(found, part, part_size) == 0) return (void*)found;
    size -= (size_t)(found + 1 - at);
    at = found + 1;
  }
  return NULL;
}
