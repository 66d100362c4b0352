// What C++ needs at run time: static objects, memory, containers.
#include <threads.h>
#include <zxtest/zxtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

namespace {

int constructed;
struct Static {
  explicit Static(int place) : place(place), turn(++constructed) {}
  int place, turn;
};
Static first(1), second(2);
__attribute__((init_priority(200))) Static early(0);
std::string global = "a string that is too long to be kept without memory";

TEST(Statics, AreConstructedInOrder) {
  EXPECT_EQ(early.turn, 1);
  EXPECT_EQ(first.turn, 2);
  EXPECT_EQ(second.turn, 3);
  EXPECT_EQ(global.size(), 51u);
}

std::atomic<int> made;
struct Slow {
  Slow() {
    for (int i = 0; i < 20; i++) thrd_yield();
    value = ++made;
  }
  int value;
};
int UseSlow(void*) {
  static Slow slow;
  return slow.value;
}

TEST(Statics, OfAFunctionAreMadeOnce) {
  std::array<thrd_t, 6> threads;
  for (thrd_t& thread : threads) ASSERT_EQ(thrd_create(&thread, UseSlow, nullptr), thrd_success);
  for (thrd_t thread : threads) {
    int seen = 0;
    ASSERT_EQ(thrd_join(thread, &seen), thrd_success);
    EXPECT_EQ(seen, 1);
  }
  EXPECT_EQ(made.load(), 1);
}

std::atomic<int> born, died;
struct Counted {
  Counted() { ++born; }
  ~Counted() { ++died; }
  int value = 7;
};
thread_local Counted counted;
int UseCounted(void*) { return counted.value++; }

TEST(ThreadLocal, ObjectsAreMadeAndDestroyedWithTheThread) {
  for (int i = 0; i < 3; i++) {
    thrd_t thread;
    int seen = 0;
    ASSERT_EQ(thrd_create(&thread, UseCounted, nullptr), thrd_success);
    ASSERT_EQ(thrd_join(thread, &seen), thrd_success);
    EXPECT_EQ(seen, 7);
  }
  EXPECT_EQ(born.load(), 3);
  EXPECT_EQ(died.load(), 3);
}

struct alignas(256) Aligned {
  char bytes[300];
};

TEST(New, EveryForm) {
  auto* plain = new int(5);
  EXPECT_EQ(*plain, 5);
  delete plain;
  auto* array = new std::string[10];
  array[9] = global;
  delete[] array;
  auto* aligned = new Aligned;
  EXPECT_EQ(reinterpret_cast<uintptr_t>(aligned) % 256, 0u);
  delete aligned;
  auto* aligned_array = new (std::nothrow) Aligned[3];
  EXPECT_EQ(reinterpret_cast<uintptr_t>(aligned_array) % 256, 0u);
  delete[] aligned_array;
  volatile size_t huge = SIZE_MAX / 2;
  EXPECT_NULL(new (std::nothrow) char[huge]);
}

TEST(New, TheHandlerIsAskedFirst) {
  static int asked;
  std::set_new_handler([] {
    if (++asked == 2) std::set_new_handler(nullptr);
  });
  volatile size_t huge = SIZE_MAX / 2;
  EXPECT_NULL(new (std::nothrow) char[huge]);
  EXPECT_EQ(asked, 2);
}

TEST(Library, Strings) {
  std::string text = "abc";
  text += global;
  text.insert(1, "xx");
  EXPECT_EQ(text.substr(0, 5), "axxbc");
  EXPECT_EQ(text.find("too long"), 22u);
  EXPECT_EQ(std::to_string(-42), "-42");
  std::string_view view = text;
  EXPECT_TRUE(view.starts_with("axx"));
  char buffer[16];
  auto result = std::to_chars(buffer, buffer + sizeof(buffer), 1234);
  EXPECT_EQ(std::string_view(buffer, static_cast<size_t>(result.ptr - buffer)), "1234");
}

TEST(Library, Sequences) {
  std::vector<int> numbers(1000);
  std::iota(numbers.begin(), numbers.end(), 0);
  std::ranges::reverse(numbers);
  std::sort(numbers.begin(), numbers.end());
  EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
  std::span<int> part = std::span(numbers).subspan(10, 5);
  EXPECT_EQ(part[0], 10);
  std::deque<int> deque;
  for (int i = 0; i < 1000; i++) deque.push_front(i);
  EXPECT_EQ(deque.back(), 0);
  std::list<int> list{5, 3, 4}, other{9, 8};
  list.sort();
  list.reverse();
  list.splice(list.begin(), other);
  EXPECT_TRUE((list == std::list<int>{9, 8, 5, 4, 3}));
  list.swap(other);
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(other.size(), 5u);
}

// A tree that stands in order and has every key, whatever was put in and taken out.
TEST(Library, Maps) {
  std::map<int, int> map;
  std::vector<bool> there(500);
  unsigned random = 1;
  for (int step = 0; step < 6000; step++) {
    random = random * 1103515245 + 12345;
    int key = static_cast<int>(random >> 16) % 500;
    if (random >> 8 & 1) {
      map[key] = step;
      there[static_cast<size_t>(key)] = true;
    } else {
      map.erase(key);
      there[static_cast<size_t>(key)] = false;
    }
    if (step % 100 != 0) continue;
    auto at = map.begin();
    for (int i = 0; i < 500; i++) {
      if (!there[static_cast<size_t>(i)]) continue;
      ASSERT_TRUE(at != map.end());
      ASSERT_EQ(at->first, i);
      ++at;
    }
    ASSERT_TRUE(at == map.end());
    int last = 500;
    for (auto back = map.rbegin(); back != map.rend(); ++back) {
      ASSERT_LT(back->first, last);
      last = back->first;
    }
  }
  std::set<std::string> names{"b", "a", "c", "a"};
  EXPECT_EQ(names.size(), 3u);
  std::unordered_map<std::string, int> table;
  for (int i = 0; i < 1000; i++) table[std::to_string(i)] = i;
  for (int i = 0; i < 1000; i += 2) table.erase(std::to_string(i));
  EXPECT_EQ(table.size(), 500u);
  EXPECT_EQ(table["501"], 501);
  EXPECT_FALSE(table.contains("500"));
}

TEST(Library, Owners) {
  int before = died;
  { auto owner = std::make_unique<Counted>(); }
  EXPECT_EQ(died.load(), before + 1);
  {
    auto owner = std::make_shared<Counted>();
    auto other = owner;
    std::weak_ptr<Counted> weak = owner;
    EXPECT_EQ(owner.use_count(), 2);
    EXPECT_FALSE(weak.expired());
  }
  EXPECT_EQ(died.load(), before + 2);
}

TEST(Library, TheRest) {
  std::optional<int> maybe = 4;
  EXPECT_EQ(maybe.value(), 4);
  std::variant<int, std::string> either = "text";
  EXPECT_EQ(std::get<std::string>(either), "text");
  std::function<int(int)> add = [base = 3](int x) { return x + base; };
  EXPECT_EQ(add(4), 7);
  std::mutex mutex;
  std::lock_guard lock(mutex);
  auto [a, b] = std::tuple(1, 2.5);
  EXPECT_EQ(a, 1);
  EXPECT_EQ(b, 2.5);
}

std::atomic<int> flag;
int WaitForFlag(void*) {
  flag.wait(0);
  return flag.load();
}

TEST(Library, AtomicsWait) {
  thrd_t thread;
  ASSERT_EQ(thrd_create(&thread, WaitForFlag, nullptr), thrd_success);
  thrd_yield();
  flag = 3;
  flag.notify_all();
  int seen = 0;
  ASSERT_EQ(thrd_join(thread, &seen), thrd_success);
  EXPECT_EQ(seen, 3);
}

TEST(Library, Threads) {
  std::mutex mutex;
  std::condition_variable changed;
  int turn = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; i++) {
    threads.emplace_back([&, i] {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return turn == i; });
      turn++;
      changed.notify_all();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(turn, 4);
  std::unique_lock lock(mutex);
  auto before = std::chrono::steady_clock::now();
  EXPECT_FALSE(changed.wait_for(lock, std::chrono::milliseconds(2), [] { return false; }));
  EXPECT_TRUE(std::chrono::steady_clock::now() - before >= std::chrono::milliseconds(2));
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

class Fixture : public zxtest::Test {
 protected:
  static void SetUpTestSuite() { suites++; }
  void SetUp() override { value = 5; }
  void TearDown() override { torn_down++; }

  int value = 0;
  static inline int suites = 0, torn_down = 0;
};

TEST_F(Fixture, IsSetUp) {
  EXPECT_EQ(value, 5);
  EXPECT_EQ(torn_down, 0);
  value = 6;
}

TEST_F(Fixture, IsMadeAnewForEachCase) {
  EXPECT_EQ(value, 5);
  EXPECT_EQ(torn_down, 1);
  EXPECT_EQ(suites, 1);
}

}  // namespace
