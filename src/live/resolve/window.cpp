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
constexpr RemoteAddress end_of_numbers{std::uint64_t{1} << 32};
constexpr std::int64_t own_places = std::int64_t{512} << 20;  // how far from the module
/// Stacks and arenas take whole stretches, at whose edges those that find no other place would meet.
constexpr int own_places_asked = 8;
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

bool is_in_reach(RemoteRange window, RemoteRange module) {
  return std::max(window.end(), module.end()) - std::min(window.begin, module.begin) < reach;
}

/// Among the multiples of `length` that are free and in reach, counted in `length`: the nearest to `place`.
std::optional<std::uint64_t> nearest_free(const std::vector<Gap>& gaps, RemoteRange module,
                                          std::uint64_t length, std::uint64_t place) {
  const auto distance = [&](std::uint64_t other) { return other > place ? other - place : place - other; };
  std::optional<std::uint64_t> best;
  for (const Gap& gap : gaps) {
    const std::uint64_t first = (gap.begin.value + length - 1) / length;
    const std::uint64_t end = gap.end.value / length;
    if (first >= end) continue;
    const std::uint64_t nearest = std::clamp(place, first, end - 1);
    if (!is_in_reach({{nearest * length}, length}, module)) continue;
    if (!best || distance(nearest) < distance(*best)) best = nearest;
  }
  return best;
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

RemoteRange own_window(const std::vector<process::Mapping>& mappings, RemoteRange module, std::uint64_t size,
                       const AddressLimits& limits, std::uint64_t seed) {
  if (module.begin < end_of_numbers) return choose_window(mappings, module, size, limits);
  constexpr std::uint64_t factor = 6364136223846793005, addend = 1442695040888963407;  // Knuth's MMIX
  const std::uint64_t length = page_up({size}).value;
  const std::vector<Gap> gaps = usable_gaps(mappings, limits);
  std::optional<std::uint64_t> best;
  for (int asked = 0; asked < own_places_asked; ++asked, seed = seed * factor + addend) {
    const std::uint64_t place = module.begin.value / length - seed % (own_places / length + 1);
    const auto nearest = nearest_free(gaps, module, length, place);
    if (!nearest) return choose_window(mappings, module, size, limits);
    if (asked == 0 || *nearest == place) best = nearest;
    if (*nearest == place) break;
  }
  return {{*best * length}, length};
}

}  // namespace stent::resolve
