// VMOs: bytes, bounds, sizes, snapshots, operations on ranges, and what the kernel says of
// them.

#include "check.h"

static void reads_what_was_written(void) {
  const char text[] = "across the boundary of two pages";
  char back[sizeof(text)] = {0};
  zx_handle_t vmo = ZX_HANDLE_INVALID;
  CHECK_OK(zx_vmo_create(2 * PAGE, 0, &vmo));
  CHECK_OK(zx_vmo_write(vmo, text, PAGE - 5, sizeof(text)));
  CHECK_OK(zx_vmo_read(vmo, back, PAGE - 5, sizeof(back)));
  for (size_t i = 0; i < sizeof(text); i++) {
    CHECK(back[i] == text[i]);
  }
  CHECK_OK(zx_vmo_read(vmo, back, 0, 1));
  CHECK(back[0] == 0);
  CHECK_OK(zx_handle_close(vmo));
}

static void stays_in_bounds(void) {
  char byte = 1;
  zx_handle_t vmo = ZX_HANDLE_INVALID;
  CHECK_OK(zx_vmo_create(PAGE, 0, &vmo));
  CHECK_OK(zx_vmo_write(vmo, &byte, PAGE - 1, 1));
  CHECK_STATUS(ZX_ERR_OUT_OF_RANGE, zx_vmo_write(vmo, &byte, PAGE, 1));
  CHECK_STATUS(ZX_ERR_OUT_OF_RANGE, zx_vmo_read(vmo, &byte, UINT64_MAX, 2));
  CHECK_OK(zx_vmo_read(vmo, NULL, PAGE, 0));
  CHECK_STATUS(ZX_ERR_BAD_HANDLE, zx_vmo_read(ZX_HANDLE_INVALID, &byte, 0, 1));
  CHECK_STATUS(ZX_ERR_WRONG_TYPE, zx_vmo_read(zx_process_self(), &byte, 0, 1));

  zx_handle_t reader = ZX_HANDLE_INVALID;
  CHECK_OK(zx_handle_duplicate(vmo, ZX_RIGHT_READ, &reader));
  CHECK_STATUS(ZX_ERR_ACCESS_DENIED, zx_vmo_write(reader, &byte, 0, 1));
  const zx_handle_t both[] = {vmo, reader};
  CHECK_OK(zx_handle_close_many(both, countof(both)));
}

static void changes_its_size(void) {
  uint64_t size = 0;
  zx_handle_t vmo = ZX_HANDLE_INVALID;
  CHECK_OK(zx_vmo_create(1, ZX_VMO_RESIZABLE, &vmo));
  CHECK_OK(zx_vmo_get_size(vmo, &size));
  CHECK(size == PAGE);
  CHECK_OK(zx_vmo_get_stream_size(vmo, &size));
  CHECK(size == 1);
  CHECK_OK(zx_vmo_set_size(vmo, 3 * PAGE));
  CHECK_OK(zx_vmo_get_size(vmo, &size));
  CHECK(size == 3 * PAGE);
  CHECK_OK(zx_vmo_set_stream_size(vmo, 100));
  CHECK_OK(zx_object_get_property(vmo, ZX_PROP_VMO_CONTENT_SIZE, &size, sizeof(size)));
  CHECK(size == 100);
  CHECK_OK(zx_handle_close(vmo));
}

static void snapshots_keep_what_was(void) {
  uint32_t value = 1;
  zx_handle_t parent = ZX_HANDLE_INVALID;
  zx_handle_t child = ZX_HANDLE_INVALID;
  CHECK_OK(zx_vmo_create(PAGE, 0, &parent));
  CHECK_OK(zx_vmo_write(parent, &value, 0, sizeof(value)));
  CHECK_OK(zx_vmo_create_child(parent, ZX_VMO_CHILD_SNAPSHOT, 0, PAGE, &child));
  value = 2;
  CHECK_OK(zx_vmo_write(parent, &value, 0, sizeof(value)));
  CHECK_OK(zx_vmo_read(child, &value, 0, sizeof(value)));
  CHECK(value == 1);

  zx_info_vmo_t info;
  size_t actual = 0;
  size_t avail = 0;
  CHECK_OK(zx_object_get_info(child, ZX_INFO_VMO, &info, sizeof(info), &actual, &avail));
  CHECK(actual == 1 && avail == 1);
  CHECK(ZX_INFO_VMO_TYPE(info.flags) == ZX_INFO_VMO_TYPE_PAGED);
  CHECK((info.flags & ZX_INFO_VMO_IS_COW_CLONE) != 0);
  zx_info_handle_basic_t basic;
  CHECK_OK(zx_object_get_info(parent, ZX_INFO_HANDLE_BASIC, &basic, sizeof(basic), NULL, NULL));
  CHECK(basic.koid == info.parent_koid);
  CHECK(basic.type == ZX_OBJ_TYPE_VMO);
  CHECK(basic.rights == ZX_DEFAULT_VMO_RIGHTS);

  zx_signals_t observed = ZX_SIGNAL_NONE;
  CHECK_STATUS(ZX_ERR_TIMED_OUT, zx_object_wait_one(parent, ZX_VMO_ZERO_CHILDREN, 0, &observed));
  CHECK_OK(zx_handle_close(child));
  CHECK_OK(zx_object_wait_one(parent, ZX_VMO_ZERO_CHILDREN, ZX_TIME_INFINITE, &observed));
  CHECK_OK(zx_handle_close(parent));
}

static void operates_on_ranges(void) {
  uint64_t value = 7;
  zx_vmo_lock_state_t state;
  zx_handle_t vmo = ZX_HANDLE_INVALID;
  CHECK_OK(zx_vmo_create(4 * PAGE, 0, &vmo));
  CHECK_OK(zx_vmo_op_range(vmo, ZX_VMO_OP_COMMIT, 0, 4 * PAGE, NULL, 0));
  CHECK_OK(zx_vmo_write(vmo, &value, PAGE, sizeof(value)));
  CHECK_OK(zx_vmo_op_range(vmo, ZX_VMO_OP_ZERO, PAGE, PAGE, NULL, 0));
  CHECK_OK(zx_vmo_read(vmo, &value, PAGE, sizeof(value)));
  CHECK(value == 0);
  CHECK_OK(zx_vmo_op_range(vmo, ZX_VMO_OP_DECOMMIT, 0, 4 * PAGE, NULL, 0));
  zx_info_vmo_t info;
  CHECK_OK(zx_object_get_info(vmo, ZX_INFO_VMO, &info, sizeof(info), NULL, NULL));
  CHECK(info.committed_bytes == 0);
  CHECK_OK(zx_handle_close(vmo));

  CHECK_OK(zx_vmo_create(PAGE, ZX_VMO_DISCARDABLE, &vmo));
  CHECK_OK(zx_vmo_op_range(vmo, ZX_VMO_OP_LOCK, 0, PAGE, &state, sizeof(state)));
  CHECK(state.offset == 0 && state.size == PAGE && state.discarded_size == 0);
  CHECK_OK(zx_vmo_op_range(vmo, ZX_VMO_OP_UNLOCK, 0, PAGE, NULL, 0));
  CHECK_OK(zx_handle_close(vmo));
}

static void has_a_name(void) {
  const char name[] = "a name";
  char back[ZX_MAX_NAME_LEN];
  zx_handle_t vmo = ZX_HANDLE_INVALID;
  CHECK_OK(zx_vmo_create(PAGE, 0, &vmo));
  CHECK_OK(zx_object_set_property(vmo, ZX_PROP_NAME, name, sizeof(name)));
  CHECK_OK(zx_object_get_property(vmo, ZX_PROP_NAME, back, sizeof(back)));
  for (size_t i = 0; i < sizeof(name); i++) {
    CHECK(back[i] == name[i]);
  }
  CHECK_OK(zx_handle_close(vmo));
}

int main(void) {
  reads_what_was_written();
  stays_in_bounds();
  changes_its_size();
  snapshots_keep_what_was();
  operates_on_ranges();
  has_a_name();
  say("vmo: all well\n");
  return 0;
}
