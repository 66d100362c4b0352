/* Bytes and strings. */
#ifndef VMOSCOPE_STRING_H_
#define VMOSCOPE_STRING_H_

#include <features.h>
#include <stddef.h>

__BEGIN_DECLS
void* memcpy(void* __libc_restrict to, const void* __libc_restrict from, size_t size);
void* mempcpy(void* __libc_restrict to, const void* __libc_restrict from, size_t size);
void* memmove(void* to, const void* from, size_t size);
void* memset(void* to, int byte, size_t size);
void explicit_bzero(void* to, size_t size);
int memcmp(const void* a, const void* b, size_t size);
void* memchr(const void* data, int byte, size_t size);
void* memrchr(const void* data, int byte, size_t size);
void* memmem(const void* data, size_t size, const void* part, size_t part_size);

size_t strlen(const char* text);
size_t strnlen(const char* text, size_t most);
char* strcpy(char* __libc_restrict to, const char* __libc_restrict from);
char* stpcpy(char* __libc_restrict to, const char* __libc_restrict from);
char* strncpy(char* __libc_restrict to, const char* __libc_restrict from, size_t size);
char* stpncpy(char* __libc_restrict to, const char* __libc_restrict from, size_t size);
size_t strlcpy(char* __libc_restrict to, const char* __libc_restrict from, size_t size);
size_t strlcat(char* __libc_restrict to, const char* __libc_restrict from, size_t size);
char* strcat(char* __libc_restrict to, const char* __libc_restrict from);
char* strncat(char* __libc_restrict to, const char* __libc_restrict from, size_t most);
int strcmp(const char* a, const char* b);
int strncmp(const char* a, const char* b, size_t most);
int strcoll(const char* a, const char* b);
size_t strxfrm(char* __libc_restrict to, const char* __libc_restrict from, size_t size);
int strcasecmp(const char* a, const char* b);
int strncasecmp(const char* a, const char* b, size_t most);
char* strchr(const char* text, int c);
char* strrchr(const char* text, int c);
char* strchrnul(const char* text, int c);
size_t strspn(const char* text, const char* accept);
size_t strcspn(const char* text, const char* reject);
char* strpbrk(const char* text, const char* accept);
char* strstr(const char* text, const char* part);
char* strtok(char* __libc_restrict text, const char* __libc_restrict separators);
char* strtok_r(char* __libc_restrict text, const char* __libc_restrict separators,
               char** __libc_restrict rest);
char* strsep(char** rest, const char* separators);
char* strdup(const char* text) __attribute__((__malloc__));
char* strndup(const char* text, size_t most) __attribute__((__malloc__));
/* "error N": there are no texts. */
char* strerror(int error);
__END_DECLS

#endif
