#include "create/manual/hazards.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "binary/arch/x86_64/decode.hpp"
#include "binary/dwarf/inlined_copies.hpp"
#include "create/bind/known_clobbers.hpp"

namespace stent::manual {
namespace {

using x86_64::RegisterSet;

/// The functions of the target that call `entry` directly, by their extents' first addresses.
std::set<LinkAddress> direct_callers(const model::Image& image, LinkAddress entry) {
  std::set<LinkAddress> callers;
  for (const LinkRange& range : image.function_extents) {
    const auto code = image.read(range.begin, range.size);
    if (!code) continue;
    for (const x86_64::Instruction& one : x86_64::decode(*code))
      if (one.branch_target && range.begin + *one.branch_target == entry && range.begin != entry)
        callers.insert(range.begin);
  }
  return callers;
}

class HazardSearch {
 public:
  HazardSearch(const ManualUnit& unit, const model::Image& image) : unit_(unit), image_(image), old_(image) {
    for (const bind::BoundFunction& function : unit.bound.replaced)
      replaced_.insert(function.extents.at(0).range.begin);
  }

  std::vector<Hazard> run() {
    for (const bind::BoundFunction& function : unit_.bound.replaced) {
      look_for_relying_callers(function);
      look_for_clones(function);
    }
    look_for_inlined_copies();
    return std::move(hazards_);
  }

 private:
  void look_for_relying_callers(const bind::BoundFunction& function) {
    std::vector<LinkRange> parts;
    for (const patch::Extent& extent : function.extents) parts.push_back(extent.range);
    const RegisterSet more =
        bind::may_destroy(*unit_.object, (*unit_.object)[function.new_function]) & ~old_.of(parts);
    if (more.none()) return;
    for (const LinkAddress caller : direct_callers(image_, parts.front().begin)) {
      if (replaced_.contains(caller)) continue;
      hazards_.push_back({"ipa-ra:" + function.name,
                          old_.name_at(caller) + " calls " + function.name +
                              ", which so far leaves alone registers that the new code destroys: " +
                              x86_64::names_of(more)});
      return;
    }
  }

  void look_for_clones(const bind::BoundFunction& function) {
    static const std::set<std::string> kinds{"constprop", "isra", "part", "lto_priv", "llvm"};
    const std::string base = model::parse_name(function.name).base;
    for (const model::ImageSymbol& symbol : image_.symbols) {
      const model::ParsedName name = model::parse_name(symbol.name);
      if (name.base != base || !kinds.contains(name.kind.substr(0, name.kind.find('.')))) continue;
      if (name.kind.ends_with("cold") || replaced_.contains(symbol.address)) continue;
      hazards_.push_back({"clone:" + symbol.name,
                          symbol.name + " is another copy of " + function.name + ", and stays as it is"});
    }
  }

  void look_for_inlined_copies() {
    std::map<LinkAddress, std::string> functions;
    for (const bind::BoundFunction& function : unit_.bound.replaced)
      functions[function.extents.at(0).range.begin] = function.name;
    const auto copies = dwarf::inlined_copies(image_.debug_file, image_.debug_roots, functions);
    if (!copies.unseen.empty())
      hazards_.push_back(
          {"inlined-copies", "inlined copies of the old code cannot be seen: " + copies.unseen});
    for (const dwarf::InlinedCopy& copy : copies.found)
      if (!is_inside_replaced(copy.at))
        hazards_.push_back({"inlined:" + copy.host,
                            copy.host + " of " + copy.source + " holds an inlined copy of " + copy.function});
  }

  [[nodiscard]] bool is_inside_replaced(LinkAddress at) const {
    for (const bind::BoundFunction& function : unit_.bound.replaced)
      for (const patch::Extent& extent : function.extents)
        if (extent.range.contains(at)) return true;
    return false;
  }

  const ManualUnit& unit_;
  const model::Image& image_;
  bind::KnownClobbers old_;
  std::set<LinkAddress> replaced_;
  std::vector<Hazard> hazards_;
};

}  // namespace

std::vector<Hazard> find_hazards(const ManualUnit& unit, const model::Image& image) {
  return HazardSearch(unit, image).run();
}

}  // namespace stent::manual
