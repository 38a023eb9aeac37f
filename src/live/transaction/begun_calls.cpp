#include "live/transaction/begun_calls.hpp"

#include <algorithm>

namespace stent::transaction {

std::optional<unwind::Intruder> BegunCalls::find(std::span<const stop::StoppedThread> threads) const {
  const auto found = std::ranges::find_if(threads, [&](const stop::StoppedThread& thread) {
    return inject::is_in_call(code_, thread.registers, *memory_);
  });
  if (found == threads.end()) return std::nullopt;
  unwind::Intruder intruder;
  intruder.tid = found->tid;
  intruder.comm = found->comm;
  intruder.reason = "is in a system call that a killed stent began";
  return intruder;
}

}  // namespace stent::transaction
