#include "binary/arch/x86_64/kept_registers.hpp"

#include <algorithm>
#include <iterator>
#include <map>

#include "binary/arch/x86_64/clobbers.hpp"

namespace stent::x86_64 {
namespace {

RegisterSet set_of(std::initializer_list<std::size_t> positions) {
  RegisterSet set;
  for (const std::size_t at : positions) set.set(at);
  return set;
}

/// A data flow analysis from the end to the begin.
class Liveness {
 public:
  Liveness(ByteView code, const Callees& callees)
      : code_(code), callees_(callees), instructions_(decode(code)), live_before_(instructions_.size()) {
    for (std::size_t i = 0; i < instructions_.size(); ++i) at_[instructions_[i].offset] = i;
    for (const Instruction& one : instructions_)
      uses_.push_back(register_use(code_.subspan(one.offset, one.length)));
  }

  void run() {
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t i = instructions_.size(); i-- > 0;) {
        const RegisterSet now = before(i);
        changed = changed || now != live_before_[i];
        live_before_[i] = now;
      }
    }
  }

  [[nodiscard]] RegisterSet at_entry() const {
    return live_before_.empty() ? call_clobbered() : live_before_.front();
  }

  [[nodiscard]] std::vector<KeptAcross> kept() const {
    std::vector<KeptAcross> kept;
    for (std::size_t i = 0; i < instructions_.size(); ++i) {
      if (instructions_[i].flow != Flow::call) continue;
      const RegisterSet registers = after(i) & ~callees_.destroyed(instructions_[i]) & call_clobbered();
      if (registers.any()) kept.push_back({instructions_[i], registers});
    }
    return kept;
  }

 private:
  [[nodiscard]] RegisterSet at_target(const Instruction& one) const {
    const bool is_outside =
        one.branch_target &&
        (*one.branch_target < 0 || *one.branch_target >= static_cast<std::int64_t>(code_.size()));
    if (callees_.leaves(one) || is_outside) return callees_.used(one) | callees_.results;
    const auto found = at_.find(static_cast<std::uint32_t>(one.branch_target.value_or(0)));
    return found == at_.end() ? call_clobbered() : live_before_[found->second];
  }

  [[nodiscard]] RegisterSet at_next(std::size_t i) const {
    if (i + 1 < instructions_.size()) return live_before_[i + 1];
    const bool is_whole = instructions_[i].end() == code_.size();
    return is_whole ? RegisterSet() : call_clobbered();  // at the very end: a call that does not return
  }

  /// What may be used after instruction `i`, so far as is known yet.
  [[nodiscard]] RegisterSet after(std::size_t i) const {
    const Instruction& one = instructions_[i];
    switch (one.flow) {
      case Flow::ret: return callees_.results;
      case Flow::stop: return {};
      case Flow::indirect_jump: return call_clobbered();
      case Flow::jump: return at_target(one);
      case Flow::conditional_jump: return at_target(one) | at_next(i);
      default: return at_next(i);
    }
  }

  [[nodiscard]] RegisterSet before(std::size_t i) const {
    const Instruction& one = instructions_[i];
    RegisterSet live = after(i) & ~uses_[i].renewed;
    if (one.flow == Flow::call)
      live = (live & ~callees_.destroyed(one)) | (callees_.used(one) & every_argument());
    if (one.flow == Flow::indirect_call) live = every_argument();
    return (live | uses_[i].read) & call_clobbered();
  }

  ByteView code_;
  const Callees& callees_;
  std::vector<Instruction> instructions_;
  std::vector<RegisterUse> uses_;
  std::vector<RegisterSet> live_before_;
  std::map<std::uint32_t, std::size_t> at_;
};

}  // namespace

RegisterSet every_argument() { return first_arguments(6, 8) | set_of({0, 10}); }
RegisterSet every_result() { return set_of({0, 2, first_vector, first_vector + 1}); }
RegisterSet integer_result() { return set_of({0}); }
RegisterSet vector_result() { return set_of({first_vector}); }

RegisterSet first_arguments(std::size_t integers, std::size_t of_vectors) {
  constexpr std::size_t in_order[] = {7, 6, 2, 1, 8, 9};  // rdi, rsi, rdx, rcx, r8, r9
  RegisterSet set;
  for (std::size_t i = 0; i < std::min(integers, std::size(in_order)); ++i) set.set(in_order[i]);
  for (std::size_t i = 0; i < std::min<std::size_t>(of_vectors, 8); ++i) set.set(first_vector + i);
  return set;
}

std::vector<KeptAcross> kept_across_calls(ByteView code, const Callees& callees) {
  Liveness liveness(code, callees);
  liveness.run();
  return liveness.kept();
}

RegisterSet used_at_entry(ByteView code, const Callees& callees) {
  Liveness liveness(code, callees);
  liveness.run();
  return liveness.at_entry();
}

}  // namespace stent::x86_64
