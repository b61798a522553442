// Pipelines of LLVM's new pass manager, with instrumentation: the C interface can run a pipeline, but neither says what each pass took
// and changed, nor writes a pipeline out, nor takes passes of ours (those in passes/).
//
// Nothing here throws: LLVM and this file are compiled without exceptions. Callbacks into Rust must not unwind.

#include "pipeline.h"
#include "memory.h"
#include "passes/passes.h"

#include <algorithm>
#include <ctime>
#include <optional>
#include <string>

#include "llvm/ADT/SmallVector.h"
#include "llvm/Analysis/CGSCCPassManager.h"
#include "llvm/Analysis/LazyCallGraph.h"
#include "llvm/Analysis/LoopAnalysisManager.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/PassInstrumentation.h"
#include "llvm/IR/PassManager.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

using namespace llvm;

namespace {

uint64_t nanoseconds(clockid_t Clock) {
  timespec Time{};
  clock_gettime(Clock, &Time);
  return static_cast<uint64_t>(Time.tv_sec) * 1000000000u + static_cast<uint64_t>(Time.tv_nsec);
}

// A pass as pipeline text names it; some classes are not in LLVM's table.
StringRef nameOf(PassInstrumentationCallbacks &Callbacks, StringRef Class) {
  StringRef Name = Callbacks.getPassNameForClassName(Class);
  if (!Name.empty())
    return Name;
  if (Class.starts_with("RequireAnalysisPass"))
    return "require";
  if (Class.starts_with("InvalidateAnalysisPass"))
    return "invalidate";
  return Class;
}

// A pass that has begun and not ended.
struct Running {
  std::string Name;
  const Function *Fn;
  const Module *Mod;
  uint64_t Start;
  uint64_t Before;
  // Processor time that it has had itself; the clock's reading since when it is the innermost one.
  uint64_t Own;
  uint64_t Since;
  // The same of memory: what it took itself, and the counter since when it is the innermost one.
  uint64_t Taken;
  uint64_t TakenSince;
  // Memory in use when it began, and the most so far.
  int64_t Used;
  int64_t Most;
  uint32_t Instructions;
  // A manager of passes or an adaptor: its time is theirs.
  bool IsManager;
};

// Listens to all passes of one run.
class Recorder {
public:
  Recorder(PassInstrumentationCallbacks &Callbacks, SwlPassSink Sink, void *Context)
      : Callbacks(Callbacks), Sink(Sink), Context(Context) {
    Callbacks.registerBeforeNonSkippedPassCallback([this](StringRef Class, Any IR) { begin(Class, IR); });
    Callbacks.registerAfterPassCallback(
        [this](StringRef, Any, const PreservedAnalyses &Kept) { end(!Kept.areAllPreserved()); });
    // The unit is gone: a loop that was deleted, say.
    Callbacks.registerAfterPassInvalidatedCallback([this](StringRef, const PreservedAnalyses &) { end(true); });
  }

private:
  static uint32_t count(const Running &Pass) {
    if (Pass.Fn)
      return Pass.Fn->getInstructionCount();
    return Pass.Mod ? Pass.Mod->getInstructionCount() : 0;
  }

  void begin(StringRef Class, Any IR) {
    swallow::UncountedMemory Here;
    Running Pass{};
    Pass.Name = nameOf(Callbacks, Class).str();
    Pass.IsManager = isSpecialPass(Class, {"PassManager", "PassAdaptor", "DevirtSCCRepeatedPass", "ModuleInlinerWrapperPass"});
    if (const auto *Mod = any_cast<const Module *>(&IR))
      Pass.Mod = *Mod;
    else if (const auto *Fn = any_cast<const Function *>(&IR))
      Pass.Fn = *Fn;
    else if (const auto *Group = any_cast<const LazyCallGraph::SCC *>(&IR))
      // Its functions may go.
      Pass.Mod = (*Group)->begin()->getFunction().getParent();
    else if (const auto *Loop = any_cast<const class Loop *>(&IR))
      Pass.Fn = (*Loop)->getHeader()->getParent();
    if (!Pass.IsManager)
      Pass.Instructions = count(Pass);
    uint64_t Now = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
    swallow::Memory &Memory = swallow::Counted;
    if (!Stack.empty()) {
      Running &Outer = Stack.back();
      Outer.Own += Now - Outer.Since;
      Outer.Taken += Memory.Taken - Outer.TakenSince;
      Outer.Most = std::max(Outer.Most, Memory.Most);
    }
    Pass.TakenSince = Memory.Taken;
    Pass.Used = Pass.Most = Memory.Most = Memory.Used;
    Pass.Since = Now;
    Pass.Start = nanoseconds(CLOCK_MONOTONIC);
    Stack.push_back(std::move(Pass));
  }

  void end(bool Changed) {
    if (Stack.empty())
      return;
    uint64_t Now = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
    swallow::UncountedMemory Here;
    swallow::Memory &Memory = swallow::Counted;
    Running Pass = Stack.pop_back_val();
    Pass.Own += Now - Pass.Since;
    Pass.Taken += Memory.Taken - Pass.TakenSince;
    Pass.Most = std::max(Pass.Most, Memory.Most);
    if (!Pass.IsManager) {
      StringRef Unit = Pass.Fn ? Pass.Fn->getName() : StringRef();
      SwlPassRun Run{Pass.Name.data(),
                     Pass.Name.size(),
                     Unit.data(),
                     Unit.size(),
                     Pass.Start,
                     nanoseconds(CLOCK_MONOTONIC) - Pass.Start,
                     Pass.Own,
                     Pass.Instructions,
                     count(Pass),
                     Changed,
                     Pass.Taken,
                     static_cast<uint64_t>(Pass.Most - Pass.Used)};
      Sink(Context, &Run);
    }
    if (Stack.empty())
      return;
    Running &Outer = Stack.back();
    Outer.Most = std::max(Outer.Most, Pass.Most);
    Outer.TakenSince = Memory.Taken;
    Memory.Most = Memory.Used;
    // What was spent here is nobody's.
    Outer.Since = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
  }

  PassInstrumentationCallbacks &Callbacks;
  SwlPassSink Sink;
  void *Context;
  SmallVector<Running, 8> Stack;
};

uint32_t refuse(Error Problem, SwlTextSink Sink, void *Context) {
  std::string Text = toString(std::move(Problem));
  Sink(Context, Text.data(), Text.size());
  return 0;
}

} // namespace

extern "C" uint32_t swl_run_pipeline(LLVMModuleRef ModuleRef, LLVMTargetMachineRef MachineRef, const char *Text,
                                     size_t Length, SwlPassSink Sink, void *SinkContext, SwlTextSink ErrorSink,
                                     void *ErrorContext) {
  Module &Mod = *unwrap(ModuleRef);
  auto *Machine = reinterpret_cast<TargetMachine *>(MachineRef);
  // Callbacks cost: a name for each pass that there is. They outlive what calls them.
  std::optional<PassInstrumentationCallbacks> Callbacks;
  std::optional<Recorder> Measure;
  if (Sink)
    Measure.emplace(Callbacks.emplace(), Sink, SinkContext);
  PassBuilder Builder(Machine, PipelineTuningOptions(), std::nullopt, Callbacks ? &*Callbacks : nullptr);
  swallow::registerPasses(Builder, Callbacks ? &*Callbacks : nullptr);
  LoopAnalysisManager Loops;
  FunctionAnalysisManager Functions;
  CGSCCAnalysisManager Groups;
  ModuleAnalysisManager Modules;
  Builder.registerModuleAnalyses(Modules);
  Builder.registerCGSCCAnalyses(Groups);
  Builder.registerFunctionAnalyses(Functions);
  Builder.registerLoopAnalyses(Loops);
  Builder.crossRegisterProxies(Loops, Functions, Groups, Modules);
  ModulePassManager Passes;
  if (Error Problem = Builder.parsePassPipeline(Passes, StringRef(Text, Length)))
    return refuse(std::move(Problem), ErrorSink, ErrorContext);
  std::optional<swallow::CountMemory> Count;
  if (Sink)
    Count.emplace();
  Passes.run(Mod, Modules);
  return 1;
}

extern "C" uint32_t swl_parse_pipeline(const char *Text, size_t Length, SwlTextSink Expanded, void *ExpandedContext,
                                       SwlTextSink ErrorSink, void *ErrorContext) {
  PassInstrumentationCallbacks Callbacks;
  PassBuilder Builder(nullptr, PipelineTuningOptions(), std::nullopt, Expanded ? &Callbacks : nullptr);
  swallow::registerPasses(Builder, Expanded ? &Callbacks : nullptr);
  ModulePassManager Passes;
  if (Error Problem = Builder.parsePassPipeline(Passes, StringRef(Text, Length)))
    return refuse(std::move(Problem), ErrorSink, ErrorContext);
  if (Expanded) {
    std::string Written;
    raw_string_ostream Stream(Written);
    Passes.printPipeline(Stream, [&Callbacks](StringRef Class) { return nameOf(Callbacks, Class); });
    Stream.flush();
    Expanded(ExpandedContext, Written.data(), Written.size());
  }
  return 1;
}

extern "C" void swl_pass_names(SwlTextSink Sink, void *Context) {
  std::string Text;
  raw_string_ostream Stream(Text);
  PassBuilder().printPassNames(Stream);
  Stream.flush();
  // Names are indented, headings are not; parameters follow in angle brackets.
  SmallVector<StringRef, 512> Lines;
  StringRef(Text).split(Lines, '\n', -1, false);
  for (StringRef Line : Lines)
    if (Line.consume_front("  ")) {
      StringRef Name = Line.substr(0, Line.find('<'));
      Sink(Context, Name.data(), Name.size());
    }
  for (StringRef Name : swallow::passNames())
    Sink(Context, Name.data(), Name.size());
}
