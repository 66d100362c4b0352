/* qsort by heaps, so that no input is slow and no memory is needed, and bsearch. */
#include <stdlib.h>

static void swap(char* a, char* b, size_t size) {
  for (; size > 0; a++, b++, size--) {
    char kept = *a;
    *a = *b;
    *b = kept;
  }
}

/* Lets the item at `root` sink until neither of its children is larger. */
static void sink(char* items, size_t root, size_t count, size_t size,
                 int (*compare)(const void*, const void*)) {
  for (;;) {
    size_t child = 2 * root + 1;
    if (child >= count) return;
    if (child + 1 < count && compare(items + child * size, items + (child + 1) * size) < 0) {
      child++;
    }
    if (compare(items + root * size, items + child * size) >= 0) return;
    swap(items + root * size, items + child * size, size);
    root = child;
  }
}

void qsort(void* data, size_t count, size_t size, int (*compare)(const void*, const void*)) {
  char* items = data;
  for (size_t root = count / 2; root > 0; root--) sink(items, root - 1, count, size, compare);
  for (size_t end = count; end > 1; end--) {
    swap(items, items + (end - 1) * size, size);
    sink(items, 0, end - 1, size, compare);
  }
}

void* bsearch(const void* key, const void* items, size_t count, size_t size,
              int (*compare)(const void*, const void*)) {
  const char* first = items;
  while (count > 0) {
    const char* middle = first + count / 2 * size;
    int order = compare(key, middle);
    if (order == 0) return (void*)middle;
    if (order > 0) {
      first = middle + size;
      count -= count / 2 + 1;
    } else {
      count /= 2;
    }
  }
  return NULL;
}
