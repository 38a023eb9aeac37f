#include "live/inject/seccomp_filter.hpp"

#include <linux/audit.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <cstring>

namespace stent::inject {
namespace {

seccomp_data data_of(const PlannedCall& call) {
  seccomp_data data{};
  data.nr = static_cast<int>(call.number);
  data.arch = AUDIT_ARCH_X86_64;
  data.instruction_pointer = call.after.value;
  std::copy(call.arguments.begin(), call.arguments.end(), data.args);
  return data;
}

/// The two registers and the scratch words of the machine (linux/filter.h).
struct Machine {
  std::uint32_t a = 0;
  std::uint32_t x = 0;
  std::array<std::uint32_t, BPF_MEMWORDS> words{};
};

/// A = A op value; false for an operation that seccomp does not accept. The kernel shifts modulo 32 and ends
/// the program with 0 on a division by zero, which `run_filter` sees to.
bool calculate(std::uint32_t& a, unsigned operation, std::uint32_t value) {
  switch (operation) {
    case BPF_ADD: a += value; return true;
    case BPF_SUB: a -= value; return true;
    case BPF_MUL: a *= value; return true;
    case BPF_DIV: a /= value; return true;
    case BPF_AND: a &= value; return true;
    case BPF_OR: a |= value; return true;
    case BPF_XOR: a ^= value; return true;
    case BPF_LSH: a <<= value & 31; return true;
    case BPF_RSH: a >>= value & 31; return true;
    case BPF_NEG: a = 0U - a; return true;
    default: return false;
  }
}

std::optional<bool> compare(std::uint32_t a, unsigned operation, std::uint32_t value) {
  switch (operation) {
    case BPF_JEQ: return a == value;
    case BPF_JGT: return a > value;
    case BPF_JGE: return a >= value;
    case BPF_JSET: return (a & value) != 0;
    default: return std::nullopt;
  }
}

/// Loads and stores; false for one that seccomp does not accept.
bool move(Machine& machine, const sock_filter& step, const seccomp_data& data) {
  const bool into_x = BPF_CLASS(step.code) == BPF_LDX || BPF_CLASS(step.code) == BPF_STX;
  std::uint32_t& place = into_x ? machine.x : machine.a;
  switch (step.code) {
    case BPF_LD | BPF_W | BPF_ABS:
      if (step.k % 4 != 0 || step.k >= sizeof data) return false;
      std::memcpy(&machine.a, reinterpret_cast<const char*>(&data) + step.k, sizeof machine.a);
      return true;
    case BPF_LD | BPF_W | BPF_LEN:
    case BPF_LDX | BPF_W | BPF_LEN: place = sizeof data; return true;
    case BPF_LD | BPF_IMM:
    case BPF_LDX | BPF_IMM: place = step.k; return true;
    case BPF_LD | BPF_MEM:
    case BPF_LDX | BPF_MEM:
      if (step.k >= BPF_MEMWORDS) return false;
      place = machine.words[step.k];
      return true;
    case BPF_ST:
    case BPF_STX:
      if (step.k >= BPF_MEMWORDS) return false;
      machine.words[step.k] = place;
      return true;
    case BPF_MISC | BPF_TAX: machine.x = machine.a; return true;
    case BPF_MISC | BPF_TXA: machine.a = machine.x; return true;
    default: return false;
  }
}

std::uint32_t action_of(std::uint32_t result) { return result & SECCOMP_RET_ACTION_FULL; }

}  // namespace

std::optional<std::uint32_t> run_filter(std::span<const sock_filter> program, const PlannedCall& call) {
  const seccomp_data data = data_of(call);
  Machine machine;
  // Jumps lead forward only, so this ends.
  for (std::uint64_t at = 0; at < program.size(); ++at) {
    const sock_filter& step = program[at];
    const std::uint32_t value = BPF_SRC(step.code) == BPF_X ? machine.x : step.k;
    switch (BPF_CLASS(step.code)) {
      case BPF_RET:
        if (step.code == (BPF_RET | BPF_K)) return step.k;
        if (step.code == (BPF_RET | BPF_A)) return machine.a;
        return std::nullopt;
      case BPF_JMP:
        if (BPF_OP(step.code) == BPF_JA) {
          at += step.k;
        } else {
          const auto taken = compare(machine.a, BPF_OP(step.code), value);
          if (!taken) return std::nullopt;
          at += *taken ? step.jt : step.jf;
        }
        break;
      case BPF_ALU:
        if (BPF_OP(step.code) == BPF_DIV && value == 0) return SECCOMP_RET_KILL_THREAD;
        if (!calculate(machine.a, BPF_OP(step.code), value)) return std::nullopt;
        break;
      default:
        if (!move(machine, step, data)) return std::nullopt;
    }
  }
  return std::nullopt;  // it leaves the program without a result
}

bool SeccompFilter::allows(const PlannedCall& call) const {
  return std::all_of(programs_.begin(), programs_.end(), [&](const std::vector<sock_filter>& program) {
    const auto result = run_filter(program, call);
    return result && (action_of(*result) == SECCOMP_RET_ALLOW || action_of(*result) == SECCOMP_RET_LOG);
  });
}

}  // namespace stent::inject
