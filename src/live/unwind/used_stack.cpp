#include "live/unwind/used_stack.hpp"

#include <algorithm>

namespace stent::unwind {
namespace {

constexpr std::int64_t red_zone = 128;
/// The thread control block stands above the first frame and at the thread pointer; frames are below it.
constexpr std::int64_t control_block = 4096;

RemoteRange from_to(RemoteAddress begin, RemoteAddress end) {
  return {begin, static_cast<std::uint64_t>(std::max<std::int64_t>(end - begin, 0))};
}

const process::Mapping* home_of(const ThreadState& thread, const std::vector<process::Mapping>& mappings) {
  if (!thread.is_main) return process::find_mapping(mappings, {thread.registers.fs_base});
  const auto found = std::ranges::find(mappings, "[stack]", &process::Mapping::name);
  return found == mappings.end() ? nullptr : &*found;
}

}  // namespace

std::optional<UsedStack> used_stack(const ThreadState& thread,
                                    const std::vector<process::Mapping>& mappings) {
  const RemoteAddress sp = thread.sp();
  const process::Mapping* home = home_of(thread, mappings);
  const process::Mapping* here = process::find_mapping(mappings, sp);
  if (home == nullptr || here == nullptr || !here->permissions.read || !home->permissions.read)
    return std::nullopt;

  const RemoteAddress lowest = std::max(sp - red_zone, here->range.begin);
  const RemoteAddress low{lowest.value & ~std::uint64_t{7}};
  if (here != home) return UsedStack{from_to(low, here->range.end()), home->range};
  if (thread.is_main) return UsedStack{from_to(low, home->range.end()), std::nullopt};
  const RemoteAddress thread_pointer{thread.registers.fs_base};
  if (sp >= thread_pointer) return UsedStack{home->range, std::nullopt};
  return UsedStack{from_to(low, std::min(home->range.end(), thread_pointer + control_block)), std::nullopt};
}

std::optional<RemoteRange> unused_stack(const ThreadState& thread,
                                        const std::vector<process::Mapping>& mappings) {
  const process::Mapping* home = home_of(thread, mappings);
  if (home == nullptr || !home->range.contains(thread.sp())) return std::nullopt;
  if (!thread.is_main && thread.sp() >= RemoteAddress{thread.registers.fs_base}) return std::nullopt;
  const RemoteAddress low = std::max(thread.sp() - red_zone, home->range.begin);
  return from_to(home->range.begin, low);
}

}  // namespace stent::unwind
