#include "create/bind/known_clobbers.hpp"

#include <algorithm>

#include "binary/arch/x86_64/decode.hpp"
#include "binary/arch/x86_64/kept_registers.hpp"

namespace stent::bind {

using x86_64::Clobbers;
using x86_64::RegisterSet;

KnownClobbers::KnownClobbers(const model::Image& image) : image_(image) {
  for (const model::Import& import : image.imports)
    if (import.plt) plt_.insert(*import.plt);
}

RegisterSet KnownClobbers::of(const std::vector<LinkRange>& parts) {
  RegisterSet all;
  for (const LinkRange& part : parts) all |= of(part);
  return all;
}

RegisterSet KnownClobbers::of(LinkRange code) {
  const auto [known, is_new] = known_.try_emplace(code.begin);
  if (!is_new) return known->second;
  const auto bytes = image_.read(code.begin, code.size);
  if (!bytes) return {};
  const Clobbers found = x86_64::clobbers_of(*bytes);
  RegisterSet all = found.written;
  if (found.calls_indirectly) all = x86_64::call_clobbered();
  for (const std::int64_t target : found.call_targets) all |= at(code.begin + target);
  return known_[code.begin] = all;
}

RegisterSet KnownClobbers::at(LinkAddress entry) {
  if (plt_.contains(entry)) return x86_64::call_clobbered();
  const LinkRange* extent = extent_at(entry);
  return extent != nullptr ? of(*extent) : RegisterSet();
}

const LinkRange* KnownClobbers::extent_at(LinkAddress entry) const {
  const auto found = std::ranges::lower_bound(image_.function_extents, entry, {}, &LinkRange::begin);
  return found != image_.function_extents.end() && found->begin == entry ? &*found : nullptr;
}

std::vector<LinkAddress> KnownClobbers::reached_from(LinkAddress entry) const {
  std::vector<LinkAddress> reached{entry};
  for (std::size_t i = 0; i < reached.size(); ++i) {
    const LinkRange* extent = extent_at(reached[i]);
    const auto bytes = extent != nullptr ? image_.read(extent->begin, extent->size) : std::nullopt;
    if (!bytes) continue;
    for (const std::int64_t target : x86_64::clobbers_of(*bytes).call_targets)
      if (extent_at(extent->begin + target) != nullptr &&
          std::ranges::find(reached, extent->begin + target) == reached.end())
        reached.push_back(extent->begin + target);
  }
  return reached;
}

RegisterSet KnownClobbers::used_by(LinkAddress entry, int depth) {
  constexpr int deepest = 3;  // of calls that hand on what they were passed
  const LinkRange* extent = extent_at(entry);
  if (extent == nullptr || depth == deepest) return x86_64::call_clobbered();
  const auto [known, is_new] =
      used_.try_emplace(entry, x86_64::call_clobbered());  // of one that calls itself
  const auto code = is_new ? image_.read(entry, extent->size) : std::nullopt;
  if (!code) return known->second;
  const auto target = [&](const x86_64::Instruction& one) { return entry + one.branch_target.value_or(0); };
  const x86_64::Callees callees{[&](const auto& one) { return at(target(one)); },
                                [](const auto&) { return false; },
                                [&](const auto& one) { return used_by(target(one), depth + 1); },
                                {}};
  return used_[entry] = x86_64::used_at_entry(*code, callees);
}

std::string KnownClobbers::name_at(LinkAddress entry) const {
  for (const model::ImageSymbol& symbol : image_.symbols)
    if (symbol.address == entry && symbol.type == model::SymbolType::function) return symbol.name;
  return "the function at " + std::to_string(entry.value);
}

namespace {

using Parts = std::vector<model::AtomId>;

/// True for a jump to another function, or one of which that cannot be told.
bool leaves(const model::Atom& atom, const x86_64::Instruction& one, const Parts& parts) {
  if (one.flow == x86_64::Flow::indirect_jump) return true;
  if (!one.branch) return false;
  return std::ranges::any_of(atom.references, [&](const model::Reference& reference) {
    const bool is_here = reference.offset == one.offset + one.branch->offset;
    return is_here && (!reference.place || std::ranges::find(parts, reference.place->atom) == parts.end());
  });
}

}  // namespace

RegisterSet may_destroy(const model::Object& object, const model::Function& function) {
  RegisterSet all;
  Parts parts{function.entry};
  parts.insert(parts.end(), function.fragments.begin(), function.fragments.end());
  for (const model::AtomId id : parts) {
    const Clobbers found = x86_64::clobbers_of(object[id].bytes);
    const auto instructions = x86_64::decode(object[id].bytes);
    const bool goes_elsewhere = std::ranges::any_of(instructions, [&](const x86_64::Instruction& one) {
      return one.flow == x86_64::Flow::call || leaves(object[id], one, parts);
    });
    if (goes_elsewhere || found.calls_indirectly || !found.is_whole) return x86_64::call_clobbered();
    all |= found.written;
  }
  return all;
}

}  // namespace stent::bind
