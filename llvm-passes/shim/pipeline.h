// What LLVM's C interface lacks of the pass manager: see pipeline.cpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "llvm-c/TargetMachine.h"
#include "llvm-c/Types.h"

extern "C" {

// One execution of one pass on one unit (module, group of functions, function or loop).
struct SwlPassRun {
  // As in pipeline text.
  const char *name;
  size_t name_length;
  // The function, or nothing for a module.
  const char *unit;
  size_t unit_length;
  // CLOCK_MONOTONIC, in nanoseconds.
  uint64_t start;
  // From start to end, passes that ran inside included.
  uint64_t duration;
  // Processor time of this thread, without that of passes inside.
  uint64_t own;
  // Instructions of the function (for a module or a group, of the module).
  uint32_t before;
  uint32_t after;
  uint32_t changed;
  // Bytes that it took of the heap, given back or not, without those of passes inside.
  uint64_t taken;
  // The most that was in use at once, beyond what was when it began.
  uint64_t most;
};

typedef void (*SwlPassSink)(void *context, const SwlPassRun *run);
typedef void (*SwlTextSink)(void *context, const char *text, size_t length);

// Each returns whether it went well; if not, `error` has been given one line.

// Runs a pipeline over a module. With a sink every pass is measured and reported when it has ended.
uint32_t swl_run_pipeline(LLVMModuleRef module, LLVMTargetMachineRef machine, const char *text, size_t length,
                          SwlPassSink sink, void *sink_context, SwlTextSink error, void *error_context);

// Parses a pipeline; `expanded` (may be null) is given it with everything written out.
uint32_t swl_parse_pipeline(const char *text, size_t length, SwlTextSink expanded, void *expanded_context,
                            SwlTextSink error, void *error_context);

// Gives the names of all passes, one call each.
void swl_pass_names(SwlTextSink sink, void *context);
}
