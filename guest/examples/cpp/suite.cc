// A test suite in C++: fixtures, and values of any type that can be compared. One case
// fails on purpose.
//
//     scripts/zxc++ -o suite++ guest/examples/cpp/suite.cc && vmm test ./suite++

#include <zircon/process.h>
#include <zircon/syscalls.h>
#include <zxtest/zxtest.h>

namespace {

// Two pages, mapped.
class MappedVmo : public zxtest::Test {
 protected:
  static constexpr size_t kSize = 8192;

  void SetUp() override {
    ASSERT_OK(zx_vmo_create(kSize, 0, &vmo_));
    ASSERT_OK(zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, 0, vmo_, 0,
                          kSize, &address_));
  }

  void TearDown() override {
    EXPECT_OK(zx_vmar_unmap(zx_vmar_root_self(), address_, kSize));
    EXPECT_OK(zx_handle_close(vmo_));
  }

  uint64_t* words() const { return reinterpret_cast<uint64_t*>(address_); }

  zx_handle_t vmo_ = ZX_HANDLE_INVALID;
  zx_vaddr_t address_ = 0;
};

TEST_F(MappedVmo, ShowsWhatACallWrites) {
  const uint64_t value = 0x1122334455667788;
  ASSERT_OK(zx_vmo_write(vmo_, &value, 4096, sizeof(value)));
  EXPECT_EQ(words()[512], value);
  EXPECT_EQ(words()[511], 0u);
}

TEST_F(MappedVmo, IsSeenByACall) {
  words()[1] = 42;
  uint64_t value = 0;
  ASSERT_OK(zx_vmo_read(vmo_, &value, 8, sizeof(value)));
  EXPECT_EQ(value, 42u);
}

TEST_F(MappedVmo, ThisOneFailsOnPurpose) {
  words()[0] = 6 * 9;
  EXPECT_EQ(words()[0], 42u, "the answer");
}

TEST(Snapshot, KeepsWhatItWasMadeOf) {
  zx_handle_t vmo, clone;
  ASSERT_OK(zx_vmo_create(4096, 0, &vmo));
  ASSERT_OK(zx_vmo_write(vmo, "old", 0, 4));
  ASSERT_OK(zx_vmo_create_child(vmo, ZX_VMO_CHILD_SNAPSHOT, 0, 4096, &clone));
  ASSERT_OK(zx_vmo_write(vmo, "new", 0, 4));
  char text[4];
  ASSERT_OK(zx_vmo_read(clone, text, 0, sizeof(text)));
  EXPECT_STREQ(text, "old");
  EXPECT_OK(zx_handle_close(clone));
  EXPECT_OK(zx_handle_close(vmo));
}

}  // namespace
