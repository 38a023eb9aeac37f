// System calls that a killed stent began on threads of the target, which make them on their own.
#pragma once

#include <optional>
#include <span>

#include "live/inject/arch_x86_64_call.hpp"
#include "live/process/process.hpp"
#include "live/stop/stopped_thread.hpp"
#include "live/unwind/stack_check.hpp"

namespace stent::transaction {

class BegunCalls {
 public:
  /// `code`: with which calls are made in `target` (inject::find_borrowed_code).
  BegunCalls(const process::Process& target, const inject::BorrowedCode& code)
      : memory_(&target.memory()), code_(code) {}

  /// One of `threads` that stands before or in such a call, for whoever waits for it.
  [[nodiscard]] std::optional<unwind::Intruder> find(std::span<const stop::StoppedThread> threads) const;

 private:
  const process::RemoteMemory* memory_;
  inject::BorrowedCode code_;
};

}  // namespace stent::transaction
