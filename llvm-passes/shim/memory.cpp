// C++'s operators new and delete, which a program may replace: the same as the library's, but that they can count. All of LLVM goes through
// them (IR, analyses, tables), but for small vectors that outgrow their place, which go to malloc.
//
// They hold for what is linked together with this file: the helper, or the library of the code generator. A block may come from another
// library's operator and end here, and the other way round: all of them are malloc's.

#include "memory.h"

#include <algorithm>
#include <cstdlib>
#include <malloc.h>
#include <new>

#include "llvm/Support/ErrorHandling.h"

namespace swallow {

thread_local Memory Counted{};
static thread_local bool IsCounting = false;

CountMemory::CountMemory() {
  Counted = Memory{};
  IsCounting = true;
}

CountMemory::~CountMemory() { IsCounting = false; }

UncountedMemory::UncountedMemory() : Before(IsCounting) { IsCounting = false; }

UncountedMemory::~UncountedMemory() { IsCounting = Before; }

} // namespace swallow

using namespace swallow;

static void *took(void *Block) {
  // Nothing of LLVM can go on without.
  if (!Block)
    llvm::report_bad_alloc_error("out of memory");
  if (IsCounting) {
    auto Size = static_cast<int64_t>(malloc_usable_size(Block));
    Counted.Taken += Size;
    Counted.Used += Size;
    Counted.Most = std::max(Counted.Most, Counted.Used);
  }
  return Block;
}

static void give(void *Block) {
  if (IsCounting && Block)
    Counted.Used -= static_cast<int64_t>(malloc_usable_size(Block));
  free(Block);
}

void *operator new(size_t Size) { return took(malloc(Size ? Size : 1)); }

void *operator new(size_t Size, std::align_val_t Align) {
  auto Step = static_cast<size_t>(Align);
  return took(aligned_alloc(Step, (Size + Step - 1) / Step * Step));
}

void operator delete(void *Block) noexcept { give(Block); }
void operator delete(void *Block, size_t) noexcept { give(Block); }
void operator delete(void *Block, std::align_val_t) noexcept { give(Block); }
void operator delete(void *Block, size_t, std::align_val_t) noexcept { give(Block); }
