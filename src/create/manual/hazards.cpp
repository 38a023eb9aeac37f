#include "create/manual/hazards.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "binary/arch/x86_64/clobbers.hpp"
#include "binary/arch/x86_64/decode.hpp"
#include "binary/dwarf/inlined_copies.hpp"

namespace stent::manual {
namespace {

using x86_64::Clobbers;
using x86_64::RegisterSet;

/// What functions of the target destroy at least, so far as callers of the same build may have known.
class OldClobbers {
 public:
  explicit OldClobbers(const model::Image& image) : image_(image) {}

  RegisterSet of(const std::vector<LinkRange>& parts) {
    RegisterSet all;
    for (const LinkRange& part : parts) all |= of(part);
    return all;
  }

 private:
  RegisterSet of(LinkRange code) {
    const auto [known, is_new] = known_.try_emplace(code.begin);
    if (!is_new) return known->second;
    const auto bytes = image_.read(code.begin, code.size);
    if (!bytes) return {};
    const Clobbers found = x86_64::clobbers_of(*bytes);
    RegisterSet all = found.written;
    if (found.calls_indirectly) all = x86_64::call_clobbered();
    for (const std::int64_t target : found.call_targets) all |= callee(code.begin + target);
    return known_[code.begin] = all;
  }

  /// A function of this module, or one reached through its PLT, of which no caller knows anything.
  RegisterSet callee(LinkAddress at) {
    for (const model::Import& import : image_.imports)
      if (import.plt == at) return x86_64::call_clobbered();
    for (const LinkRange& range : image_.function_extents)
      if (range.begin == at) return of(range);
    return {};
  }

  const model::Image& image_;
  std::map<LinkAddress, RegisterSet> known_;
};

/// What the new function may destroy: everything, once it calls something.
RegisterSet new_clobbers(const model::Object& object, const model::Function& function) {
  RegisterSet all;
  std::vector<model::AtomId> parts{function.entry};
  parts.insert(parts.end(), function.fragments.begin(), function.fragments.end());
  for (const model::AtomId id : parts) {
    const Clobbers found = x86_64::clobbers_of(object[id].bytes);
    const bool has_call =
        std::ranges::any_of(x86_64::decode(object[id].bytes), [](const x86_64::Instruction& one) {
          return one.flow == x86_64::Flow::call || one.flow == x86_64::Flow::indirect_call;
        });
    if (has_call || found.calls_indirectly || !found.is_whole) return x86_64::call_clobbered();
    all |= found.written;
  }
  return all;
}

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

std::string name_at(const model::Image& image, LinkAddress at) {
  for (const model::ImageSymbol& symbol : image.symbols)
    if (symbol.address == at && symbol.type == model::SymbolType::function) return symbol.name;
  return "the function at " + std::to_string(at.value);
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
        new_clobbers(*unit_.object, (*unit_.object)[function.new_function]) & ~old_.of(parts);
    if (more.none()) return;
    for (const LinkAddress caller : direct_callers(image_, parts.front().begin)) {
      if (replaced_.contains(caller)) continue;
      hazards_.push_back({"ipa-ra:" + function.name,
                          name_at(image_, caller) + " calls " + function.name +
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
  OldClobbers old_;
  std::set<LinkAddress> replaced_;
  std::vector<Hazard> hazards_;
};

}  // namespace

std::vector<Hazard> find_hazards(const ManualUnit& unit, const model::Image& image) {
  return HazardSearch(unit, image).run();
}

}  // namespace stent::manual
