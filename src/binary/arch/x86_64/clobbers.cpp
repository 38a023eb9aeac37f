#include "binary/arch/x86_64/clobbers.hpp"

#include <Zydis/Zydis.h>

#include "binary/arch/x86_64/decode.hpp"

namespace stent::x86_64 {
namespace {

RegisterSet find_call_clobbered() {
  RegisterSet set;
  for (const std::size_t general : {0U, 1U, 2U, 6U, 7U, 8U, 9U, 10U, 11U}) set.set(general);
  for (std::size_t vector = 0; vector < vectors; ++vector) set.set(first_vector + vector);
  return set;
}

}  // namespace

RegisterSet call_clobbered() {
  static const RegisterSet set = find_call_clobbered();
  return set;
}

Clobbers clobbers_of(ByteView code) {
  Clobbers out;
  const auto instructions = decode(code);
  out.is_whole = !instructions.empty() && instructions.back().end() == code.size();
  for (const Instruction& one : instructions) {
    out.written |= register_use(code.subspan(one.offset, one.length)).written;
    out.calls_indirectly = out.calls_indirectly || one.flow == Flow::indirect_call;
    const bool leaves = one.branch_target && (*one.branch_target < 0 ||
                                              *one.branch_target >= static_cast<std::int64_t>(code.size()));
    if (one.branch_target && (leaves || one.flow == Flow::call))
      out.call_targets.push_back(*one.branch_target);
  }
  out.written &= call_clobbered();
  return out;
}

std::string names_of(const RegisterSet& registers) {
  std::string names;
  for (std::size_t i = 0; i < first_vector + vectors; ++i) {
    if (!registers.test(i)) continue;
    const auto id = i < first_vector ? ZYDIS_REGISTER_RAX + i : ZYDIS_REGISTER_XMM0 + i - first_vector;
    names +=
        (names.empty() ? "" : ", ") + std::string(ZydisRegisterGetString(static_cast<ZydisRegister>(id)));
  }
  return names;
}

}  // namespace stent::x86_64
