// A test suite of four cases. One fails on purpose, so that you can see what a failure
// looks like; mend it, and the suite passes.
//
//     scripts/zxcc -o suite guest/examples/c/suite.c && vmm test ./suite

#include <string.h>
#include <zircon/syscalls.h>
#include <zxtest/zxtest.h>

TEST(Vmo, ReadsBackWhatWasWritten) {
  zx_handle_t vmo;
  ASSERT_OK(zx_vmo_create(4096, 0, &vmo));
  ASSERT_OK(zx_vmo_write(vmo, "twelve bytes", 100, 12));
  char bytes[12];
  ASSERT_OK(zx_vmo_read(vmo, bytes, 100, 12));
  EXPECT_BYTES_EQ(bytes, "twelve bytes", 12);
  EXPECT_OK(zx_handle_close(vmo));
}

TEST(Vmo, RefusesToReadBehindItsEnd) {
  zx_handle_t vmo;
  ASSERT_OK(zx_vmo_create(4096, 0, &vmo));
  char byte;
  EXPECT_STATUS(zx_vmo_read(vmo, &byte, 4096, 1), ZX_ERR_OUT_OF_RANGE);
  EXPECT_OK(zx_handle_close(vmo));
}

TEST(Vmo, ThisOneFailsOnPurpose) {
  zx_handle_t vmo;
  ASSERT_OK(zx_vmo_create(100, 0, &vmo));
  uint64_t size = 0;
  EXPECT_OK(zx_vmo_get_size(vmo, &size));
  // Sizes are rounded up to whole pages: it is 4096.
  EXPECT_EQ(size, 100u, "the size of a VMO of 100 bytes");
  EXPECT_OK(zx_handle_close(vmo));
}

TEST(Handle, IsGoneWhenItIsClosed) {
  zx_handle_t vmo;
  ASSERT_OK(zx_vmo_create(4096, 0, &vmo));
  ASSERT_OK(zx_handle_close(vmo));
  uint64_t size;
  EXPECT_STATUS(zx_vmo_get_size(vmo, &size), ZX_ERR_BAD_HANDLE);
}
