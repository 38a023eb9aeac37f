// StackCheck: is a stopped thread inside forbidden code, or will it return into it?
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "live/process/mapping.hpp"
#include "live/process/remote_memory.hpp"
#include "live/unwind/forbidden_code.hpp"
#include "live/unwind/unwinder.hpp"

namespace stent::unwind {

/// A thread that keeps a change from being made now.
struct Intruder {
  Tid tid;
  std::string comm;
  std::string function;  ///< what it is inside of; empty when its stack cannot be told or read
  std::string reason;    ///< for people
  CallChain chain;
};

/// One check, made against one set of mappings. "Unknown" is an intruder, never a pass.
class StackCheck {
 public:
  StackCheck(const process::RemoteMemory& memory, Unwinder& unwinder, const ForbiddenCode& forbidden,
             std::vector<process::Mapping> mappings);

  /// Empty: the thread is outside, and returns nowhere into forbidden code. The thread must stay stopped
  /// meanwhile.
  [[nodiscard]] std::optional<Intruder> check(const ThreadState& thread);

  /// True when a register or a word on the used stack of `thread` lies in one of `ranges`, or when its stack
  /// cannot be told.
  [[nodiscard]] bool holds_value(const ThreadState& thread, std::span<const RemoteRange> ranges);

 private:
  [[nodiscard]] const CodePiece* register_hit(const ThreadState& thread) const;
  [[nodiscard]] std::optional<Intruder> judge(const ThreadState& thread, const CodePiece& hit);

  const process::RemoteMemory* memory_;
  Unwinder* unwinder_;
  const ForbiddenCode* forbidden_;
  std::vector<process::Mapping> mappings_;
  Bytes buffer_;
  RemoteAddress outermost_;  ///< end of the chain judged last
};

}  // namespace stent::unwind
