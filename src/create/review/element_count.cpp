#include "create/review/element_count.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

namespace stent::review {
namespace {

/// Of "(*p0+32 - *p0+24)" the difference between the two places, 8; 0 where the text is another.
std::int64_t distance(const std::string& text) {
  const std::size_t minus = text.find(" - ");
  if (!text.starts_with("(*") || minus == std::string::npos || !text.ends_with(')')) return 0;
  const std::string left = text.substr(1, minus - 1), right = text.substr(minus + 3, text.size() - minus - 4);
  const std::size_t of_left = left.find_last_of("+-"), of_right = right.find_last_of("+-");
  if (of_left == std::string::npos || left.substr(0, of_left) != right.substr(0, of_right)) return 0;
  return std::atoll(left.c_str() + of_left) - std::atoll(right.c_str() + of_right);
}

}  // namespace

bool counts_elements(const x86_64::Step& step, const MachineState& before) {
  constexpr std::int64_t largest = 8;  // 256 bytes
  const x86_64::Operand& to = step.operands[0];
  return step.operation == x86_64::Operation::shift_right_signed && to.reg.exists() &&
         to.size == sizeof(void*) && step.operands[1].kind == x86_64::Operand::Kind::immediate &&
         step.operands[1].number <= largest && distance(before[to.reg].text()) == sizeof(void*);
}

}  // namespace stent::review
