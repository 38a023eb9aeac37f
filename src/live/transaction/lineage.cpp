#include "live/transaction/lineage.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "binary/arch/x86_64/clobbers.hpp"
#include "live/resolve/bind_values.hpp"

namespace stent::transaction {
namespace {

/// Where the function begins: its redirect may stand behind a landing pad.
RemoteAddress begin_of(const RecordedFunction& function) {
  return function.module_extents.empty() ? function.entry : function.module_extents.front().begin;
}

/// True when the library that `name` is was unloaded since, or loaded anew.
bool has_left(const Record& record, const std::string& name) {
  return std::ranges::any_of(record.functions, [&](const RecordedFunction& function) {
    return function.departed && function.module == name;
  });
}

const RecordedFunction* replaces(const Record& record, RemoteAddress begin) {
  for (const RecordedFunction& function : record.functions)
    if (!function.departed && begin_of(function) == begin) return &function;
  return nullptr;
}

/// Nothing leads into the code of `other` any more once `coming` is there.
bool covers(const Record& coming, const Record& other) {
  return std::ranges::all_of(other.functions, [&](const RecordedFunction& function) {
    return function.departed || replaces(coming, begin_of(function)) != nullptr;
  });
}

void refuse_if_destroyed(const RecordedReliance& reliance, std::uint64_t destroys, const std::string& caller,
                         const std::string& callee) {
  const x86_64::RegisterSet lost(reliance.registers & destroys);
  if (lost.none()) return;
  throw Error(
      ErrorCode::refused,
      fmt::format("the code of patch {} may keep values in {} while it calls {}, and the {} of patch {} "
                  "destroys what is there",
                  caller, x86_64::names_of(lost), reliance.name, reliance.name, callee),
      "make one patch of both changes, and apply it in place of the one that is there (--replace)");
}

}  // namespace

std::vector<resolve::EarlierVariable> earlier_variables(const std::vector<FoundRecord>& records,
                                                        const std::vector<process::Module>& modules) {
  std::vector<resolve::EarlierVariable> variables;
  for (const FoundRecord& found : records) {
    if (found.record.state != RecordState::applied) continue;
    for (const RecordedVariable& one : found.record.variables) {
      const auto module = std::ranges::find(modules, one.module, &process::Module::build_id);
      if (module == modules.end() || has_left(found.record, module->name)) continue;
      variables.push_back({one.module, one.variable, one.address, found.record.name});
    }
  }
  return variables;
}

void record_lineage(Record& record, const patch::Patch& patch, const resolve::ResolvedPatch& resolved,
                    const std::vector<process::Module>& modules) {
  for (std::size_t i = 0; i < patch.images.size(); ++i) {
    const patch::Image& image = patch.images[i];
    const process::Module& module = resolve::find_module(modules, image.module, image.module_name);
    for (std::size_t v = 0; v < image.variables.size(); ++v)
      record.variables.push_back({image.module, image.variables[v], resolved.images[i].variables.at(v)});
    for (const patch::Reliance& one : image.relies_on)
      record.relies_on.push_back({one.name, module.bias.to_remote(one.entry), one.registers});
  }
}

void refuse_ways_back(const Record& coming, const std::vector<FoundRecord>& records,
                      const std::set<RemoteAddress>& leaving, const process::RemoteMemory& memory) {
  const auto owner_of = [&](RemoteAddress code) -> const Record* {
    for (const FoundRecord& found : records)
      for (const RecordedPiece& piece : found.record.pieces)
        if (leaving.contains(found.at) && piece.kind == patch::SegmentKind::code &&
            piece.range.contains(code))
          return &found.record;
    return nullptr;
  };
  for (const RecordedVariable& one : coming.variables) {
    const bool is_earlier = std::ranges::any_of(
        records, [&](const FoundRecord& found) { return found.memory().contains(one.address); });
    Bytes bytes(is_earlier ? one.variable.size : 0);
    if (!memory.try_read(one.address, bytes)) continue;
    const std::uint64_t skew = (8 - one.address.value % 8) % 8;
    for (std::uint64_t at = skew; at + 8 <= bytes.size(); at += 8)
      if (const Record* owner = owner_of({load<std::uint64_t>(bytes, at)}))
        throw Error(
            ErrorCode::refused,
            fmt::format("the variable {} holds the address of a function that only patch {} has, which is "
                        "to be replaced",
                        one.variable.identity, owner->name),
            "apply without --replace, so that both stay; or give --new-data=fresh, and the variables of "
            "the new patch begin with their initial values");
  }
}

void refuse_reliance(const Record& coming, const std::vector<FoundRecord>& records,
                     const std::set<RemoteAddress>& leaving) {
  std::map<RemoteAddress, std::pair<const RecordedFunction*, const Record*>> newest;
  for (const FoundRecord& found : records) {
    if (found.record.state != RecordState::applied || leaving.contains(found.at)) continue;
    for (const RecordedFunction& function : found.record.functions)
      if (!function.departed) newest[begin_of(function)] = {&function, &found.record};
    if (covers(coming, found.record)) continue;
    for (const RecordedReliance& reliance : found.record.relies_on)
      if (const RecordedFunction* function = replaces(coming, reliance.entry))
        refuse_if_destroyed(reliance, function->destroys, found.record.name, coming.name);
  }
  for (const RecordedReliance& reliance : coming.relies_on) {
    const auto found = newest.find(reliance.entry);
    if (found == newest.end() || replaces(coming, reliance.entry) != nullptr) continue;
    refuse_if_destroyed(reliance, found->second.first->destroys, coming.name, found->second.second->name);
  }
}

}  // namespace stent::transaction
