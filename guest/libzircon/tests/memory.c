// malloc and its family, also with several threads at once.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>
#include <zircon/process.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/object.h>
#include <zxtest/zxtest.h>

TEST(Malloc, EverySizeIsUsableAndAligned) {
  enum { COUNT = 400 };
  static unsigned char* blocks[COUNT];
  static size_t sizes[COUNT];
  size_t size = 0;
  for (int i = 0; i < COUNT; i++) {
    sizes[i] = size;
    blocks[i] = malloc(size);
    ASSERT_NOT_NULL(blocks[i]);
    ASSERT_EQ((uintptr_t)blocks[i] % 16, 0u);
    ASSERT_GE(malloc_usable_size(blocks[i]), size);
    memset(blocks[i], i, malloc_usable_size(blocks[i]));
    size += i < 300 ? 7 : 997;
  }
  for (int i = 0; i < COUNT; i++) {
    for (size_t at = 0; at < sizes[i]; at++) ASSERT_EQ(blocks[i][at], (unsigned char)i);
    free(blocks[i]);
  }
}

TEST(Malloc, ZeroesForCalloc) {
  for (size_t size = 1; size < 200000; size *= 3) {
    unsigned char* block = malloc(size);
    memset(block, 0xFF, size);
    free(block);
    block = calloc(size, 1);
    for (size_t i = 0; i < size; i++) ASSERT_EQ(block[i], 0);
    free(block);
  }
}

TEST(Malloc, RefusesWhatCannotBe) {
  volatile size_t huge = SIZE_MAX;
  errno = 0;
  EXPECT_NULL(malloc(huge));
  EXPECT_EQ(errno, ENOMEM);
  EXPECT_NULL(calloc(huge / 2, 4));
  EXPECT_NULL(realloc(NULL, huge - 100));
  EXPECT_NULL(aligned_alloc(huge / 2, 100), "no power of two");
  void* block;
  EXPECT_EQ(posix_memalign(&block, 4, 100), EINVAL);
}

TEST(Malloc, ReallocKeepsTheBytes) {
  unsigned char* block = NULL;
  size_t sizes[] = {1, 10, 100, 50, 5000, 60000, 200000, 100000, 1000, 3};
  size_t before = 0;
  for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
    block = realloc(block, sizes[i]);
    ASSERT_NOT_NULL(block);
    size_t kept = before < sizes[i] ? before : sizes[i];
    for (size_t at = 0; at < kept; at++) ASSERT_EQ(block[at], (unsigned char)(at * 3 + i - 1));
    for (size_t at = 0; at < sizes[i]; at++) block[at] = (unsigned char)(at * 3 + i);
    before = sizes[i];
  }
  free(block);
}

TEST(Malloc, Alignments) {
  for (size_t alignment = 1; alignment <= 65536; alignment *= 2) {
    for (size_t size = 1; size < 100000; size *= 7) {
      unsigned char* block = aligned_alloc(alignment, size);
      ASSERT_NOT_NULL(block);
      ASSERT_EQ((uintptr_t)block % alignment, 0u);
      ASSERT_GE(malloc_usable_size(block), size);
      memset(block, 1, malloc_usable_size(block));
      free(block);
    }
  }
}

// Bytes of the process that are mapped.
static size_t mapped(void) {
  zx_info_task_stats_t stats;
  zx_status_t status =
      zx_object_get_info(zx_process_self(), ZX_INFO_TASK_STATS, &stats, sizeof(stats), NULL, NULL);
  return status == ZX_OK ? stats.mem_mapped_bytes : 0;
}

TEST(Malloc, GivesLargeBlocksBack) {
  size_t before = mapped();
  if (before == 0) ZXTEST_SKIP("the kernel does not count mapped bytes");
  for (int i = 0; i < 100; i++) {
    char* volatile block = malloc(4 << 20);
    ASSERT_NOT_NULL(block);
    ASSERT_GE(mapped(), before + (4 << 20));
    block[0] = block[(4 << 20) - 1] = 1;
    free(block);
  }
  EXPECT_EQ(mapped(), before);
}

// Blocks are filled with a mark of their own, and looked at before they are freed.
static int churn(void* argument) {
  unsigned seed = (unsigned)(uintptr_t)argument;
  enum { SLOTS = 64 };
  unsigned char* blocks[SLOTS] = {0};
  size_t sizes[SLOTS] = {0};
  for (int step = 0; step < 4000; step++) {
    unsigned slot = (unsigned)rand_r(&seed) % SLOTS;
    if (blocks[slot] != NULL) {
      for (size_t i = 0; i < sizes[slot]; i++) {
        if (blocks[slot][i] != (unsigned char)(slot + (uintptr_t)argument)) return 1;
      }
      free(blocks[slot]);
    }
    size_t size = (size_t)rand_r(&seed) % (step % 50 == 0 ? 60000 : 400);
    blocks[slot] = malloc(size);
    sizes[slot] = size;
    if (blocks[slot] == NULL) return 2;
    memset(blocks[slot], (int)(slot + (uintptr_t)argument), size);
    if (step % 500 == 0) thrd_yield();
  }
  for (int slot = 0; slot < SLOTS; slot++) free(blocks[slot]);
  return 0;
}

TEST(Malloc, ThreadsDoNotDisturbEachOther) {
  enum { THREADS = 8 };
  thrd_t threads[THREADS];
  for (uintptr_t i = 0; i < THREADS; i++) {
    ASSERT_EQ(thrd_create(&threads[i], churn, (void*)(i + 1)), thrd_success);
  }
  for (int i = 0; i < THREADS; i++) {
    int result = -1;
    ASSERT_EQ(thrd_join(threads[i], &result), thrd_success);
    EXPECT_EQ(result, 0, "thread %d", i);
  }
}
