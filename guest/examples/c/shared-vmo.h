// What the two programs of the example have agreed on.

#pragma once

#include <stdatomic.h>
#include <stdint.h>

// Where the peer finds the shared pages.
#define SHARED_ADDRESS ((uintptr_t)0x100000000)
#define SHARED_SIZE ((size_t)8192)

// What stands there.
typedef struct {
  _Atomic uint32_t questions;  // how many have been asked
  _Atomic uint32_t answers;    // how many of them have been answered
  uint64_t number;             // the question
  uint64_t square;             // the answer
} shared_t;
