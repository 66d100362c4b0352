/* Declared because the C++ headers name it; a program that uses any of it does not link. */
#ifndef VMOSCOPE_WCHAR_H_
#define VMOSCOPE_WCHAR_H_

#include <features.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <wctype.h>

typedef struct {
  unsigned __state[2];
} mbstate_t;
struct tm;

__BEGIN_DECLS
wint_t btowc(int c);
int wctob(wint_t c);
int mbsinit(const mbstate_t* state);
size_t mbrlen(const char* __libc_restrict text, size_t size, mbstate_t* __libc_restrict state);
size_t mbrtowc(wchar_t* __libc_restrict to, const char* __libc_restrict text, size_t size,
               mbstate_t* __libc_restrict state);
size_t wcrtomb(char* __libc_restrict to, wchar_t c, mbstate_t* __libc_restrict state);
size_t mbsrtowcs(wchar_t* __libc_restrict to, const char** __libc_restrict text, size_t size,
                 mbstate_t* __libc_restrict state);
size_t wcsrtombs(char* __libc_restrict to, const wchar_t** __libc_restrict text, size_t size,
                 mbstate_t* __libc_restrict state);
wint_t fgetwc(FILE* file);
wchar_t* fgetws(wchar_t* __libc_restrict to, int size, FILE* __libc_restrict file);
wint_t fputwc(wchar_t c, FILE* file);
int fputws(const wchar_t* __libc_restrict text, FILE* __libc_restrict file);
int fwide(FILE* file, int mode);
wint_t getwc(FILE* file);
wint_t getwchar(void);
wint_t putwc(wchar_t c, FILE* file);
wint_t putwchar(wchar_t c);
wint_t ungetwc(wint_t c, FILE* file);
int fwprintf(FILE* __libc_restrict file, const wchar_t* __libc_restrict format, ...);
int swprintf(wchar_t* __libc_restrict to, size_t size, const wchar_t* __libc_restrict format, ...);
int wprintf(const wchar_t* __libc_restrict format, ...);
int vfwprintf(FILE* __libc_restrict file, const wchar_t* __libc_restrict format,
              va_list arguments);
int vswprintf(wchar_t* __libc_restrict to, size_t size, const wchar_t* __libc_restrict format,
              va_list arguments);
int vwprintf(const wchar_t* __libc_restrict format, va_list arguments);
int fwscanf(FILE* __libc_restrict file, const wchar_t* __libc_restrict format, ...);
int swscanf(const wchar_t* __libc_restrict text, const wchar_t* __libc_restrict format, ...);
int wscanf(const wchar_t* __libc_restrict format, ...);
int vfwscanf(FILE* __libc_restrict file, const wchar_t* __libc_restrict format,
             va_list arguments);
int vswscanf(const wchar_t* __libc_restrict text, const wchar_t* __libc_restrict format,
             va_list arguments);
int vwscanf(const wchar_t* __libc_restrict format, va_list arguments);
wchar_t* wcscat(wchar_t* __libc_restrict to, const wchar_t* __libc_restrict from);
wchar_t* wcscpy(wchar_t* __libc_restrict to, const wchar_t* __libc_restrict from);
wchar_t* wcsncat(wchar_t* __libc_restrict to, const wchar_t* __libc_restrict from, size_t most);
wchar_t* wcsncpy(wchar_t* __libc_restrict to, const wchar_t* __libc_restrict from, size_t size);
int wcscmp(const wchar_t* a, const wchar_t* b);
int wcscoll(const wchar_t* a, const wchar_t* b);
int wcsncmp(const wchar_t* a, const wchar_t* b, size_t most);
size_t wcsxfrm(wchar_t* __libc_restrict to, const wchar_t* __libc_restrict from, size_t size);
size_t wcscspn(const wchar_t* text, const wchar_t* reject);
size_t wcsspn(const wchar_t* text, const wchar_t* accept);
size_t wcslen(const wchar_t* text);
size_t wcsftime(wchar_t* __libc_restrict to, size_t size, const wchar_t* __libc_restrict format,
                const struct tm* __libc_restrict parts);
wchar_t* wcschr(const wchar_t* text, wchar_t c);
wchar_t* wcspbrk(const wchar_t* text, const wchar_t* accept);
wchar_t* wcsrchr(const wchar_t* text, wchar_t c);
wchar_t* wcsstr(const wchar_t* text, const wchar_t* part);
wchar_t* wcstok(wchar_t* __libc_restrict text, const wchar_t* __libc_restrict separators,
                wchar_t** __libc_restrict rest);
wchar_t* wmemchr(const wchar_t* data, wchar_t c, size_t size);
int wmemcmp(const wchar_t* a, const wchar_t* b, size_t size);
wchar_t* wmemcpy(wchar_t* __libc_restrict to, const wchar_t* __libc_restrict from, size_t size);
wchar_t* wmemmove(wchar_t* to, const wchar_t* from, size_t size);
wchar_t* wmemset(wchar_t* to, wchar_t c, size_t size);
double wcstod(const wchar_t* __libc_restrict text, wchar_t** __libc_restrict end);
float wcstof(const wchar_t* __libc_restrict text, wchar_t** __libc_restrict end);
long double wcstold(const wchar_t* __libc_restrict text, wchar_t** __libc_restrict end);
long wcstol(const wchar_t* __libc_restrict text, wchar_t** __libc_restrict end, int base);
long long wcstoll(const wchar_t* __libc_restrict text, wchar_t** __libc_restrict end, int base);
unsigned long wcstoul(const wchar_t* __libc_restrict text, wchar_t** __libc_restrict end,
                      int base);
unsigned long long wcstoull(const wchar_t* __libc_restrict text, wchar_t** __libc_restrict end,
                            int base);
__END_DECLS

#endif
