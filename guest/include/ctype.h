/* Classes of characters; the "C" locale is the only one. */
#ifndef VMOSCOPE_CTYPE_H_
#define VMOSCOPE_CTYPE_H_

#include <features.h>

__BEGIN_DECLS
int isalnum(int c);
int isalpha(int c);
int isblank(int c);
int iscntrl(int c);
int isdigit(int c);
int isgraph(int c);
int islower(int c);
int isprint(int c);
int ispunct(int c);
int isspace(int c);
int isupper(int c);
int isxdigit(int c);
int isascii(int c);
int tolower(int c);
int toupper(int c);
__END_DECLS

#ifdef __cplusplus
/* libstdc++'s <locale> has these names for the classes. */
enum {
  _ISupper = 1,
  _ISlower = 2,
  _ISalpha = 4,
  _ISdigit = 8,
  _ISxdigit = 16,
  _ISspace = 32,
  _ISprint = 64,
  _ISpunct = 128,
  _IScntrl = 256,
  _ISblank = 512
};
#endif

#endif
