/* What every header of this library shares. Compilers' C++ headers ask for it by this name. */
#ifndef VMOSCOPE_FEATURES_H_
#define VMOSCOPE_FEATURES_H_

#ifdef __cplusplus
#define __BEGIN_DECLS extern "C" {
#define __END_DECLS }
#else
#define __BEGIN_DECLS
#define __END_DECLS
#endif

/* This is not glibc, of any version. */
#define __GLIBC_PREREQ(major, minor) 0

/* libstdc++ asks by weak symbols whether there are threads; weak symbols take nothing out of a
   static library, so that the answer could be no. There always are. */
#define _GLIBCXX_GTHREAD_USE_WEAK 0

#if defined(__cplusplus) || (defined(__STDC_VERSION__) && __STDC_VERSION__ < 199901L)
#define __libc_restrict __restrict
#else
#define __libc_restrict restrict
#endif

#endif
