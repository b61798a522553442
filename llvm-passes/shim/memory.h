// How much memory LLVM takes while a pass runs: see memory.cpp.
#pragma once

#include <cstdint>

namespace swallow {

// What C++ has taken on this thread since counting began, in bytes as the C library rounds them up.
struct Memory {
  // All that was taken, given back or not.
  uint64_t Taken;
  // What is in use, less what was when counting began; what is older may have gone.
  int64_t Used;
  // The most of that since somebody set it.
  int64_t Most;
};

extern thread_local Memory Counted;

// While one of them lives on a thread, what the thread takes is counted. Not nested.
struct CountMemory {
  CountMemory();
  ~CountMemory();
};

// While one of them lives, what the thread takes is not counted: measuring is not to measure itself.
struct UncountedMemory {
  UncountedMemory();
  ~UncountedMemory();

private:
  bool Before;
};

} // namespace swallow
