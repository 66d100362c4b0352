/* The main function of a program that has cases and no main function. */
#include <zxtest/runner.h>

extern char a_main_function_or_a_TEST;

int main(int argc, char** argv) {
  /* The header of the cases defines it; without that, naming it keeps a program that has
     neither from being linked. */
  __asm__ volatile("" : : "r"(&a_main_function_or_a_TEST));
  return zxtest_run(argc, argv);
}
