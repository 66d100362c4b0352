/* Strings. Plain loops: what is long here is rare. Built so that no compiler turns one into
   a call of itself (`build` has the options). */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

size_t strlen(const char* text) {
  size_t length = 0;
  while (text[length] != 0) length++;
  return length;
}

size_t strnlen(const char* text, size_t most) {
  size_t length = 0;
  while (length < most && text[length] != 0) length++;
  return length;
}

char* stpcpy(char* restrict to, const char* restrict from) {
  size_t length = strlen(from);
  memcpy(to, from, length + 1);
  return to + length;
}

char* strcpy(char* restrict to, const char* restrict from) {
  stpcpy(to, from);
  return to;
}

char* stpncpy(char* restrict to, const char* restrict from, size_t size) {
  size_t length = strnlen(from, size);
  memcpy(to, from, length);
  memset(to + length, 0, size - length);
  return to + length;
}

char* strncpy(char* restrict to, const char* restrict from, size_t size) {
  stpncpy(to, from, size);
  return to;
}

size_t strlcpy(char* restrict to, const char* restrict from, size_t size) {
  size_t length = strlen(from);
  if (size > 0) {
    size_t kept = length < size ? length : size - 1;
    memcpy(to, from, kept);
    to[kept] = 0;
  }
  return length;
}

size_t strlcat(char* restrict to, const char* restrict from, size_t size) {
  size_t length = strnlen(to, size);
  return length + strlcpy(to + length, from, size - length);
}

char* strcat(char* restrict to, const char* restrict from) {
  strcpy(to + strlen(to), from);
  return to;
}

char* strncat(char* restrict to, const char* restrict from, size_t most) {
  size_t length = strnlen(from, most);
  char* end = to + strlen(to);
  memcpy(end, from, length);
  end[length] = 0;
  return to;
}

int strcmp(const char* a, const char* b) { return strncmp(a, b, SIZE_MAX); }

int strncmp(const char* a, const char* b, size_t most) {
  for (; most > 0; a++, b++, most--) {
    if (*a != *b || *a == 0) return (unsigned char)*a - (unsigned char)*b;
  }
  return 0;
}

int strcoll(const char* a, const char* b) { return strcmp(a, b); }
size_t strxfrm(char* restrict to, const char* restrict from, size_t size) {
  return strlcpy(to, from, size);
}

int strcasecmp(const char* a, const char* b) { return strncasecmp(a, b, SIZE_MAX); }

int strncasecmp(const char* a, const char* b, size_t most) {
  for (; most > 0; a++, b++, most--) {
    int left = tolower((unsigned char)*a), right = tolower((unsigned char)*b);
    if (left != right || left == 0) return left - right;
  }
  return 0;
}

char* strchrnul(const char* text, int c) {
  while (*text != 0 && *text != (char)c) text++;
  return (char*)text;
}

char* strchr(const char* text, int c) {
  char* found = strchrnul(text, c);
  return *found == (char)c ? found : NULL;
}

char* strrchr(const char* text, int c) { return memrchr(text, c, strlen(text) + 1); }

size_t strspn(const char* text, const char* accept) {
  size_t length = 0;
  while (text[length] != 0 && strchr(accept, text[length]) != NULL) length++;
  return length;
}

size_t strcspn(const char* text, const char* reject) {
  size_t length = 0;
  while (text[length] != 0 && strchr(reject, text[length]) == NULL) length++;
  return length;
}

char* strpbrk(const char* text, const char* accept) {
  text += strcspn(text, accept);
  return *text == 0 ? NULL : (char*)text;
}

char* strstr(const char* text, const char* part) {
  return memmem(text, strlen(text), part, strlen(part));
}

char* strtok_r(char* restrict text, const char* restrict separators, char** restrict rest) {
  if (text == NULL) text = *rest;
  text += strspn(text, separators);
  char* end = text + strcspn(text, separators);
  *rest = *end == 0 ? end : end + 1;
  *end = 0;
  return end == text ? NULL : text;
}

char* strtok(char* restrict text, const char* restrict separators) {
  static _Thread_local char* rest;
  return strtok_r(text, separators, &rest);
}

char* strsep(char** rest, const char* separators) {
  char* text = *rest;
  if (text == NULL) return NULL;
  char* end = text + strcspn(text, separators);
  *rest = *end == 0 ? NULL : end + 1;
  *end = 0;
  return text;
}

char* strndup(const char* text, size_t most) {
  size_t length = strnlen(text, most);
  char* copy = malloc(length + 1);
  if (copy != NULL) {
    memcpy(copy, text, length);
    copy[length] = 0;
  }
  return copy;
}

char* strdup(const char* text) { return strndup(text, SIZE_MAX); }

char* strerror(int error) {
  static _Thread_local char text[24];
  snprintf(text, sizeof(text), "error %d", error);
  return text;
}

int ffs(int value) { return __builtin_ffs(value); }
