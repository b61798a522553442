#include "passes.h"

#include "llvm/IR/PassInstrumentation.h"
#include "llvm/Passes/PassBuilder.h"

using namespace llvm;

namespace swallow {

ArrayRef<StringLiteral> passNames() {
  static constexpr StringLiteral Names[] = {RefcountPairsPass::Name};
  return Names;
}

void registerPasses(PassBuilder &Builder, PassInstrumentationCallbacks *Callbacks) {
  if (Callbacks)
    Callbacks->addClassToPassName(RefcountPairsPass::name(), RefcountPairsPass::Name);
  Builder.registerPipelineParsingCallback(
      [](StringRef Name, FunctionPassManager &Passes, ArrayRef<PassBuilder::PipelineElement>) {
        if (Name != RefcountPairsPass::Name)
          return false;
        Passes.addPass(RefcountPairsPass());
        return true;
      });
}

} // namespace swallow
