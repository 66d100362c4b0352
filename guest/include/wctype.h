/* Declared because the C++ headers name it; a program that uses any of it does not link. */
#ifndef VMOSCOPE_WCTYPE_H_
#define VMOSCOPE_WCTYPE_H_

#include <features.h>

#ifndef WEOF
typedef __WINT_TYPE__ wint_t;
#define WEOF 0xffffffffu
#endif
typedef unsigned long wctype_t;
typedef const int* wctrans_t;

__BEGIN_DECLS
int iswalnum(wint_t c);
int iswalpha(wint_t c);
int iswblank(wint_t c);
int iswcntrl(wint_t c);
int iswdigit(wint_t c);
int iswgraph(wint_t c);
int iswlower(wint_t c);
int iswprint(wint_t c);
int iswpunct(wint_t c);
int iswspace(wint_t c);
int iswupper(wint_t c);
int iswxdigit(wint_t c);
int iswctype(wint_t c, wctype_t type);
wint_t towlower(wint_t c);
wint_t towupper(wint_t c);
wint_t towctrans(wint_t c, wctrans_t map);
wctype_t wctype(const char* name);
wctrans_t wctrans(const char* name);
__END_DECLS

#endif
