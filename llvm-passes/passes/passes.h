// Passes of ours, under names that pipeline text can have.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/IR/PassManager.h"

namespace llvm {
class PassBuilder;
class PassInstrumentationCallbacks;
} // namespace llvm

namespace swallow {

// Pairs of updates of a reference count become none: see refcount_pairs.cpp.
class RefcountPairsPass : public llvm::PassInfoMixin<RefcountPairsPass> {
public:
  static constexpr llvm::StringLiteral Name = "swallow-refcount-pairs";
  llvm::PreservedAnalyses run(llvm::Function &Fn, llvm::FunctionAnalysisManager &);
};

// The names of all of them.
llvm::ArrayRef<llvm::StringLiteral> passNames();

// Makes them known to a builder, and how they are called to who listens (perhaps nobody).
void registerPasses(llvm::PassBuilder &Builder, llvm::PassInstrumentationCallbacks *Callbacks);

} // namespace swallow
