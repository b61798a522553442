// A reference that is taken and given back with nothing between that could tell is not counted at all:
//
//     count(a) += 1                          (nothing)
//     if (…) exit                    =>      if (…) { count(a) += 1; exit }
//     count(a) -= 1; if 0, dealloc           (nothing)
//
// What this is for are values that change places, as in `p[i], p[j] = p[j], p[i]`: both items are taken out of the list, which counts them,
// put back, and counted down as what was there before. HIR can't pair these, since it does not know that what is overwritten is what was
// read; here loads are compared.
//
// A trace is followed from block to block as long as there is one way on; the other ways must be exits, which get the count that they
// would have found. Between the two updates there may be whatever reads and writes other memory (which sort of memory an access is to the
// lowering says in its metadata), and other counts may go up. No call, no other count down: it may be the last of something that is held by
// what is counted here. The count that remains is the one from before the first update, so it is not zero.
//
// This is to run before counts are combined (early-cse, gvn): updates are recognised in the form in which the lowering writes them.

#include "memory_sort.h"
#include "passes.h"

#include <optional>

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/PostOrderIterator.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

using namespace llvm;
using swallow::MemorySorts;
using swallow::Sort;

namespace {

// `*p = *p + 1`, or less 1.
struct Update {
  LoadInst *Load;
  BinaryOperator *Change;
  StoreInst *Store;
  bool IsUp;

  Value *object() const { return Store->getPointerOperand(); }

  void erase() const {
    Store->eraseFromParent();
    Change->eraseFromParent();
    Load->eraseFromParent();
  }
};

// The update that begins with a load.
std::optional<Update> updateFrom(LoadInst *Load, const MemorySorts &Sorts) {
  if (Sorts.of(*Load) != Sort::Count || !Load->isSimple() || !Load->hasOneUse())
    return std::nullopt;
  auto *Change = dyn_cast<BinaryOperator>(Load->user_back());
  if (!Change || Change->getParent() != Load->getParent() || Change->getOperand(0) != Load)
    return std::nullopt;
  auto *Step = dyn_cast<ConstantInt>(Change->getOperand(1));
  if (!Step || !Step->isOne() || !is_contained({Instruction::Add, Instruction::Sub}, Change->getOpcode()))
    return std::nullopt;
  for (User *Use : Change->users()) {
    auto *Store = dyn_cast<StoreInst>(Use);
    if (!Store || Store->getParent() != Load->getParent() || !Store->isSimple() || Sorts.of(*Store) != Sort::Count ||
        Store->getPointerOperand() != Load->getPointerOperand() || Store->getValueOperand() != Change)
      continue;
    // Nothing may count in between; the lowering has nothing there at all.
    for (Instruction *At = Load->getNextNode(); At != Store; At = At->getNextNode())
      if (!At || At->mayReadOrWriteMemory())
        return std::nullopt;
    return Update{Load, Change, Store, Change->getOpcode() == Instruction::Add};
  }
  return std::nullopt;
}

// What follows a count down: a branch to what frees the object, if nobody has it any more.
struct Release {
  BranchInst *Branch;
  ICmpInst *IsZero;
};

bool isZero(const Value *Number) {
  const auto *Constant = dyn_cast<ConstantInt>(Number);
  return Constant && Constant->isZero();
}

std::optional<Release> releaseAfter(const Update &Down, const MemorySorts &Sorts) {
  auto *Branch = dyn_cast<BranchInst>(Down.Store->getParent()->getTerminator());
  if (!Branch || !Branch->isConditional() || !Down.Change->hasNUses(2))
    return std::nullopt;
  auto *IsZero = dyn_cast<ICmpInst>(Branch->getCondition());
  if (!IsZero || !IsZero->hasOneUse() || IsZero->getPredicate() != ICmpInst::ICMP_EQ ||
      IsZero->getOperand(0) != Down.Change || !isZero(IsZero->getOperand(1)))
    return std::nullopt;
  for (Instruction *At = Down.Store->getNextNode(); At != Branch; At = At->getNextNode())
    if (At->mayReadOrWriteMemory() && Sorts.of(*At) != Sort::Own)
      return std::nullopt;
  return Release{Branch, IsZero};
}

// Whether a block leaves native code: a patch point, perhaps behind updates of counts.
bool isExit(const BasicBlock *Block, const MemorySorts &Sorts) {
  for (int Steps = 0; Steps < 8 && !isa<PHINode>(Block->front()); ++Steps) {
    for (const Instruction &I : *Block) {
      if (const auto *Call = dyn_cast<IntrinsicInst>(&I))
        return Call->getIntrinsicID() == Intrinsic::experimental_patchpoint;
      if (I.mayReadOrWriteMemory() && Sorts.of(I) != Sort::Count)
        return false;
    }
    Block = Block->getSingleSuccessor();
    if (!Block)
      return false;
  }
  return false;
}

// A way out of a trace.
struct Edge {
  BranchInst *Branch;
  unsigned Way;
};

// A count up that nothing has looked at yet.
struct Pending {
  Update Up;
  // How many ways out there were before it.
  size_t Edges;
};

class Trace {
public:
  Trace(const MemorySorts &Sorts, SmallPtrSetImpl<BasicBlock *> &Seen, SmallVectorImpl<BasicBlock *> &Dead)
      : Sorts(Sorts), Seen(Seen), Dead(Dead) {}

  // Follows one trace.
  bool follow(BasicBlock *Block) {
    while (Block && Seen.insert(Block).second)
      Block = step(Block);
    return Changed;
  }

private:
  // When a load was: what is stored afterwards it does not know of.
  struct Moment {
    unsigned Others;
    size_t Items;
  };

  // From here on nothing is known.
  void forget() {
    Ups.clear();
    Edges.clear();
    Items.clear();
    Moments.clear();
  }

  // Goes through a block; the next one, if there is one way only.
  BasicBlock *step(BasicBlock *Block) {
    for (auto At = Block->begin(); At != Block->end();) {
      Instruction &I = *At++;
      if (I.isTerminator())
        break;
      auto *Load = dyn_cast<LoadInst>(&I);
      if (auto Found = Load ? updateFrom(Load, Sorts) : std::nullopt) {
        At = std::next(Found->Store->getIterator());
        if (Found->IsUp) {
          Ups.push_back({*Found, Edges.size()});
          continue;
        }
        if (BasicBlock *Next = pair(*Found))
          return Next->getSinglePredecessor() ? Next : nullptr;
        forget();
        continue;
      }
      look(I);
    }
    auto *Branch = dyn_cast<BranchInst>(Block->getTerminator());
    if (!Branch)
      return nullptr;
    BasicBlock *Next = Branch->getSuccessor(0);
    if (Branch->isConditional()) {
      if (Branch->getSuccessor(0) == Branch->getSuccessor(1))
        return nullptr;
      bool First = isExit(Branch->getSuccessor(0), Sorts);
      if (First == isExit(Branch->getSuccessor(1), Sorts))
        return nullptr;
      Next = Branch->getSuccessor(First ? 1 : 0);
      Edges.push_back({Branch, First ? 0u : 1u});
    }
    return Next->getSinglePredecessor() ? Next : nullptr;
  }

  // Takes note of what an instruction does to memory.
  void look(Instruction &I) {
    if (auto *Load = dyn_cast<LoadInst>(&I); Load && Load->isSimple()) {
      Sort Of = Sorts.of(I);
      // Who looks at a count must see it.
      if (Of == Sort::Count || Of == Sort::Unknown)
        Ups.clear();
      else if (Of != Sort::Own)
        Moments[Load] = {Others, Items.size()};
      return;
    }
    if (auto *Store = dyn_cast<StoreInst>(&I); Store && Store->isSimple()) {
      switch (Sorts.of(I)) {
      case Sort::Items:
        Items.push_back(Store->getValueOperand());
        return;
      case Sort::Other:
        ++Others;
        return;
      case Sort::Own:
        return;
      case Sort::Count:
      case Sort::Unknown:
        forget();
        return;
      }
    }
    if (I.mayReadOrWriteMemory() || !isGuaranteedToTransferExecutionToSuccessor(&I))
      forget();
  }

  // Whether two values of the trace are the same; the second is the later one.
  bool same(const Value *A, const Value *B, int Depth = 12) const {
    if (A == B)
      return true;
    const auto *One = dyn_cast<Instruction>(A);
    const auto *Other = dyn_cast<Instruction>(B);
    if (Depth == 0 || !One || !Other || isa<PHINode>(One) || !One->isSameOperationAs(Other))
      return false;
    if (const auto *Load = dyn_cast<LoadInst>(One)) {
      auto Before = Moments.find(Load), After = Moments.find(cast<LoadInst>(Other));
      if (Before == Moments.end() || After == Moments.end() || Sorts.of(*One) != Sorts.of(*Other))
        return false;
      if (Sorts.of(*One) == Sort::Other && Before->second.Others != After->second.Others)
        return false;
      // Two items are one or lie apart: a store between of the very value that was read leaves the place as it is, wherever it goes.
      if (Sorts.of(*One) == Sort::Items)
        for (size_t At = Before->second.Items; At < After->second.Items; ++At)
          if (Items[At] != A)
            return false;
    } else if (One->mayReadOrWriteMemory()) {
      return false;
    }
    for (unsigned At = 0; At < One->getNumOperands(); ++At)
      if (!same(One->getOperand(At), Other->getOperand(At), Depth - 1))
        return false;
    return true;
  }

  // Removes a count down with the count up that it belongs to; where the trace goes on then.
  BasicBlock *pair(const Update &Down) {
    auto Free = releaseAfter(Down, Sorts);
    if (!Free)
      return nullptr;
    auto Found = find_if(reverse(Ups), [&](const Pending &One) { return same(One.Up.object(), Down.object()); });
    if (Found == Ups.rend())
      return nullptr;
    Pending Up = *Found;
    SmallDenseMap<BasicBlock *, BasicBlock *> Counted;
    for (const Edge &Out : drop_begin(Edges, Up.Edges)) {
      BasicBlock *Exit = Out.Branch->getSuccessor(Out.Way);
      BasicBlock *&Block = Counted[Exit];
      if (!Block)
        Block = countBefore(Exit, Up.Up);
      Out.Branch->setSuccessor(Out.Way, Block);
    }
    BasicBlock *Here = Free->Branch->getParent();
    BasicBlock *Dealloc = Free->Branch->getSuccessor(0), *On = Free->Branch->getSuccessor(1);
    Dealloc->removePredecessor(Here);
    BranchInst::Create(On, Here);
    Free->Branch->eraseFromParent();
    Free->IsZero->eraseFromParent();
    if (pred_empty(Dealloc)) {
      // The list of blocks to start from may have it.
      Dead.push_back(Dealloc);
      for (BasicBlock *Next : successors(Dealloc))
        Next->removePredecessor(Dealloc);
      Dealloc->getTerminator()->eraseFromParent();
      new UnreachableInst(Dealloc->getContext(), Dealloc);
    }
    Down.erase();
    Up.Up.erase();
    Ups.erase(std::prev(Found.base()));
    Changed = true;
    return On;
  }

  // A block that takes a count up and goes on to an exit.
  static BasicBlock *countBefore(BasicBlock *Exit, const Update &Up) {
    auto *Block = BasicBlock::Create(Exit->getContext(), "counted", Exit->getParent(), Exit);
    Instruction *Load = Up.Load->clone(), *Change = Up.Change->clone(), *Store = Up.Store->clone();
    Change->setOperand(0, Load);
    Store->setOperand(0, Change);
    for (Instruction *New : {Load, Change, Store})
      New->insertInto(Block, Block->end());
    BranchInst::Create(Exit, Block);
    return Block;
  }

  const MemorySorts &Sorts;
  // Blocks that some trace has had.
  SmallPtrSetImpl<BasicBlock *> &Seen;
  // Blocks that nothing goes to any more.
  SmallVectorImpl<BasicBlock *> &Dead;
  SmallVector<Pending, 8> Ups;
  SmallVector<Edge, 32> Edges;
  // What was stored to items of lists, in order.
  SmallVector<Value *, 8> Items;
  // How often other memory was written.
  unsigned Others = 0;
  SmallDenseMap<const LoadInst *, Moment, 32> Moments;
  bool Changed = false;
};

} // namespace

PreservedAnalyses swallow::RefcountPairsPass::run(Function &Fn, FunctionAnalysisManager &) {
  MemorySorts Sorts(Fn.getContext());
  SmallPtrSet<BasicBlock *, 32> Seen;
  SmallVector<BasicBlock *, 4> Dead;
  // Whoever has one way in comes behind it.
  ReversePostOrderTraversal<Function *> Order(&Fn);
  SmallVector<BasicBlock *, 64> Starts(Order.begin(), Order.end());
  bool Changed = false;
  for (BasicBlock *Block : Starts)
    Changed |= Trace(Sorts, Seen, Dead).follow(Block);
  for (BasicBlock *Block : Dead)
    DeleteDeadBlock(Block);
  return Changed ? PreservedAnalyses::none() : PreservedAnalyses::all();
}
