// FunctionCaller: calls functions of the target on a borrowed thread that is amid nothing they need.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "live/call/left_call_sites.hpp"
#include "live/call/runtime_code.hpp"
#include "live/inject/remote_caller.hpp"
#include "live/unwind/stack_check.hpp"

namespace stent::call {

/// The thread stands on its own stack; no frame of a signal handler, of the allocator, the loader or the
/// unwinder is on it, so whatever locks those have, this thread holds none. Where their code cannot be told
/// from the program's (a static one), it sleeps in a system call that they do not make. The others run. Holds
/// the thread from construction to destruction, so it should live briefly.
class FunctionCaller {
 public:
  /// Throws `busy` when no thread is suitable within `patience`, and as inject::RemoteCaller.
  /// `tables`: of all code that may be on a stack.
  FunctionCaller(stop::Session& session, std::vector<unwind::UnwindTable> tables,
                 std::chrono::nanoseconds patience);
  FunctionCaller(const FunctionCaller&) = delete;
  FunctionCaller& operator=(const FunctionCaller&) = delete;
  /// The thread goes on exactly as it was, its errno included.
  ~FunctionCaller();

  /// What `function` returned in rax. Throws as inject::RemoteCaller::call.
  std::uint64_t call(RemoteAddress function, const std::array<std::uint64_t, 4>& arguments,
                     std::chrono::nanoseconds patience = std::chrono::seconds(5));

  [[nodiscard]] process::RemoteMemory& memory() { return caller_.memory(); }

  /// True after a call that did not return: the borrowed thread is still in it.
  [[nodiscard]] bool lost() const { return lost_; }

  /// Calls `function(argument)` and then zeroes the word at `mark`, both or neither even should stent be
  /// killed.
  void call_and_clear(RemoteAddress function, std::uint64_t argument, RemoteAddress mark);

 private:
  class Suitability;

  std::unique_ptr<Suitability> suitability_;
  inject::RemoteCaller caller_;
  inject::CallSite site_;
  LeftCallSite mapped_;
  /// Each copy of the C library (dlmopen) has an errno of its own: where, and what it held.
  std::vector<std::pair<RemoteAddress, std::uint32_t>> errors_;
  bool lost_ = false;  ///< the thread is still in a function
};

}  // namespace stent::call
