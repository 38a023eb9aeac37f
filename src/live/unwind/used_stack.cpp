#include "live/unwind/used_stack.hpp"

#include <algorithm>

namespace stent::unwind {
namespace {

constexpr std::int64_t red_zone = 128;
/// The thread control block stands above the first frame and at the thread pointer; frames are below it.
constexpr std::int64_t room_of_control_block = 4096;

RemoteRange from_to(RemoteAddress begin, RemoteAddress end) {
  return {begin, static_cast<std::uint64_t>(std::max<std::int64_t>(end - begin, 0))};
}

const process::Mapping* home_of(const ThreadState& thread, const std::vector<process::Mapping>& mappings) {
  if (!thread.is_main) return process::find_mapping(mappings, {thread.registers.fs_base});
  const auto found = std::ranges::find(mappings, "[stack]", &process::Mapping::name);
  return found == mappings.end() ? nullptr : &*found;
}

/// Where glibc says that the stack of `thread` begins; empty for a control block of another library.
std::optional<RemoteAddress> noted_begin(const ThreadState& thread, ByteView block) {
  if (block.size() < control_block_size) return std::nullopt;
  const std::uint64_t pointer = thread.registers.fs_base;
  const RemoteAddress begin{load<std::uint64_t>(block, glibc_thread::stack_begin)};
  const RemoteRange stack{begin, load<std::uint64_t>(block, glibc_thread::stack_size)};
  const bool is_of_glibc = load<std::uint64_t>(block, 0) == pointer &&
                           load<std::uint64_t>(block, glibc_thread::self) == pointer &&
                           stack.contains(thread.sp()) && stack.contains({pointer});
  return is_of_glibc ? std::optional(begin) : std::nullopt;
}

/// What another library puts above a guard page is taken for one stack.
bool has_guard_below(const process::Mapping& home, const std::vector<process::Mapping>& mappings) {
  const process::Mapping* below = process::find_mapping(mappings, home.range.begin - 1);
  return below != nullptr && below->inode == 0 && !below->permissions.read && !below->permissions.write;
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
  return UsedStack{from_to(low, std::min(home->range.end(), thread_pointer + room_of_control_block)),
                   std::nullopt};
}

std::optional<RemoteRange> unused_stack(const ThreadState& thread,
                                        const std::vector<process::Mapping>& mappings,
                                        ByteView control_block) {
  const process::Mapping* home = home_of(thread, mappings);
  if (home == nullptr || !home->range.contains(thread.sp())) return std::nullopt;
  RemoteAddress begin = home->range.begin;
  if (!thread.is_main) {
    if (thread.sp() >= RemoteAddress{thread.registers.fs_base}) return std::nullopt;
    const auto noted = noted_begin(thread, control_block);
    if (!noted && !has_guard_below(*home, mappings)) return std::nullopt;
    if (noted) begin = std::max(begin, *noted);
  }
  return from_to(begin, std::max(thread.sp() - red_zone, begin));
}

}  // namespace stent::unwind
