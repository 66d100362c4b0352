/* Declared because the C++ headers name it; a program that uses any of it does not link. */
#ifndef VMOSCOPE_LOCALE_H_
#define VMOSCOPE_LOCALE_H_

#include <features.h>
#include <stddef.h>

#define LC_CTYPE 0
#define LC_NUMERIC 1
#define LC_TIME 2
#define LC_COLLATE 3
#define LC_MONETARY 4
#define LC_MESSAGES 5
#define LC_ALL 6

struct lconv {
  char* decimal_point;
  char* thousands_sep;
  char* grouping;
};
typedef struct __libc_locale* locale_t;
typedef locale_t __locale_t;

__BEGIN_DECLS
char* setlocale(int category, const char* name);
struct lconv* localeconv(void);
locale_t uselocale(locale_t locale);
__END_DECLS

#endif
