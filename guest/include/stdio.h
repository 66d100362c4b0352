/* Output to the console. stdout keeps a line until it is whole, stderr the text of one call;
   each goes out as one zx_debug_write. There are no files and no input. */
#ifndef VMOSCOPE_STDIO_H_
#define VMOSCOPE_STDIO_H_

#include <features.h>
#include <stdarg.h>
#include <stddef.h>

#include <sys/types.h>

typedef struct __libc_file FILE;
typedef struct {
  long __position;
} fpos_t;

#define EOF (-1)
#define BUFSIZ 1024
#define _IOFBF 0
#define _IOLBF 1
#define _IONBF 2
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#define FILENAME_MAX 4096
#define FOPEN_MAX 3
#define L_tmpnam 20
#define TMP_MAX 1

#define __libc_printf(format, first) __attribute__((__format__(__printf__, format, first)))

__BEGIN_DECLS
extern FILE* const stdin;
extern FILE* const stdout;
extern FILE* const stderr;
#define stdin stdin
#define stdout stdout
#define stderr stderr

int printf(const char* __libc_restrict format, ...) __libc_printf(1, 2);
int fprintf(FILE* __libc_restrict file, const char* __libc_restrict format, ...)
    __libc_printf(2, 3);
int dprintf(int descriptor, const char* __libc_restrict format, ...) __libc_printf(2, 3);
int sprintf(char* __libc_restrict buffer, const char* __libc_restrict format, ...)
    __libc_printf(2, 3);
int snprintf(char* __libc_restrict buffer, size_t size, const char* __libc_restrict format, ...)
    __libc_printf(3, 4);
int asprintf(char** text, const char* __libc_restrict format, ...) __libc_printf(2, 3);
int vprintf(const char* __libc_restrict format, va_list arguments) __libc_printf(1, 0);
int vfprintf(FILE* __libc_restrict file, const char* __libc_restrict format, va_list arguments)
    __libc_printf(2, 0);
int vsprintf(char* __libc_restrict buffer, const char* __libc_restrict format, va_list arguments)
    __libc_printf(2, 0);
int vsnprintf(char* __libc_restrict buffer, size_t size, const char* __libc_restrict format,
              va_list arguments) __libc_printf(3, 0);
int vasprintf(char** text, const char* __libc_restrict format, va_list arguments)
    __libc_printf(2, 0);

int putchar(int c);
int puts(const char* text);
int putc(int c, FILE* file);
int fputc(int c, FILE* file);
int fputs(const char* __libc_restrict text, FILE* __libc_restrict file);
size_t fwrite(const void* __libc_restrict data, size_t size, size_t count,
              FILE* __libc_restrict file);
int fflush(FILE* file);
int ferror(FILE* file);
int feof(FILE* file);
void clearerr(FILE* file);
int fileno(FILE* file);
void perror(const char* text);

/* Declared because the C++ headers name them; a program that uses one does not link. */
void setbuf(FILE* __libc_restrict file, char* __libc_restrict buffer);
int setvbuf(FILE* __libc_restrict file, char* __libc_restrict buffer, int mode, size_t size);
FILE* fopen(const char* __libc_restrict path, const char* __libc_restrict mode);
FILE* freopen(const char* __libc_restrict path, const char* __libc_restrict mode,
              FILE* __libc_restrict file);
int fclose(FILE* file);
size_t fread(void* __libc_restrict data, size_t size, size_t count, FILE* __libc_restrict file);
int fgetc(FILE* file);
int getc(FILE* file);
int getchar(void);
char* fgets(char* __libc_restrict buffer, int size, FILE* __libc_restrict file);
int ungetc(int c, FILE* file);
int fseek(FILE* file, long offset, int whence);
long ftell(FILE* file);
void rewind(FILE* file);
int fgetpos(FILE* __libc_restrict file, fpos_t* __libc_restrict position);
int fsetpos(FILE* file, const fpos_t* position);
int fscanf(FILE* __libc_restrict file, const char* __libc_restrict format, ...);
int scanf(const char* __libc_restrict format, ...);
int sscanf(const char* __libc_restrict text, const char* __libc_restrict format, ...);
int vfscanf(FILE* __libc_restrict file, const char* __libc_restrict format, va_list arguments);
int vscanf(const char* __libc_restrict format, va_list arguments);
int vsscanf(const char* __libc_restrict text, const char* __libc_restrict format,
            va_list arguments);
int remove(const char* path);
int rename(const char* from, const char* to);
FILE* tmpfile(void);
char* tmpnam(char* name);
__END_DECLS

#endif
