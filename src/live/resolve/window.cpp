#include "live/resolve/window.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/error.hpp"

namespace stent::resolve {
namespace {

constexpr std::uint64_t page = 4096;
constexpr std::int64_t reach = (std::int64_t{1} << 31) - (std::int64_t{1} << 20);
constexpr std::int64_t stack_growth = std::int64_t{256} << 20;
constexpr int start_brk_field = 47;  // proc(5), /proc/PID/stat

RemoteAddress page_up(RemoteAddress at) { return {(at.value + page - 1) & ~(page - 1)}; }
RemoteAddress page_down(RemoteAddress at) { return {at.value & ~(page - 1)}; }

struct Gap {
  RemoteAddress begin, end;
};

/// Free room between mappings, cut where heap or stack would grow, with a guard page at either side.
std::vector<Gap> usable_gaps(const std::vector<process::Mapping>& mappings, const AddressLimits& limits) {
  std::vector<Gap> gaps;
  RemoteAddress end_of_last = page_up(limits.lowest);
  bool after_heap = false;
  const auto add = [&](RemoteAddress next, bool is_stack) {
    Gap gap{end_of_last + std::int64_t{page}, next - std::int64_t{page}};
    if (after_heap) gap.end = gap.begin;
    if (limits.brk && *limits.brk >= end_of_last && *limits.brk <= next)
      gap.end = std::min(gap.end, page_down(*limits.brk) - std::int64_t{page});
    if (is_stack) gap.end = std::min(gap.end, next - stack_growth);
    if (gap.begin < gap.end) gaps.push_back(gap);
  };
  for (const process::Mapping& mapping : mappings) {
    if (mapping.range.begin >= limits.highest) break;
    if (mapping.range.begin > end_of_last) add(mapping.range.begin, mapping.name == "[stack]");
    end_of_last = std::max(end_of_last, mapping.range.end());
    after_heap = mapping.name == "[heap]";
  }
  add(limits.highest, false);
  return gaps;
}

}  // namespace

AddressLimits read_address_limits(Pid pid) {
  AddressLimits limits;
  limits.lowest = {65536};
  std::uint64_t lowest = 0;
  if (std::ifstream file("/proc/sys/vm/mmap_min_addr"); file >> lowest)
    limits.lowest = {std::max(lowest, page)};
  std::ifstream file(fmt::format("/proc/{}/stat", pid.value));
  std::string line;
  if (!std::getline(file, line)) return limits;
  std::istringstream fields(line.substr(std::min(line.rfind(')') + 1, line.size())));
  std::string word;
  for (int field = 3; field <= start_brk_field && (fields >> word); ++field)
    if (field == start_brk_field && word != "0") limits.brk = RemoteAddress{std::stoull(word)};
  return limits;
}

RemoteRange choose_window(const std::vector<process::Mapping>& mappings, RemoteRange module,
                          std::uint64_t size, const AddressLimits& limits) {
  const auto length = static_cast<std::int64_t>(page_up({size}).value);
  std::optional<RemoteAddress> best;
  std::int64_t best_distance = 0;
  for (const Gap& gap : usable_gaps(mappings, limits)) {
    if (gap.end - gap.begin < length) continue;
    const bool is_above = gap.begin >= module.begin;
    const RemoteAddress at = is_above ? gap.begin : gap.end - length;
    const std::int64_t distance = is_above ? at + length - module.begin : module.end() - at;
    if (distance >= reach || (best && distance >= best_distance)) continue;
    best = at;
    best_distance = distance;
  }
  if (!best)
    throw Error(
        ErrorCode::refused,
        fmt::format("no free room of {} bytes within 2 GiB of the module at {:#x}", size, module.begin.value),
        "the target's address space around this module is full; restart the target to patch it");
  return {*best, static_cast<std::uint64_t>(length)};
}

}  // namespace stent::resolve
