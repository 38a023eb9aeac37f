#include "live/unwind/arch_x86_64_return_slot.hpp"

#include <array>

#include "binary/arch/x86_64/decode.hpp"
#include "binary/arch/x86_64/stack_effect.hpp"

namespace stent::unwind {

std::optional<RemoteAddress> return_slot(RemoteAddress pc, RemoteAddress sp, RemoteAddress rbp,
                                         const std::function<bool(RemoteAddress, MutableByteView)>& read) {
  using x86_64::Flow;
  using Kind = x86_64::StackEffect::Kind;
  constexpr int most_instructions = 1000;
  constexpr std::size_t longest_instruction = 15;
  bool frame_is_known = true;
  for (int i = 0; i < most_instructions; ++i) {
    std::array<std::byte, longest_instruction> code{};
    if (!read(pc, code)) return std::nullopt;
    const auto instruction = x86_64::decode_one(code);
    if (!instruction || instruction->flow == Flow::stop || instruction->flow == Flow::indirect_jump)
      return std::nullopt;
    if (instruction->flow == Flow::ret) return sp;
    const x86_64::StackEffect effect = x86_64::stack_effect(code);
    if (effect.kind == Kind::unknown) return std::nullopt;
    if (effect.kind == Kind::from_frame_pointer && !frame_is_known) return std::nullopt;
    sp = (effect.kind == Kind::from_frame_pointer ? rbp : sp) + effect.by;
    if (effect.changes_frame_pointer) frame_is_known = false;
    const bool jumps = instruction->flow == Flow::jump && instruction->branch_target.has_value();
    pc = pc + (jumps ? *instruction->branch_target : instruction->length);
  }
  return std::nullopt;
}

}  // namespace stent::unwind
