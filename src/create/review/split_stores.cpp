#include "create/review/split_stores.hpp"

#include <fmt/core.h>

#include <array>
#include <utility>

namespace stent::review {
namespace {

/// "*" for whatever leads to an object, else the variable; with the offset.
using Where = std::pair<std::string, std::int64_t>;

std::string base_of(const Access& access) {
  if (!access.is_static) return access.place.substr(0, access.place.find_last_of("+-"));
  return access.offset == 0 ? access.place : access.place.substr(0, access.place.find_last_of("+-"));
}

Where where(const Access& access) { return {access.is_static ? base_of(access) : "*", access.offset}; }

bool is_plain_constant(const Access& access) {
  return access.is_written && !access.is_read && !access.is_adjustment &&
         access.value.is(Value::Kind::constants) && access.value.numbers.size() == 1;
}

class Splitter {
 public:
  Splitter(AllFacts& before, AllFacts& after) : sides_{&before, &after} {}

  void run(unsigned size) {
    used_.clear();
    for (const AllFacts* side : sides_)
      for (const auto& [name, facts] : *side)
        for (const Access& access : facts.accesses)
          if (access.size <= size && (access.size < size || !is_plain_constant(access)))
            used_[where(access)].insert(access.size);
    for (AllFacts* side : sides_)
      for (auto& [name, facts] : *side) split(facts, size);
  }

 private:
  [[nodiscard]] bool uses(const Where& at, unsigned size) const {
    const auto known = used_.find(at);
    return known != used_.end() && known->second.contains(size);
  }

  void split(FunctionFacts& facts, unsigned size) const {
    std::vector<Access> halves;
    for (Access& access : facts.accesses) {
      if (access.size != size || !is_plain_constant(access) || access.place.starts_with("tls")) continue;
      const Where low = where(access), high = {low.first, low.second + size / 2};
      if (uses(low, size) || (!uses(low, size / 2) && !uses(high, size / 2))) continue;
      halves.push_back(half(access, size / 2));
      access = half(access, 0);
    }
    facts.accesses.insert(facts.accesses.end(), halves.begin(), halves.end());
  }

  /// Half of a store, that many bytes from its begin.
  static Access half(const Access& whole, unsigned from) {
    Access part = whole;
    const unsigned bits = whole.size * 4;
    const auto number = static_cast<std::uint64_t>(*whole.value.numbers.begin()) >> (from == 0 ? 0 : bits);
    const auto shifted = static_cast<std::int64_t>(number << (64 - bits));
    part.size = whole.size / 2;
    part.offset = whole.offset + from;
    const bool is_begin = whole.is_static && part.offset == 0;
    part.place = is_begin ? base_of(whole) : fmt::format("{}{:+}", base_of(whole), part.offset);
    part.value = Value::constant(shifted >> (64 - bits));
    part.stored = part.value.text();
    return part;
  }

  std::array<AllFacts*, 2> sides_;
  std::map<Where, std::set<unsigned>> used_;  ///< sizes in which it is read, or stored other than as a whole
};

}  // namespace

void split_stores(AllFacts& before, AllFacts& after) {
  Splitter splitter(before, after);
  constexpr unsigned widest = 8;
  for (unsigned size = widest; size > 1; size /= 2) splitter.run(size);
}

}  // namespace stent::review
