// Threads of C11 and of POSIX, their storage, and what they wait with.
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>
#include <time.h>
#include <vmoscope/thread.h>
#include <zircon/process.h>
#include <zircon/syscalls.h>
#include <zxtest/zxtest.h>

static _Thread_local int initialised = 41;
static _Thread_local char zeros[5000];
static _Thread_local _Alignas(256) char aligned[3];
static _Thread_local int* self_pointer;

static int look_at_storage(void* argument) {
  if (initialised != 41) return 1;
  for (size_t i = 0; i < sizeof(zeros); i++) {
    if (zeros[i] != 0) return 2;
  }
  if ((uintptr_t)aligned % 256 != 0) return 3;
  initialised = (int)(intptr_t)argument;
  memset(zeros, initialised, sizeof(zeros));
  self_pointer = &initialised;
  for (int i = 0; i < 20; i++) thrd_yield();
  if (initialised != (int)(intptr_t)argument || *self_pointer != initialised) return 4;
  for (size_t i = 0; i < sizeof(zeros); i++) {
    if (zeros[i] != (char)initialised) return 5;
  }
  return 0;
}

TEST(Storage, IsEachThreadsOwn) {
  enum { COUNT = 6 };
  thrd_t threads[COUNT];
  ASSERT_EQ((uintptr_t)aligned % 256, 0u);
  for (intptr_t i = 0; i < COUNT; i++) {
    ASSERT_EQ(thrd_create(&threads[i], look_at_storage, (void*)(i + 100)), thrd_success);
  }
  for (int i = 0; i < COUNT; i++) {
    int result = -1;
    ASSERT_EQ(thrd_join(threads[i], &result), thrd_success);
    EXPECT_EQ(result, 0);
  }
  EXPECT_EQ(initialised, 41);
  EXPECT_EQ(zeros[10], 0);
}

static int set_errno(void* argument) {
  errno = (int)(intptr_t)argument;
  thrd_yield();
  return errno;
}

TEST(Storage, ErrnoIsEachThreadsOwn) {
  thrd_t a, b;
  errno = 5;
  ASSERT_EQ(thrd_create(&a, set_errno, (void*)7), thrd_success);
  ASSERT_EQ(thrd_create(&b, set_errno, (void*)-9), thrd_success);
  int from_a, from_b;
  ASSERT_EQ(thrd_join(a, &from_a), thrd_success);
  ASSERT_EQ(thrd_join(b, &from_b), thrd_success);
  EXPECT_EQ(from_a, 7);
  EXPECT_EQ(from_b, -9);
  EXPECT_EQ(errno, 5);
}

static int leave_early(void* argument) {
  (void)argument;
  thrd_exit(1234);
}

TEST(Threads, ExitWithAResult) {
  thrd_t thread;
  int result = 0;
  ASSERT_EQ(thrd_create(&thread, leave_early, NULL), thrd_success);
  ASSERT_EQ(thrd_join(thread, &result), thrd_success);
  EXPECT_EQ(result, 1234);
}

TEST(Threads, TheFirstIsAThreadToo) {
  EXPECT_TRUE(thrd_equal(thrd_current(), thrd_current()));
  EXPECT_EQ(vmoscope_thread_handle(thrd_current()), zx_thread_self());
  EXPECT_NE(zx_thread_self(), ZX_HANDLE_INVALID);
}

static atomic_int finished;
static int finish(void* argument) {
  (void)argument;
  atomic_fetch_add(&finished, 1);
  return 0;
}

TEST(Threads, DetachedOnesEndAndLeaveNothing) {
  for (int i = 0; i < 200; i++) {
    thrd_t thread;
    ASSERT_EQ(thrd_create(&thread, finish, NULL), thrd_success, "thread %d", i);
    ASSERT_EQ(thrd_detach(thread), thrd_success);
    if (i % 3 == 0) thrd_yield();
  }
  while (atomic_load(&finished) < 200) thrd_yield();
}

static mtx_t mutex;
static int shared;
static int add(void* argument) {
  for (int i = 0; i < (int)(intptr_t)argument; i++) {
    mtx_lock(&mutex);
    int before = shared;
    if (i % 64 == 0) thrd_yield();
    shared = before + 1;
    mtx_unlock(&mutex);
  }
  return 0;
}

TEST(Locks, KeepThreadsApart) {
  ASSERT_EQ(mtx_init(&mutex, mtx_plain), thrd_success);
  thrd_t threads[4];
  for (int i = 0; i < 4; i++) ASSERT_EQ(thrd_create(&threads[i], add, (void*)2000), thrd_success);
  for (int i = 0; i < 4; i++) ASSERT_EQ(thrd_join(threads[i], NULL), thrd_success);
  EXPECT_EQ(shared, 8000);
}

TEST(Locks, RecursiveTriedAndTimed) {
  mtx_t recursive;
  ASSERT_EQ(mtx_init(&recursive, mtx_recursive | mtx_timed), thrd_success);
  ASSERT_EQ(mtx_lock(&recursive), thrd_success);
  ASSERT_EQ(mtx_trylock(&recursive), thrd_success);
  ASSERT_EQ(mtx_unlock(&recursive), thrd_success);
  ASSERT_EQ(mtx_unlock(&recursive), thrd_success);
  mtx_t plain;
  ASSERT_EQ(mtx_init(&plain, mtx_timed), thrd_success);
  ASSERT_EQ(mtx_lock(&plain), thrd_success);
  EXPECT_EQ(mtx_trylock(&plain), thrd_busy);
  struct timespec until;
  ASSERT_EQ(timespec_get(&until, TIME_UTC), TIME_UTC);
  until.tv_nsec += 2000000;
  EXPECT_EQ(mtx_timedlock(&plain, &until), thrd_timedout);
  ASSERT_EQ(mtx_unlock(&plain), thrd_success);
}

static cnd_t not_empty, not_full;
static int queue[4], queued;
static int produce(void* argument) {
  (void)argument;
  for (int i = 1; i <= 500; i++) {
    mtx_lock(&mutex);
    while (queued == 4) cnd_wait(&not_full, &mutex);
    queue[queued++] = i;
    cnd_signal(&not_empty);
    mtx_unlock(&mutex);
  }
  return 0;
}
static int consume(void* argument) {
  int sum = 0;
  for (int i = 0; i < (int)(intptr_t)argument; i++) {
    mtx_lock(&mutex);
    while (queued == 0) cnd_wait(&not_empty, &mutex);
    sum += queue[--queued];
    cnd_signal(&not_full);
    mtx_unlock(&mutex);
  }
  return sum;
}

TEST(Conditions, CarryAQueue) {
  mtx_init(&mutex, mtx_plain);
  cnd_init(&not_empty);
  cnd_init(&not_full);
  thrd_t producer, consumers[2];
  ASSERT_EQ(thrd_create(&producer, produce, NULL), thrd_success);
  for (int i = 0; i < 2; i++) {
    ASSERT_EQ(thrd_create(&consumers[i], consume, (void*)250), thrd_success);
  }
  int sums[2];
  ASSERT_EQ(thrd_join(producer, NULL), thrd_success);
  for (int i = 0; i < 2; i++) ASSERT_EQ(thrd_join(consumers[i], &sums[i]), thrd_success);
  EXPECT_EQ(sums[0] + sums[1], 500 * 501 / 2);
}

TEST(Conditions, WaitNoLongerThanAsked) {
  cnd_t never;
  cnd_init(&never);
  mtx_lock(&mutex);
  struct timespec until;
  timespec_get(&until, TIME_UTC);
  until.tv_nsec += 3000000;
  EXPECT_EQ(cnd_timedwait(&never, &mutex, &until), thrd_timedout);
  mtx_unlock(&mutex);
}

static once_flag flag = ONCE_FLAG_INIT;
static int calls;
static void once(void) {
  for (int i = 0; i < 10; i++) thrd_yield();
  calls++;
}
static int call(void* argument) {
  (void)argument;
  call_once(&flag, once);
  return calls;
}

TEST(Once, HappensOnceAndEverybodyWaitsForIt) {
  thrd_t threads[5];
  for (int i = 0; i < 5; i++) ASSERT_EQ(thrd_create(&threads[i], call, NULL), thrd_success);
  for (int i = 0; i < 5; i++) {
    int seen = 0;
    ASSERT_EQ(thrd_join(threads[i], &seen), thrd_success);
    EXPECT_EQ(seen, 1);
  }
}

static tss_t key;
static atomic_int destroyed;
static void destroy(void* value) { atomic_fetch_add(&destroyed, (int)(intptr_t)value); }
static int set_key(void* argument) {
  if (tss_get(key) != NULL) return 1;
  tss_set(key, argument);
  thrd_yield();
  return tss_get(key) != argument;
}

TEST(Keys, ValuesAreDestroyedAtTheEnd) {
  ASSERT_EQ(tss_create(&key, destroy), thrd_success);
  thrd_t a, b;
  ASSERT_EQ(thrd_create(&a, set_key, (void*)10), thrd_success);
  ASSERT_EQ(thrd_create(&b, set_key, (void*)7), thrd_success);
  int result;
  ASSERT_EQ(thrd_join(a, &result), thrd_success);
  EXPECT_EQ(result, 0);
  ASSERT_EQ(thrd_join(b, &result), thrd_success);
  EXPECT_EQ(result, 0);
  EXPECT_EQ(atomic_load(&destroyed), 17);
  tss_delete(key);
}

// Uses a stack of about `depth` KiB.
static __attribute__((noinline)) int deep(int depth) {
  volatile char frame[1000];
  frame[0] = frame[999] = (char)depth;
  return depth == 0 ? 0 : deep(depth - 1) + (frame[0] == frame[999]);
}
static int use_stack(void* argument) { return deep((int)(intptr_t)argument); }

TEST(Stacks, AreAsLargeAsAskedFor) {
  thrd_t thread;
  int result = 0;
  ASSERT_EQ(thrd_create(&thread, use_stack, (void*)200), thrd_success, "256 KiB by default");
  ASSERT_EQ(thrd_join(thread, &result), thrd_success);
  EXPECT_EQ(result, 200);
  ASSERT_EQ(vmoscope_thread_create(&thread, use_stack, (void*)3500, 4 << 20, "deep"),
            thrd_success);
  ASSERT_EQ(thrd_join(thread, &result), thrd_success);
  EXPECT_EQ(result, 3500);
}

static void* pthread_body(void* argument) { return (char*)argument + 1; }

TEST(Posix, ThreadsWithAttributes) {
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, 1 << 20), 0);
  pthread_t thread;
  void* result = NULL;
  ASSERT_EQ(pthread_create(&thread, &attributes, pthread_body, (void*)0x1000000000), 0);
  ASSERT_EQ(pthread_join(thread, &result), 0);
  EXPECT_TRUE(result == (void*)0x1000000001);
  EXPECT_EQ(pthread_join(pthread_self(), NULL), EDEADLK);
  static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
  EXPECT_EQ(pthread_mutex_lock(&lock), 0);
  EXPECT_EQ(pthread_mutex_lock(&lock), 0);
  EXPECT_EQ(pthread_mutex_unlock(&lock), 0);
  EXPECT_EQ(pthread_mutex_unlock(&lock), 0);
  EXPECT_EQ(pthread_mutex_unlock(&lock), EPERM);
}

static sem_t items;
static int post(void* argument) {
  for (int i = 0; i < (int)(intptr_t)argument; i++) {
    sem_post(&items);
    if (i % 7 == 0) thrd_yield();
  }
  return 0;
}

TEST(Posix, SemaphoresCount) {
  ASSERT_EQ(sem_init(&items, 0, 2), 0);
  thrd_t threads[2];
  for (int i = 0; i < 2; i++) ASSERT_EQ(thrd_create(&threads[i], post, (void*)100), thrd_success);
  for (int i = 0; i < 202; i++) ASSERT_EQ(sem_wait(&items), 0);
  for (int i = 0; i < 2; i++) ASSERT_EQ(thrd_join(threads[i], NULL), thrd_success);
  EXPECT_EQ(sem_trywait(&items), -1);
  EXPECT_EQ(errno, EAGAIN);
  struct timespec until;
  timespec_get(&until, TIME_UTC);
  until.tv_nsec += 1000000;
  EXPECT_EQ(sem_timedwait(&items, &until), -1);
  EXPECT_EQ(errno, ETIMEDOUT);
}

TEST(Time, Passes) {
  struct timespec before, after, pause = {0, 2000000};
  ASSERT_EQ(clock_gettime(CLOCK_MONOTONIC, &before), 0);
  ASSERT_EQ(nanosleep(&pause, NULL), 0);
  ASSERT_EQ(clock_gettime(CLOCK_MONOTONIC, &after), 0);
  long passed = (after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec;
  EXPECT_GE(passed, 2000000);
}
