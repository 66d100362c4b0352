/* Memory, the end of the program, numbers in text, sorting. */
#ifndef VMOSCOPE_STDLIB_H_
#define VMOSCOPE_STDLIB_H_

#include <features.h>
#include <stddef.h>

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1
#define RAND_MAX 0x7fffffff
#define MB_CUR_MAX ((size_t)1)

typedef struct {
  int quot;
  int rem;
} div_t;
typedef struct {
  long quot;
  long rem;
} ldiv_t;
typedef struct {
  long long quot;
  long long rem;
} lldiv_t;

__BEGIN_DECLS
void* malloc(size_t size) __attribute__((__malloc__, __alloc_size__(1)));
void* calloc(size_t count, size_t size) __attribute__((__malloc__, __alloc_size__(1, 2)));
void* realloc(void* block, size_t size) __attribute__((__alloc_size__(2)));
void free(void* block);
/* The alignment is a power of two. */
void* aligned_alloc(size_t alignment, size_t size)
    __attribute__((__malloc__, __alloc_align__(1), __alloc_size__(2)));
void* memalign(size_t alignment, size_t size)
    __attribute__((__malloc__, __alloc_align__(1), __alloc_size__(2)));
int posix_memalign(void** block, size_t alignment, size_t size);
/* Bytes that can be used of a block. */
size_t malloc_usable_size(void* block);

/* Ends the process by an exception: return code -1028. */
void abort(void) __attribute__((__noreturn__, __cold__));
void exit(int code) __attribute__((__noreturn__));
void _Exit(int code) __attribute__((__noreturn__));
void quick_exit(int code) __attribute__((__noreturn__));
int atexit(void (*function)(void));
int at_quick_exit(void (*function)(void));
char* getenv(const char* name);

int atoi(const char* text);
long atol(const char* text);
long long atoll(const char* text);
double atof(const char* text);
long strtol(const char* __libc_restrict text, char** __libc_restrict end, int base);
long long strtoll(const char* __libc_restrict text, char** __libc_restrict end, int base);
unsigned long strtoul(const char* __libc_restrict text, char** __libc_restrict end, int base);
unsigned long long strtoull(const char* __libc_restrict text, char** __libc_restrict end,
                            int base);
double strtod(const char* __libc_restrict text, char** __libc_restrict end);
float strtof(const char* __libc_restrict text, char** __libc_restrict end);
long double strtold(const char* __libc_restrict text, char** __libc_restrict end);

void qsort(void* items, size_t count, size_t size, int (*compare)(const void*, const void*));
void* bsearch(const void* key, const void* items, size_t count, size_t size,
              int (*compare)(const void*, const void*));
int abs(int value) __attribute__((__const__));
long labs(long value) __attribute__((__const__));
long long llabs(long long value) __attribute__((__const__));
div_t div(int value, int by) __attribute__((__const__));
ldiv_t ldiv(long value, long by) __attribute__((__const__));
lldiv_t lldiv(long long value, long long by) __attribute__((__const__));
int rand(void);
void srand(unsigned seed);
int rand_r(unsigned* seed);

/* Declared because the C++ headers name them; a program that uses one does not link. */
int system(const char* command);
int mblen(const char* text, size_t size);
int mbtowc(wchar_t* __libc_restrict wide, const char* __libc_restrict text, size_t size);
int wctomb(char* text, wchar_t wide);
size_t mbstowcs(wchar_t* __libc_restrict wide, const char* __libc_restrict text, size_t size);
size_t wcstombs(char* __libc_restrict text, const wchar_t* __libc_restrict wide, size_t size);
__END_DECLS

#define alloca(size) __builtin_alloca(size)

#endif
