//! LLVM pass pipelines of Swallow, as data.
