// What a program finds at its start. Run with the arguments `one`, `two words` and an empty
// one, and with NAME=value=more and EMPTY= in the environment.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vmoscope/programs.h>
#include <zircon/process.h>
#include <zircon/processargs.h>
#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/object.h>
#include <zxtest/zxtest.h>

static int the_argc;
static char** the_argv;
static int order[4], at;

__attribute__((constructor(200))) static void second(void) { order[at++] = 2; }
__attribute__((constructor(101))) static void first(int argc, char** argv) {
  order[at++] = argc > 0 && argv[0] != NULL ? 1 : -1;
}
__attribute__((constructor)) static void third(void) { order[at++] = 3; }

TEST(Start, ConstructorsRunInOrder) {
  EXPECT_EQ(at, 3);
  EXPECT_EQ(order[0], 1);
  EXPECT_EQ(order[1], 2);
  EXPECT_EQ(order[2], 3);
}

TEST(Start, Arguments) {
  ASSERT_EQ(the_argc, 4);
  EXPECT_STREQ(the_argv[1], "one");
  EXPECT_STREQ(the_argv[2], "two words");
  EXPECT_STREQ(the_argv[3], "");
  EXPECT_NULL(the_argv[4]);
  the_argv[1][0] = 'O';
  EXPECT_STREQ(the_argv[1], "One", "they can be written to");
}

TEST(Start, Environment) {
  EXPECT_STREQ(getenv("NAME"), "value=more");
  EXPECT_STREQ(getenv("EMPTY"), "");
  EXPECT_NULL(getenv("NAM"));
  EXPECT_NULL(getenv("ABSENT"));
  EXPECT_NULL(getenv(""));
  size_t count = 0;
  while (environ[count] != NULL) count++;
  EXPECT_GE(count, 2u);
}

static zx_obj_type_t type_of(zx_handle_t handle) {
  zx_info_handle_basic_t info;
  zx_status_t status =
      zx_object_get_info(handle, ZX_INFO_HANDLE_BASIC, &info, sizeof(info), NULL, NULL);
  return status == ZX_OK ? info.type : ZX_OBJ_TYPE_NONE;
}

TEST(Start, Handles) {
  EXPECT_EQ(type_of(zx_process_self()), ZX_OBJ_TYPE_PROCESS);
  EXPECT_EQ(type_of(zx_thread_self()), ZX_OBJ_TYPE_THREAD);
  EXPECT_EQ(type_of(zx_vmar_root_self()), ZX_OBJ_TYPE_VMAR);
  EXPECT_EQ(type_of(zx_job_default()), ZX_OBJ_TYPE_JOB);
  zx_handle_t resource = zx_take_startup_handle(PA_HND(PA_RESOURCE, 0));
  EXPECT_EQ(type_of(resource), ZX_OBJ_TYPE_RESOURCE);
  EXPECT_EQ(zx_take_startup_handle(PA_HND(PA_RESOURCE, 0)), ZX_HANDLE_INVALID, "it is taken");
  EXPECT_EQ(zx_take_startup_handle(PA_HND(PA_PROC_SELF, 0)), ZX_HANDLE_INVALID, "it is kept");
  EXPECT_EQ(vmoscope_program_count(), 0u);
  EXPECT_NULL(vmoscope_program_name(0));
}

TEST(Start, CallsHaveBothNames) {
  EXPECT_EQ(_zx_system_get_page_size(), zx_system_get_page_size());
  EXPECT_EQ(zx_system_get_page_size(), 4096u);
  EXPECT_STREQ(zx_status_get_string(ZX_ERR_NOT_FOUND), "ZX_ERR_NOT_FOUND");
  zx_handle_t vmo;
  ASSERT_OK(_zx_vmo_create(8192, 0, &vmo));
  uint64_t size = 0;
  ASSERT_OK(zx_vmo_get_size(vmo, &size));
  EXPECT_EQ(size, 8192u);
  EXPECT_OK(zx_handle_close(vmo));
}

int main(int argc, char** argv) {
  the_argc = argc;
  the_argv = argv;
  return RUN_ALL_TESTS(argc, argv);
}
