#include "live/publish/arch_x86_64_site.hpp"

#include <fmt/core.h>

#include "base/error.hpp"
#include "binary/arch/x86_64/decode.hpp"
#include "binary/arch/x86_64/jump.hpp"

namespace stent::publish {
namespace {

Error cannot_publish(const redirect::JumpWrite& write, const std::string& reason) {
  return {
      ErrorCode::refused,
      fmt::format("{} at {:#x} cannot change without a stop: {}", write.function, write.entry.value, reason),
      "leave out --no-stop: one short stop looks at every stack"};
}

/// A call returns into the bytes to be overwritten, or an interrupted system call is issued again from there:
/// the stacks of threads are looked at, those of no thread are not.
bool goes_on_inside(ByteView bytes) {
  constexpr std::byte first{0x0f}, second{0x05};
  bool any = false;
  for (const x86_64::Instruction& in : x86_64::decode(bytes)) {
    const bool is_call = in.flow == x86_64::Flow::call || in.flow == x86_64::Flow::indirect_call;
    const bool is_syscall = in.length == 2 && bytes[in.offset] == first && bytes[in.offset + 1U] == second;
    any = any || (is_call && in.end() < bytes.size()) || is_syscall;
  }
  return any || bytes.back() == first;  // which may be half of a system call
}

Site plan_site(const redirect::JumpWrite& write) {
  if (write.island) throw cannot_publish(write, "it is too short for a jump, and goes through padding");
  if (write.before[0] == breakpoint || write.after[0] == breakpoint)
    throw cannot_publish(write, "there is a breakpoint at its entry");
  const auto old_way = x86_64::near_jump_target(write.before, write.entry.value);
  const auto new_way = x86_64::near_jump_target(write.after, write.entry.value);
  if (!old_way && goes_on_inside(write.before))
    throw cannot_publish(write, "a call within its first bytes goes on inside them");
  if (!old_way && !new_way) throw cannot_publish(write, "neither its old nor its new bytes are a jump");
  return {write, {old_way ? *old_way : *new_way}, !old_way};
}

}  // namespace

std::vector<Site> plan_sites(std::span<const redirect::JumpWrite> writes) {
  std::vector<Site> sites;
  for (const redirect::JumpWrite& write : writes) sites.push_back(plan_site(write));
  return sites;
}

}  // namespace stent::publish
