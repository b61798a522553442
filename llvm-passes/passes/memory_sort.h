// Sorts of memory, as the lowering names them in metadata of each access (`Memory` in src/codegen/machine.rs). Accesses of two sorts never
// overlap; one without metadata may be of any sort.
#pragma once

#include "llvm/IR/Instruction.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Metadata.h"

namespace swallow {

enum class Sort { Unknown, Count, Items, Own, Other };

class MemorySorts {
public:
  explicit MemorySorts(llvm::LLVMContext &Context) : Kind(Context.getMDKindID("swallow.memory")) {}

  Sort of(const llvm::Instruction &Access) const {
    const llvm::MDNode *Node = Access.getMetadata(Kind);
    const auto *Name = Node && Node->getNumOperands() == 1 ? llvm::dyn_cast<llvm::MDString>(Node->getOperand(0)) : nullptr;
    if (!Name)
      return Sort::Unknown;
    if (Name->getString() == "count")
      return Sort::Count;
    if (Name->getString() == "items")
      return Sort::Items;
    if (Name->getString() == "own")
      return Sort::Own;
    return Name->getString() == "other" ? Sort::Other : Sort::Unknown;
  }

private:
  unsigned Kind;
};

} // namespace swallow
