#include "live/redirect/plan_transit.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "binary/arch/x86_64/jump.hpp"
#include "live/redirect/stub.hpp"
#include "live/resolve/window.hpp"

namespace stent::redirect {
namespace {

constexpr std::uint64_t page = 4096;
constexpr std::int64_t one_neighbourhood = std::int64_t{1} << 30;

std::uint64_t page_up(std::uint64_t size) { return (size + page - 1) / page * page; }

/// Writes whose stubs can lie in one range.
struct Neighbours {
  std::vector<const JumpWrite*> writes;
  [[nodiscard]] RemoteRange extent() const {
    const RemoteAddress begin = writes.front()->entry;
    return {begin, static_cast<std::uint64_t>(writes.back()->entry - begin) + page};
  }
  [[nodiscard]] std::uint64_t room() const { return page_up(writes.size() * stub_limit); }
};

std::vector<Neighbours> neighbourhoods(std::span<const JumpWrite> writes) {
  std::vector<const JumpWrite*> sorted;
  for (const JumpWrite& write : writes) sorted.push_back(&write);
  std::ranges::sort(sorted, {}, [](const JumpWrite* write) { return write->entry; });
  std::vector<Neighbours> groups;
  for (const JumpWrite* write : sorted) {
    if (groups.empty() || write->entry - groups.back().writes.front()->entry >= one_neighbourhood)
      groups.emplace_back();
    groups.back().writes.push_back(write);
  }
  return groups;
}

class Planner {
 public:
  Planner(std::span<const JumpWrite> writes, const process::Process& target)
      : target_(&target),
        limits_(resolve::read_address_limits(target.pid())),
        mappings_(target.mappings()),
        groups_(neighbourhoods(writes)) {
    const std::size_t places = pieces_of(writes).size();
    if (places > most_slots)
      throw Error(ErrorCode::refused,
                  fmt::format("{} places in several pages are more than the {} that can switch together",
                              places, most_slots),
                  "split the fix into patches that do not depend on each other");
  }

  PlannedTransit plan() {
    // One neighbourhood: its slots lie beside it. Several: where 32 bits name them from everywhere.
    const RemoteRange near = groups_.size() == 1 ? groups_[0].extent() : RemoteRange{};
    std::size_t count = 0;
    for (const Neighbours& group : groups_)
      for (const JumpWrite* write : group.writes) count += pieces_of(std::span(write, 1)).size();
    result_.transit.head = reserve(near, head_room(count, groups_.size()));
    for (const Neighbours& group : groups_) add(group);
    result_.head = serialise(result_.transit);
    return std::move(result_);
  }

 private:
  RemoteRange reserve(RemoteRange near, std::uint64_t size) {
    process::Mapping reserved;
    reserved.range = resolve::choose_window(mappings_, near, page_up(size), limits_);
    mappings_.push_back(reserved);
    std::ranges::sort(mappings_, {}, &process::Mapping::range);
    return reserved.range;
  }

  void add(const Neighbours& group) {
    const RemoteRange range = reserve(group.extent(), group.room());
    Bytes code;
    for (const JumpWrite* write : group.writes) {
      if (write->after.empty()) {  // nothing leads to this island any more
        pass(write->island->at, write->island->before, write->island->before, write->island->after);
        continue;
      }
      const RemoteAddress at = range.begin + static_cast<std::int64_t>(code.size());
      Stub stub = add_stub(*write, at);
      stub.code.resize(stub_limit, std::byte{0xcc});
      code.insert(code.end(), stub.code.begin(), stub.code.end());
    }
    result_.transit.stubs.push_back(range);
    result_.stubs.push_back(std::move(code));
  }

  void pass(RemoteAddress place, const Bytes& before, const Bytes& meanwhile, const Bytes& after,
            std::uint64_t old_way = 0, std::uint64_t new_way = 0) {
    result_.transit.passages.push_back({place, before, meanwhile, after, old_way, new_way});
  }

  /// The stub at `at`, and the places that lead to it meanwhile.
  Stub add_stub(const JumpWrite& write, RemoteAddress at) {
    const RemoteAddress slot = slot_address(result_.transit.head.begin, result_.transit.passages.size());
    Stub stub = make_stub(write, at, slot, target_->memory());
    const RemoteAddress place = write.island ? write.island->at : write.entry;
    const auto jump = x86_64::near_jump(place.value, at.value);
    if (!jump) throw out_of_reach(write);
    const Bytes meanwhile(jump->begin(), jump->end());
    if (!write.island) {
      pass(place, write.before, meanwhile, write.after, stub.old_way, stub.new_way);
      return stub;
    }
    pass(place, write.island->before, meanwhile, write.island->after, stub.old_way, stub.new_way);
    const auto hop = x86_64::short_jump(write.entry.value, place.value);
    if (!hop) throw out_of_reach(write);
    pass(write.entry, write.before, Bytes(hop->begin(), hop->end()), write.after);
    return stub;
  }

  const process::Process* target_;
  resolve::AddressLimits limits_;
  std::vector<process::Mapping> mappings_;
  std::vector<Neighbours> groups_;
  PlannedTransit result_;
};

}  // namespace

PlannedTransit plan_transit(std::span<const JumpWrite> writes, const process::Process& target) {
  return Planner(writes, target).plan();
}

}  // namespace stent::redirect
